"""The values that travel on wires: what marks a class as one, and the two every pack shares.

Tensors carry their shape in their name. The legend, valid in the whole project:

====== ==================================================================
letter axis
====== ==================================================================
B      items of a batch
C      channels of a picture (3 = red, green, blue; 4 = with alpha)
H, W   height and width in pixels
c      channels of a latent
h, w   height and width of a latent
F, f   frames of a video in pixels, and of its latent
T      tokens of a prompt
D      width of an embedding
N      steps, noise levels or any other single axis
====== ==================================================================

So ``pixels_BHWC`` is a batch of pictures and ``x_BChw`` a batch of latents with any number of channels
(inside mathematics, where the channel count plays no part, ``C`` also stands for a latent's channels).

Fields of value classes are JSON scalars, tuples and mappings of them, tensors, other value classes or plain
frozen dataclasses, and None. Nothing mutates a value once it exists.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, is_dataclass
from typing import TYPE_CHECKING, TypeVar

from weft.errors import JSON, NodeError, ValueInvalidError

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["JSON", "Image", "Mask", "ValueType", "canonical_json", "value", "value_type"]

V = TypeVar("V", bound=type)

DEFAULT_COLOR = "#9aa5b1"
_NAME = re.compile(r"[a-z][a-z0-9_]*")
_COLOR = re.compile(r"#[0-9a-f]{6}")
_RESERVED = frozenset({"int", "float", "bool", "string", "json", "list", "null"})


@dataclass(frozen=True, slots=True)
class ValueType:
    """What is known of a wire type without its class.

    Attributes:
        name: Its name on sockets, such as ``latent``.
        color: Colour of its wires as ``#rrggbb``.
        doc: First paragraph of the class's docstring.
        supertypes: Names of the value types it is a subclass of, nearest first.
    """

    name: str
    color: str = DEFAULT_COLOR
    doc: str = ""
    supertypes: tuple[str, ...] = ()

    def to_json(self) -> dict[str, JSON]:
        """Give the type as a JSON object."""
        return {"name": self.name, "color": self.color, "doc": self.doc, "supertypes": list(self.supertypes)}


def value(name: str, *, color: str = DEFAULT_COLOR) -> Callable[[V], V]:
    """Mark a frozen dataclass as a type of its own on wires.

    A subclass of a value class is its subtype on wires, and needs the decorator too.

    Args:
        name: Name on sockets, lower case, unique among all packs.
        color: Colour of its wires as ``#rrggbb``, lower case.

    Returns:
        A decorator that gives the class back with ``__weft_value__`` set.

    Raises:
        NodeError: The name or colour is malformed, or the class is not a frozen dataclass.
    """

    def mark(cls: V) -> V:
        where = f"{cls.__module__}.{cls.__qualname__}"
        if not _NAME.fullmatch(name) or name in _RESERVED:
            raise NodeError(
                f'{where} asks for the value name "{name}", which is not allowed.',
                hint=f"Use lower case letters, digits and _; not one of {', '.join(sorted(_RESERVED))}.",
            )
        if not _COLOR.fullmatch(color):
            raise NodeError(f'{where} has the color "{color}".', hint="Write it like #ff9cf9, in lower case.")
        if not is_dataclass(cls) or not _is_frozen(cls):
            raise NodeError(
                f"{where} is marked with @value, but is not a frozen dataclass.",
                hint="Put @value above @dataclass(frozen=True, slots=True, eq=False).",
            )
        bases = (base.__dict__.get("__weft_value__") for base in cls.__mro__[1:])
        supertypes = tuple(base.name for base in bases if isinstance(base, ValueType))
        doc = (cls.__doc__ or "").strip().split("\n\n")[0]
        setattr(cls, "__weft_value__", ValueType(name, color, " ".join(doc.split()), supertypes))  # noqa: B010
        return cls

    return mark


def _is_frozen(cls: type) -> bool:
    return bool(getattr(getattr(cls, "__dataclass_params__", None), "frozen", False))


def value_type(cls: type) -> ValueType | None:
    """Give the wire type that @value set on this very class, not on a base; None where it did not."""
    found = cls.__dict__.get("__weft_value__")
    return found if isinstance(found, ValueType) else None


@value("image", color="#64b5f6")
@dataclass(frozen=True, slots=True, eq=False)
class Image:
    """A batch of pictures of one size.

    Attributes:
        pixels_BHWC: Float32 in 0..1, with C = 3 (red, green, blue) or 4 (with alpha, not premultiplied).
    """

    pixels_BHWC: Tensor

    def __post_init__(self) -> None:
        _check_tensor("image", self.pixels_BHWC, "BHWC")
        channels = self.pixels_BHWC.shape[3]
        if channels not in (3, 4):
            raise ValueInvalidError(type="image", has=f"{channels} channels", expects="3 or 4")


@value("mask", color="#81c784")
@dataclass(frozen=True, slots=True, eq=False)
class Mask:
    """A batch of selections of one size.

    Attributes:
        values_BHW: Float32 in 0..1, where 1 is selected.
    """

    values_BHW: Tensor

    def __post_init__(self) -> None:
        _check_tensor("mask", self.values_BHW, "BHW")


def _check_tensor(name: str, tensor: Tensor, axes: str) -> None:
    # Shape and dtype cost nothing to look at; the range 0..1 would cost a pass over the device's memory.
    shape = tuple(getattr(tensor, "shape", ()))
    if len(shape) != len(axes):
        raise ValueInvalidError(type=name, has=f"the shape {shape}", expects=f"{len(axes)} axes {axes}")
    if 0 in shape:
        raise ValueInvalidError(type=name, has=f"the shape {shape}", expects="at least one item and pixel")
    if str(tensor.dtype) != "torch.float32":
        raise ValueInvalidError(type=name, has=f"the dtype {tensor.dtype}", expects="torch.float32")


def canonical_json(value: JSON) -> str:
    """Write a JSON value so that equal values give equal text, fit for hashing.

    Args:
        value: Any JSON value; tuples count as lists.

    Returns:
        ASCII text with sorted keys and no spaces. The integer 1 and the float 1.0 differ.

    Raises:
        ValueError: The value holds NaN or infinity, which JSON cannot write.
        TypeError: The value holds something that is not JSON, or a key that is not a string.
    """
    _check_keys(value)
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)


def _check_keys(root: JSON) -> None:
    # json.dumps would turn the key 1 into "1", so that different values gave equal text.
    pending: list[object] = [root]
    while pending:
        item = pending.pop()
        if isinstance(item, dict):
            for key in item:
                if not isinstance(key, str):
                    raise TypeError(f"JSON keys are strings, but there is the key {key!r}.")
            pending.extend(item.values())
        elif isinstance(item, (list, tuple)):
            pending.extend(item)
