"""What prompts show travels with them, and reaches the negative prompt too."""

from dataclasses import replace

import pytest
import torch
from torch import Tensor
from weft_nodes.diffusion.errors import ConditioningError
from weft_nodes.diffusion.sights import (
    CONCAT,
    following,
    hiding,
    is_sight,
    references_of,
    showing,
    without_references,
)
from weft_nodes.diffusion.values import Conditioning, Prompt

WORDS = {"encoder_hidden_states": torch.ones(1, 2, 3)}


def plain() -> Conditioning:
    """A prompt of words alone."""
    return Conditioning((Prompt(WORDS),))


def latent(value: float, *, channels: int = 4, side: int = 2) -> Tensor:
    """A latent of one value."""
    return torch.full((1, channels, side, side), float(value))


def test_further_channels_replace_those_before() -> None:
    (entry,) = showing(showing(plain(), concat_1Chw=latent(1)), concat_1Chw=latent(2)).entries

    assert entry.tensors[CONCAT].equal(latent(2))
    assert entry.tensors["encoder_hidden_states"] is WORDS["encoder_hidden_states"]


def test_references_keep_their_order_beyond_ten() -> None:
    shown = showing(plain(), references=[latent(value) for value in range(7)])

    (entry,) = showing(shown, references=[latent(value) for value in range(7, 12)]).entries

    assert [float(found.mean()) for found in references_of(entry.tensors)] == list(range(12))
    assert without_references(entry.tensors).keys() == WORDS.keys()


def test_what_is_shown_is_told_from_what_is_said() -> None:
    (entry,) = showing(plain(), concat_1Chw=latent(1), references=[latent(2)]).entries

    assert [name for name in entry.tensors if not is_sight(name)] == list(WORDS)


def test_only_latents_can_be_shown() -> None:
    with pytest.raises(ConditioningError, match="must be one latent"):
        showing(plain(), references=[torch.zeros(1, 2, 2)])


def test_a_silent_prompt_shows_what_the_others_do() -> None:
    leaders = showing(plain(), concat_1Chw=latent(1), references=[latent(2)]).entries
    again = showing(plain(), concat_1Chw=latent(1), references=[latent(2)]).entries

    (found,) = following(plain().entries, (*leaders, *again, *plain().entries))

    assert found.tensors[CONCAT].equal(latent(1))
    assert len(references_of(found.tensors)) == 1


def test_a_prompt_that_shows_something_is_left_alone() -> None:
    own = showing(plain(), concat_1Chw=latent(0)).entries

    assert following(own, showing(plain(), concat_1Chw=latent(1)).entries) == own


def test_prompts_of_words_alone_stay_as_they_are() -> None:
    negative = plain().entries

    assert following(negative, plain().entries) == negative


def test_it_is_not_guessed_which_of_two_pictures_is_meant() -> None:
    leaders = [
        replace(entry, strength=0.5)
        for value in (1, 2)
        for entry in showing(plain(), concat_1Chw=latent(value)).entries
    ]

    with pytest.raises(ConditioningError, match="different pictures"):
        following(plain().entries, leaders)


def test_a_prompt_that_hides_its_pictures_keeps_its_words() -> None:
    shown = showing(plain(), concat_1Chw=latent(1), references=[latent(2)]).entries

    (entry,) = hiding(shown)

    assert entry.tensors.keys() == {"encoder_hidden_states", CONCAT}
    assert entry.tensors[CONCAT].equal(latent(0))
    assert entry.tensors["encoder_hidden_states"] is WORDS["encoder_hidden_states"]


def test_nothing_can_be_hidden_where_nothing_is_shown() -> None:
    with pytest.raises(ConditioningError, match="needs a prompt that shows one"):
        hiding(plain().entries)
