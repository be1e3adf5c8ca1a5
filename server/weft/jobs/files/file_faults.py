"""The errors of files, saved workflows and models, each with its stable code.

Codes in brackets::

    WeftError
    ├── UploadRefusedError [upload-refused]              an upload that is no picture of a kind that is taken
    ├── UploadTooLargeError [upload-too-large]           too many bytes or pixels
    ├── AssetKeptError [asset-kept]                      what a job made goes with its job
    ├── AssetPlainError [asset-plain]                    a picture that does not say how it was made
    ├── PreconditionFailedError [precondition-failed]    a workflow is not what If-Match or If-None-Match says
    ├── WorkflowNameError [workflow-name]                what cannot be the name of a saved workflow
    ├── WorkflowShippedError [workflow-shipped]          a template that came with weft cannot be deleted
    ├── WeightsRefusedError [weights-refused]            weights that could run code, or are damaged
    ├── ModelNameError [model-name]                      what cannot be a repository, file or folder of models
    ├── ModelExistsError [model-exists]                  another model has that name
    ├── ModelPictureUnknownError [model-picture-unknown] no model has such a picture
    ├── PullUnclearError [pull-unclear]                  a repository leaves open which files are meant
    ├── PullUnknownError [pull-unknown]                  there is no such download
    ├── HubUnreachableError [hub-unreachable]            the hub did not answer as it should
    ├── HubRefusedError [hub-refused]                    the hub wants another token, or a licence accepted
    ├── HubUnknownError [hub-unknown]                    the hub has no such repository, revision or file
    └── AddressRefusedError [address-refused]            an address that weft does not call
"""

from __future__ import annotations

from collections.abc import Sequence

from weft.errors import FileError, WeftError


class UploadRefusedError(WeftError):
    """An upload is not a picture of a kind that is taken, whatever it is called."""

    code = "upload-refused"

    def __init__(self, *, fault: str = "is neither a PNG, a JPEG nor a WebP picture") -> None:
        super().__init__(
            f"What was uploaded {fault}.",
            hint="Save the picture as PNG, JPEG or WebP and upload that; its content counts, not its name.",
        )


class UploadTooLargeError(WeftError):
    """An upload has more bytes or pixels than are taken."""

    code = "upload-too-large"

    @classmethod
    def of_bytes(cls, limit_bytes: int) -> UploadTooLargeError:
        """Give the error for a file of too many bytes."""
        return cls(
            f"What was uploaded has more than {limit_bytes} bytes.",
            hint="Make it smaller, or raise the setting max_upload_bytes.",
            details={"limit_bytes": limit_bytes},
        )

    @classmethod
    def of_pixels(cls, width: int, height: int, limit: int) -> UploadTooLargeError:
        """Give the error for a picture of too many pixels."""
        return cls(
            f"The picture has {width} x {height} pixels, more than {limit} in all.",
            hint="Make it smaller, or raise the setting max_upload_pixels.",
            details={"width": width, "height": height, "limit_pixels": limit},
        )


class AssetKeptError(WeftError):
    """What a job made is deleted with the job, not by itself."""

    code = "asset-kept"

    def __init__(self, *, digest: str) -> None:
        super().__init__(
            f'The asset "{digest}" is what a job made.', hint="Delete the job; its pictures go with it."
        )


class AssetPlainError(WeftError):
    """A picture carries no workflow."""

    code = "asset-plain"

    def __init__(self, *, digest: str) -> None:
        super().__init__(
            f'The asset "{digest}" does not say how it was made.',
            hint="Only the original file of a picture made by weft does; editors remove what it carries.",
        )


class PreconditionFailedError(WeftError):
    """A workflow changed since it was read, or is there where it should not be."""

    code = "precondition-failed"

    def __init__(self, *, name: str, tag: str) -> None:
        there = f'is there with the ETag "{tag}"' if tag else "is not there"
        super().__init__(
            f'The workflow "{name}" {there}, which is not what If-Match or If-None-Match says.',
            hint="Read it again and save your change to that.",
        )


class WorkflowNameError(WeftError):
    """A text cannot be the name of a saved workflow."""

    code = "workflow-name"

    def __init__(self, *, name: str) -> None:
        super().__init__(
            f'"{name[:120]}" cannot be the name of a workflow.',
            hint="Use 1 to 100 letters, digits, spaces and - _ . with a letter or digit at both ends.",
        )


class WorkflowShippedError(WeftError):
    """A template, or a file in a folder of workflows, cannot be deleted."""

    code = "workflow-shipped"

    def __init__(self, *, name: str) -> None:
        super().__init__(
            f'The workflow "{name}" is a template, which is only read.',
            hint="Saving under its name makes a copy of your own; that one can be deleted.",
        )


class WeightsRefusedError(FileError):
    """A file of weights could run code, or is not what it is called."""

    code = "weights-refused"

    def __init__(self, *, name: str, reason: str) -> None:
        super().__init__(
            f"{name} is refused: it {reason}.",
            hint="Only .safetensors files are taken as weights, since they cannot run code.",
        )


class ModelNameError(WeftError):
    """A text cannot be the name of a repository, revision, file or folder of models."""

    code = "model-name"

    def __init__(self, *, field: str, value: str, expected: str) -> None:
        super().__init__(
            f'"{value[:200]}" cannot be a {field}.', hint=f"Expected is {expected}.", details={"field": field}
        )


class ModelExistsError(WeftError):
    """A model of that name is there already, with other content."""

    code = "model-exists"

    def __init__(self, *, name: str) -> None:
        super().__init__(
            f'There is another model "{name}" already.',
            hint="Choose another folder for the new one, or remove the old one.",
        )


class ModelPictureUnknownError(WeftError):
    """No model has such a picture."""

    code = "model-picture-unknown"

    def __init__(self, *, picture: str) -> None:
        super().__init__(
            f'No model has the picture "{picture}" now.',
            hint="List the models anew; it may have been changed.",
        )


class PullUnclearError(WeftError):
    """A repository has several files of weights, or none, and nobody said which."""

    code = "pull-unclear"

    def __init__(self, *, repo: str, files: Sequence[str]) -> None:
        shown = ", ".join(files[:12])
        super().__init__(
            f"The repository {repo} has {len(files)} safetensors files.",
            hint=f"Say which you want: {shown}." if files else "Choose another repository.",
            details={"files": list(files[:100])},
        )


class PullUnknownError(WeftError):
    """There is no download of that id."""

    code = "pull-unknown"

    def __init__(self, *, pull: str) -> None:
        super().__init__(
            f'There is no download "{pull}".', hint="List the downloads; old ones are forgotten."
        )


class HubUnreachableError(WeftError):
    """The hub cannot be reached, or does not answer as a hub does."""

    code = "hub-unreachable"

    def __init__(self, *, host: str, reason: str) -> None:
        super().__init__(
            f"The hub at {host} cannot be used: {reason}.",
            hint="Check the network, or name another hub with HF_ENDPOINT; what was loaded is kept.",
        )


class HubRefusedError(WeftError):
    """The hub wants to know who asks, or has a licence accepted first."""

    code = "hub-refused"

    def __init__(self, *, what: str) -> None:
        super().__init__(
            f"The hub does not hand out {what} to everybody.",
            hint="Accept its licence on the hub, and start the server with your token in HF_TOKEN.",
        )


class HubUnknownError(WeftError):
    """The hub has no such thing."""

    code = "hub-unknown"

    def __init__(
        self, *, what: str, hint: str = "Check the names of repository, revision and files."
    ) -> None:
        super().__init__(f"The hub has no {what}.", hint=hint)


class AddressRefusedError(WeftError):
    """An address is not called, since it is none of the public internet or not encrypted."""

    code = "address-refused"

    def __init__(self, *, address: str, reason: str) -> None:
        super().__init__(
            f"{address[:200]} is not called: {reason}.",
            hint="The hub sent us there. If it is your own, name it with HF_ENDPOINT.",
        )
