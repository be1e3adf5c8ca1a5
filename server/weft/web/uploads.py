"""The bytes of an uploaded file: the body itself, or the one file of a form."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

from aiohttp import BodyPartReader, MultipartReader, web
from aiohttp.http import HttpProcessingError

from weft.web.faults import RequestMalformedError

FORM = "multipart/form-data"
UPLOAD_TYPES = ("image/png", "image/jpeg", "image/webp", "application/octet-stream", FORM)
UNREADABLE = (ValueError, AssertionError, HttpProcessingError)
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
    try:
        reader = await request.multipart()
        part = await reader.next()
    except UNREADABLE as error:
        raise RequestMalformedError(fault="holds no form that can be read") from error
    if not isinstance(part, BodyPartReader) or part.filename is None:
        raise RequestMalformedError(
            fault="is a form that does not begin with a file", hint="Send one field, with the file."
        )
    return Upload(part.filename, _pieces(reader, part))


async def _pieces(reader: MultipartReader, part: BodyPartReader) -> AsyncIterator[bytes]:
    try:
        while piece := await part.read_chunk(_PIECE_BYTES):
            yield piece
        # Only the end of the form tells that the file did not break off.
        further = await reader.next()
    except UNREADABLE as error:
        raise RequestMalformedError(fault="breaks off within its file") from error
    if further is not None:
        raise RequestMalformedError(
            fault="is a form of several fields", hint="Send one field, with the file."
        )
