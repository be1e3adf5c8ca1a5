"""What a run made, in the form in which it is kept: pictures as PNG files in memory, all else as JSON."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from weft.errors import JSON
from weft.pictures import encode_png
from weft.values import Image, Mask, value_type

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture, encoded.

    Attributes:
        data: The bytes of a PNG file that carries its provenance.
        width: Pixels.
        height: Pixels.
    """

    data: bytes
    width: int
    height: int


def pictures_of(name: str, value: object, provenance: Mapping[str, JSON]) -> Iterator[Picture]:
    """Encode the pictures that an output consists of, one after the other.

    Args:
        name: The output's name; every picture says which it was.
        value: An image or a mask, or lists of them.
        provenance: How they were made.

    Returns:
        The pictures in order; none where the output is something else.
    """
    carried: dict[str, JSON] = {**provenance, "output": name}
    for frame_HWC in _frames(value):
        height, width = frame_HWC.shape[:2]
        yield Picture(encode_png(frame_HWC, provenance=carried), int(width), int(height))


def _frames(item: object) -> "Iterator[NDArray[np.uint8]]":
    """Cut pictures and masks, also in lists, into single pictures of bytes, height x width x channels."""
    if isinstance(item, list | tuple):
        for part in item:
            yield from _frames(part)
    elif isinstance(item, Mask):
        yield from _frames(Image(item.values_BHW[..., None].expand(-1, -1, -1, 3)))
    elif isinstance(item, Image):
        bytes_BHWC = item.pixels_BHWC.detach().cpu().clamp(0, 1).mul(255).round()
        yield from bytes_BHWC.numpy().astype("uint8")


def has_pictures(value: object) -> bool:
    """Tell whether an output becomes files."""
    if isinstance(value, list | tuple):
        return any(has_pictures(part) for part in value)
    return isinstance(value, Image | Mask)


def type_of(value: object) -> str:
    """Name the type of a value as sockets do, such as `image` or `list[float]`.

    Args:
        value: What an output gave.
    """
    if isinstance(value, list | tuple):
        kinds = sorted({type_of(item) for item in value})
        return f"list[{' | '.join(kinds)}]"
    names = {bool: "bool", int: "int", float: "float", str: "string", type(None): "null", dict: "json"}
    known = value_type(type(value))
    return known.name if known is not None else names.get(type(value), type(value).__name__)


def plain(value: object) -> JSON:
    """Give a value as JSON; null for what JSON cannot hold, such as a latent or a number that is not finite.

    Args:
        value: What an output gave.
    """
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value if isinstance(value, bool | int | float | str) else None
