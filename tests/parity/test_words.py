"""Words for single text encoders are read as in the pipelines of diffusers that take several prompts."""

from collections.abc import Mapping
from functools import partial

import pytest
from parity.conftest import Openings
from parity.staged import NEGATIVE, PROMPT, pipeline_of
from parity.steering import BASES, Steered, Steering, assert_steered
from weft_nodes.diffusion.values import Conditioning
from weft_nodes.families import Checkpoint, ModelStore
from weft_nodes.models.wording import Wording

READERS: Mapping[str, Mapping[str, str]] = {
    "sdxl": {"prompt_2": "clip_g"},
    "sd3": {"prompt_2": "clip_g", "prompt_3": "t5"},
    "flux": {"prompt_2": "t5"},
}
"""Which encoder reads which argument of the pipelines; the first one reads `prompt`."""

OWN = {"prompt_2": "an inn of the singer", "prompt_3": "the singer drinks and sings"}
GUIDED = ("sdxl", "sd3")


def told(opened: tuple[ModelStore, Checkpoint], text: str, own: Mapping[str, str]) -> Conditioning:
    """Words for all encoders, and for some of them words of their own."""
    store, checkpoint = opened
    apart = tuple((name, Wording.plain(words)) for name, words in own.items())
    return store.encode_prompt(checkpoint.encoder, Wording(Wording.plain(text).chunks, apart=apart))


def said_apart(family: str, opened: Openings) -> Steered:
    """Say something else to every encoder but the first, and to some in the negative prompt."""
    readers = READERS[family]
    positive = {argument: OWN[argument] for argument in readers}
    negative = {f"negative_{argument}": "a drink" for argument in readers} if family in GUIDED else {}
    own = {reader: OWN[argument] for argument, reader in readers.items()}
    against = dict.fromkeys(own, "a drink")
    return Steered(
        pipeline=pipeline_of(family),
        arguments=positive | negative,
        prompt=lambda _: told(opened(family), PROMPT, own),
        job={"negative": told(opened(family), NEGATIVE, against)} if family in GUIDED else {},
    )


STEERINGS = tuple(
    Steering("Words for each encoder", BASES[family], partial(said_apart, family)) for family in READERS
)


@pytest.mark.parametrize("row", STEERINGS, ids=str)
def test_words_of_its_own_are_read_by_each_encoder_as_in_the_pipeline(
    opened: Openings, row: Steering
) -> None:
    assert_steered(opened, row)
