"""From the parameters of the images dialect to the inputs of a workflow, by the names of the inputs."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from weft.errors import JSON
from weft.sockets import ListOf, Named, SocketType, without_null
from weft.web.description.function_schema import Function
from weft.web.images.images_faults import ImageModelUnknownError, ImageParameterError
from weft.web.images.images_wire import ImagesOptions
from weft.widgets import LARGEST_SEED

OPENAI_MODELS = ("gpt-image-", "dall-e-", "chatgpt-image-")
"""Names that begin so are OpenAI's own and stand for the workflow of the settings."""

_IMAGE = Named("image")


@dataclass(frozen=True, slots=True)
class ImagesCall:
    """What is to be run.

    Attributes:
        workflow: Name of the saved workflow.
        output: Name of the output that holds the pictures.
        inputs: The inputs that all pictures share.
        seeds: The seed of each picture; None where the workflow has none, for a single picture.
    """

    workflow: str
    output: str
    inputs: Mapping[str, JSON]
    seeds: tuple[int, ...] | None


def makes_pictures(function: Function) -> bool:
    """Tell whether a workflow can stand behind the dialect: it takes a prompt and makes a picture."""
    return "prompt" in function.signature.inputs and picture_output(function) is not None


def picture_output(function: Function) -> str | None:
    """Give the output with the pictures: `image` or `images`, else the first that holds any."""
    found = [name for name, entry in function.signature.outputs.items() if _is_picture(entry.type)]
    return next((name for name in ("image", "images") if name in found), found[0] if found else None)


def _is_picture(type: SocketType) -> bool:
    plain = without_null(type)
    return plain in (_IMAGE, ListOf(_IMAGE))


def choose_function(functions: Sequence[Function], model: str | None, default: str) -> Function:
    """Find the workflow that a model's name stands for.

    Args:
        functions: All saved workflows.
        model: The name that was given; None for none.
        default: The workflow of the settings.

    Raises:
        ImageModelUnknownError: The name is no workflow that makes pictures from a prompt.
    """
    fitting = {function.name: function for function in functions if makes_pictures(function)}
    is_openai = model is not None and model not in fitting and model.startswith(OPENAI_MODELS)
    name = default if not model or is_openai else model
    if name not in fitting:
        raise ImageModelUnknownError(name=name, known=fitting)
    return fitting[name]


def map_call(
    function: Function, options: ImagesOptions, pictures: Mapping[str, str] | None = None, *, key: str = ""
) -> ImagesCall:
    """Put the parameters into the inputs of a workflow.

    Args:
        function: The workflow, one that makes pictures.
        options: The parameters.
        pictures: Uploaded pictures by parameter, as values that an input for pictures takes.
        key: Key of a request that may be sent again, which must draw the same seed then; empty for none.

    Returns:
        What is to be run.

    Raises:
        ImageParameterError: The workflow cannot honour one of them.
    """
    inputs: dict[str, JSON] = {"prompt": options.prompt}
    for name, value in (pictures or {}).items():
        _need_input(function, name, name)
        inputs[name] = value
    if options.size not in (None, "auto"):
        width, _, height = str(options.size).partition("x")
        for name, number in (("width", width), ("height", height)):
            _need_input(function, "size", name)
            inputs[name] = int(number)
    seeds = _seeds(function, options, key)
    return ImagesCall(function.name, picture_output(function) or "", inputs, seeds)


def _seeds(function: Function, options: ImagesOptions, key: str) -> tuple[int, ...] | None:
    count = options.n or 1
    if "seed" not in function.signature.inputs:
        if options.seed is not None:
            _need_input(function, "seed", "seed")
        if count > 1:
            _need_input(function, "n", "seed")
        return None
    last = LARGEST_SEED - (count - 1)
    if options.seed is not None and options.seed > last:
        raise ImageParameterError(
            parameter="seed",
            fault=f"leaves no room for {count} seeds that follow one another",
            hint=f"Use one up to {last}.",
        )
    first = _drawn(key) if options.seed is None else options.seed
    return tuple(range(first, first + count))


def _drawn(key: str) -> int:
    # 32 bits are as good a draw, and short enough to be read and typed again.
    return int.from_bytes(hashlib.sha256(key.encode()).digest()[:4]) if key else secrets.randbits(32)


def _need_input(function: Function, parameter: str, input: str) -> None:
    if input not in function.signature.inputs:
        raise ImageParameterError.without_input(parameter=parameter, workflow=function.name, input=input)
