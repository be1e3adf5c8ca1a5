"""A text becomes one prompt for each of its wordings, each encoded once."""

import pytest
import torch
from tiny_runs import load_tiny, tiny_paths
from weft.sdk import Image, LocalRun
from weft_nodes.diffusion.errors import ConditioningError
from weft_nodes.families.prompting import encode_text
from weft_nodes.models.seeing import Shown
from weft_nodes.models.wording import PromptUnreadableError


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> LocalRun:
    """A run that finds a tiny checkpoint."""
    return LocalRun(paths=tiny_paths(tmp_path_factory.mktemp("prompting")))


def test_wordings_that_come_back_are_encoded_once(run: LocalRun) -> None:
    encoder = load_tiny(run).encoder

    found = encode_text(run, encoder, "a [red|blue|red] circle", weighting="interpolate").entries

    assert [(entry.turn, entry.turns) for entry in found] == [(0, 3), (1, 3), (2, 3)]
    assert found[0].tensors is not found[1].tensors
    assert found[0].tensors["encoder_hidden_states"] is found[2].tensors["encoder_hidden_states"]


def test_strengths_and_times_are_those_of_the_text(run: LocalRun) -> None:
    found = encode_text(run, load_tiny(run).encoder, "a [b:0.4] AND c:0.5", weighting="interpolate").entries

    assert [(entry.start, entry.end, entry.strength) for entry in found] == [
        (0.0, 0.4, 1.0),
        (0.4, 1.0, 1.0),
        (0.0, 1.0, 0.5),
    ]


def test_encoders_that_see_nothing_are_shown_nothing(run: LocalRun) -> None:
    shown = Shown((Image(torch.zeros(1, 8, 8, 3)),))

    with pytest.raises(ConditioningError, match="starter cannot be shown pictures"):
        encode_text(run, load_tiny(run).encoder, "a circle", weighting="off", shown=shown)


@pytest.mark.parametrize("words", ["a AND b", "[a:b:0.5]", "[a|b]", "a AND b:0.5"])
def test_the_words_for_one_encoder_are_one_prompt_at_every_step(run: LocalRun, words: str) -> None:
    with pytest.raises(PromptUnreadableError, match="for one encoder is several prompts"):
        encode_text(run, load_tiny(run).encoder, "a circle", weighting="rescale", apart={"t5": words})


def test_a_model_with_one_encoder_has_none_that_could_be_named(run: LocalRun) -> None:
    with pytest.raises(ConditioningError, match="There are words for t5, but the text encoders of starter"):
        encode_text(run, load_tiny(run).encoder, "a circle", weighting="rescale", apart={"t5": "a star"})
