"""Both sides of guidance say what their family tells them apart, unless they say it themselves."""

import pytest
import torch
from weft_nodes.diffusion.values import Conditioning, Prompt
from weft_nodes.families import FACTS
from weft_nodes.families.sides import completed


def said(**tensors: torch.Tensor) -> Conditioning:
    """A prompt of words, and what else it says."""
    return Conditioning((Prompt({"text_embeds": torch.ones(1, 4), **tensors}),))


def score(conditioning: Conditioning | None) -> list[list[float]]:
    """What the first prompt says of the picture's beauty."""
    assert conditioning is not None
    found: list[list[float]] = conditioning.entries[0].tensors["aesthetic_score"].tolist()
    return found


def test_a_refiner_is_told_that_the_negative_prompt_asks_for_something_ugly() -> None:
    positive, negative = completed("sdxl-refiner", said(), said())

    assert (score(positive), score(negative)) == ([[6.0]], [[2.5]])


def test_a_score_that_a_prompt_says_is_kept() -> None:
    positive, negative = completed(
        "sdxl-refiner",
        said(aesthetic_score=torch.tensor([[8.0]])),
        said(aesthetic_score=torch.tensor([[1.0]])),
    )

    assert (score(positive), score(negative)) == ([[8.0]], [[1.0]])


def test_without_a_negative_prompt_there_stays_none() -> None:
    positive, negative = completed("sdxl-refiner", said(), None)

    assert score(positive) == [[6.0]]
    assert negative is None


def test_where_one_prompt_says_a_size_the_others_leave_it_open_in_the_same_shape() -> None:
    sizes = torch.arange(6.0)[None]

    positive, negative = completed("sdxl", said(), said(time_ids=sizes))

    assert positive.entries[0].tensors["time_ids"].tolist() == [[0.0] * 6]
    assert negative is not None
    assert negative.entries[0].tensors["time_ids"].equal(sizes)


@pytest.mark.parametrize("family", [name for name, facts in FACTS.items() if facts.scores is None])
def test_elsewhere_prompts_stay_as_they_are(family: str) -> None:
    given = said()

    assert completed(family, given, given) == (given, given)
