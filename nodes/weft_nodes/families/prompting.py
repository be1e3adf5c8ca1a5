"""From a text with syntax to a conditioning: one prompt for each of the wordings that the text stands for."""

from dataclasses import replace

from weft.sdk import Run

from weft_nodes.diffusion.values import Conditioning, Prompt
from weft_nodes.families.registry import ModelStore
from weft_nodes.models.handles import TextEncoder
from weft_nodes.models.seeing import Shown
from weft_nodes.models.wording import Weighting, Wording, read_prompt


def encode_text(
    run: Run, encoder: TextEncoder, text: str, *, weighting: Weighting, shown: Shown | None = None
) -> Conditioning:
    """Encode a text, each of its wordings once.

    Args:
        run: The run this is part of; it may be cancelled between wordings.
        encoder: The handle of the encoders.
        text: The text, in the syntax of `weft_nodes.models.wording`.
        weighting: How weights change what the encoder says.
        shown: Pictures that the text speaks of.

    Returns:
        The prompt, applying everywhere and during all steps; several where words change on the way.

    Raises:
        PromptUnreadableError: Brackets do not pair, or a number is out of bounds.
        EmbeddingUnknownError: The text names a learned word that was not added to the encoder.
        ConditioningError: The encoder cannot be shown pictures.
        ModelError: The weights of the encoder cannot be read.
    """
    store = run.service(ModelStore)
    encoded: dict[Wording, Prompt] = {}
    entries = []
    for timed in read_prompt(text, weighting=weighting):
        run.check_cancelled()
        if timed.wording not in encoded:
            (encoded[timed.wording],) = store.encode_prompt(encoder, timed.wording, shown).entries
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
