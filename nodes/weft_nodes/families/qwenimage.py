"""Qwen-Image: a rectified flow over packed tokens that reads a language model, in the latents of videos.

Wu et al. 2025. The prompt is read by Qwen2.5-VL as a part of a chat that asks it to describe the picture.
Pictures that a prompt shows are read as further tokens, as the editing models were trained.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Final, Self, cast

import torch
from torch import Tensor

from weft_nodes.diffusion.controls import ControlRows, token_mask
from weft_nodes.diffusion.sights import references_of, without_references
from weft_nodes.families.facts import FACTS
from weft_nodes.families.network import LiveNetwork, added_up
from weft_nodes.families.packing import packed, unpacked
from weft_nodes.families.transformer import TransformerFamily
from weft_nodes.models.adapter import TextPart
from weft_nodes.models.architectures import autoencoder_part, language_model_part, transformer_part
from weft_nodes.models.chats import Chat, read_chat
from weft_nodes.models.errors import ControlMismatchError
from weft_nodes.models.sequences import load_sequence_tokenizer
from weft_nodes.models.text import TextStack
from weft_nodes.models.wording import Wording

# The words and the number of tokens that the model was trained on.
_CHAT: Final = Chat(
    "<|im_start|>system\n"
    "Describe the image by detailing the color, shape, size, texture, quantity, text, spatial relationships "
    "of the objects and background:<|im_end|>\n<|im_start|>user\n",
    "<|im_end|>\n<|im_start|>assistant\n",
    34,
)
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

    @classmethod
    def create(cls, name: str) -> Self:
        """Describe the family.

        Args:
            name: Its id.
        """
        qwen = language_model_part("text_encoder", "Qwen2_5_VLTextModel")
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
