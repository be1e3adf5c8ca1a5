"""Kolors: a U-Net like that of Stable Diffusion XL, in its latents, that reads ChatGLM3 in two languages.

Kolors team 2024. The prompt is filled up on the left, so that the last place is that of the last word.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

import torch
from torch import Tensor, nn

from weft_nodes.families.sdxl import StableDiffusionXL
from weft_nodes.models.adapter import ModulePart, TextPart
from weft_nodes.models.errors import CheckpointCorruptError, ModelFileMissingError
from weft_nodes.models.text import TextStack
from weft_nodes.models.wording import Wording

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

# Tokens that the network was trained on; longer prompts are read whole.
_LENGTH: Final = 256
# Of the encoder's states: what the words say, and, of the last word, what the prompt says.
_WORDS: Final = -2
_WHOLE: Final = -1


@dataclass(frozen=True, slots=True)
class Kolors(StableDiffusionXL):
    """The adapter of Kolors; see `StableDiffusionXL`."""

    @property
    def text_parts(self) -> tuple[TextPart, ...]:
        """Return ChatGLM3."""
        part = ModulePart(
            name="text_encoder",
            build=_encoder,
            rename=lambda _, tensors: tensors,
            prefixes=("text_encoders.chatglm3.",),
            convert=lambda _, tensors: tensors,
        )
        return (TextPart(part, "tokenizer", _load_tokenizer),)

    def encode(
        self,
        stacks: tuple[TextStack, ...],
        wording: Wording,
        *,
        skipped_layers: int,  # noqa: ARG002 - the layers that are read are fixed
    ) -> Mapping[str, Tensor]:
        """Encode a prompt; see `weft_nodes.models.adapter.Family`.

        Words with a weight are moved away from what the encoder says at their place of an empty prompt.

        Returns:
            `encoder_hidden_states` [1, T, D], the last layer but one, and `text_embeds` [1, D], the last
            layer's state of the last word.
        """
        (glm,) = stacks
        spans = [span for chunk in wording.chunks for span in chunk]
        is_plain = all(span.weight == 1.0 for span in spans)
        read = [(_ids(glm, span.text), span.weight) for span in spans]
        ids = _ids(glm, wording.text) if is_plain else [token for tokens, _ in read for token in tokens]
        words_1TD, whole_1D = _states(glm, ids, len(ids))
        if not is_plain:
            empty_1TD, _ = _states(glm, [], len(ids))
            weights = [weight for tokens, weight in read for _ in tokens]
            weights = [1.0] * (words_1TD.shape[1] - len(weights)) + weights
            words_1TD = torch.lerp(empty_1TD, words_1TD, torch.tensor(weights)[None, :, None].to(words_1TD))
        return {"encoder_hidden_states": words_1TD, "text_embeds": whole_1D}


def _ids(stack: TextStack, text: str) -> list[int]:
    with stack.turn:
        return list(stack.tokenizer(text, add_special_tokens=False, verbose=False)["input_ids"])


def _states(stack: TextStack, ids: list[int], count: int) -> tuple[Tensor, Tensor]:
    """Return what the encoder says of tokens, filled up as if there were `count` of them."""
    with stack.turn:
        head = list(stack.tokenizer("", verbose=False)["input_ids"])
    read = [*head, *ids]
    missing = max(_LENGTH, len(head) + count) - len(read)
    device = next(stack.encoder.parameters()).device
    rows = (
        [cast("int", stack.tokenizer.pad_token_id)] * missing + read,
        [0] * missing + [1] * len(read),
        [0] * missing + [*range(len(read))],
    )
    ids_1T, mask_1T, places_1T = (torch.tensor([row], device=device) for row in rows)
    with torch.no_grad():
        output = stack.encoder(
            input_ids=ids_1T,
            attention_mask=mask_1T,
            position_ids=places_1T,
            output_hidden_states=True,
            return_dict=True,
        )
    # Its states have the tokens first.
    layers = output.hidden_states
    return layers[_WORDS].transpose(0, 1).contiguous(), layers[_WHOLE][-1]


def _encoder(config: Mapping[str, object]) -> nn.Module:
    from diffusers.pipelines.kolors.text_encoder import ChatGLMConfig, ChatGLMModel

    # Its own way of leaving parameters empty would take their memory.
    return cast("nn.Module", ChatGLMModel(ChatGLMConfig.from_dict(dict(config)), empty_init=False))


def _load_tokenizer(folder: Path) -> PreTrainedTokenizerBase:
    file = folder / "tokenizer.model"
    if not file.is_file():
        raise ModelFileMissingError(path=file, hint="The model folder is incomplete.")
    from diffusers.pipelines.kolors.tokenizer import ChatGLMTokenizer

    try:
        tokenizer: Any = ChatGLMTokenizer(str(file))
    # sentencepiece raises whatever it likes on damaged files.
    except Exception as error:
        raise CheckpointCorruptError(
            path=folder, problem=f"its tokenizer cannot be built ({error})"
        ) from error
    return cast("PreTrainedTokenizerBase", tokenizer)
