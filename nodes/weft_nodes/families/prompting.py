"""From a text with syntax to a conditioning: one prompt for each of the wordings that the text stands for."""

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Final

from weft.sdk import Run

from weft_nodes.diffusion.values import Conditioning, Prompt
from weft_nodes.families.registry import ModelStore
from weft_nodes.models.handles import TextEncoder
from weft_nodes.models.seeing import Shown
from weft_nodes.models.wording import PromptUnreadableError, TimedWording, Weighting, Wording, read_prompt

_NOTHING: Final[Mapping[str, str]] = MappingProxyType({})


def encode_text(
    run: Run,
    encoder: TextEncoder,
    text: str,
    *,
    weighting: Weighting,
    shown: Shown | None = None,
    apart: Mapping[str, str] = _NOTHING,
) -> Conditioning:
    """Encode a text, each of its wordings once.

    Args:
        run: The run this is part of; it may be cancelled between wordings.
        encoder: The handle of the encoders.
        text: The text, in the syntax of `weft_nodes.models.wording`.
        weighting: How weights change what the encoder says.
        shown: Pictures that the text speaks of.
        apart: What single encoders read in place of it, by their names.

    Returns:
        The prompt, applying everywhere and during all steps; several where words change on the way.

    Raises:
        PromptUnreadableError: Brackets do not pair, a number is out of bounds, or what a single encoder reads
            is more than one prompt.
        EmbeddingUnknownError: The text names a learned word that was not added to the encoder.
        ConditioningError: The encoder cannot be shown pictures, or there is none of a name.
        ModelError: The weights of the encoder cannot be read.
    """
    store = run.service(ModelStore)
    encoded: dict[Wording, Prompt] = {}
    entries = []
    own = tuple((name, _single(words, weighting)) for name, words in apart.items())
    for timed in read_prompt(text, weighting=weighting):
        run.check_cancelled()
        if timed.wording not in encoded:
            wording = replace(timed.wording, apart=own)
            (encoded[timed.wording],) = store.encode_prompt(encoder, wording, shown).entries
        entries.append(
            replace(
                encoded[timed.wording],
                strength=timed.strength,
                start=timed.start,
                end=timed.end,
                turn=timed.turn,
                turns=timed.turns,
            )
        )
    return Conditioning(tuple(entries))


def _single(text: str, weighting: Weighting) -> Wording:
    """Read the words for one encoder, which are the same at every step."""
    found = read_prompt(text, weighting=weighting)
    if found != (TimedWording(found[0].wording),):
        raise PromptUnreadableError(
            text=text,
            at=0,
            problem="for one encoder is several prompts, or one that changes on the way,",
            hint="Write AND, [a:b:0.5] and [a|b] into the text for all encoders.",
        )
    return found[0].wording
