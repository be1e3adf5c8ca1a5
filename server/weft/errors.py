"""Every error weft raises, and the problem value that reports it.

An error says one sentence of fact (who, has what, expects what) and one sentence of help. Its
``code`` is stable: scripts, the HTTP API and the editor rely on it, never on the words.

The tree (``code`` in brackets)::

    WeftError [weft-error]
    ├── GraphError [graph-error]
    │   └── ProblemsError [problems]
    ├── NodeError [node-error]
    │   ├── NodeDefinitionError [node-definition]
    │   ├── AnnotationUnsupportedError [annotation-unsupported]
    │   ├── SocketTypeUnreadableError [socket-type-unreadable]
    │   ├── MigrationFailedError [migration-failed]
    │   ├── NodeFailedError [node-failed]
    │   ├── ValueInvalidError [value-invalid]
    │   ├── NotFiniteError [not-finite]
    │   └── OutOfMemoryError [out-of-memory]
    ├── PluginError [plugin-error]
    ├── FileError [file-error]
    │   ├── FileUnwritableError [file-unwritable]
    │   ├── DiskFullError [disk-full]
    │   └── PictureUnreadableError [picture-unreadable]
    ├── CacheError [cache-error]
    ├── ModelError [model-error]
    ├── SettingsError [settings-invalid]
    └── CancelledRunError [cancelled]

Leaves that one part of weft alone raises stand there, with these codes::

    weft.plugin_errors             pack-broken, pack-unknown, pack-not-reloadable, manifest-invalid,
                                   requirement-missing, name-clash, provider-unknown, provider-failed
    weft.graph_errors              document-invalid, document-version, node-type-unknown, node-version,
                                   node-unknown, input-unknown, input-missing, input-invalid,
                                   output-unknown, socket-mismatch, trait-mismatch, value-unsuited,
                                   cycle, list-length, bypass-impossible, workflow-unknown,
                                   workflow-recursion
    weft.graph.faults              json-unreadable, source-off, list-nested, zip-invalid, variable-conflict,
                                   port-invalid, port-conflict, workflow-input-unknown, graph-too-large,
                                   list-too-long
    weft.foreign.faults            foreign-unreadable, rules-invalid
    weft.engine.inputs             too-many-runs
    weft.engine.seals              input-mutated
    weft.engine.recipes            result-shape
    weft.engine.codec              not-storable, not-readable
    weft.engine.disk               cache-damaged
    weft.engine.cache              cache-unwritable
    weft.workers.faults            migration-needs-worker, catalog-unreadable, worker-unavailable,
                                   worker-device-unavailable, worker-fault, channel-broken, message-too-long
    weft.jobs.faults               database-damaged, database-too-new, blob-unknown, blob-mismatch,
                                   job-unknown, job-exists, job-unfinished, idempotency-conflict,
                                   queue-full, batch-unknown, cursor-invalid, asset-unknown,
                                   revision-unknown, revision-conflict, worker-died, data-folder-in-use
    weft.jobs.files.file_faults    weights-refused, upload-refused, upload-too-large, asset-kept,
                                   asset-plain, precondition-failed, workflow-name, workflow-shipped,
                                   model-name, model-exists, model-picture-unknown, pull-unclear,
                                   pull-unknown, hub-unreachable, hub-refused, hub-unknown, address-refused
    weft.jobs.variations           batch-invalid
    weft.web.images.images_faults  image-parameter, image-model-unknown, images-failed
    weft.web.faults                request-malformed, host-refused, origin-refused, media-type-refused,
                                   body-too-large, body-unreadable, body-invalid, query-invalid,
                                   token-missing, token-refused, scope-missing, token-name,
                                   tokens-unreadable, route-unknown, method-refused, range-refused,
                                   editor-missing, preview-missing, server-stopping, unexpected,
                                   address-unusable
    weft.cli.faults                usage, file-unreadable, picture-without-workflow, workflow-exists,
                                   not-foreign, device-unavailable, internal

Packs add their own leaves below `NodeError` and `ModelError`.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

from typing_extensions import TypeAliasType

# A plain recursive alias is a string at run time, on which neither `JSON | None` nor pydantic can build.
JSON = TypeAliasType("JSON", "bool | int | float | str | list[JSON] | dict[str, JSON] | None")
"""Any value that JSON can write."""

LISTABLE_CANDIDATES = 12
"""Up to this many candidates are simply listed where no close match is found."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One fault of a workflow or a run, as the command line, the API and the editor report it.

    Attributes:
        code: Stable kebab-case name of the kind of fault.
        message: One sentence of fact.
        hint: One sentence of help, or an empty string.
        node: Id of the node concerned, if one is.
        input: Name of that node's input concerned, if one is.
        severity: ``error`` stops the run, ``warning`` does not.
        details: Further facts for programs; never needed to understand the message.
    """

    code: str
    message: str
    hint: str
    node: str | None = None
    input: str | None = None
    severity: Literal["error", "warning"] = "error"
    details: Mapping[str, JSON] = field(default_factory=dict, hash=False)

    def to_json(self) -> dict[str, JSON]:
        """Give the problem as a JSON object."""
        return {
            "code": self.code,
            "message": self.message,
            "hint": self.hint,
            "node": self.node,
            "input": self.input,
            "severity": self.severity,
            "details": dict(self.details),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, JSON]) -> Problem:
        """Read a problem from its JSON object; the inverse of `to_json`."""
        return cls(**data)  # type: ignore[arg-type]

    def __str__(self) -> str:
        """Give the problem as one line: where, what, and what to do."""
        place = ".".join(part for part in (self.node, self.input) if part is not None)
        text = f"{self.message} {self.hint}".strip()
        return f"{place}: {text}" if place else text


class WeftError(Exception):
    """Root of all errors that weft raises on purpose.

    Args:
        message: One sentence of fact.
        hint: One sentence that says what to do.
        details: Further facts for programs.
    """

    code: ClassVar[str] = "weft-error"

    def __init__(self, message: str, *, hint: str, details: Mapping[str, JSON] | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.details: Mapping[str, JSON] = dict(details or {})

    def problem(self, *, node: str | None = None, input: str | None = None) -> Problem:
        """Give this error as a problem of the named node and input."""
        return Problem(
            code=self.code,
            message=self.message,
            hint=self.hint,
            node=node,
            input=input,
            details=self.details,
        )

    def __reduce__(self) -> tuple[Callable[..., WeftError], tuple[type[WeftError], str], Any]:
        """Pickle without the keyword-only constructor, so that errors cross processes."""
        return _bare_error, (type(self), self.message), self.__dict__


def _bare_error(kind: type[WeftError], message: str) -> WeftError:
    error = kind.__new__(kind, message)
    error.args = (message,)
    return error


def suggest(word: str, candidates: Iterable[str]) -> str:
    """Give the sentence that helps with a misspelt name.

    Args:
        word: What was written.
        candidates: What could have been meant.

    Returns:
        "Did you mean …?" with up to three close matches; else the list of all candidates where it
        is short; else an empty string, so that the result can always be appended to a hint.
    """
    known = sorted(set(candidates))
    lowered = {name.lower(): name for name in reversed(known)}
    close = difflib.get_close_matches(word.lower(), lowered, n=3, cutoff=0.6)
    likeness = {name: difflib.SequenceMatcher(None, name, word.lower()).ratio() for name in close}
    names = [f'"{lowered[name]}"' for name in close if likeness[name] > likeness[close[0]] - 0.15]
    if names:
        return f"Did you mean {' or '.join(names)}?"
    if known and len(known) <= LISTABLE_CANDIDATES:
        return f"There is {', '.join(known)}."
    return ""


class GraphError(WeftError):
    """A workflow document cannot be run as it stands."""

    code = "graph-error"


class ProblemsError(GraphError):
    """Several problems that must travel as one exception."""

    code = "problems"

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        count = len(self.problems)
        head = "There is 1 problem" if count == 1 else f"There are {count} problems"
        lines = "".join(f"\n  {problem}" for problem in self.problems)
        super().__init__(f"{head}:{lines}", hint="Correct each of them and try again.")


class NodeError(WeftError):
    """A node cannot do its work; node authors raise it, or a subclass with its own code."""

    code = "node-error"


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault of a node's signature or docstring.

    Attributes:
        parameter: Name of the parameter concerned, or None for the function as a whole.
        message: What is wrong, as the rest of a sentence whose subject is the parameter.
        hint: What to do.
    """

    parameter: str | None
    message: str
    hint: str

    def __str__(self) -> str:
        """Give the fault as one line."""
        subject = f'parameter "{self.parameter}"' if self.parameter is not None else "it"
        return f"{subject} {self.message}. {self.hint}"


class NodeDefinitionError(NodeError):
    """A decorated function cannot become a node; lists every fault of that function."""

    code = "node-definition"

    def __init__(self, *, function: str, faults: Sequence[Fault]) -> None:
        self.function = function
        self.faults = tuple(faults)
        lines = "".join(f"\n  {fault}" for fault in self.faults)
        super().__init__(
            f"{function} cannot become a node:{lines}",
            hint="Correct the signature or the docstring of that function.",
        )


class AnnotationUnsupportedError(NodeError):
    """A Python annotation has no socket type."""

    code = "annotation-unsupported"

    def __init__(self, *, annotation: str, reason: str = "", hint: str = "") -> None:
        because = f", because {reason}" if reason else ""
        super().__init__(
            f"has the annotation {annotation}, which has no socket type{because}",
            hint=hint or "Use int, float, bool, str, Literal, JSON, list[...], `X | None` or a @value class.",
        )


class SocketTypeUnreadableError(NodeError):
    """A socket type's text cannot be parsed."""

    code = "socket-type-unreadable"

    def __init__(self, *, text: str, fault: str) -> None:
        super().__init__(
            f'The socket type "{text}" cannot be read: {fault}.',
            hint="Write it like `image`, `list[image]`, `image | null` or `$T`.",
        )


class MigrationFailedError(NodeError):
    """A node's own migration raised an exception."""

    code = "migration-failed"

    def __init__(self, *, type: str, version: int, cause: Exception) -> None:
        super().__init__(
            f'The migration of "{type}" from version {version} failed: {described(cause)}.',
            hint="Report it to the author of the pack; the document itself is unchanged.",
        )


class NodeFailedError(NodeError):
    """A node raised an exception that is not a WeftError."""

    code = "node-failed"

    def __init__(self, *, type: str, cause: BaseException, traceback: str = "") -> None:
        super().__init__(
            f'"{type}" failed: {described(cause)}.',
            hint="Its traceback shows where; report it to the author of the node.",
            details={"exception": cause.__class__.__name__, "traceback": traceback},
        )


class ValueInvalidError(NodeError):
    """A value was built with contents that its type does not allow."""

    code = "value-invalid"

    def __init__(self, *, type: str, has: str, expects: str) -> None:
        super().__init__(
            f"A value of type {type} has {has}, but needs {expects}.", hint="Correct the node that made it."
        )


class NotFiniteError(NodeError):
    """A result holds NaN or infinity."""

    code = "not-finite"

    def __init__(self, *, what: str, hint: str = "") -> None:
        super().__init__(
            f"{what} holds NaN or infinity.",
            hint=hint
            or "Lower the guidance scale, use another sampler, or run the model in a wider number format.",
        )


class OutOfMemoryError(NodeError):
    """The device has too little memory, even after freeing what could be freed."""

    code = "out-of-memory"

    def __init__(self, *, device: str, needed_bytes: int | None, available_bytes: int | None) -> None:
        needed = _mebibytes(needed_bytes)
        available = _mebibytes(available_bytes)
        super().__init__(
            f"{device} has {available} of free memory, but {needed} were needed.",
            hint="Use a smaller picture, a smaller batch or a tiled node.",
            details={"device": device, "needed_bytes": needed_bytes, "available_bytes": available_bytes},
        )


class PluginError(WeftError):
    """A pack of nodes cannot be used."""

    code = "plugin-error"


class FileError(WeftError):
    """A file cannot be read or written."""

    code = "file-error"


class FileUnwritableError(FileError):
    """A file cannot be written where it should lie."""

    code = "file-unwritable"

    def __init__(self, *, path: str, reason: str) -> None:
        super().__init__(f"{path} cannot be written: {reason}.", hint="Check the folder and its permissions.")


class DiskFullError(FileError):
    """There is no room left for a file; nothing partial was left behind."""

    code = "disk-full"

    def __init__(self, *, path: str, needed_bytes: int) -> None:
        super().__init__(
            f"There is no room on the disk for {path} ({needed_bytes} bytes).",
            hint="Free some space and run again; what was finished before is kept.",
            details={"path": path, "needed_bytes": needed_bytes},
        )


class PictureUnreadableError(FileError):
    """A picture is missing, damaged, too large or of an unknown format."""

    code = "picture-unreadable"

    def __init__(self, *, name: str, reason: str, hint: str = "") -> None:
        super().__init__(
            f"The picture {name} cannot be read: {reason}.", hint=hint or "Save it anew as PNG, JPEG or WebP."
        )


class CacheError(WeftError):
    """The result cache cannot do what was asked; a run goes on without it."""

    code = "cache-error"


class ModelError(WeftError):
    """A file of weights cannot be used."""

    code = "model-error"


class SettingsError(WeftError):
    """A setting has a bad value or an unknown name."""

    code = "settings-invalid"

    def __init__(self, *, setting: str, source: str, fault: str, hint: str = "") -> None:
        super().__init__(
            f'The setting "{setting}" from {source} {fault}.',
            hint=hint or "Correct it there.",
            details={"setting": setting, "source": source},
        )


class CancelledRunError(WeftError):
    """The user cancelled the run."""

    code = "cancelled"

    def __init__(self) -> None:
        super().__init__("The run was cancelled.", hint="Run it again to go on.")


def described(cause: BaseException) -> str:
    """Give the kind of an exception and what it says."""
    text = str(cause).strip()
    name = cause.__class__.__name__
    return f"{name}: {text}" if text else name


def _mebibytes(count: int | None) -> str:
    return "an unknown amount" if count is None else f"{count / 2**20:,.0f} MiB"
