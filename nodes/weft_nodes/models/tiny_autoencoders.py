"""TAESD: small autoencoders that stand in for those of a family, a hundred times as fast and nearly as true.

By Ollin Boer Bohan (github.com/madebyollin/taesd): for the latents of Stable Diffusion 1 and 2, of XL, of 3,
and of FLUX.1. They read and write latents as they are on wires. In the original layout encoder and decoder
are files apart; each is read alone, and can only encode or decode.
"""

import inspect
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final, TypeVar, cast

from torch import Tensor, nn

from weft_nodes.models.adapter import ModulePart
from weft_nodes.models.loading import Checkpoint, CheckpointFile
from weft_nodes.models.weights import read_header

_KIND: Final = "AutoencoderTiny"
_ENCODER, _DECODER = "encoder", "decoder"
# By which the halves are known: in the layout of diffusers, and in the original one, where the decoder begins
# with a layer that has no weights.
_FIRST: Final = MappingProxyType(
    {
        _ENCODER: ("encoder.layers.0.weight", "0.weight"),
        _DECODER: ("decoder.layers.0.weight", "1.weight"),
    }
)
_BLOCK: Final = ("encoder.layers.1.conv.0.weight", "decoder.layers.2.conv.0.weight")
_STAGES: Final = 4
# Names the halves in a configuration that is read from a header.
_HALVES: Final = "_halves"

_Entry = TypeVar("_Entry")


def is_tiny(checkpoint: Checkpoint, part: ModulePart) -> bool:
    """Tell whether the autoencoder of a checkpoint is a TAESD.

    Args:
        checkpoint: Its files.
        part: The autoencoder of its family.
    """
    if isinstance(checkpoint, CheckpointFile):
        names = _own_names(read_header(checkpoint.file(part)).tensors)
        return any(name in names for name in _BLOCK)
    return checkpoint.config(part.name).get("_class_name") == _KIND


def tiny_part(name: str) -> ModulePart:
    """Describe a TAESD, or one half of it.

    Args:
        name: The folder of the autoencoder it stands in for.
    """

    def build(config: Mapping[str, object]) -> nn.Module:
        from diffusers import AutoencoderTiny

        known = inspect.signature(AutoencoderTiny.__init__).parameters
        options: dict[str, Any] = {option: config[option] for option in known if option in config}
        made = cast("nn.Module", AutoencoderTiny(**options))
        for half in {_ENCODER, _DECODER} - set(
            cast("tuple[str, ...]", config.get(_HALVES, (_ENCODER, _DECODER)))
        ):
            setattr(made, half, None)
        return made

    def rename(_: nn.Module, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
        return _own_names(tensors)

    return ModulePart(name, build, rename, prefixes=("",), convert=rename, fit=_fitted)


def _fitted(shapes: Mapping[str, tuple[int, ...]]) -> dict[str, object]:
    """Return the whole configuration; what is beside a file is that of the autoencoder it stands in for."""
    own = _own_names(shapes)
    halves = tuple(half for half, (first, _) in _FIRST.items() if first in own)
    if _DECODER in halves:
        width, channels = own[_FIRST[_DECODER][0]][:2]
    else:
        width = own[_FIRST[_ENCODER][0]][0]
        last = max(own, key=lambda name: int(name.split(".")[2]) if name.endswith(".bias") else -1)
        channels = own[last][0]
    return {
        _HALVES: halves,
        "in_channels": 3,
        "out_channels": 3,
        "act_fn": "relu",
        "latent_channels": channels,
        "encoder_block_out_channels": (width,) * _STAGES,
        "decoder_block_out_channels": (width,) * _STAGES,
        "scaling_factor": 1.0,
        "shift_factor": 0.0,
        "force_upcast": False,
    }


def _own_names(tensors: Mapping[str, _Entry]) -> dict[str, _Entry]:
    """Return what a file holds by the names of the module."""
    if not any(name[:1].isdigit() for name in tensors):
        return dict(tensors)
    if _FIRST[_ENCODER][1] in tensors:
        return {f"encoder.layers.{name}": entry for name, entry in tensors.items()}
    named = {}
    for name, entry in tensors.items():
        place, _, rest = name.partition(".")
        named[f"decoder.layers.{int(place) - 1}.{rest}" if place.isdigit() else name] = entry
    return named
