"""Whether a picture that was made again is the picture it was meant to be."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Literal, TypeAlias

from weft.errors import JSON
from weft.pictures import read_picture

Likeness: TypeAlias = Literal["bytes", "pixels", "different"]


def likeness(original: Path, copies: Iterable[Path]) -> Likeness:
    """Compare a picture with those that its workflow made now.

    Args:
        original: The picture that the workflow was read from.
        copies: The pictures that were made.

    Returns:
        `bytes` where one of them is the same file, `pixels` where one shows the same, else `different`.
    """
    found = list(copies)
    data = original.read_bytes()
    if any(copy.read_bytes() == data for copy in found):
        return "bytes"
    pixels = read_picture(data)
    if any((shown := read_picture(copy)).shape == pixels.shape and (shown == pixels).all() for copy in found):
        return "pixels"
    return "different"


def changes_since(then: Mapping[str, JSON], now: Mapping[str, JSON]) -> list[str]:
    """Say what is not as it was when a picture was made.

    Args:
        then: What the picture says about how it was made.
        now: The same of the present run.

    Returns:
        One phrase for each version or file that changed.
    """
    return [*_changes("versions", then, now), *_changes("files", then, now)]


def _changes(key: str, then: Mapping[str, JSON], now: Mapping[str, JSON]) -> list[str]:
    before, after = then.get(key), now.get(key)
    if not isinstance(before, Mapping) or not isinstance(after, Mapping):
        return []
    names = sorted(name for name in {*before, *after} if before.get(name) != after.get(name))
    return [_phrase(key, name, before.get(name), after.get(name)) for name in names]


def _phrase(key: str, name: str, before: JSON, after: JSON) -> str:
    if key == "versions":
        return f"{name} {before or 'missing'} then, {after or 'missing'} now"
    return f"the file {name} has other contents"
