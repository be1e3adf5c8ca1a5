"""Noise: decided by the seed alone, one stream per picture."""

import pytest
import torch
from weft_nodes.diffusion.errors import JobError
from weft_nodes.diffusion.noise import SeededNoise, item_seed

CPU = torch.device("cpu")


def test_the_same_seed_draws_the_same_stream() -> None:
    one, other = SeededNoise(5, (1, 4, 8, 8), CPU), SeededNoise(5, (1, 4, 8, 8), CPU)

    assert torch.equal(one(), other())
    assert torch.equal(one(), other())


def test_another_seed_draws_another_stream() -> None:
    assert not torch.equal(SeededNoise(5, (8,), CPU)(), SeededNoise(6, (8,), CPU)())


def test_the_first_draw_is_what_torch_draws_for_the_seed() -> None:
    expected = torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(11))

    assert torch.equal(SeededNoise(11, (1, 4, 8, 8), CPU)(), expected)


def test_skipped_draws_are_those_an_earlier_stage_has_used() -> None:
    whole, later = SeededNoise(5, (8,), CPU), SeededNoise(5, (8,), CPU)
    whole()
    whole()

    later.skip(2)

    assert torch.equal(whole(), later())


@pytest.mark.parametrize("seed", [-1, 2**64])
def test_a_seed_out_of_range_is_refused(seed: int) -> None:
    with pytest.raises(JobError, match=str(seed)):
        SeededNoise(seed, (1,), CPU)


def test_item_k_of_a_batch_has_the_seed_plus_k() -> None:
    assert [item_seed(40, k) for k in range(3)] == [40, 41, 42]


def test_seeds_start_again_after_the_largest() -> None:
    assert item_seed(2**64 - 1, 1) == 0
