"""The messages of OpenAI's images dialect: what is taken, what is answered, and its errors."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from weft.web.wire_base import Wire
from weft.widgets import LARGEST_SEED

DIALECT_PREFIX = "/v1/"
"""Addresses below this one speak OpenAI's dialect, errors included."""

MOST_IMAGES = 10
LONGEST_PROMPT = 32_000

Prompt = Annotated[str, Field(min_length=1, max_length=LONGEST_PROMPT)]
Size = Annotated[str, Field(pattern=r"^(auto|[1-9][0-9]{0,4}x[1-9][0-9]{0,4})$")]
Seed = Annotated[int, Field(ge=0, le=LARGEST_SEED)]
Count = Annotated[int, Field(ge=1, le=MOST_IMAGES)]


class ImagesOptions(Wire):
    """What making and editing pictures have in common.

    Every parameter is heeded or refused: there is none that is read and then forgotten, except `user`, which
    OpenAI takes to find misuse and which never changes a picture. `auto` leaves a choice to the server.

    Attributes:
        prompt: What the picture shall show.
        model: Name of a saved workflow (see `GET /v1/models`). OpenAI's own names (`gpt-image-…`, `dall-e-…`)
            stand for the workflow of the settings, as does nothing.
        n: How many pictures; they get seeds that follow one another.
        size: Width and height, such as `512x512`; `auto` or nothing is what the workflow says.
        response_format: `b64_json` sends the pictures themselves, `url` sends their addresses.
        output_format: Pictures come as PNG, without loss.
        seed: Seed of the first picture (an extension); drawn at random where there is none.
        quality: The workflow decides; only `auto` is taken.
        background: The workflow decides; only `auto` is taken.
        stream: Streams are not offered here; `POST /api/workflows/{name}/run` has them.
        user: Not used.
    """

    prompt: Prompt
    model: Annotated[str, Field(max_length=200)] | None = None
    n: Count | None = None
    size: Size | None = None
    response_format: Literal["b64_json", "url"] | None = None
    output_format: Literal["png"] | None = None
    seed: Seed | None = None
    quality: Literal["auto"] | None = None
    background: Literal["auto"] | None = None
    stream: Literal[False] | None = None
    user: Annotated[str, Field(max_length=1000)] | None = None


class GenerationsRequest(ImagesOptions):
    """Make pictures from a prompt.

    Attributes:
        moderation: Nothing is moderated here; only `auto` is taken.
    """

    moderation: Literal["auto"] | None = None


class EditsForm(ImagesOptions):
    """Make pictures from a picture and a prompt; sent as a form.

    Attributes:
        image: The picture: PNG, JPEG or WebP.
        mask: Where the picture may change; only for a workflow that has an input `mask`.
    """

    image: Annotated[str, Field(json_schema_extra={"format": "binary"})]
    mask: Annotated[str, Field(json_schema_extra={"format": "binary"})] | None = None


class MadeImage(Wire):
    """One picture.

    Attributes:
        b64_json: The bytes of the PNG file in base 64, where they were asked for.
        url: Address of the file, where it was asked for.
        seed: The seed that makes it again (an extension); null for a workflow without one.
    """

    b64_json: str | None = None
    url: str | None = None
    seed: int | None = None


class ImagesResponse(Wire):
    """The pictures that were made.

    Attributes:
        created: Unix time in seconds.
        data: The pictures, in the order of their seeds.
        output_format: The kind of file.
    """

    created: int
    data: tuple[MadeImage, ...]
    output_format: Literal["png"] = "png"


class ImageModelView(Wire):
    """A workflow that can be named as a model.

    Attributes:
        id: Its name.
        object: Always `model`.
        created: Always 0: workflows are changed, not released.
        owned_by: Always `weft`.
    """

    id: str
    object: Literal["model"] = "model"
    created: int = 0
    owned_by: Literal["weft"] = "weft"


class ImageModelsView(Wire):
    """The workflows that make pictures from a prompt.

    Attributes:
        object: Always `list`.
        data: The workflows.
    """

    object: Literal["list"] = "list"
    data: tuple[ImageModelView, ...] = ()


class DialectFault(Wire):
    """What went wrong.

    Attributes:
        message: What, and what to do.
        type: `invalid_request_error`, `authentication_error`, `rate_limit_error` or `server_error`.
        param: The parameter that is refused, where it is about one.
        code: Stable name of the kind of error, as everywhere in weft.
    """

    message: str
    type: Literal["invalid_request_error", "authentication_error", "rate_limit_error", "server_error"]
    param: str | None = None
    code: str | None = None


class DialectError(Wire):
    """An error as OpenAI writes it.

    Attributes:
        error: What went wrong.
    """

    error: DialectFault
