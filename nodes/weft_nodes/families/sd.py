"""Stable Diffusion 1.x and 2.x, and the starter model: one U-Net, one CLIP text encoder.

The two generations differ in their text encoder (OpenAI's CLIP ViT-L, then OpenCLIP ViT-H without its last
layer) and in what the network predicts; both are read from configurations, so they share the adapter.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from torch import Tensor, nn

from weft_nodes.diffusion.denoiser import Network
from weft_nodes.diffusion.spaces import Space, space_from_scheduler_config
from weft_nodes.families.unet import UNetNetwork
from weft_nodes.models.adapter import ModulePart, TextPart
from weft_nodes.models.architectures import autoencoder_part, unet_part
from weft_nodes.models.text import TextStack, final_norm, hidden_states, weighted
from weft_nodes.models.wording import Wording


@dataclass(frozen=True, slots=True)
class StableDiffusion:
    """The adapter of the first two generations.

    Args:
        id: Id of the family.
        latent_space: Id of its latent space.
        text: Its text encoder.
        configs: Folder of configurations for single files.
    """

    id: str
    latent_space: str
    text: ModulePart
    configs: Path | None

    @property
    def network_part(self) -> ModulePart:
        """Return the U-Net."""
        return unet_part()

    @property
    def text_parts(self) -> tuple[TextPart, ...]:
        """Return the text encoder."""
        return (TextPart(self.text, "tokenizer"),)

    @property
    def vae_part(self) -> ModulePart:
        """Return the autoencoder."""
        return autoencoder_part()

    def space(self, config: Mapping[str, object], **_: object) -> Space:
        """Read the noise space, which is the same for all sizes; see `weft_nodes.models.adapter.Family`."""
        return space_from_scheduler_config(config)

    def network(self, module: nn.Module, *, space: Space, key: str) -> Network:
        """Wrap the live U-Net; see `weft_nodes.models.adapter.Family`."""
        return UNetNetwork(module, space=space, key=key)

    def encode(
        self, stacks: tuple[TextStack, ...], wording: Wording, *, skipped_layers: int
    ) -> Mapping[str, Tensor]:
        """Encode a prompt to `encoder_hidden_states` [1, T, D]; see `weft_nodes.models.adapter.Family`."""
        (stack,) = stacks
        states = hidden_states(stack, wording)
        if skipped_layers == 0:
            return {"encoder_hidden_states": weighted(states, states.last_NTD)}
        layer = states.layers[-1 - min(skipped_layers, len(states.layers) - 1)]
        return {"encoder_hidden_states": weighted(states, final_norm(stack.encoder, layer))}
