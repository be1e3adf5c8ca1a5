"""Prompts are joined, limited and silenced without touching those they were made from."""

from collections.abc import Iterator

import pytest
import torch
from tiny_runs import load_tiny, tiny_paths
from weft.sdk import LocalRun, Mask
from weft_nodes import prompts
from weft_nodes.checkpoints import LoadedCheckpoint
from weft_nodes.diffusion.errors import ConditioningError
from weft_nodes.diffusion.values import Conditioning, Prompt


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalRun]:
    """A run with tiny checkpoints."""
    found = LocalRun(paths=tiny_paths(tmp_path_factory.mktemp("prompts")))
    yield found
    found.close()


@pytest.fixture(scope="module")
def checkpoint(run: LocalRun) -> LoadedCheckpoint:
    """The tiny checkpoint."""
    return load_tiny(run)


def made(value: float, tokens: int = 3) -> Conditioning:
    """A prompt made by hand."""
    states = torch.full((1, tokens, 4), value)
    return Conditioning((Prompt({"encoder_hidden_states": states, "time_ids": torch.ones(1, 6)}),))


def states(conditioning: Conditioning) -> torch.Tensor:
    """What the network reads of the first prompt."""
    return conditioning.entries[0].tensors["encoder_hidden_states"]


def test_the_same_text_is_encoded_the_same_and_another_is_not(
    run: LocalRun, checkpoint: LoadedCheckpoint
) -> None:
    first = prompts.encode_prompt(run, checkpoint.encoder, "a red circle")

    assert states(prompts.encode_prompt(run, checkpoint.encoder, "a red circle")).equal(states(first))
    assert not states(prompts.encode_prompt(run, checkpoint.encoder, "a blue star")).equal(states(first))
    assert first.entries[0].family == "starter"


def test_a_long_text_is_read_to_its_end(run: LocalRun, checkpoint: LoadedCheckpoint) -> None:
    long = "a red circle " * 60

    assert states(prompts.encode_prompt(run, checkpoint.encoder, long)).shape[1] > 77
    assert not states(prompts.encode_prompt(run, checkpoint.encoder, long + "x")).equal(
        states(prompts.encode_prompt(run, checkpoint.encoder, long + "y"))
    )


def test_combined_prompts_are_all_there_in_order() -> None:
    combined = prompts.combine_prompts(made(1.0), prompts.combine_prompts(made(2.0), made(3.0)))

    assert [float(entry.tensors["encoder_hidden_states"].mean()) for entry in combined.entries] == [1, 2, 3]


def test_a_prompt_is_read_behind_another() -> None:
    joined = states(prompts.concat_prompts(made(1.0, 3), made(2.0, 2)))

    assert joined[0, :, 0].tolist() == [1, 1, 1, 2, 2]


def test_prompts_of_different_width_are_not_joined() -> None:
    other = Conditioning((Prompt({"encoder_hidden_states": torch.ones(1, 3, 5)}),))

    with pytest.raises(ConditioningError, match="4 and 5 features"):
        prompts.concat_prompts(made(1.0), other)


@pytest.mark.parametrize(("amount", "expected"), [(0.0, 1.0), (0.25, 1.5), (1.0, 3.0)])
def test_an_average_lies_between_two_prompts(amount: float, expected: float) -> None:
    assert states(prompts.average_prompts(made(1.0), made(3.0), amount)).eq(expected).all()


def test_prompts_of_different_length_have_no_average() -> None:
    with pytest.raises(ConditioningError, match="differ in shape"):
        prompts.average_prompts(made(1.0, 3), made(1.0, 2))


def test_only_a_single_prompt_can_be_put_behind_or_averaged() -> None:
    several = prompts.combine_prompts(made(1.0), made(2.0))

    with pytest.raises(ConditioningError, match="b holds 2 prompts"):
        prompts.average_prompts(made(1.0), several)
    with pytest.raises(ConditioningError, match="b holds 2 prompts"):
        prompts.concat_prompts(made(1.0), several)
    assert len(prompts.average_prompts(several, made(1.0)).entries) == 2


def test_a_region_limits_a_prompt_and_leaves_the_given_one_everywhere() -> None:
    conditioning = made(1.0)
    mask = Mask(torch.rand(1, 8, 8))

    limited = prompts.limit_to_region(conditioning, mask, 0.5).entries[0]

    assert limited.mask_hw is not None
    assert limited.mask_hw.equal(mask.values_BHW[0])
    assert limited.strength == 0.5
    assert conditioning.entries[0].mask_hw is None


def test_a_region_is_one_mask() -> None:
    with pytest.raises(ConditioningError, match="there are 2"):
        prompts.limit_to_region(made(1.0), Mask(torch.ones(2, 4, 4)))


def test_a_range_limits_a_prompt_to_some_of_the_steps() -> None:
    limited = prompts.limit_to_range(made(1.0), 0.2, 0.6).entries[0]

    assert (limited.start, limited.end) == (0.2, 0.6)
    with pytest.raises(ConditioningError, match=r"range 0\.6\.\.0\.2"):
        prompts.limit_to_range(made(1.0), 0.6, 0.2)


def test_a_strength_is_set() -> None:
    assert prompts.set_strength(made(1.0), 2.5).entries[0].strength == 2.5


def test_a_silent_prompt_keeps_its_shape_and_what_it_says_of_sizes() -> None:
    silent = prompts.zero_out(made(1.0)).entries[0]

    assert silent.tensors["encoder_hidden_states"].eq(0).all()
    assert silent.tensors["time_ids"].eq(1).all()


def test_an_average_changes_every_tensor_alike_and_keeps_region_and_range() -> None:
    limited = prompts.limit_to_range(prompts.limit_to_region(made(1.0), Mask(torch.ones(1, 4, 4)), 0.7), 0.2)
    words = {"encoder_hidden_states": torch.full((1, 3, 4), 3.0), "time_ids": torch.full((1, 6), 5.0)}
    other = Conditioning((Prompt(words),))

    entry = prompts.average_prompts(limited, other, 0.5).entries[0]

    assert entry.tensors["time_ids"].eq(3.0).all()
    assert (entry.start, entry.strength) == (0.2, 0.7)
    assert entry.mask_hw is not None


def test_a_silent_prompt_is_still_limited_as_before() -> None:
    limited = prompts.limit_to_range(prompts.set_strength(made(1.0), 0.4), 0.1, 0.9)

    silent = prompts.zero_out(limited).entries[0]

    assert (silent.start, silent.end, silent.strength) == (0.1, 0.9, 0.4)


def test_limits_apply_to_every_one_of_several_prompts() -> None:
    several = prompts.combine_prompts(made(1.0), made(2.0))

    limited = prompts.limit_to_range(prompts.set_strength(several, 0.3), 0.5)

    assert [(entry.start, entry.strength) for entry in limited.entries] == [(0.5, 0.3)] * 2


def test_prompts_read_one_behind_the_other_keep_their_order_when_joined_again() -> None:
    left = prompts.concat_prompts(prompts.concat_prompts(made(1.0, 1), made(2.0, 2)), made(3.0, 3))

    right = prompts.concat_prompts(made(1.0, 1), prompts.concat_prompts(made(2.0, 2), made(3.0, 3)))

    assert states(left).equal(states(right))


def test_a_change_leaves_the_given_prompt_as_it_was() -> None:
    given = made(1.0)

    prompts.zero_out(given)
    prompts.average_prompts(given, made(5.0))
    prompts.concat_prompts(given, made(5.0))

    assert states(given).eq(1.0).all()
    assert states(given).shape == (1, 3, 4)
