"""AuraFlow: a rectified flow in the latents of SDXL that reads the kin of T5 that was trained on the Pile.

Its places are learned, one for each token of the largest picture it knows, so there are none for larger ones.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Final, Self, cast

from torch import Tensor, nn
from weft.sdk import NodeError

from weft_nodes.diffusion.spaces import Space
from weft_nodes.families.facts import FACTS
from weft_nodes.families.network import LiveNetwork
from weft_nodes.families.transformer import TransformerFamily
from weft_nodes.models.adapter import TextPart
from weft_nodes.models.architectures import autoencoder_part, text_model_part, transformer_part
from weft_nodes.models.sequences import load_sequence_tokenizer, read_sequence
from weft_nodes.models.text import TextStack
from weft_nodes.models.wording import Wording

# Tokens of text that the model was trained on.
_LENGTH: Final = 256
# The network multiplies by this again.
_TIMES: Final = 1000.0


class LatentTooLargeError(NodeError):
    """A latent has more tokens along a side than a network has learned places for."""

    code: ClassVar[str] = "latent-too-large"

    def __init__(self, *, size_hw: tuple[int, int], most: int) -> None:
        facts = FACTS["auraflow"]
        height, width = (side * facts.reduction for side in size_hw)
        super().__init__(
            f"The latent is of a picture of {width}x{height} pixels, but this {facts.title} knows no side "
            f"longer than {most * facts.multiple} pixels.",
            hint="Sample a smaller picture and upscale it.",
        )


class _Network(LiveNetwork):
    """A live `AuraFlowTransformer2DModel`, which reads latents as they are."""

    def __init__(self, module: nn.Module, *, space: Space, key: str) -> None:
        super().__init__(module, space=space, key=key)
        config = cast("Any", module).config
        self._patch = int(config.patch_size)
        self._most = math.isqrt(config.pos_embed_max_size)

    def _call(self, x_BChw: Tensor, timestep_B: Tensor, inputs: dict[str, Tensor]) -> Tensor:
        height, width = x_BChw.shape[-2:]
        # The module would take places of other tokens.
        if max(height, width) > self._most * self._patch:
            raise LatentTooLargeError(size_hw=(height, width), most=self._most)
        output = self.module(
            x_BChw.to(self._dtype), timestep=timestep_B / _TIMES, return_dict=False, **inputs
        )
        return cast("Tensor", output[0])


@dataclass(frozen=True, slots=True, kw_only=True)
class AuraFlow(TransformerFamily):
    """The adapter of AuraFlow; see `TransformerFamily`."""

    live: ClassVar[type[LiveNetwork]] = _Network

    @classmethod
    def create(cls, name: str) -> Self:
        """Describe the family.

        Args:
            name: Its id.
        """
        t5 = text_model_part(
            "text_encoder", "UMT5EncoderModel", prefix="text_encoders.pile_t5xl.transformer."
        )
        return cls(
            id=name,
            network_part=transformer_part(
                "AuraFlowTransformer2DModel", convert="convert_auraflow_transformer_checkpoint_to_diffusers"
            ),
            text_parts=(TextPart(t5, "tokenizer", load_sequence_tokenizer),),
            vae_part=autoencoder_part(),
        )

    def encode(
        self,
        stacks: tuple[TextStack, ...],
        wording: Wording,
        *,
        skipped_layers: int,  # noqa: ARG002 - only the last layer is read
    ) -> Mapping[str, Tensor]:
        """Encode a prompt; see `weft_nodes.models.adapter.Family`.

        Returns:
            `encoder_hidden_states` [1, T, D], the last layer of the encoder, zero where there is padding.
        """
        (t5,) = stacks
        found = read_sequence(t5, wording, length=_LENGTH, is_masked=True)
        return {"encoder_hidden_states": found.states_1TD * found.mask_1T[..., None]}
