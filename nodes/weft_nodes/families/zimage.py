"""Z-Image: a rectified flow in the latents of FLUX.1 over one stream of a language model's states and pixels.

Its clock runs the other way, from noise at 0 to the picture at 1, and what it predicts points that way, too.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Final, Self, cast

import torch
from torch import Tensor, nn
from torch.nn import functional
from weft.sdk import NodeError

from weft_nodes.diffusion.spaces import Space
from weft_nodes.families.network import LiveNetwork
from weft_nodes.families.transformer import TransformerFamily
from weft_nodes.models.adapter import TextPart
from weft_nodes.models.architectures import autoencoder_part, language_model_part, transformer_part
from weft_nodes.models.chats import Chat, read_chat
from weft_nodes.models.sequences import load_sequence_tokenizer
from weft_nodes.models.text import TextStack
from weft_nodes.models.wording import Wording

# The words that the model was trained on; the last layer but one is what it reads.
_CHAT: Final = Chat("<|im_start|>user\n", "<|im_end|>\n<|im_start|>assistant\n", 0, layers=(-2,))
# Prompts are filled up to this, so that most can be mixed; the network does not see it.
_LENGTH: Final = 512
_TIMES: Final = 1000.0
# The network fills captions up to multiples of this, and gives each token a place.
_MULTIPLE: Final = 32


class PromptTooLongError(NodeError):
    """A prompt has more tokens than a network has places for."""

    code: ClassVar[str] = "prompt-too-long"

    def __init__(self, *, tokens: int, most: int) -> None:
        super().__init__(
            f"The prompt has {tokens} tokens, but Z-Image reads at most {most}.",
            hint="Shorten the prompt, or join fewer.",
        )


class _Network(LiveNetwork):
    """A live `ZImageTransformer2DModel`, which reads lists of latents and of captions of any length."""

    def __init__(self, module: nn.Module, *, space: Space, key: str) -> None:
        super().__init__(module, space=space, key=key)
        # The place 0 is for padding, and the picture's comes behind the last one of the caption.
        self._most = (int(cast("Any", module).config.axes_lens[0]) - 2) // _MULTIPLE * _MULTIPLE

    def _call(self, x_BChw: Tensor, timestep_B: Tensor, inputs: dict[str, Tensor]) -> Tensor:
        captions = [
            states_TD[mask_T.bool()]
            for states_TD, mask_T in zip(
                inputs["encoder_hidden_states"], inputs["attention_mask"], strict=True
            )
        ]
        longest = max(len(caption_TD) for caption_TD in captions)
        if longest > self._most:
            raise PromptTooLongError(tokens=longest, most=self._most)
        found = self.module(
            list(x_BChw.to(self._dtype).unsqueeze(2)),
            (_TIMES - timestep_B) / _TIMES,
            captions,
            return_dict=False,
        )[0]
        return -torch.stack(found).squeeze(2)


@dataclass(frozen=True, slots=True, kw_only=True)
class ZImage(TransformerFamily):
    """The adapter of Z-Image; see `TransformerFamily`."""

    live: ClassVar[type[LiveNetwork]] = _Network

    @classmethod
    def create(cls, name: str) -> Self:
        """Describe the family.

        Args:
            name: Its id.
        """
        qwen = language_model_part("text_encoder", "Qwen3Model")
        return cls(
            id=name,
            network_part=transformer_part(
                "ZImageTransformer2DModel",
                half="bfloat16",
                convert="convert_z_image_transformer_checkpoint_to_diffusers",
            ),
            text_parts=(TextPart(qwen, "tokenizer", load_sequence_tokenizer),),
            vae_part=autoencoder_part(half="bfloat16"),
        )

    def encode(
        self,
        stacks: tuple[TextStack, ...],
        wording: Wording,
        *,
        skipped_layers: int,  # noqa: ARG002 - the layer is a part of the family
    ) -> Mapping[str, Tensor]:
        """Encode a prompt; see `weft_nodes.models.adapter.Family`.

        Returns:
            `encoder_hidden_states` [1, T, D], the last layer of Qwen but one for the whole chat, and
            `attention_mask` [1, T].
        """
        (qwen,) = stacks
        states_1TD = read_chat(qwen, wording, _CHAT)
        missing = max(0, _LENGTH - states_1TD.shape[1])
        mask_1T = torch.ones(states_1TD.shape[:2], dtype=torch.int64, device=states_1TD.device)
        return {
            "encoder_hidden_states": functional.pad(states_1TD, (0, 0, 0, missing)),
            "attention_mask": functional.pad(mask_1T, (0, missing)),
        }
