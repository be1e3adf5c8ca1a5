"""Prompts for models with several text encoders, each of which may read words of its own."""

from dataclasses import replace
from typing import Annotated, Final

from weft.sdk import Run, Text, node

from weft_nodes.diffusion.values import Conditioning
from weft_nodes.families.prompting import encode_text
from weft_nodes.models.handles import ENCODER_TRAITS, READERS, TRAIT_HINTS, UNREAD, TextEncoder
from weft_nodes.models.wording import Weighting

_WORDS: Final = Text(multiline=True, brackets="()[]", literal_where="weighting=off")
_OWN_WORDS: Final = replace(_WORDS, placeholder="reads text until it is set")


@node(
    "prompt.encode_each",
    lane="device",
    output="conditioning",
    accepts={"encoder": ENCODER_TRAITS, **{name: {name: f"${name}"} for name in READERS}},
    gives={"conditioning": {"family": "$family", "shown": "nothing"}},
    advises={"text": (UNREAD,)},
    hints=TRAIT_HINTS,
)
def encode_each(
    run: Run,
    encoder: TextEncoder,
    text: Annotated[str, _WORDS] = "",
    *,
    clip_l: Annotated[str, _OWN_WORDS] | None = None,
    clip_g: Annotated[str, _OWN_WORDS] | None = None,
    t5: Annotated[str, _OWN_WORDS] | None = None,
    bert: Annotated[str, _OWN_WORDS] | None = None,
    weighting: Weighting = "interpolate",
) -> Conditioning:
    """Turn a text into what the model reads, with other words for some of its text encoders.

    Stable Diffusion XL has the encoders `clip_l` and `clip_g`, Stable Diffusion 3 and 3.5 these and `t5`,
    FLUX.1 `clip_l` and `t5`, HunyuanDiT `bert` and `t5`. Small encoders like key words and styles, T5 whole
    sentences. Where one has no words of its own it reads `text`, as it does with prompt.encode.

    Args:
        run: The run this is part of.
        encoder: The text encoders of the checkpoint that is to read the prompt.
        text: What the picture shall show (or shall not, when used as negative), in the syntax of
            prompt.encode.
        clip_l: Words for CLIP ViT-L alone; an empty text is read as one, and what is not set reads `text`.
            Brackets weigh words; what changes from step to step belongs into `text`.
        clip_g: Words for OpenCLIP ViT-bigG alone.
        t5: Words for T5 alone.
        bert: Words for the Chinese CLIP of HunyuanDiT alone.
        weighting: How weights change what the encoders say, as in prompt.encode.

    Returns:
        The prompt, applying everywhere and during all steps; several where words of `text` change on the way.

    Raises:
        PromptUnreadableError: Brackets do not pair, a number is out of bounds, or the words for one encoder
            are more than one prompt.
        ConditioningError: There are words for an encoder that the checkpoint does not have.
        EmbeddingUnknownError: A text names a learned word that was not added to the encoder.
        ModelError: The weights of the encoder cannot be read.
    """
    given = {"clip_l": clip_l, "clip_g": clip_g, "t5": t5, "bert": bert}
    apart = {name: words for name, words in given.items() if words is not None}
    return encode_text(run, encoder, text, weighting=weighting, apart=apart)
