"""Values as the cache sees them: what they weigh, what they are equal to, and how they are written down.

A value is a scalar, a list, tuple or mapping of values, a tensor, or a frozen dataclass of values. Such a
value has a *structure* (JSON) and *tensors* (named); together they say everything. Anything else stays in
memory only.
"""

from __future__ import annotations

import dataclasses
import hashlib
import math
import struct
import sys
from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

from weft.engine.late_torch import is_tensor
from weft.errors import CacheError
from weft.values import JSON

if TYPE_CHECKING:
    import torch

Storage = tuple[str, int]
SCALAR_TYPES = frozenset({bool, int, float, str, type(None)})
SCALAR_BYTES = 64
DIGEST_BYTES = 16


class NotStorableError(CacheError):
    """A value holds something that can only live in memory."""

    code = "not-storable"

    def __init__(self, *, kind: str) -> None:
        super().__init__(
            f"A {kind} cannot be written to disk or compared by content.",
            hint="Build values from numbers, texts, lists, mappings, tensors and frozen dataclasses.",
        )


class NotReadableError(CacheError):
    """A stored value does not fit the code that is here now."""

    code = "not-readable"

    def __init__(self, *, what: str) -> None:
        super().__init__(
            f"The stored value cannot be read: {what}.", hint="It is computed again; nothing is lost."
        )


@dataclasses.dataclass(frozen=True, slots=True)
class Encoded:
    """A value taken apart.

    Attributes:
        structure: All of it but the numbers of its tensors, as JSON.
        tensors: The tensors by the names that the structure uses, on the CPU, contiguous, sharing nothing.
    """

    structure: JSON
    tensors: Mapping[str, torch.Tensor]


def encode(value: object) -> Encoded:
    """Take a value apart for writing.

    Args:
        value: Any storable value.

    Returns:
        Its structure and tensors; `decode` is the inverse.

    Raises:
        NotStorableError: Something in it can only live in memory.
    """
    encoder = _Encoder()
    return Encoded(encoder.take(value), encoder.tensors)


def decode(encoded: Encoded, *, device: str = "cpu") -> object:
    """Put a value together again.

    Args:
        encoded: What `encode` returned, possibly written and read in between.
        device: Where tensors go that were on a device when they were encoded.

    Returns:
        A value equal to the one that was encoded.

    Raises:
        NotReadableError: A class is not loaded here, or has other fields now; or a tensor is missing.
    """
    return _Decoder(encoded.tensors, device).build(encoded.structure)


def digest(value: object) -> str:
    """Return the content of a value as a short hexadecimal text; equal values have equal digests.

    Args:
        value: Any storable value. Where a tensor lives does not count; its shape, type and numbers do.

    Raises:
        NotStorableError: Something in it has no content that could be compared.
    """
    hasher = hashlib.blake2b(digest_size=DIGEST_BYTES)

    def feed(item: object) -> None:
        kind = type(item)
        if kind in SCALAR_TYPES:
            text = repr(item).encode("utf-8", "surrogatepass")
            hasher.update(b"%s %d " % (kind.__name__.encode(), len(text)) + text)
        elif is_tensor(item):
            hasher.update(f"tensor {item.dtype} {tuple(item.shape)} ".encode())
            hasher.update(_bytes_of(item))
        elif kind is list or kind is tuple:
            hasher.update(b"%s %d " % (kind.__name__.encode(), len(item)))  # type: ignore[arg-type]
            for part in item:  # type: ignore[attr-defined]
                feed(part)
        elif isinstance(item, Mapping) and kind in {dict, MappingProxyType}:
            hasher.update(b"map %d " % len(item))
            for key in sorted(item, key=repr):
                feed(key)
                feed(item[key])
        elif is_frozen_value(item):
            hasher.update(f"value {_class_name(kind)} ".encode())
            for name, part in _fields(item):
                feed(name)
                feed(part)
        else:
            raise NotStorableError(kind=kind.__qualname__)

    feed(value)
    return hasher.hexdigest()


def tensors_of(value: object) -> Iterator[torch.Tensor]:
    """Yield every tensor in a value, in a stable order; what cannot be looked into is passed over."""
    waiting = [value]
    while waiting:
        item = waiting.pop()
        if type(item) in SCALAR_TYPES:
            continue
        if is_tensor(item):
            yield item
        elif isinstance(item, list | tuple):
            waiting.extend(reversed(item))
        elif isinstance(item, Mapping):
            waiting.extend(reversed(list(item.values())))
        elif dataclasses.is_dataclass(item) and not isinstance(item, type):
            waiting.extend(reversed([part for _, part in _fields(item)]))


def storages_of(value: object) -> dict[Storage, int]:
    """Return the memory blocks that a value keeps alive, with their bytes; views of one block count once.

    Args:
        value: Any value.

    Returns:
        Bytes by (device, address).
    """
    blocks: dict[Storage, int] = {}
    for tensor in tensors_of(value):
        storage = tensor.untyped_storage()
        blocks[(str(tensor.device), storage.data_ptr())] = storage.nbytes()
    return blocks


def held_bytes(value: object) -> int:
    """Return how many bytes the tensors of a value keep alive.

    Args:
        value: Any value.
    """
    return sum(storages_of(value).values())


def size_bytes(value: object) -> int:
    """Return how many bytes a value holds: its tensors exactly, everything else by a rough count.

    Args:
        value: Any value.
    """
    return held_bytes(value) + plain_bytes(value)


def plain_bytes(value: object) -> int:
    """Return roughly how many bytes a value holds beside its tensors.

    Args:
        value: Any value.
    """
    total = 0
    waiting = [value]
    while waiting:
        item = waiting.pop()
        total += len(item) + SCALAR_BYTES if isinstance(item, str | bytes) else SCALAR_BYTES
        if isinstance(item, list | tuple):
            waiting.extend(item)
        elif isinstance(item, Mapping):
            waiting.extend(item.values())
        elif dataclasses.is_dataclass(item) and not isinstance(item, type):
            waiting.extend(part for _, part in _fields(item))
    return total


def to_device(value: object, device: str) -> object:
    """Return an equal value whose tensors live on a device; the value itself where they already do.

    Args:
        value: Any value; it is not changed.
        device: Such as `cpu` or `cuda:0`.
    """
    if type(value) in SCALAR_TYPES:
        return value
    if is_tensor(value):
        return value.to(device)
    if isinstance(value, list | tuple) and type(value) in {list, tuple}:
        parts = [to_device(part, device) for part in value]
        return value if _same(parts, value) else type(value)(parts)
    if isinstance(value, Mapping):
        moved = {key: to_device(part, device) for key, part in value.items()}
        return value if _same(moved.values(), value.values()) else moved
    if is_frozen_value(value):
        fields = dict(_fields(value))
        changes = {name: to_device(part, device) for name, part in fields.items()}
        if _same(changes.values(), fields.values()):
            return value
        return dataclasses.replace(value, **changes)  # type: ignore[type-var]
    return value


def is_frozen_value(item: object) -> bool:
    """Whether an object is an instance of a frozen dataclass, the only kind of class that is a value."""
    parameters = getattr(type(item), "__dataclass_params__", None)
    return parameters is not None and bool(parameters.frozen)


class _Encoder:
    """Walks through a value and collects its tensors."""

    def __init__(self) -> None:
        self.tensors: dict[str, torch.Tensor] = {}
        # The originals are kept while their addresses serve as names, so that no address is used twice.
        self._names: dict[int, tuple[str, torch.Tensor]] = {}

    def take(self, item: object) -> JSON:
        kind = type(item)
        if isinstance(item, float) and not math.isfinite(item):
            return {"float": repr(item)}
        if kind in SCALAR_TYPES:
            return item  # type: ignore[return-value]
        if is_tensor(item):
            return self._tensor(item)
        if kind is list:
            return [self.take(part) for part in item]  # type: ignore[attr-defined]
        return self._compound(item)

    def _compound(self, item: object) -> JSON:
        kind = type(item)
        if kind is tuple:
            return {"tuple": [self.take(part) for part in item]}  # type: ignore[attr-defined]
        if isinstance(item, Mapping) and kind in {dict, MappingProxyType}:
            return {"map": [[self.take(key), self.take(part)] for key, part in item.items()]}
        if is_frozen_value(item):
            fields = {name: self.take(part) for name, part in _fields(item)}
            return {"value": _class_name(kind), "fields": fields}
        raise NotStorableError(kind=kind.__qualname__)

    def _tensor(self, tensor: torch.Tensor) -> JSON:
        if id(tensor) not in self._names:
            name = str(len(self._names))
            self._names[id(tensor)] = (name, tensor)
            self.tensors[name] = tensor.detach().to("cpu", copy=True).contiguous()
        place = "host" if tensor.device.type == "cpu" else "device"
        return {"tensor": self._names[id(tensor)][0], "on": place}


class _Decoder:
    """Builds a value from its structure; a tensor that it names twice becomes one tensor again."""

    def __init__(self, tensors: Mapping[str, torch.Tensor], device: str) -> None:
        self._tensors = tensors
        self._device = device
        self._placed: dict[str, torch.Tensor] = {}

    def build(self, item: JSON) -> object:
        if isinstance(item, list):
            return [self.build(part) for part in item]
        if not isinstance(item, dict):
            return item
        match item:
            case {"tensor": str(name), "on": str(place)}:
                return self._tensor(name, place)
            case {"tuple": list(parts)}:
                return tuple(self.build(part) for part in parts)
            case {"map": list(pairs)}:
                return {self.build(pair[0]): self.build(pair[1]) for pair in pairs}  # type: ignore[index]
            case {"float": str(text)}:
                return float(text)
            case {"value": str(name), "fields": dict(fields)}:
                return _instance(name, {key: self.build(part) for key, part in fields.items()})
        raise NotReadableError(what=f"no value has the keys {', '.join(item)}")

    def _tensor(self, name: str, place: str) -> torch.Tensor:
        if name not in self._tensors:
            raise NotReadableError(what=f"tensor {name} is missing")
        if name not in self._placed:
            tensor = self._tensors[name]
            self._placed[name] = tensor.to(self._device) if place == "device" else tensor
        return self._placed[name]


def _same(left: Iterable[object], right: Iterable[object]) -> bool:
    return all(a is b for a, b in zip(left, right, strict=True))


def _fields(item: object) -> Iterator[tuple[str, object]]:
    for field in dataclasses.fields(item):  # type: ignore[arg-type]
        if field.init:
            yield field.name, getattr(item, field.name)


def _class_name(kind: type) -> str:
    return f"{kind.__module__}:{kind.__qualname__}"


def _instance(name: str, fields: dict[str, object]) -> object:
    """Build a value of a class that is loaded already; what is stored never causes an import."""
    module_name, _, qualname = name.partition(":")
    found: object = sys.modules.get(module_name)
    for part in qualname.split("."):
        found = getattr(found, part, None)
    if not isinstance(found, type) or not getattr(
        getattr(found, "__dataclass_params__", None), "frozen", False
    ):
        raise NotReadableError(what=f"there is no value class {name}")
    try:
        return found(**fields)
    except TypeError as error:
        raise NotReadableError(what=str(error)) from error


def _bytes_of(tensor: torch.Tensor) -> memoryview | bytes:
    """Return the numbers of a tensor in row-major order, whatever its type and device."""
    import torch

    flat = tensor.detach().to("cpu").contiguous().reshape(-1)
    if flat.numel() == 0:
        return b""
    return memoryview(flat.view(torch.uint8).numpy())  # type: ignore[arg-type]


def key_of(*parts: str) -> str:
    """Return a key made of texts; no two different sequences of texts share one.

    Args:
        parts: The texts, in order.
    """
    hasher = hashlib.blake2b(digest_size=DIGEST_BYTES)
    for part in parts:
        data = part.encode("utf-8", "surrogatepass")
        hasher.update(struct.pack("<Q", len(data)))
        hasher.update(data)
    return hasher.hexdigest()
