"""Changes to a network that a handle carries: data on the wire, applied once to a private clone.

A patch is a small frozen dataclass, so that a handle with patches can be cached like any other value. What it
needs from files it reads when it is applied.
"""

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final, Protocol, cast, runtime_checkable

import torch
from torch import Tensor, nn
from torch.nn import functional

from weft_nodes.models.errors import PatchMismatchError
from weft_nodes.models.weights import iterate_tensors

# The part of a patch that changes the denoising network of whatever family, under whatever name.
DENOISER: Final = "denoiser"


@runtime_checkable
class Patch(Protocol):
    """A change to a network."""

    @property
    def part(self) -> str:
        """Return which network of a checkpoint it changes, such as "unet", or `DENOISER`."""

    @property
    def key(self) -> str:
        """Return a digest of all that the change depends on."""

    def apply(self, net: nn.Module) -> None:
        """Change a network.

        Args:
            net: A light clone that no one else uses. Its parameters are shared: replace them, never write
                into them.

        Raises:
            PatchMismatchError: The patch was made for another architecture.
        """


@dataclass(frozen=True, slots=True)
class LowRankPatch:
    """A LoRA file applied to one network at a strength.

    The base weights are never touched: `y = base(x) + strength * alpha / rank * B(A(x))` (Hu et al. 2021, eq.
    3).

    Args:
        path: The safetensors file, in diffusers' or kohya's layout.
        source: Digest of its content.
        strength: Factor on the change; 0 is none, 1 is as trained, negative turns it round.
        part: Which network of the file's: "unet", "text_encoder" or "text_encoder_2".
    """

    path: str
    source: str
    strength: float = 1.0
    part: str = "unet"

    @property
    def key(self) -> str:
        """Return a digest of the file's content, the strength and the part."""
        return _digest("low-rank", self.source, self.strength, self.part)

    def apply(self, net: nn.Module) -> None:
        """Put the layers of the file beside those of the network; see `Patch`."""
        pairs = read_low_rank(Path(self.path), net, part=self.part)
        for name, pair in pairs.items():
            _attach(net, name, pair, strength=self.strength, patch=f"The LoRA {Path(self.path).name}")


@dataclass(frozen=True, slots=True, eq=False)
class LowRankPair:
    """The two factors of a low-rank change.

    Args:
        down: A, [rank, inputs] or a convolution [rank, inputs, kh, kw].
        up: B, [outputs, rank] or a convolution [outputs, rank, 1, 1].
        alpha: Its scale is `alpha / rank`.
    """

    down: Tensor
    up: Tensor
    alpha: float


class LowRankLayer(nn.Module):
    """A layer with a low-rank change beside it; they stack.

    Args:
        base: The layer, linear or convolution, possibly quantised or itself such a layer.
        pair: The change.
        strength: Folded into the factors as data, so that compiled code serves any strength.
    """

    down: Tensor
    up: Tensor

    def __init__(self, base: nn.Module, pair: LowRankPair, strength: float) -> None:
        super().__init__()
        self.base = base
        weight = cast("Tensor", base.weight)
        # Quantised weights have no arithmetic type of their own; there the factors' own type computes.
        is_plain = weight.is_floating_point() and weight.element_size() > 1
        dtype = weight.dtype if is_plain else pair.down.dtype
        scale = strength * pair.alpha / pair.down.shape[0]
        self.register_buffer("down", pair.down.to(weight.device, dtype), persistent=False)
        self.register_buffer("up", (pair.up.float() * scale).to(weight.device, dtype), persistent=False)

    @property
    def weight(self) -> Tensor:
        """Return the base's weight: attention processors look at its dtype and device."""
        return cast("Tensor", self.base.weight)

    @property
    def bias(self) -> Tensor | None:
        """Return the base's bias."""
        bias = self.base.bias
        return bias if isinstance(bias, Tensor) else None

    def forward(self, x: Tensor) -> Tensor:
        """Return the base's output plus the change."""
        output = self.base(x)
        x = x.to(self.down.dtype)
        if self.down.ndim == 2:
            change = functional.linear(functional.linear(x, self.down), self.up)
        else:
            conv = self._convolution()
            low = functional.conv2d(
                x, self.down, stride=conv.stride, padding=conv.padding, dilation=conv.dilation
            )
            change = functional.conv2d(low, self.up)
        return cast("Tensor", output + change.to(output.dtype))

    def _convolution(self) -> nn.Conv2d:
        layer: nn.Module = self
        while isinstance(layer, LowRankLayer):
            layer = layer.base
        return cast("nn.Conv2d", layer)


def read_low_rank(path: Path, net: nn.Module, *, part: str) -> Mapping[str, LowRankPair]:
    """Read the low-rank factors of a LoRA file for one network.

    Args:
        path: A safetensors file in diffusers' layout (`unet.….lora_A.weight`, `….lora.down.weight`) or in
            kohya's (`lora_unet_…\u200b.lora_down.weight` with underscores for dots, and `.alpha`).
        net: The network; its module names resolve kohya's underscores.
        part: Which of the file's networks.

    Returns:
        Factors by the dotted name of the layer they belong to.

    Raises:
        ModelFileMissingError: There is no such file.
        ModelFileRefusedError: The file is a pickle.
        CheckpointCorruptError: The file is damaged.
        PatchMismatchError: The file holds nothing for this network, or kinds of layers not known here.
    """
    names = _spellings(net, part)
    prefixes = _prefixes(part)
    found: dict[str, dict[str, Tensor]] = defaultdict(dict)
    unknown: list[str] = []
    for key, tensor in iterate_tensors(path):
        layer, role = _split(_modern(key))
        if not layer.startswith(prefixes):
            continue
        name = names.get(layer, layer.removeprefix(f"{part}."))
        if not role or name.startswith("lora_"):
            unknown.append(key)
        else:
            found[name][role] = tensor
    if unknown or not found:
        shown = f"it has no layer for {unknown[0]}" if unknown else f"the file changes nothing in a {part}"
        raise PatchMismatchError(patch=f"The LoRA {path.name}", problem=shown)
    return {name: _pair(path, name, tensors) for name, tensors in found.items()}


def low_rank_parts(names: Iterable[str]) -> tuple[str, ...]:
    """List the networks that a LoRA file changes, from the names in its header.

    Args:
        names: Names of its tensors.

    Returns:
        Some of "unet", "text_encoder" and "text_encoder_2", in this order.
    """
    known = tuple(names)
    return tuple(part for part in _KOHYA_PREFIXES if any(name.startswith(_prefixes(part)) for name in known))


def _prefixes(part: str) -> tuple[str, ...]:
    return (f"{part}.", *(f"{prefix}_" for prefix in _KOHYA_PREFIXES.get(part, ())))


def _spellings(net: nn.Module, part: str) -> dict[str, str]:
    """Return the layers of a network by every name that files give them."""
    # Text encoders have lost their `text_model.` level in transformers 5.6; files keep it.
    levels = ("", "text_model.") if part.startswith("text_encoder") else ("",)
    spellings = {}
    for name, _ in net.named_modules():
        for level in levels:
            spellings[f"{part}.{level}{name}"] = name
            for prefix in _KOHYA_PREFIXES.get(part, ()):
                spellings[f"{prefix}_{(level + name).replace('.', '_')}"] = name
    return spellings


_KOHYA_PREFIXES: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {"unet": ("lora_unet",), "text_encoder": ("lora_te", "lora_te1"), "text_encoder_2": ("lora_te2",)},
)
_ROLES: Final[Mapping[str, str]] = MappingProxyType(
    {
        ".lora_A.weight": "down",
        ".lora_B.weight": "up",
        ".lora_down.weight": "down",
        ".lora_up.weight": "up",
        ".lora.down.weight": "down",
        ".lora.up.weight": "up",
        ".alpha": "alpha",
    },
)


def _modern(key: str) -> str:
    if ".processor." not in key:
        return key
    # Files of diffusers before 0.22 name attention layers after their processor; diffusers knows all names.
    from diffusers.utils import convert_unet_state_dict_to_peft

    return str(next(iter(convert_unet_state_dict_to_peft({key: torch.empty(0)}))))


def _split(key: str) -> tuple[str, str]:
    for suffix, role in _ROLES.items():
        if key.endswith(suffix):
            return key.removesuffix(suffix), role
    return key, ""


def _pair(path: Path, name: str, tensors: Mapping[str, Tensor]) -> LowRankPair:
    if "down" not in tensors or "up" not in tensors:
        raise PatchMismatchError(
            patch=f"The LoRA {path.name}", problem=f"one of the two factors of {name} is missing"
        )
    down, up = (tensors[role].clone() for role in ("down", "up"))
    alpha = float(tensors["alpha"]) if "alpha" in tensors else float(down.shape[0])
    return LowRankPair(down, up, alpha)


def _attach(net: nn.Module, name: str, pair: LowRankPair, *, strength: float, patch: str) -> None:
    parent_name, _, child = name.rpartition(".")
    try:
        parent = net.get_submodule(parent_name)
        base = parent.get_submodule(child)
    except AttributeError as error:
        raise PatchMismatchError(patch=patch, problem=f"there is no layer {name}") from error
    weight = getattr(base, "weight", None)
    shape = list(getattr(weight, "shape", ()))
    if shape[:2] != [pair.up.shape[0], pair.down.shape[1]]:
        changed = f"{pair.down.shape[1]} to {pair.up.shape[0]} channels"
        raise PatchMismatchError(
            patch=patch, problem=f"it changes {name} from {changed}, but the layer is {shape}"
        )
    if pair.down.ndim == 4 and len(shape) == 2:
        pair = LowRankPair(pair.down[..., 0, 0], pair.up[..., 0, 0], pair.alpha)
    setattr(parent, child, LowRankLayer(base, pair, strength))


def _digest(*words: object) -> str:
    return hashlib.blake2b(json.dumps(words).encode(), digest_size=16).hexdigest()
