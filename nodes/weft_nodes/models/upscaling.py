"""Upscalers: their handle on wires, the service that keeps them, and enlarging in tiles."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from pathlib import Path
from typing import Self, cast

import torch
from torch import Tensor
from torch.nn import functional
from weft.sdk import ServiceScope, value

from weft_nodes.models.digests import DigestMemory
from weft_nodes.models.errors import CheckpointChangedError, CheckpointIncompleteError, CheckpointUnknownError
from weft_nodes.models.loading import build_without_storage
from weft_nodes.models.shelf import Shelf
from weft_nodes.models.upscale_networks.network import Shape, UpscaleNetwork
from weft_nodes.models.upscale_networks.recognition import network_of, unwrapped
from weft_nodes.models.weights import count_bytes, iterate_tensors, read_header

_KEPT = 2


@value("upscaler", color="#f0a35e")
@dataclass(frozen=True, slots=True)
class Upscaler:
    """A network that enlarges pictures.

    Attributes:
        path: The safetensors file.
        source: Digest of its content.
    """

    path: str
    source: str


@dataclass(frozen=True, slots=True)
class Tiling:
    """How a picture is cut so that memory suffices.

    Attributes:
        side: Side of the square tiles in pixels.
        overlap: Pixels that neighbours share, at most half of the side. Each gives up the outer quarter and
            the inner half is blended, so a quarter should be what a pixel's answer depends on.
    """

    side: int
    overlap: int


class UpscalerStore:
    """Turns handles of upscalers into live networks; one per worker.

    Args:
        device: Where networks live, such as "cpu" or "cuda:0".
        memory: Remembers digests of files.
    """

    def __init__(self, *, device: str, memory: DigestMemory) -> None:
        self._device = torch.device(device)
        self._memory = memory
        self._networks: Shelf[UpscaleNetwork] = Shelf(count_bytes, keep=_KEPT)

    @classmethod
    def create(cls, scope: ServiceScope) -> Self:
        """Build the store of a worker."""
        return cls(device=scope.device, memory=DigestMemory.of(scope.paths))

    def network(self, upscaler: Upscaler) -> UpscaleNetwork:
        """Return the live network of a handle, on a GPU in half precision if that suits it.

        Raises:
            CheckpointChangedError: The file is no longer the one of the handle.
            ModelError: The file cannot be read, or is of no known architecture.
        """
        return self._networks.get(upscaler.source, lambda: self._load(upscaler))

    def held_bytes(self) -> int:
        """Return the memory of all live networks."""
        return self._networks.held_bytes()

    def release(self, needed_bytes: int) -> int:
        """Forget networks until enough memory has come free; return how much."""
        return self._networks.release(needed_bytes)

    def close(self) -> None:
        """Forget all networks."""
        self._networks.clear()

    def _load(self, upscaler: Upscaler) -> UpscaleNetwork:
        path = Path(upscaler.path)
        names = unwrapped(tuple(read_header(path).tensors))
        found = self._memory.file(path)
        if found != upscaler.source:
            raise CheckpointChangedError(path=path, expected=upscaler.source, found=found)
        tensors = {
            names[name]: tensor.to(self._device, torch.float32, copy=True)
            for name, tensor in iterate_tensors(path)
            if name in names
        }
        shapes = {name: tensor.shape for name, tensor in tensors.items()}
        network = _built(path, shapes)
        tensors = network.prepared(tensors)
        _check(path, network, tensors)
        network.load_state_dict(tensors, assign=True)
        is_half = self._device.type != "cpu" and network.suits_half
        network = network.to(torch.float16 if is_half else torch.float32)
        return network.eval().requires_grad_(requires_grad=False)


def upscaler_traits(path: Path) -> dict[str, str]:
    """Tell how many times an upscaler enlarges, from the header of its file.

    Raises:
        ModelError: The file cannot be read, is of no known architecture, or does not fill it.
    """
    header = read_header(path)
    names = unwrapped(tuple(header.tensors))
    return {"scale": str(_scale(path, tuple((new, header.tensors[old].shape) for old, new in names.items())))}


@lru_cache(maxsize=128)
def _scale(path: Path, shapes: tuple[tuple[str, Shape], ...]) -> int:
    """Build the network, so that no other is listed; often asked, and a large one takes a moment."""
    network = _built(path, dict(shapes))
    blank = {name: torch.zeros(()).expand(tuple(shape)) for name, shape in shapes}
    _check(path, network, network.prepared(blank))
    return network.scale


def _built(path: Path, shapes: Mapping[str, Shape]) -> UpscaleNetwork:
    return cast("UpscaleNetwork", build_without_storage(lambda: network_of(path, shapes)))


def _check(path: Path, network: UpscaleNetwork, tensors: Mapping[str, Tensor]) -> None:
    """Refuse weights that do not fill a network, or that have no place in it."""
    wanted = network.state_dict()
    unknown = sorted(tensors.keys() - wanted.keys())
    if unknown:
        raise CheckpointUnknownError(
            path=path,
            seen=f"an upscaler with {len(unknown)} tensors that have no place here ({unknown[0]})",
            tried=(f"it is like {network.kind}, of which other variants are not known here",),
        )
    missing = [name for name in wanted if name not in tensors]
    misshapen = [name for name in tensors if wanted[name].shape != tensors[name].shape]
    if missing or misshapen:
        raise CheckpointIncompleteError(path=path, part="upscaler", missing=missing, misshapen=misshapen)


def enlarge(
    network: UpscaleNetwork, x_CHW: Tensor, tiling: Tiling, *, advance: Callable[[int, int], None]
) -> Tensor:
    """Enlarge one picture, in tiles where it is larger than one.

    Args:
        network: The live network.
        x_CHW: A picture of three channels, 0..1.
        tiling: How it is cut.
        advance: Called with the tiles that are done and all there are.

    Returns:
        The picture [C, scale * H, scale * W], 0..1, float32, on the CPU.
    """
    _, height, width = x_CHW.shape
    right, below = -width % network.multiple, -height % network.multiple
    mode = "reflect" if min(height, width) > network.multiple else "replicate"
    padded = functional.pad(x_CHW[None], (0, right, 0, below), mode=mode)
    scale, (_, channels, rows, columns) = network.scale, padded.shape
    result = torch.zeros(1, channels, rows * scale, columns * scale)
    weights = torch.zeros(1, 1, rows * scale, columns * scale)
    tiles = list(product(_spans(rows, tiling), _spans(columns, tiling)))
    like = next(network.parameters())
    for done, (down, across) in enumerate(tiles):
        advance(done, len(tiles))
        with torch.no_grad():
            tile = network(padded[..., down, across].to(like)).float().cpu()
        weight = _weights(down, rows, tiling.overlap, scale)[:, None] * _weights(
            across, columns, tiling.overlap, scale
        )
        into = slice(down.start * scale, down.stop * scale), slice(across.start * scale, across.stop * scale)
        result[:, :, into[0], into[1]] += tile * weight
        weights[:, :, into[0], into[1]] += weight
    advance(len(tiles), len(tiles))
    return (result / weights)[0, :, : height * scale, : width * scale].clamp(0, 1)


def _spans(length: int, tiling: Tiling) -> list[slice]:
    """Cut one side into tiles; the last one ends where the picture ends."""
    last = length - tiling.side
    if last <= 0:
        return [slice(0, length)]
    starts = [*range(0, last, tiling.side - tiling.overlap), last]
    return [slice(start, start + tiling.side) for start in starts]


def _weights(part: slice, length: int, overlap: int, scale: int) -> Tensor:
    """Return how much each row or column of an enlarged tile counts: less towards neighbours alone."""
    count = (part.stop - part.start) * scale
    at = torch.arange(count, dtype=torch.float32) + 0.5
    weight = torch.ones(count)
    if overlap and part.start > 0:
        weight = weight * _ramp(at, overlap * scale)
    if overlap and part.stop < length:
        weight = weight * _ramp(count - at, overlap * scale)
    return weight


def _ramp(distance: Tensor, overlap: int) -> Tensor:
    """Rise from 0 to 1 in the middle half of the overlap; two neighbours' add up to 1."""
    return ((distance - overlap / 4) / (overlap / 2)).clamp(0, 1)
