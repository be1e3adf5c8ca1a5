"""FLUX.2 dev: a rectified flow over folded latents that reads three layers of a language model.

Black Forest Labs 2025. The prompt is read by Mistral Small as a part of a chat. Like FLUX.1 dev it was
distilled to be told the guidance scale, which a prompt may carry as `guidance`. Pictures that a prompt shows
are read as further tokens, each in a plane of its own.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Final, Self, cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from weft_nodes.diffusion.shifts import space_for_tokens
from weft_nodes.diffusion.sights import references_of, without_references
from weft_nodes.diffusion.spaces import Space
from weft_nodes.families.facts import FACTS
from weft_nodes.families.network import GUIDANCE, LiveNetwork
from weft_nodes.families.packing import packed, token_places, unpacked
from weft_nodes.families.transformer import TransformerFamily
from weft_nodes.models.adapter import TextPart
from weft_nodes.models.architectures import autoencoder_part, language_model_part, transformer_part
from weft_nodes.models.chats import chat_of, read_chat
from weft_nodes.models.sequences import load_sequence_tokenizer
from weft_nodes.models.text import TextStack
from weft_nodes.models.wording import Wording

# What Mistral is told, how many tokens it is given, and which of its layers are read.
_SYSTEM: Final = (
    "You are an AI that reasons about image descriptions. You give structured responses focusing on object "
    "relationships, object\nattribution and actions without speculation."
)
_LENGTH: Final = 512
_LAYERS: Final = (10, 20, 30)
# What the network is told where no prompt says it; the value of diffusers' pipeline.
_GUIDANCE: Final = 4.0
# The network multiplies by this again.
_TIMES: Final = 1000.0
# Distance between the planes of latents that are read together.
_PLANE: Final = 10
# From this number of tokens on, the shift no longer depends on the number of steps.
_MANY_TOKENS: Final = 4300


class _Network(LiveNetwork):
    """A live `Flux2Transformer2DModel`, which reads tokens with their places."""

    _reads_references = True

    def __init__(self, module: nn.Module, *, space: Space, key: str) -> None:
        super().__init__(module, space=space, key=key)
        self._is_told_guidance = bool(cast("Any", module).config.guidance_embeds)

    def _call(self, x_BChw: Tensor, timestep_B: Tensor, inputs: dict[str, Tensor]) -> Tensor:
        height, width = x_BChw.shape[-2:]
        told_B = inputs.pop(GUIDANCE, None)
        if told_B is None and self._is_told_guidance:
            told_B = torch.full_like(timestep_B, _GUIDANCE)
        words_T1 = torch.arange(inputs["encoder_hidden_states"].shape[1], device=self.device)[:, None]
        latents = (x_BChw, *references_of(inputs))
        places_N3 = torch.cat(
            [
                token_places((each.shape[-2], each.shape[-1]), self.device, 1, plane=_PLANE * number)
                for number, each in enumerate(latents)
            ]
        )
        output = self.module(
            hidden_states=torch.cat([packed(each, 1).to(self._dtype) for each in latents], dim=1),
            timestep=timestep_B / _TIMES,
            guidance=told_B,
            # Places have four axes: time, row, column and word.
            img_ids=functional.pad(places_N3, (0, 1)),
            txt_ids=functional.pad(words_T1, (3, 0)),
            return_dict=False,
            **without_references(inputs),
        )
        own_BND = cast("Tensor", output[0])[:, : height * width]
        return unpacked(own_BND, (height, width), 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Flux2(TransformerFamily):
    """The adapter of FLUX.2; see `TransformerFamily`."""

    live: ClassVar[type[LiveNetwork]] = _Network

    @classmethod
    def create(cls, name: str) -> Self:
        """Describe the family.

        Args:
            name: Its id.
        """
        mistral = language_model_part("text_encoder", "MistralModel")
        return cls(
            id=name,
            network_part=transformer_part("Flux2Transformer2DModel", half="bfloat16"),
            text_parts=(TextPart(mistral, "tokenizer", load_sequence_tokenizer),),
            vae_part=autoencoder_part(kind="AutoencoderKLFlux2", half="bfloat16"),
        )

    def space(
        self, config: Mapping[str, object], *, size_hw: tuple[int, int] | None, steps: int | None
    ) -> Space:
        """Read the noise space, shifted for the size of the latent and the number of steps."""
        tokens = self.tokens(size_hw)
        return space_for_tokens(config, tokens, mu=_mu(tokens, steps or FACTS[self.id].steps))

    def encode(
        self,
        stacks: tuple[TextStack, ...],
        wording: Wording,
        *,
        skipped_layers: int,  # noqa: ARG002 - the layers that are read are fixed
    ) -> Mapping[str, Tensor]:
        """Encode a prompt; see `weft_nodes.models.adapter.Family`.

        Returns:
            `encoder_hidden_states` [1, T, D], three layers of Mistral side by side.
        """
        (mistral,) = stacks
        chat = chat_of(mistral, system=_SYSTEM, layers=_LAYERS, length=_LENGTH)
        return {"encoder_hidden_states": read_chat(mistral, wording, chat)}


def _mu(tokens: int, steps: int) -> float:
    """Return the shift that its makers fitted to what 10 and 200 steps need at each size."""
    long = 0.00016927 * tokens + 0.45666666
    if tokens > _MANY_TOKENS:
        return long
    short = 8.73809524e-05 * tokens + 1.89833333
    slope = (long - short) / 190.0
    return slope * steps + (long - 200.0 * slope)
