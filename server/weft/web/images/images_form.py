"""The form with which OpenAI's clients send pictures: fields of text, and files that are kept as assets."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from aiohttp import BodyPartReader, web

from weft.errors import JSON
from weft.jobs.files.assets import Assets
from weft.paths import ASSET_PREFIX
from weft.web.bodies import parse_body
from weft.web.faults import BodyTooLargeError, RequestMalformedError
from weft.web.files.uploads import read_parts, read_pieces
from weft.web.images.images_faults import ImageParameterError
from weft.web.images.images_wire import EditsForm

MOST_TEXT_BYTES = 256 * 2**10
"""Bytes of all fields of text, at most."""

_PICTURES: Mapping[str, str] = MappingProxyType({"image": "image", "image[]": "image", "mask": "mask"})
_NUMBER = re.compile(r"-?(0|[1-9][0-9]{0,19})")


@dataclass(frozen=True, slots=True)
class Form:
    """A form that was read.

    Attributes:
        options: Its parameters.
        pictures: What stands for its files in workflows, by parameter.
    """

    options: EditsForm
    pictures: Mapping[str, str]


async def read_form(request: web.Request, assets: Assets, *, owner: str) -> Form:
    """Read a form of the images dialect.

    Args:
        request: The request.
        assets: Where its files are kept; where the form is refused, they are not.
        owner: Whom they will belong to.

    Raises:
        RequestMalformedError: It is no form.
        ImageParameterError: It holds several pictures.
        ProblemsError: Its fields do not fit; holds every problem.
        WeftError: One of its files is no picture, or too large.
    """
    new: list[str] = []
    try:
        return await _read(request, assets, owner, new)
    except BaseException:
        for digest in new:
            await assets.delete(digest, owner)
        raise


async def _read(request: web.Request, assets: Assets, owner: str, new: list[str]) -> Form:
    """Read the form, and note the digests of the assets that are new."""
    fields: dict[str, JSON] = {}
    async for part in read_parts(request):
        name = part.name or ""
        if _PICTURES.get(name, name) in fields:
            raise _twice(name)
        if name in _PICTURES:
            asset, is_new = await assets.upload(read_pieces(part), owner=owner, name=part.filename or "")
            new.extend([asset.digest] if is_new else [])
            fields[_PICTURES[name]] = f"{ASSET_PREFIX}{asset.digest}"
        else:
            fields[name] = _typed(name, await _text(part))
    options = parse_body(EditsForm, json.dumps(fields).encode())
    pictures = {"image": options.image, "mask": options.mask}
    return Form(options, {name: value for name, value in pictures.items() if value is not None})


def _twice(name: str) -> ImageParameterError:
    return ImageParameterError(
        parameter=name[:80], fault="is given twice", hint="Send one picture, and each field once."
    )


async def _text(part: BodyPartReader) -> str:
    data = bytearray()
    async for piece in read_pieces(part):
        data += piece
        if len(data) > MOST_TEXT_BYTES:
            raise BodyTooLargeError(limit_bytes=MOST_TEXT_BYTES)
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise RequestMalformedError(fault="holds a field that is not UTF-8") from None


def _typed(name: str, text: str) -> JSON:
    """Give a field as JSON would have it; forms know only text."""
    if name in ("n", "seed") and _NUMBER.fullmatch(text):
        return int(text)
    return False if name == "stream" and text == "false" else text
