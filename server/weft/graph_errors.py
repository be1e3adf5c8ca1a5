"""The errors of a workflow document, all of them below `GraphError`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from weft.errors import GraphError, suggest


class DocumentInvalidError(GraphError):
    """A workflow document does not have the shape of one."""

    code = "document-invalid"

    def __init__(self, *, where: str, fault: str, hint: str = "") -> None:
        place = f"The workflow document at {where}" if where else "The workflow document"
        super().__init__(f"{place} {fault}.", hint=hint or "Correct the document there.")


class DocumentVersionError(GraphError):
    """A workflow document was written by a newer weft."""

    code = "document-version"

    def __init__(self, *, found: int, newest: int) -> None:
        super().__init__(
            f"The document has version {found}, but this weft reads versions up to {newest}.",
            hint="Upgrade weft to open it.",
        )


class NodeTypeUnknownError(GraphError, KeyError):
    """No pack offers the node type."""

    code = "node-type-unknown"

    def __init__(self, *, type: str, known: Iterable[str]) -> None:
        pack, colon, _ = type.partition(":")
        pack_hint = f'Is the pack "{pack}" installed, and did it load?' if colon else ""
        hint = suggest(type, known) or pack_hint or "`weft nodes` lists the node types."
        super().__init__(f'There is no node type "{type}".', hint=hint)

    def __str__(self) -> str:
        """Give the message plainly, not quoted as KeyError does."""
        return self.message


class NodeVersionError(GraphError):
    """A node was saved by a newer version of its pack."""

    code = "node-version"

    def __init__(self, *, type: str, found: int, newest: int) -> None:
        super().__init__(
            f'The document uses version {found} of "{type}", but version {newest} is installed.',
            hint="Upgrade the pack that offers it.",
        )


class NodeUnknownError(GraphError):
    """A link or port names a node that the document does not have."""

    code = "node-unknown"

    def __init__(self, *, name: str, known: Iterable[str], where: str = "A link") -> None:
        super().__init__(
            f'{where} names the node "{name}", which does not exist.',
            hint=suggest(name, known) or "Link it to a node of this workflow.",
        )


class InputUnknownError(GraphError):
    """A node is given an input that its type does not have."""

    code = "input-unknown"

    def __init__(self, *, name: str, owner: str, known: Iterable[str]) -> None:
        super().__init__(
            f'{owner} has no input "{name}".',
            hint=suggest(name, known) or "Remove it.",
        )


class InputMissingError(GraphError):
    """A required input has neither a link nor a value."""

    code = "input-missing"

    def __init__(self, *, name: str, expects: str, hint: str = "") -> None:
        super().__init__(
            f'The input "{name}" is missing.',
            hint=hint or f"Connect or enter a value of type {expects}.",
        )


class InputInvalidError(GraphError):
    """A value does not fit its input: wrong type, out of range, or not one of the choices."""

    code = "input-invalid"

    def __init__(self, *, name: str, reason: str, hint: str = "") -> None:
        super().__init__(f"{name} {reason}.", hint=hint or f"Correct the value of {name}.")


class OutputUnknownError(GraphError):
    """A link comes from an output that the node does not have."""

    code = "output-unknown"

    def __init__(self, *, name: str, owner: str, known: Iterable[str]) -> None:
        super().__init__(
            f'{owner} has no output "{name}".',
            hint=suggest(name, known) or "It has no outputs at all.",
        )


class SocketMismatchError(GraphError):
    """An edge joins two incompatible socket types."""

    code = "socket-mismatch"

    def __init__(
        self, *, source: str, produces: str, target: str, expects: str, converters: str = ""
    ) -> None:
        through = f"with {converters}" if converters else "with a node in between"
        super().__init__(
            f"{source} produces {produces}, but {target} expects {expects}.",
            hint=f"Turn {produces} into {expects} {through}, or rewire {target}.",
        )


class TraitMismatchError(GraphError):
    """Two things that must agree (a family, a latent space) do not.

    Args:
        trait: What they must agree in.
        source: What is connected.
        has: What it has, or what was entered.
        target: The input.
        expects: What the input expects, or what `source` has where a value was entered.
        hint: What to do about it.
        is_entered: Whether `has` was entered at `target`, and is no fit for what is connected beside it.
    """

    code = "trait-mismatch"

    def __init__(
        self,
        *,
        trait: str,
        source: str,
        has: str,
        target: str,
        expects: str,
        hint: str = "",
        is_entered: bool = False,
    ) -> None:
        super().__init__(
            f"{target} is {has}, but {source} has {trait} {expects}."
            if is_entered
            else f"{source} has {trait} {has}, but {target} expects {trait} {expects}.",
            hint=hint or f"Use parts whose {trait} is the same.",
        )


class ValueUnsuitedError(GraphError):
    """A number does not suit what is connected beside it, which is a warning."""

    code = "value-unsuited"

    def __init__(self, *, name: str, value: str, source: str, reason: str, hint: str) -> None:
        super().__init__(f"{name} is {value}, but {source} {reason}.", hint=hint)


class CycleError(GraphError):
    """Nodes feed each other in a circle."""

    code = "cycle"

    def __init__(self, *, nodes: Sequence[str]) -> None:
        path = " -> ".join((*nodes, nodes[0]))
        super().__init__(
            f"The nodes feed each other in a circle: {path}.",
            hint="Remove one of these links.",
            details={"nodes": list(nodes)},
        )


class ListLengthError(GraphError):
    """Lists that advance together have different lengths."""

    code = "list-length"

    def __init__(self, *, lengths: Mapping[str, int]) -> None:
        listed = ", ".join(f"{name} has {length}" for name, length in lengths.items())
        super().__init__(
            f"Lists that advance together must have the same length, but {listed}.",
            hint="Make them equally long, or remove them from `zip` to combine each with each.",
            details={"lengths": dict(lengths)},
        )


class BypassImpossibleError(GraphError):
    """A bypassed node has no input that could stand in for an output that is used."""

    code = "bypass-impossible"

    def __init__(self, *, output: str, produces: str) -> None:
        super().__init__(
            f'No input of this bypassed node can stand in for its output "{output}" ({produces}).',
            hint="Switch the node off, or rewire what uses that output.",
        )


class WorkflowUnknownError(GraphError):
    """There is no saved workflow of that name."""

    code = "workflow-unknown"

    def __init__(self, *, name: str, known: Iterable[str]) -> None:
        super().__init__(
            f'There is no workflow "{name}".',
            hint=suggest(name, known) or "Save it first, or correct the name.",
        )


class WorkflowRecursionError(GraphError):
    """A workflow contains itself."""

    code = "workflow-recursion"

    def __init__(self, *, path: Sequence[str]) -> None:
        super().__init__(
            f"A workflow contains itself: {' -> '.join(path)}.",
            hint="Remove one of these nodes.",
            details={"path": list(path)},
        )
