"""Control networks: their handle on wires, how they are built, and who can be steered by them."""

import inspect
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import takewhile
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, Literal, Protocol, cast, runtime_checkable

from torch import Tensor, nn
from weft.sdk import value

from weft_nodes.diffusion.denoiser import Network
from weft_nodes.diffusion.values import Conditioning
from weft_nodes.models.adapter import ModulePart
from weft_nodes.models.digests import DigestMemory
from weft_nodes.models.handles import Weights, key_of
from weft_nodes.models.image_prompts import ImageAdapter
from weft_nodes.models.loading import Checkpoint, CheckpointFolder, open_weights
from weft_nodes.models.weights import component_files

KIND_OF_UNET: Final = "ControlNetModel"
"""Class in diffusers of the control networks of U-Nets, which are shown pictures; others see latents."""

KIND_OF_HINTS: Final = "T2IAdapter"
"""Class in diffusers of networks that are shown pictures alone, and say the same at every step."""

KIND_OF_UNION: Final = "ControlNetUnionModel"
"""Class in diffusers of networks of U-Nets that read pictures of several kinds, and several at once."""

UNION_TASKS: Final = "task_embedding"
"""The tensor by which such a network is known: one row per kind that it was trained on."""

_TRAINED_ON: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "FluxControlNetModel": ("canny", "tile", "depth", "blur", "pose", "gray", "low_quality"),
        KIND_OF_UNION: ("pose", "depth", "scribble", "canny", "normal", "segment", "tile", "repaint"),
    }
)


@value("control_net", color="#6ee7b7")
@dataclass(frozen=True, slots=True)
class ControlNet:
    """A network that steers the denoising network of a family by a picture.

    Args:
        family: Id of the model family, such as "sdxl".
        space: Id of the latent space of that family.
        weights: Which weights; their path is the folder of this network alone, or a single file.
        kind: Name of its class in diffusers.
        kinds: How many kinds of pictures it tells apart; 0 reads one kind and is not told which.
    """

    family: str
    space: str
    weights: Weights
    kind: str = KIND_OF_UNET
    kinds: int = 0

    @property
    def key(self) -> str:
        """Return a digest of all that decides what this network computes; the same in every process."""
        return key_of("control", self.family, self.kind, self.weights.source, self.weights.dtype)

    @property
    def reads_pixels(self) -> bool:
        """Whether it is shown the picture itself, in 0..1, and not its latent."""
        return self.kind in (KIND_OF_UNET, KIND_OF_HINTS, KIND_OF_UNION)

    @property
    def pictures(self) -> tuple[str, ...]:
        """What a picture may show, in the order in which the network numbers it; empty if it is not told."""
        return _TRAINED_ON.get(self.kind, ())[: self.kinds]


@runtime_checkable
class Steerable(Protocol):
    """A live network that control networks can steer."""

    def with_controls(self, controls: Mapping[str, nn.Module]) -> Network:
        """Return the network with live control networks beside it, by the keys of their handles."""


def control_nets(sides: Iterable[Conditioning | None]) -> tuple[ControlNet | ImageAdapter, ...]:
    """List the control networks and the IP-Adapters of some conditionings, each once."""
    entries = [entry for side in sides if side is not None for entry in side.entries]
    nets = [control.net for entry in entries for control in entry.controls]
    return tuple({net.key: net for net in nets if isinstance(net, ControlNet | ImageAdapter)}.values())


def control_part(control: ControlNet, *, half: Literal["float16", "bfloat16"]) -> ModulePart:
    """Describe a control network.

    Args:
        control: The handle. A single file takes what it does not say from the configuration of the U-Net.
        half: The type of two bytes in which it does not overflow.
    """

    def build(config: Mapping[str, object]) -> nn.Module:
        import diffusers

        model = getattr(diffusers, control.kind)
        known = inspect.signature(model.__init__).parameters
        options = {name: option for name, option in config.items() if name in known}
        net = cast("nn.Module", model.from_config(options))
        if control.kind == KIND_OF_UNION:
            for layer in cast("Any", net).transformer_layes:
                layer.attention = partial(_attend_alone, layer.attn)
        return net

    def convert(module: nn.Module, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
        from diffusers.loaders.single_file_utils import convert_controlnet_checkpoint

        config = dict(cast("Any", module).config)
        return cast("dict[str, Tensor]", convert_controlnet_checkpoint(tensors, config))

    path = Path(control.weights.path)
    return ModulePart(
        name=path.name if path.is_dir() else "unet",
        build=build,
        rename=lambda _, tensors: tensors,
        prefixes=("",),
        convert=convert,
        half=half,
        fit=_fit_union if control.kind == KIND_OF_UNION else None,
    )


def _attend_alone(attention: nn.MultiheadAttention, x_BKC: Tensor) -> Tensor:
    """Let each picture of each row attend to itself alone.

    In diffusers the rows of a batch attend to one another, which changes nothing in a pipeline, where all of
    them are under the same pictures. Beside rows of other jobs it would.
    """
    alone_1NC = x_BKC.reshape(1, -1, x_BKC.shape[-1])
    return cast("Tensor", attention(alone_1NC, alone_1NC, alone_1NC, need_weights=False)[0]).view_as(x_BKC)


def _fit_union(shapes: Mapping[str, tuple[int, ...]]) -> dict[str, object]:
    """Read what the configuration of the U-Net does not say from the shapes of a single file's tensors."""
    kinds, width = shapes[UNION_TASKS]
    first, later = "controlnet_cond_embedding.conv_in.weight", "controlnet_cond_embedding.blocks.{}.weight"
    # Every second layer makes the picture smaller and wider.
    wider = (later.format(place) for place in range(1, len(shapes), 2))
    widths = [shapes[name][0] for name in (first, *takewhile(shapes.__contains__, wider))]
    layers = {name.split(".")[1] for name in shapes if name.startswith("transformer_layes.")}
    return {
        "num_control_type": kinds,
        "num_trans_channel": width,
        "num_proj_channel": width,
        "num_trans_layer": len(layers),
        "conditioning_embedding_out_channels": widths,
    }


def control_files(weights: Weights) -> Checkpoint:
    """Return access to the files of a control network, whose own folder is a part of the one above."""
    path = Path(weights.path)
    return CheckpointFolder(path.parent) if path.is_dir() else open_weights(weights)


def control_digest(weights: Weights, memory: DigestMemory) -> str:
    """Return the digest of a control network's files, whatever its folder is called."""
    path = Path(weights.path)
    if not path.is_dir():
        return memory.files({"weights": path, "config": Path(weights.config) / "unet" / "config.json"})
    return memory.files({file.name: file for file in (*component_files(path), path / "config.json")})
