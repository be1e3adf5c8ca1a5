"""The errors that only the command line knows: how it was called and what it was given.

Codes in brackets; all others come from `weft.errors`::

    WeftError
    ├── UsageError [usage]                                      a command or option that does not exist
    ├── FileUnreadableError [file-unreadable]                   not there, a folder, or not ours to read
    ├── PictureWithoutWorkflowError [picture-without-workflow]  a picture that does not say how it was made
    ├── WorkflowExistsError [workflow-exists]                   a workflow of that name is there already
    ├── NotForeignError [not-foreign]                           a file that ComfyUI did not make
    ├── DeviceUnavailableError [device-unavailable]             no such device on this machine
    └── InternalError [internal]                                a mistake in weft itself or in a pack
"""

from collections.abc import Sequence

from weft.errors import WeftError, suggest
from weft.graph.faults import WorkflowInputUnknownError


class UsageError(WeftError):
    """The command line itself is wrong."""

    code = "usage"


class FileUnreadableError(WeftError):
    """A file that was named cannot be read."""

    code = "file-unreadable"

    def __init__(self, *, path: str, reason: str, beside: Sequence[str] = ()) -> None:
        super().__init__(
            f"{path} {reason}.", hint=_guess(path, beside) or "Check the path and its permissions."
        )


class PictureWithoutWorkflowError(WeftError):
    """A picture or film carries no workflow."""

    code = "picture-without-workflow"

    def __init__(self, *, path: str, kind: str = "") -> None:
        because = f": it is a {kind} file, and weft looks into PNG, WebP, JPEG and MP4 files alone"
        super().__init__(
            f"{path} carries no workflow{because if kind else ''}.",
            hint="Only the original file of what weft made can be run; editors and chat programs"
            " remove what it carries.",
        )


class GivenInputUnknownError(WorkflowInputUnknownError):
    """A value was given for an input that the workflow does not have; it may be a misspelt option."""

    def __init__(self, *, name: str, workflow: str, inputs: Sequence[str], options: Sequence[str]) -> None:
        listed = f"Its inputs are {', '.join(inputs)}." if inputs else "It declares no inputs."
        guess = _guess(name, [*inputs, *options])
        super().__init__(name=name, known=inputs, workflow=workflow, hint=f"{guess} {listed}".strip())


class WorkflowExistsError(WeftError):
    """A workflow would be saved over another one."""

    code = "workflow-exists"

    def __init__(self, *, name: str) -> None:
        super().__init__(
            f"There is a workflow {name} already.",
            hint="Give the file another name, or remove that workflow.",
        )


class NotForeignError(WeftError):
    """A file to be taken over is a workflow of weft."""

    code = "not-foreign"

    def __init__(self, *, path: str) -> None:
        super().__init__(f"{path} is a workflow of weft already.", hint=f"Run it: weft run {path}")


class DeviceUnavailableError(WeftError):
    """The device that was asked for is not there."""

    code = "device-unavailable"

    def __init__(self, *, device: str) -> None:
        super().__init__(
            f"There is no device {device} on this machine.",
            hint="Use --device cpu, or install the torch build for your GPU.",
        )


class InternalError(WeftError):
    """Something went wrong that nobody foresaw."""

    code = "internal"

    def __init__(self, *, error: BaseException, traceback: str = "") -> None:
        said = str(error).strip().splitlines()
        super().__init__(
            f"weft stopped because of an unexpected {type(error).__name__}{': ' + said[0] if said else ''}.",
            hint="Report it; its traceback shows where.",
            details={"traceback": traceback} if traceback else {},
        )


def _guess(word: str, names: Sequence[str]) -> str:
    """Give the close matches alone; a list of everything there is would only distract here."""
    sentence = suggest(word, names)
    return sentence if sentence.startswith("Did you mean") else ""
