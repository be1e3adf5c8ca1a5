"""FLUX.1, dev and schnell: a rectified flow over packed tokens that reads T5 and CLIP's pooled state.

Both were distilled. What dev learned to be told, the guidance scale, is an input of its network, which a
prompt may carry as `guidance`; schnell was taught to need neither guidance nor many steps. Relatives of dev
read pictures too: Fill, Depth and Canny as further channels of the noisy latent, Kontext as further tokens in
a plane of their own.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Final, Self, cast

import torch
from torch import Tensor, nn

from weft_nodes.diffusion.controls import ControlRows, ImageRows, split_images, token_mask
from weft_nodes.diffusion.sights import CONCAT, references_of, without_references
from weft_nodes.diffusion.spaces import Space
from weft_nodes.families.facts import FACTS
from weft_nodes.families.layouts import CONFIGS, fit_flux
from weft_nodes.families.network import GUIDANCE, LiveNetwork, added_up
from weft_nodes.families.packing import packed, token_places, unpacked
from weft_nodes.families.transformer import TransformerFamily
from weft_nodes.models.adapter import TextPart
from weft_nodes.models.architectures import autoencoder_part, clip_part, text_model_part, transformer_part
from weft_nodes.models.errors import ControlMismatchError
from weft_nodes.models.image_readers import told_images
from weft_nodes.models.sequences import load_sequence_tokenizer, read_sequence
from weft_nodes.models.text import TextStack, hidden_states
from weft_nodes.models.wording import Wording

# Tokens of T5 that dev was trained on.
_LENGTH: Final = 512
# What dev is told where no prompt says it; the value its makers recommend.
_GUIDANCE: Final = 3.5
# The network multiplies by this again.
_TIMES: Final = 1000.0


class _Network(LiveNetwork):
    """A live `FluxTransformer2DModel`, which reads tokens with their places."""

    _reads_references = True

    def __init__(self, module: nn.Module, *, space: Space, key: str) -> None:
        super().__init__(module, space=space, key=key)
        self._is_told_guidance = bool(cast("Any", module).config.guidance_embeds)

    def _count_shown_channels(self) -> int:
        facts, config = FACTS["flux"], cast("Any", self.module).config
        return int(config.in_channels) // facts.patch**2 - facts.latent_channels

    def _call(self, x_BChw: Tensor, timestep_B: Tensor, inputs: dict[str, Tensor]) -> Tensor:
        told_B = self._guidance(inputs.pop(GUIDANCE, None), timestep_B)
        images, inputs = split_images(inputs)
        seen = self._seen(x_BChw, inputs)
        read = told_images(self.module, _over_tokens(images, seen), timestep_B)
        return self._ask(x_BChw, seen, self._places(x_BChw, timestep_B, inputs), told_B, **read)

    def _seen(self, x_BChw: Tensor, inputs: dict[str, Tensor]) -> Tensor:
        """Return the tokens of the noisy latent, and behind them those of the references."""
        shown_BChw = inputs.pop(CONCAT, None)
        wide_BChw = x_BChw if shown_BChw is None else torch.cat([x_BChw, shown_BChw.to(x_BChw)], dim=1)
        tokens = [packed(latents) for latents in (wide_BChw, *references_of(inputs))]
        return torch.cat([each.to(self._dtype) for each in tokens], dim=1)

    def _call_controlled(
        self,
        x_BChw: Tensor,
        timestep_B: Tensor,
        inputs: dict[str, Tensor],
        controls: Sequence[ControlRows],
    ) -> Tensor:
        if references_of(inputs):
            raise ControlMismatchError(problem="it cannot steer a model that reads reference pictures")
        told_B = self._guidance(inputs.pop(GUIDANCE, None), timestep_B)
        images, inputs = split_images(inputs)
        seen, asked = self._seen(x_BChw, inputs), self._places(x_BChw, timestep_B, inputs)
        read = told_images(self.module, _over_tokens(images, seen), timestep_B)
        doubles, singles = [], []
        for control, net in self._steerers(controls):
            double, single = self._residuals(control, net, x_BChw, asked, told_B)
            doubles += double
            singles += single
        residuals = {
            name: added_up(found)
            for name, found in (
                ("controlnet_block_samples", doubles),
                ("controlnet_single_block_samples", singles),
            )
            if found
        }
        return self._ask(x_BChw, seen, asked, told_B, **residuals, **read)

    def _residuals(
        self,
        control: ControlRows,
        net: nn.Module,
        x_BChw: Tensor,
        asked: Mapping[str, Tensor],
        told_B: Tensor | None,
    ) -> tuple[list[list[Tensor]], list[list[Tensor]]]:
        """Ask a control network for the residuals of both kinds of blocks; it may have none of one kind."""
        config, dtype = cast("Any", net).config, control.hint_BCHW.dtype
        guidance_B = torch.full_like(asked["timestep"], _GUIDANCE) if told_B is None else told_B
        found = net(
            hidden_states=packed(x_BChw).to(dtype),
            controlnet_cond=packed(control.hint_BCHW),
            controlnet_mode=_kinds(control, config.num_mode),
            guidance=guidance_B.to(dtype) if config.guidance_embeds else None,
            return_dict=False,
            **{
                name: tensor if "ids" in name or name == "timestep" else tensor.to(dtype)
                for name, tensor in asked.items()
            },
        )
        mask_BN1 = token_mask(control.mask_B1hw, FACTS["flux"].patch)
        module = cast("Any", self.module)
        counts = (len(module.transformer_blocks), len(module.single_transformer_blocks))
        double, single = (
            [_spread([control.scaled(each, mask_BN1).to(self._dtype) for each in kind], blocks)]
            if kind
            else []
            for kind, blocks in zip(found, counts, strict=True)
        )
        return double, single

    def _places(
        self, x_BChw: Tensor, timestep_B: Tensor, inputs: Mapping[str, Tensor]
    ) -> Mapping[str, Tensor]:
        """Return what the network and its control networks are both told."""
        latents = (x_BChw, *references_of(inputs))
        places = [
            token_places((each.shape[-2], each.shape[-1]), self.device, plane=plane)
            for plane, each in enumerate(latents)
        ]
        return {
            **without_references(inputs),
            "timestep": timestep_B / _TIMES,
            "img_ids": torch.cat(places),
            "txt_ids": torch.zeros(inputs["encoder_hidden_states"].shape[1], 3, device=self.device),
        }

    def _guidance(self, told_B: Tensor | None, timestep_B: Tensor) -> Tensor | None:
        if told_B is None and self._is_told_guidance:
            return torch.full_like(timestep_B, _GUIDANCE)
        return told_B

    def _ask(
        self,
        x_BChw: Tensor,
        seen_BND: Tensor,
        asked: Mapping[str, Tensor],
        told_B: Tensor | None,
        **others: object,
    ) -> Tensor:
        height, width = x_BChw.shape[-2:]
        output = self.module(
            hidden_states=seen_BND,
            guidance=told_B,
            return_dict=False,
            **asked,
            **others,
        )
        own_BND = cast("Tensor", output[0])[:, : (height // 2) * (width // 2)]
        return unpacked(own_BND, (height, width))


def _kinds(control: ControlRows, count: int | None) -> Tensor | None:
    """Return what the pictures show [B, 1], for control networks that were trained on several kinds."""
    if count is None:
        return None
    most = int(control.kind_B.max())
    if most >= count:
        raise ControlMismatchError(
            problem=f"it was trained on {count} kinds of pictures, but kind {most + 1} is asked for",
            hint="Choose another kind in control.apply.",
        )
    return control.kind_B[:, None]


def _over_tokens(images: Sequence[ImageRows], seen_BND: Tensor) -> tuple[ImageRows, ...]:
    """Lay the masks of image prompts over tokens; over references as far as they apply anywhere."""
    placed = []
    for rows in images:
        mask_BN1 = token_mask(rows.mask_B1hw, FACTS["flux"].patch)
        if mask_BN1 is not None:
            beyond = seen_BND.shape[1] - mask_BN1.shape[1]
            most_B11 = mask_BN1.amax(dim=1, keepdim=True)
            mask_BN1 = torch.cat([mask_BN1, most_B11.expand(-1, beyond, -1)], dim=1)
        placed.append(rows._replace(mask_B1hw=None if mask_BN1 is None else mask_BN1[:, None]))
    return tuple(placed)


def _spread(residuals: Sequence[Tensor], blocks: int) -> list[Tensor]:
    """Repeat residuals so that there is one per block, as the network itself would."""
    stride = math.ceil(blocks / len(residuals))
    return [residuals[block // stride] for block in range(blocks)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Flux(TransformerFamily):
    """The adapter of FLUX.1; see `TransformerFamily`."""

    live: ClassVar[type[LiveNetwork]] = _Network

    @classmethod
    def create(cls, name: str) -> Self:
        """Describe the family.

        Args:
            name: Its id.
        """
        clip = clip_part("text_encoder", prefix="text_encoders.clip_l.transformer.")
        t5 = text_model_part("text_encoder_2", "T5EncoderModel", prefix="text_encoders.t5xxl.transformer.")
        return cls(
            id=name,
            network_part=transformer_part(
                "FluxTransformer2DModel",
                half="bfloat16",
                convert="convert_flux_transformer_checkpoint_to_diffusers",
                fit=fit_flux,
            ),
            text_parts=(
                TextPart(clip, "tokenizer", name="clip_l"),
                TextPart(t5, "tokenizer_2", load_sequence_tokenizer, name="t5"),
            ),
            vae_part=autoencoder_part(half="bfloat16"),
            configs=CONFIGS / name,
        )

    def encode(
        self,
        stacks: tuple[TextStack, ...],
        wording: Wording,
        *,
        skipped_layers: int,  # noqa: ARG002 - only pooled states of CLIP are read
    ) -> Mapping[str, Tensor]:
        """Encode a prompt; see `weft_nodes.models.adapter.Family`.

        Returns:
            `encoder_hidden_states` [1, T, D], the last layer of T5, and `pooled_projections` [1, D], CLIP's
            state for the first chunk of the prompt.
        """
        clip, t5 = stacks
        return {
            "encoder_hidden_states": read_sequence(t5, wording, length=_LENGTH, is_masked=False).states_1TD,
            "pooled_projections": hidden_states(clip, wording).pooled_ND[:1],
        }
