"""Qwen-Image: a rectified flow over packed tokens that reads a language model, in the latents of videos.

Wu et al. 2025. The prompt is read by Qwen2.5-VL as a part of a chat that asks it to describe the picture.
Pictures that a prompt shows are read as further tokens, as the editing models were trained; the language
model of these sees them too.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Final, Self, cast

import torch
from torch import Tensor, nn

from weft_nodes.diffusion.controls import ControlRows, token_mask
from weft_nodes.diffusion.errors import ConditioningError
from weft_nodes.diffusion.sights import references_of, without_references
from weft_nodes.families.facts import FACTS
from weft_nodes.families.network import LiveNetwork, added_up
from weft_nodes.families.packing import packed, unpacked
from weft_nodes.families.transformer import TransformerFamily
from weft_nodes.models.adapter import ModulePart, TextPart
from weft_nodes.models.architectures import autoencoder_part, language_model_part, transformer_part
from weft_nodes.models.chats import Chat, read_chat
from weft_nodes.models.errors import ControlMismatchError
from weft_nodes.models.seeing import PICTURE, Shown, patches_of, seeing_stack, tower_part
from weft_nodes.models.sequences import load_sequence_tokenizer
from weft_nodes.models.text import TextStack
from weft_nodes.models.wording import Wording

_ENCODER: Final = "text_encoder"
# The words and the number of tokens that the model was trained on.
_CHAT: Final = Chat(
    "<|im_start|>system\n"
    "Describe the image by detailing the color, shape, size, texture, quantity, text, spatial relationships "
    "of the objects and background:<|im_end|>\n<|im_start|>user\n",
    "<|im_end|>\n<|im_start|>assistant\n",
    34,
)
# What the editing models are told instead, in front of the pictures and the instruction.
_EDITING: Final = (
    "<|im_start|>system\n"
    "Describe the key features of the input image (color, shape, size, texture, objects, background), then "
    "explain how the user's text instruction should alter or modify the image. Generate a new image that "
    "meets the user's requirements while maintaining consistency with the original input where appropriate."
    "<|im_end|>\n<|im_start|>user\n"
)
_EDITING_TOKENS: Final = 64
_LARGE, _SMALL = 1024 * 1024, 384 * 384
# The network multiplies by this again.
_TIMES: Final = 1000.0


class _Network(LiveNetwork):
    """A live `QwenImageTransformer2DModel`, which reads tokens and is told how many rows and columns."""

    _reads_references = True

    def _call(self, x_BChw: Tensor, timestep_B: Tensor, inputs: dict[str, Tensor]) -> Tensor:
        return self._ask(x_BChw, timestep_B, inputs)

    def _call_controlled(
        self,
        x_BChw: Tensor,
        timestep_B: Tensor,
        inputs: dict[str, Tensor],
        controls: Sequence[ControlRows],
    ) -> Tensor:
        if references_of(inputs):
            raise ControlMismatchError(
                problem="it reads reference pictures as well, which control networks do not know",
                hint="Disconnect the controls or the reference pictures.",
            )
        rows, _, height, width = x_BChw.shape
        found = []
        for control, net in self._steerers(controls):
            dtype = control.hint_BCHW.dtype
            residuals = net(
                hidden_states=packed(x_BChw).to(dtype),
                controlnet_cond=packed(control.hint_BCHW),
                timestep=timestep_B / _TIMES,
                img_shapes=[[(1, height // 2, width // 2)]] * rows,
                return_dict=False,
                **{name: tensor.to(dtype) for name, tensor in inputs.items()},
            )
            mask_BN1 = token_mask(control.mask_B1hw, FACTS["qwen-image"].patch)
            found.append(self._spread([control.scaled(each, mask_BN1).to(self._dtype) for each in residuals]))
        return self._ask(x_BChw, timestep_B, inputs, controlnet_block_samples=added_up(found))

    def _spread(self, residuals: Sequence[Tensor]) -> list[Tensor]:
        """Repeat residuals so that there is one per block, as the network itself would."""
        blocks = len(cast("Any", self.module).transformer_blocks)
        each = math.ceil(blocks / len(residuals))
        return [residuals[block // each] for block in range(blocks)]

    def _ask(
        self, x_BChw: Tensor, timestep_B: Tensor, inputs: Mapping[str, Tensor], **residuals: list[Tensor]
    ) -> Tensor:
        height, width = x_BChw.shape[-2:]
        latents = (x_BChw, *references_of(inputs))
        shapes = [(1, each.shape[-2] // 2, each.shape[-1] // 2) for each in latents]
        output = self.module(
            hidden_states=torch.cat([packed(each).to(self._dtype) for each in latents], dim=1),
            timestep=timestep_B / _TIMES,
            img_shapes=[shapes] * x_BChw.shape[0],
            return_dict=False,
            **without_references(inputs),
            **residuals,
        )
        own_BND = cast("Tensor", output[0])[:, : (height // 2) * (width // 2)]
        return unpacked(own_BND, (height, width))


@dataclass(frozen=True, slots=True, kw_only=True)
class QwenImage(TransformerFamily):
    """The adapter of Qwen-Image; see `TransformerFamily`."""

    live: ClassVar[type[LiveNetwork]] = _Network

    tower_part: ModulePart = field(default_factory=lambda: tower_part(_ENCODER))

    @classmethod
    def create(cls, name: str) -> Self:
        """Describe the family.

        Args:
            name: Its id.
        """
        qwen = language_model_part(_ENCODER, "Qwen2_5_VLTextModel")
        return cls(
            id=name,
            network_part=transformer_part("QwenImageTransformer2DModel", half="bfloat16"),
            text_parts=(TextPart(qwen, "tokenizer", load_sequence_tokenizer),),
            vae_part=autoencoder_part(kind="AutoencoderKLQwenImage", half="bfloat16"),
        )

    def encode(
        self,
        stacks: tuple[TextStack, ...],
        wording: Wording,
        *,
        skipped_layers: int,  # noqa: ARG002 - only the last layer of Qwen is read
    ) -> Mapping[str, Tensor]:
        """Encode a prompt; see `weft_nodes.models.adapter.Family`.

        Returns:
            `encoder_hidden_states` [1, T, D], the last layer of Qwen for the prompt and what follows it.
        """
        (qwen,) = stacks
        return {"encoder_hidden_states": read_chat(qwen, wording, _CHAT)}

    def encode_seeing(
        self, stacks: tuple[TextStack, ...], tower: nn.Module, wording: Wording, shown: Shown
    ) -> Mapping[str, Tensor]:
        """Encode an instruction and what it speaks of; see `weft_nodes.models.seeing.SeeingFamily`.

        Since version 2509, several small pictures are shown by number; before, a single large one.

        Returns:
            `encoder_hidden_states` [1, T, D], the last layer of Qwen for the pictures and all that follows.

        Raises:
            ConditioningError: The model knows fewer pictures, or the words stand for some themselves.
        """
        (qwen,) = stacks
        is_single = shown.version == "first"
        if is_single and len(shown.pictures) != 1:
            raise ConditioningError(
                f"The first Qwen-Image-Edit was trained with one picture, not with {len(shown.pictures)}.",
                hint="Join them with image.grid, or use version 2509 of the model.",
            )
        if PICTURE in wording.text:
            raise ConditioningError(
                f"The prompt says {PICTURE}, which stands for pictures.", hint="Remove it."
            )
        patches = patches_of(tower, shown.pictures, area=_LARGE if is_single else _SMALL)
        seeing, written = seeing_stack(qwen, tower, patches)
        named = [
            f"{'' if is_single else f'Picture {number}: '}<|vision_start|>{picture}<|vision_end|>"
            for number, picture in enumerate(written, start=1)
        ]
        chat = Chat(_EDITING + "".join(named), _CHAT.after, _EDITING_TOKENS)
        return {"encoder_hidden_states": read_chat(seeing, wording, chat)}
