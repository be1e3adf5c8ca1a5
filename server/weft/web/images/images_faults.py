"""What only the images dialect can refuse: workflows that lack an input, and names that are no model."""

from __future__ import annotations

from collections.abc import Iterable

from weft.errors import WeftError, suggest


class ImageParameterError(WeftError):
    """A parameter asks for what the workflow behind the dialect cannot do."""

    code = "image-parameter"

    def __init__(self, *, parameter: str, fault: str, hint: str) -> None:
        super().__init__(f'The parameter "{parameter}" {fault}.', hint=hint, details={"location": parameter})

    @classmethod
    def without_input(cls, *, parameter: str, workflow: str, input: str) -> ImageParameterError:
        """Give the error for a parameter that no input of the workflow takes."""
        return cls(
            parameter=parameter,
            fault=f'cannot be honoured: the workflow "{workflow}" has no input "{input}"',
            hint=f'Leave it out, or give the workflow an input called "{input}".',
        )


class ImageModelUnknownError(WeftError):
    """The model is no workflow that makes pictures from a prompt."""

    code = "image-model-unknown"

    def __init__(self, *, name: str, known: Iterable[str]) -> None:
        super().__init__(
            f'There is no workflow "{name}" that takes a prompt and makes a picture.',
            hint=suggest(name, known) or "GET /v1/models lists those there are.",
            details={"location": "model"},
        )


class ImagesFailedError(WeftError):
    """The pictures were not made."""

    code = "images-failed"

    def __init__(self, *, reason: str, hint: str = "", job: str = "") -> None:
        super().__init__(
            reason, hint=hint or f"GET /api/jobs/{job} says more.", details={"job": job} if job else {}
        )
