"""Windows cover a latent, and what a network sees through them is put together without seams."""

import itertools
from collections.abc import Mapping

import pytest
import torch
from sampling_toys import SmoothNetwork, conditioning, make_job, relative_error
from torch import Tensor
from weft_nodes.diffusion.batcher import Batcher
from weft_nodes.diffusion.errors import JobError
from weft_nodes.diffusion.sights import CONCAT
from weft_nodes.diffusion.windows import WindowedNetwork, Windows


class _Watched(SmoothNetwork):
    """A network that looks at each pixel alone, adds what it is shown, and remembers the windows it saw."""

    def __init__(self) -> None:
        super().__init__("watched")
        self.seen: list[Mapping[str, Tensor]] = []

    def predict(self, x_BChw: Tensor, timestep_B: Tensor, conditions: Mapping[str, Tensor]) -> Tensor:
        self.seen.append({"x": x_BChw, **conditions})
        shown = conditions.get(CONCAT)
        return x_BChw.tanh() if shown is None else x_BChw.tanh() + shown


class _Steered(_Watched):
    """A network that control networks can stand beside."""

    def with_controls(self, _: Mapping[str, object]) -> "_Steered":
        return self


def latent(height: int, width: int) -> Tensor:
    """A random latent."""
    return torch.randn(1, 4, height, width, generator=torch.Generator().manual_seed(height))


def test_a_latent_no_larger_than_a_window_is_seen_whole() -> None:
    network = _Watched()
    x = latent(8, 6)

    predicted = WindowedNetwork(network, Windows(8, 2)).predict(x, torch.zeros(1), {})

    assert torch.equal(predicted, x.tanh())
    assert len(network.seen) == 1


@pytest.mark.parametrize("multiple", [1, 2])
@pytest.mark.parametrize("overlap", [0, 2, 4])
@pytest.mark.parametrize("length", [8, 10, 16, 18, 30, 62])
def test_windows_reach_from_end_to_end_and_overlap_at_least_as_asked(
    length: int, overlap: int, multiple: int
) -> None:
    starts = Windows(8, overlap, multiple).starts(length)

    assert starts[0] == 0
    assert starts[-1] == length - 8
    steps = [after - before for before, after in itertools.pairwise(starts)]
    assert all(0 < step <= 8 - overlap for step in steps)
    assert all(start % multiple == 0 for start in starts)


def test_a_network_that_looks_at_each_pixel_alone_sees_the_same_through_windows() -> None:
    x = latent(20, 26)

    predicted = WindowedNetwork(_Watched(), Windows(8, 4)).predict(x, torch.zeros(1), {})

    torch.testing.assert_close(predicted, x.tanh())


def test_what_lies_over_the_latent_is_cut_with_it_and_what_is_said_is_not() -> None:
    network, x = _Watched(), latent(12, 12)
    places = torch.arange(144.0).reshape(1, 1, 12, 12)
    conditions = {
        CONCAT: places,
        "control/0/key/hint": places.repeat_interleave(2, -1).repeat_interleave(2, -2),
        "encoder_hidden_states": torch.zeros(1, 5, 8),
        "reference_latents/0": places,
    }

    predicted = WindowedNetwork(network, Windows(8, 4)).predict(x, torch.zeros(1), conditions)

    torch.testing.assert_close(predicted, x.tanh() + places)
    assert [int(seen[CONCAT][0, 0, 0, 0]) for seen in network.seen] == [0, 4, 48, 52]
    for seen in network.seen:
        assert torch.equal(seen["control/0/key/hint"][..., ::2, ::2], seen[CONCAT])
        assert seen["encoder_hidden_states"].shape == (1, 5, 8)
        assert torch.equal(seen["reference_latents/0"], places)


def test_where_windows_differ_the_edge_of_one_counts_less_than_the_middle_of_another() -> None:
    class _Numbered(_Watched):
        def predict(self, x_BChw: Tensor, timestep_B: Tensor, conditions: Mapping[str, Tensor]) -> Tensor:
            super().predict(x_BChw, timestep_B, conditions)
            return torch.full_like(x_BChw, float(len(self.seen)))

    row = WindowedNetwork(_Numbered(), Windows(8, 4)).predict(latent(8, 12), torch.zeros(1), {})[0, 0, 0]

    assert row[:4].tolist() == [1.0] * 4
    assert row[8:].tolist() == [2.0] * 4
    assert row.tolist() == sorted(row.tolist())
    assert 1.0 < float(row[4]) < 1.5 < float(row[7]) < 2.0


def test_sampling_through_windows_is_that_of_the_whole_for_a_pointwise_network() -> None:
    jobs = [
        make_job(network=network, latent_BChw=torch.zeros(1, 4, 8, 20), positive=conditioning(1))
        for network in (_Watched(), WindowedNetwork(_Watched(), Windows(8, 2)))
    ]

    with Batcher() as batcher:
        whole, windowed = (batcher.drive(job) for job in jobs)

    assert relative_error(windowed, whole) < 1e-5


def test_windows_are_part_of_what_may_share_a_forward() -> None:
    network = _Watched()
    keys = {WindowedNetwork(network, windows).batch_key for windows in (Windows(8, 2), Windows(8, 4))}

    assert len(keys) == 2


def test_controls_stand_beside_the_network_behind_the_windows() -> None:
    network = _Steered()

    steered = WindowedNetwork(network, Windows(8, 4)).with_controls({})
    steered.predict(latent(8, 12), torch.zeros(1), {})

    assert len(network.seen) == 2
    with pytest.raises(JobError, match="controls"):
        WindowedNetwork(_Watched(), Windows(8, 4)).with_controls({})


@pytest.mark.parametrize(
    ("size", "overlap", "multiple"), [(8, 5, 1), (8, -2, 1), (9, 2, 2), (8, 3, 2), (0, 0, 1)]
)
def test_windows_that_cannot_be_laid_are_refused(size: int, overlap: int, multiple: int) -> None:
    with pytest.raises(JobError):
        Windows(size, overlap, multiple)
