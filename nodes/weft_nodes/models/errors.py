"""What can be wrong with weight files and with patches, each with a stable code.

ModelError (weft.sdk)
├── ModelFileMissingError      checkpoint-missing       there is no such file or folder
├── ModelFileRefusedError      pickle-refused           a pickle: opening it would run code
├── CheckpointCorruptError     checkpoint-corrupt       truncated, damaged, or not a weight file at all
├── CheckpointIncompleteError  checkpoint-incomplete    readable, but tensors are missing or misshapen
├── CheckpointUnknownError     checkpoint-unknown       no known family has these tensors
├── CheckpointChangedError     checkpoint-changed       no longer the file the handle was made from
├── PackageMissingError        package-missing          a format needs a package that is not installed
├── FamilyUnknownError         family-unknown           a handle names a family that is not installed
├── LatentMismatchError        latent-mismatch          a latent or picture that the autoencoder cannot read
├── PatchMismatchError         patch-mismatch           a patch was made for another architecture
└── ControlMismatchError       control-mismatch         a control network steers another kind of model
"""

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from weft.sdk import ModelError


class ModelFileMissingError(ModelError):
    """A weight file, or a file that a model folder needs, does not exist.

    Args:
        path: What was looked for.
        hint: What to do about it.
    """

    code: ClassVar[str] = "checkpoint-missing"

    def __init__(
        self, *, path: Path, hint: str = "Check the name, or put the file into a models folder."
    ) -> None:
        super().__init__(f"There is no {path}.", hint=hint)


class ModelFileRefusedError(ModelError):
    """A weight file is a pickle, which runs arbitrary code when it is opened.

    Args:
        path: The file.
        reason: How it was recognised, as the end of the sentence "… is refused: it …".
    """

    code: ClassVar[str] = "pickle-refused"

    def __init__(self, *, path: Path, reason: str) -> None:
        super().__init__(
            f"{path} is refused: it {reason}, and opening a pickle runs whatever code it contains.",
            hint="Download the model as .safetensors, or convert it on a machine you can afford to lose.",
        )


class CheckpointCorruptError(ModelError):
    """A weight file is truncated or damaged, or is no weight file.

    Args:
        path: The file.
        problem: What is wrong, as a full clause, such as "it ends after 10 of 20 bytes".
        hint: What to do about it.
    """

    code: ClassVar[str] = "checkpoint-corrupt"

    def __init__(self, *, path: Path, problem: str, hint: str = "Download the file again.") -> None:
        super().__init__(f"{path} cannot be read: {problem}.", hint=hint)


class CheckpointIncompleteError(ModelError):
    """A weight file is readable but does not fill the architecture it should belong to.

    Args:
        path: The file or folder.
        part: The component, such as "unet".
        missing: Names of tensors that are not there.
        misshapen: Names with found and needed shapes of tensors that have another shape.
    """

    code: ClassVar[str] = "checkpoint-incomplete"

    def __init__(
        self, *, path: Path, part: str, missing: Sequence[str], misshapen: Sequence[str] = ()
    ) -> None:
        found = [
            _count(missing, "tensor is missing", "tensors are missing"),
            _count(misshapen, "tensor has another shape", "tensors have another shape"),
        ]
        super().__init__(
            f"{path} does not fill its {part}: {'; '.join(text for text in found if text)}.",
            hint="The file is incomplete, or was made for another architecture or configuration.",
        )


class CheckpointUnknownError(ModelError):
    """No known model family has the tensors of this file.

    Args:
        path: The file or folder.
        seen: What the file holds, in words.
        tried: One line per family: why it was rejected.
    """

    code: ClassVar[str] = "checkpoint-unknown"

    def __init__(self, *, path: Path, seen: str, tried: Sequence[str]) -> None:
        super().__init__(
            f"{path} belongs to no model family known here; it holds {seen}.",
            hint=f"Tried: {'; '.join(tried)}.",
        )


class CheckpointChangedError(ModelError):
    """A weight file is no longer the one from which a handle was made.

    Args:
        path: The file or folder.
        expected: Content digest in the handle.
        found: Content digest of the file now.
    """

    code: ClassVar[str] = "checkpoint-changed"

    def __init__(self, *, path: Path, expected: str, found: str) -> None:
        super().__init__(
            f"{path} has changed since it was loaded: it was {expected[:12]}, and now is {found[:12]}.",
            hint="Run the workflow again, so that the checkpoint is loaded anew.",
        )


class PackageMissingError(ModelError):
    """A file needs a package that weft does without.

    Args:
        what: What needs it, as the start of the sentence "… needs the package …".
        package: Its name.
        extra: The optional part of weft that brings it.
    """

    code: ClassVar[str] = "package-missing"

    def __init__(self, *, what: str, package: str, extra: str) -> None:
        super().__init__(
            f"{what} needs the package {package}, which is not installed.",
            hint=f"Install it with `pip install 'weft[{extra}]'`, and start weft again.",
        )


class FamilyUnknownError(ModelError):
    """A handle names a model family that is not installed.

    Args:
        family: The family's id.
        known: All ids that are known.
    """

    code: ClassVar[str] = "family-unknown"

    def __init__(self, *, family: str, known: Sequence[str]) -> None:
        super().__init__(
            f"There is no model family '{family}'.",
            hint=f"Known families: {', '.join(sorted(known))}.",
        )


class LatentMismatchError(ModelError):
    """A latent or a picture does not fit the autoencoder that should read it."""

    code: ClassVar[str] = "latent-mismatch"


class PatchMismatchError(ModelError):
    """A patch does not fit the network it is applied to.

    Args:
        patch: The patch, in words.
        problem: What does not fit, as a full clause.
        hint: What to do about it.
    """

    code: ClassVar[str] = "patch-mismatch"

    def __init__(
        self, *, patch: str, problem: str, hint: str = "Use a file that was made for this model family."
    ) -> None:
        super().__init__(f"{patch} does not fit this model: {problem}.", hint=hint)


class ControlMismatchError(ModelError):
    """A control network does not fit the model that it should steer.

    Args:
        problem: What does not fit, as a full clause.
        hint: What to do about it.
    """

    code: ClassVar[str] = "control-mismatch"

    def __init__(
        self, *, problem: str, hint: str = "Use a control network that was made for this model family."
    ) -> None:
        super().__init__(f"A control network cannot steer this model: {problem}.", hint=hint)


def _count(names: Sequence[str], one: str, many: str) -> str:
    if not names:
        return ""
    shown = ", ".join(names[:3]) + (", …" if len(names) > 3 else "")
    return f"{len(names)} {one if len(names) == 1 else many} ({shown})"
