"""The faults of a graph that only its check can find, each with its stable code and its words.

The more general ones (an unknown node type, a missing input, a cycle …) stand in `weft.graph_errors`.
"""

from collections.abc import Iterable, Sequence
from typing import Literal

from weft.errors import GraphError, suggest


class JSONUnreadableError(GraphError):
    """A workflow file is not JSON."""

    code = "json-unreadable"

    def __init__(self, *, fault: str, line: int | None = None, column: int | None = None) -> None:
        place = "" if line is None else f" at line {line}, column {column}"
        super().__init__(
            f"The workflow document is not JSON{place}: {fault}.",
            hint="Correct it there, or save the workflow again.",
            details={} if line is None else {"line": line, "column": column},
        )


class SourceOffError(GraphError):
    """A required input is fed by a node that is switched off."""

    code = "source-off"

    def __init__(self, *, name: str, source: str, mode: Literal["off", "bypass"]) -> None:
        state = "is switched off" if mode == "off" else "is bypassed and has nothing to pass on"
        super().__init__(
            f'The input "{name}" is required, but the node "{source}" that feeds it {state}.',
            hint=f'Switch "{source}" on, or feed "{name}" from another node.',
        )


class NestedListError(GraphError):
    """A node would have to map over the lists that another mapped node makes."""

    code = "list-nested"

    def __init__(self, *, source: str, produces: str, target: str, expects: str) -> None:
        super().__init__(
            f"{source} makes one {produces} for each item it runs over, and {target} takes one {expects}.",
            hint="Collect with a node that takes a list first: lists of lists do not map.",
        )


class ZipInvalidError(GraphError):
    """A zip group cannot advance together."""

    code = "zip-invalid"

    def __init__(self, *, fault: str, hint: str) -> None:
        super().__init__(f"{fault}.", hint=hint)


class VariableConflictError(GraphError):
    """Two inputs that must have the same type are fed with different ones."""

    code = "variable-conflict"

    def __init__(self, *, first: str, first_type: str, second: str, second_type: str) -> None:
        super().__init__(
            f'The inputs "{first}" and "{second}" must have the same type, '
            f"but they are fed with {first_type} and {second_type}.",
            hint="Feed both with the same type.",
        )


class PortInvalidError(GraphError):
    """An input or output of the workflow does not lead to a socket."""

    code = "port-invalid"

    def __init__(self, *, kind: Literal["input", "output"], name: str, fault: str, hint: str) -> None:
        super().__init__(f'The workflow\'s {kind} "{name}" {fault}.', hint=hint)


class PortConflictError(GraphError):
    """An input of the workflow feeds sockets that no single value fits."""

    code = "port-conflict"

    def __init__(self, *, name: str, sockets: Sequence[tuple[str, str]]) -> None:
        listed = ", ".join(f"{socket} ({kind})" for socket, kind in sockets)
        super().__init__(
            f'The workflow\'s input "{name}" feeds sockets of different types: {listed}.',
            hint="Give each type an input of its own.",
        )


class WorkflowInputUnknownError(GraphError):
    """A value is given for an input that the workflow does not have."""

    code = "workflow-input-unknown"

    def __init__(
        self, *, name: str, known: Iterable[str], workflow: str = "The workflow", hint: str = ""
    ) -> None:
        super().__init__(
            f'{workflow} has no input "{name}".',
            hint=hint or suggest(name, known) or "It has no inputs at all.",
        )


class GraphTooLargeError(GraphError):
    """Sub-workflows unfold to more nodes than anybody meant."""

    code = "graph-too-large"

    def __init__(self, *, limit: int) -> None:
        super().__init__(
            f"With its sub-workflows, the workflow has more than {limit:,} nodes.",
            hint="Use lists that map instead of repeating workflows inside workflows.",
        )


class ListTooLongError(GraphError):
    """A list of links grows without end as bypassed nodes pass on lists of their own."""

    code = "list-too-long"

    def __init__(self, *, limit: int) -> None:
        super().__init__(
            f"Through bypassed nodes, this list unfolds to more than {limit:,} items.",
            hint="Look for a bypassed node that feeds itself.",
        )
