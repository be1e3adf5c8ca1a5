"""Bodies and query parameters: strict JSON within limits, then the route's own model.

JSON leaves open what a name given twice means, and Python's reader takes NaN, infinity and nesting that ends
in a RecursionError. None of that gets past `read_json`.
"""

from __future__ import annotations

import asyncio
import json
import math
from collections import Counter
from collections.abc import Iterator, Mapping
from fnmatch import fnmatch
from typing import Never, TypeVar

from aiohttp import web
from multidict import MultiMapping
from pydantic import BaseModel, ValidationError

from weft.errors import JSON, Problem, ProblemsError, suggest
from weft.web.faults import (
    BodyInvalidError,
    BodyTooLargeError,
    BodyUnreadableError,
    MediaTypeRefusedError,
    QueryInvalidError,
)
from weft.web.routing import Media

M = TypeVar("M", bound=BaseModel)

DEEPEST_NESTING = 64
LONGEST_INTEGER = 308
"""Digits of a whole number, at most: as many as the largest float has."""

_JSON_TYPE = "application/json"
_READ_BESIDE_BYTES = 128 * 2**10
"""Bodies from here on are read in a thread, so that nobody else waits for them."""


async def read_body(
    expected: type[BaseModel] | Media | None, request: web.Request, *, limit_bytes: int
) -> BaseModel | None:
    """Read the body that a route takes.

    Args:
        expected: The route's declaration; media are left for the handler to read.
        request: The request.
        limit_bytes: Most bytes of a JSON body.

    Raises:
        MediaTypeRefusedError: The body is of another kind, or compressed.
        BodyTooLargeError: It is beyond the limit.
        BodyUnreadableError: It is not strict JSON.
        ProblemsError: It has other fields than the model; every one is named.
    """
    if isinstance(expected, Media):
        _check_type(request, expected.types)
        return None
    if expected is None:
        # A form of somebody else's page posts without being asked for JSON first; no route needs one.
        if request.body_exists or request.headers.get("Content-Type"):
            _check_type(request, (_JSON_TYPE,))
            await _read_bytes(request, limit_bytes)
        return None
    _check_type(request, (_JSON_TYPE,))
    data = await _read_bytes(request, limit_bytes)
    if len(data) >= _READ_BESIDE_BYTES:
        return await asyncio.to_thread(parse_body, expected, data)
    return parse_body(expected, data)


def parse_body(model: type[M], data: bytes) -> M:
    """Read a body of JSON into a model.

    Raises:
        BodyUnreadableError: It is not strict JSON.
        ProblemsError: It does not fit the model.
    """
    read_json(data)
    try:
        return model.model_validate_json(data, strict=True)
    except ValidationError as error:
        raise ProblemsError(_problems_of_body(error, model)) from None


def read_query(model: type[M], query: MultiMapping[str]) -> M:
    """Read the parameters of the address into a model.

    Raises:
        ProblemsError: One is unknown, given twice or does not fit; every one is named.
    """
    names = list(dict.fromkeys(query))
    twice = [name for name in names if len(query.getall(name)) > 1]
    if twice:
        raise ProblemsError([QueryInvalidError(name=n, fault="is given twice").problem() for n in twice])
    try:
        return model.model_validate({name: query[name] for name in names}, strict=False)
    except ValidationError as error:
        raise ProblemsError([_problem_of_query(found, model) for found in _faults(error)]) from None


def read_json(data: bytes) -> JSON:
    """Read strict JSON.

    Args:
        data: UTF-8 without a byte order mark.

    Returns:
        The value; its numbers are finite, its names given once and free of control characters.

    Raises:
        BodyUnreadableError: It is anything else, or nested deeper than `DEEPEST_NESTING` lists and objects.
    """
    try:
        text = data.decode("utf-8")
        value: JSON = json.loads(
            text, object_pairs_hook=_object, parse_constant=_constant, parse_float=_float, parse_int=_integer
        )
    except UnicodeDecodeError as error:
        raise BodyUnreadableError(fault=f"byte {error.start} is not UTF-8") from None
    except json.JSONDecodeError as error:
        place = f"at line {error.lineno}, column {error.colno}"
        raise BodyUnreadableError(fault=f"{error.msg.lower()} {place}") from None
    except RecursionError:
        raise BodyUnreadableError(fault=f"it is nested deeper than {DEEPEST_NESTING} levels") from None
    _check_depth(value)
    _check_characters(text, value)
    return value


async def _read_bytes(request: web.Request, limit_bytes: int) -> bytes:
    if (request.content_length or 0) > limit_bytes:
        raise BodyTooLargeError(limit_bytes=limit_bytes)
    data = bytearray()
    async for chunk in request.content.iter_any():
        data += chunk
        if len(data) > limit_bytes:
            raise BodyTooLargeError(limit_bytes=limit_bytes)
    return bytes(data)


def _check_type(request: web.Request, types: tuple[str, ...]) -> None:
    # Only `identity` leaves nothing to unpack: a compressed body can be a thousand times what was counted.
    encoding = request.headers.get("Content-Encoding", "identity")
    if encoding.lower() != "identity":
        raise MediaTypeRefusedError(given=f"compressed ({encoding[:32]})", expected=types)
    stated = request.headers.get("Content-Type", "").split(";")[0].strip().lower()
    if not any(fnmatch(stated, pattern) for pattern in types):
        raise MediaTypeRefusedError(given=stated[:80], expected=types)


def _object(pairs: list[tuple[str, JSON]]) -> dict[str, JSON]:
    found = dict(pairs)
    if len(found) != len(pairs):
        twice, _ = Counter(name for name, _ in pairs).most_common(1)[0]
        raise BodyUnreadableError(fault=f"an object gives the name {json.dumps(twice)[:80]} twice")
    for name in found:
        if not name.isprintable() and any(ord(letter) < 0x20 or ord(letter) == 0x7F for letter in name):
            raise BodyUnreadableError(fault=f"the name {json.dumps(name)[:80]} holds a control character")
    return found


def _constant(word: str) -> Never:
    raise BodyUnreadableError(fault=f"{word} is no number")


def _float(digits: str) -> float:
    value = float(digits)
    if not math.isfinite(value):
        raise BodyUnreadableError(fault=f"the number {digits[:40]} is too large")
    return value


def _integer(digits: str) -> int:
    if len(digits) > LONGEST_INTEGER:
        raise BodyUnreadableError(fault=f"the number {digits[:20]}… is too large")
    return int(digits)


def _check_depth(value: JSON) -> None:
    level: list[JSON] = [value]
    depth = 0
    while level:
        parts = [item for item in level if isinstance(item, dict | list)]
        depth += bool(parts)
        if depth > DEEPEST_NESTING:
            raise BodyUnreadableError(fault=f"it is nested deeper than {DEEPEST_NESTING} levels")
        level = [part for item in parts for part in (item.values() if isinstance(item, dict) else item)]


def _check_characters(text: str, value: JSON) -> None:
    """Refuse two kinds of text that escapes can write, but that UTF-8 or a database cannot keep."""
    lowered = text.lower() if "\\u" in text else text
    if "\\u0000" in lowered and any("\0" in item for item in _texts(value)):
        raise BodyUnreadableError(fault="a text holds the character U+0000")
    if "\\ud" in lowered and any(_is_torn(item) for item in _texts(value)):
        raise BodyUnreadableError(fault="a text holds half of a surrogate pair")


def _texts(value: JSON) -> Iterator[str]:
    waiting: list[JSON] = [value]
    while waiting:
        item = waiting.pop()
        if isinstance(item, str):
            yield item
        elif isinstance(item, list):
            waiting.extend(item)
        elif isinstance(item, dict):
            waiting.extend(item)
            waiting.extend(item.values())


def _is_torn(text: str) -> bool:
    return any(0xD800 <= ord(letter) <= 0xDFFF for letter in text)


def _faults(error: ValidationError) -> list[Mapping[str, object]]:
    return [dict(found) for found in error.errors(include_url=False, include_input=False)]


def _problems_of_body(error: ValidationError, model: type[BaseModel]) -> list[Problem]:
    problems = []
    for found in _faults(error):
        place = found["loc"]
        parts = place if isinstance(place, tuple) else ()
        fault, hint = _fault(found, str(parts[-1]) if len(parts) == 1 else "", model)
        problems.append(
            BodyInvalidError(where=".".join(map(str, parts))[:200], fault=fault, hint=hint).problem()
        )
    return problems


def _problem_of_query(found: Mapping[str, object], model: type[BaseModel]) -> Problem:
    place = found["loc"]
    name = str(place[0])[:80] if isinstance(place, tuple) and place else ""
    fault, hint = _fault(found, name, model)
    return QueryInvalidError(name=name, fault=fault, hint=hint).problem()


def _fault(found: Mapping[str, object], name: str, model: type[BaseModel]) -> tuple[str, str]:
    if found["type"] == "extra_forbidden":
        return "is not known", suggest(name, model.model_fields) if name else ""
    if found["type"] == "missing":
        return "is missing", ""
    said = str(found["msg"]).removeprefix("Value error, ")
    return f"is refused: {said[:1].lower()}{said[1:]}".rstrip("."), ""
