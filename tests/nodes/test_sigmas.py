"""Noise levels fall to nothing, are read as written, and meet where they are cut."""

from collections.abc import Iterator

import pytest
from tiny_runs import load_tiny, tiny_paths
from weft.sdk import LocalRun
from weft_nodes import sigmas
from weft_nodes.checkpoints import LoadedCheckpoint
from weft_nodes.diffusion.schedules import SCHEDULES
from weft_nodes.diffusion.values import Sigmas


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalRun]:
    """A run with tiny checkpoints."""
    found = LocalRun(paths=tiny_paths(tmp_path_factory.mktemp("sigmas")))
    yield found
    found.close()


@pytest.fixture(scope="module")
def checkpoint(run: LocalRun) -> LoadedCheckpoint:
    """The tiny checkpoint."""
    return load_tiny(run)


def test_a_schedule_falls_from_the_most_noise_to_none(run: LocalRun, checkpoint: LoadedCheckpoint) -> None:
    for name in SCHEDULES:
        values = sigmas.list_sigmas(sigmas.make_sigmas(run, checkpoint.model, name, steps=7))
        assert len(values) == 8
        assert values == sorted(values, reverse=True)
        assert values[-1] == 0


def test_levels_are_read_with_commas_or_spaces() -> None:
    assert sigmas.read_sigmas("14.6, 2.8;0.5  0").values == (14.6, 2.8, 0.5, 0.0)


@pytest.mark.parametrize("text", ["", "1", "1, 2", "1, 1, 0", "3, x", "2, -1", "inf, 0", "nan, 0"])
def test_levels_that_do_not_fall_are_an_error(text: str) -> None:
    with pytest.raises(sigmas.SigmasError):
        sigmas.read_sigmas(text)


def test_both_parts_of_split_levels_meet() -> None:
    high, low = sigmas.split_sigmas(Sigmas((4.0, 3.0, 2.0, 0.0), "space"), 1)

    assert high.values == (4.0, 3.0)
    assert low.values == (3.0, 2.0, 0.0)
    assert high.space == low.space == "space"


def test_levels_are_not_cut_beyond_their_end() -> None:
    assert sigmas.split_sigmas(Sigmas((2.0, 0.0)), 1).low.values == (0.0,)
    with pytest.raises(sigmas.SigmasError, match="after step 2"):
        sigmas.split_sigmas(Sigmas((2.0, 0.0)), 2)
