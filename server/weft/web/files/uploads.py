"""The bytes of uploaded files: the body itself, or what stands in a form."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

from aiohttp import BodyPartReader, MultipartReader, web
from aiohttp.http import HttpProcessingError

from weft.web.faults import RequestMalformedError

FORM = "multipart/form-data"
UPLOAD_TYPES = ("image/png", "image/jpeg", "image/webp", "application/octet-stream", FORM)
_UNREADABLE = (ValueError, AssertionError, HttpProcessingError)
"""What aiohttp raises where boundaries or headers of the parts of a form are not as they must be."""

_PIECE_BYTES = 64 * 2**10


@dataclass(frozen=True, slots=True)
class Upload:
    """An uploaded file.

    Attributes:
        name: What the client calls it; empty where it does not say.
        pieces: Its bytes.
    """

    name: str
    pieces: AsyncIterator[bytes]


async def read_upload(request: web.Request) -> Upload:
    """Find the file of an upload; nothing of it is read yet.

    Args:
        request: The request, whose content type says whether it is a form.

    Raises:
        RequestMalformedError: It is a form without a file.
    """
    if request.content_type != FORM:
        return Upload("", request.content.iter_chunked(_PIECE_BYTES))
    parts = read_parts(request)
    part = await anext(parts, None)
    if part is None or part.filename is None:
        raise RequestMalformedError(
            fault="is a form that does not begin with a file", hint="Send one field, with the file."
        )
    return Upload(part.filename, _only_file(parts, part))


async def read_parts(request: web.Request) -> AsyncIterator[BodyPartReader]:
    """Read the fields of a form one after another; each is read before the next is asked for.

    Args:
        request: The request.

    Raises:
        RequestMalformedError: It is no form, breaks off, or holds a form within a form.
    """
    try:
        reader = await request.multipart()
        while (part := await reader.next()) is not None:
            if isinstance(part, MultipartReader):
                raise RequestMalformedError(fault="holds a form within a form")
            yield part
    except _UNREADABLE as error:
        raise RequestMalformedError(fault="holds no form that can be read") from error


async def read_pieces(part: BodyPartReader) -> AsyncIterator[bytes]:
    """Read the bytes of a field.

    Args:
        part: The field.

    Raises:
        RequestMalformedError: It breaks off.
    """
    try:
        while piece := await part.read_chunk(_PIECE_BYTES):
            yield piece
    except _UNREADABLE as error:
        raise RequestMalformedError(fault="breaks off within its form") from error


async def _only_file(parts: AsyncIterator[BodyPartReader], part: BodyPartReader) -> AsyncIterator[bytes]:
    async for piece in read_pieces(part):
        yield piece
    # Only the end of the form tells that the file did not break off.
    if await anext(parts, None) is not None:
        raise RequestMalformedError(
            fault="is a form of several fields", hint="Send one field, with the file."
        )
