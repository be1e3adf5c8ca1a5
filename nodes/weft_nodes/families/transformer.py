"""What the families with a denoising transformer have in common: their parts are fields, not code."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from torch import Tensor, nn

from weft_nodes.diffusion.denoiser import Network
from weft_nodes.diffusion.shifts import space_for_tokens
from weft_nodes.diffusion.spaces import Space
from weft_nodes.families.facts import FACTS
from weft_nodes.families.network import LiveNetwork
from weft_nodes.models.adapter import ModulePart, TextPart
from weft_nodes.models.text import TextStack
from weft_nodes.models.wording import Wording


@dataclass(frozen=True, slots=True, kw_only=True)
class TransformerFamily(ABC):
    """A family whose latents are cut into tokens. A subclass says how its network and encoders are asked.

    Args:
        id: Id of the family.
        network_part: The denoising network.
        text_parts: The text encoders, in the order in which `encode` gets them.
        vae_part: The autoencoder.
        configs: Folder of configurations for single files; None if the family has only folders.
    """

    live: ClassVar[type[LiveNetwork]]
    """How its live network is asked."""

    id: str
    network_part: ModulePart
    text_parts: tuple[TextPart, ...]
    vae_part: ModulePart
    configs: Path | None = None

    @property
    def latent_space(self) -> str:
        """Return the id of the latent space."""
        return FACTS[self.id].latent_space

    def space(
        self,
        config: Mapping[str, object],
        *,
        size_hw: tuple[int, int] | None,
        steps: int | None,  # noqa: ARG002 - for families with a rule of their own
    ) -> Space:
        """Read the noise space, shifted for the size of the latent if the configuration wants it."""
        return space_for_tokens(config, self.tokens(size_hw))

    def tokens(self, size_hw: tuple[int, int] | None) -> int:
        """Count the tokens that the network reads of a latent.

        Args:
            size_hw: Height and width of the latent; None takes the size of the training.
        """
        facts = FACTS[self.id]
        side = facts.size // facts.reduction
        height, width = size_hw or (side, side)
        return (height // facts.patch) * (width // facts.patch)

    def network(self, module: nn.Module, *, space: Space, key: str) -> Network:
        """Wrap the live transformer; see `weft_nodes.models.adapter.Family`."""
        return self.live(module, space=space, key=key)

    @abstractmethod
    def encode(
        self, stacks: tuple[TextStack, ...], wording: Wording, *, skipped_layers: int
    ) -> Mapping[str, Tensor]:
        """Encode a prompt to the network's inputs; see `weft_nodes.models.adapter.Family`."""
