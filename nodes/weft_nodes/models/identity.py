"""The autoencoder of families that have none: their latents are pictures, only in another range."""

from collections.abc import Mapping
from typing import Final, NamedTuple

import torch
from torch import Tensor, nn

from weft_nodes.models.adapter import ModulePart

_CHANNELS: Final = 3


class _Encoded(NamedTuple):
    latent: Tensor


class _Decoded(NamedTuple):
    sample: Tensor


class IdentityAutoencoder(nn.Module):
    """Gives pictures back as they are, in the way the autoencoders of diffusers are asked."""

    def __init__(self) -> None:
        super().__init__()
        self.config: Mapping[str, object] = {
            "latent_channels": _CHANNELS,
            "block_out_channels": (_CHANNELS,),
            "scaling_factor": 1.0,
        }
        # Says where it is, and in which type.
        self.register_buffer("place", torch.zeros(1), persistent=False)

    @property
    def device(self) -> torch.device:
        """Return where pictures are put."""
        return self.get_buffer("place").device

    @property
    def dtype(self) -> torch.dtype:
        """Return the type of what it returns."""
        return self.get_buffer("place").dtype

    def encode(self, pixels_BCHW: Tensor) -> _Encoded:
        """Return pictures of values in -1..1 as latents."""
        return _Encoded(pixels_BCHW)

    def decode(self, samples_BCHW: Tensor) -> _Decoded:
        """Return latents as pictures."""
        return _Decoded(samples_BCHW)


def identity_part(name: str = "vae") -> ModulePart:
    """Describe an autoencoder that changes nothing and has no weights.

    Args:
        name: What its folder would be called.
    """
    return ModulePart(
        name=name,
        build=lambda _: IdentityAutoencoder(),
        rename=lambda _, tensors: tensors,
        prefixes=("first_stage_model.", "vae."),
        convert=lambda _, tensors: tensors,
        is_weightless=True,
    )
