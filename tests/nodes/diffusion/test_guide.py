"""The guide of a job: methods in their order, alone and in company, and plain guidance unchanged."""

import pytest
import torch
from sampling_toys import SmoothNetwork, conditioning, make_job
from torch import Tensor
from weft_nodes.diffusion.batcher import Batcher
from weft_nodes.diffusion.denoiser import SampleJob
from weft_nodes.diffusion.errors import JobError
from weft_nodes.diffusion.guidance import Guidance
from weft_nodes.diffusion.guide import Guide
from weft_nodes.diffusion.methods import (
    DynamicThreshold,
    KeptLength,
    MagnitudeAware,
    Memory,
    Methods,
    PerpNeg,
    Projection,
    Sides,
    Tangential,
    Weakening,
    ZeroStar,
)
from weft_nodes.diffusion.trajectories import TrajectoryCache


class Halved(SmoothNetwork):
    """A weakened network: it predicts half of what the other does."""

    def predict(self, x_BChw: Tensor, timestep_B: Tensor, conditions: object) -> Tensor:
        """Predict half."""
        return 0.5 * super().predict(x_BChw, timestep_B, conditions)  # type: ignore[arg-type]


ALL = {
    "apg": Methods(update=Projection(threshold=2.0)),
    "cfg zero": Methods(correction=ZeroStar()),
    "tangential": Methods(correction=Tangential()),
    "magnitude": Methods(update=MagnitudeAware(1.0)),
    "perp neg": Methods(update=PerpNeg(conditioning(9))),
    "threshold": Methods(limit=DynamicThreshold(2.0)),
    "length": Methods(limit=KeptLength()),
    "weakened": Methods(weakenings=(Weakening(2.0),)),
    "together": Methods(ZeroStar(0), Projection(), DynamicThreshold(5.0), (Weakening(1.0), Weakening(2.0))),
}


def job(methods: Methods, **changes: object) -> SampleJob:
    """A job on a network with as many weakened ones as its methods want."""
    weakened = tuple(Halved(f"weak {place}") for place, _ in enumerate(methods.weakenings))
    return make_job(guidance=Guidance(4.0, methods=methods), weakened=weakened, **changes)


def drive(found: SampleJob) -> Tensor:
    with Batcher() as batcher:
        return batcher.drive(found)


def test_a_guide_without_methods_would_do_as_plain_guidance_does() -> None:
    guidance = Guidance(5.0, rescale=0.4)
    positive, negative = torch.randn(2, 1, 4, 8, 8)

    guided = Guide(guidance).denoised(positive, [negative], [], lambda output: output, step=0)

    assert guided.equal(guidance.combine(positive, negative))


@pytest.mark.parametrize("name", ALL)
def test_every_method_changes_the_picture_and_stays_finite(name: str) -> None:
    sampled = drive(job(ALL[name]))

    assert sampled.isfinite().all()
    assert not torch.allclose(sampled, drive(make_job(guidance=Guidance(4.0))))


@pytest.mark.parametrize("name", ALL)
def test_company_changes_no_method_and_nobody_beside_it(name: str) -> None:
    jobs = [job(ALL[name], seed=seed) for seed in range(3)]
    jobs += [make_job(seed=7), job(ALL["apg"], seed=8, sampler="dpmpp_2m")]
    with Batcher() as batcher:
        together = batcher.drive_all(jobs)

    for result, alone in zip(together, jobs, strict=True):
        torch.testing.assert_close(result, drive(alone), atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("name", ALL)
def test_with_padded_forwards_company_changes_no_bit(name: str) -> None:
    jobs = [job(ALL[name], seed=seed) for seed in range(3)]
    with Batcher(max_rows=4, exact=True) as batcher:
        together = batcher.drive_all(jobs)
        alone = [batcher.drive(one) for one in jobs]

    assert all(one.equal(other) for one, other in zip(together, alone, strict=True))


@pytest.mark.parametrize("name", ALL)
def test_the_same_job_twice_remembers_nothing_of_the_first_time(name: str) -> None:
    found = job(ALL[name])
    with Batcher(trajectories=TrajectoryCache(1 << 24)) as batcher:
        first, second = batcher.drive(found), batcher.drive(found)

    assert first.equal(second)


def test_a_batch_of_items_is_guided_item_by_item_with_regions() -> None:
    mask = torch.zeros(8, 8)
    mask[:, :4] = 1
    left, right = conditioning(1).with_(mask_hw=mask), conditioning(1).with_(mask_hw=1 - mask)
    methods = ALL["together"]

    regions = drive(job(methods, positive=left.combined_with(right)))

    torch.testing.assert_close(regions, drive(job(methods, positive=conditioning(1))), atol=1e-5, rtol=1e-5)


def test_a_weakened_network_is_left_by_the_scale_times_the_difference() -> None:
    weakening = Weakening(3.0)
    guide = Guide(Guidance(4.0, methods=Methods(weakenings=(weakening,))))
    positive, negative, weak = torch.randn(3, 1, 4, 8, 8)

    guided = guide.denoised(positive, [negative], [(0, weak)], lambda output: output, step=0)

    torch.testing.assert_close(guided, negative + 4.0 * (positive - negative) + 3.0 * (positive - weak))


def test_weakened_networks_are_asked_in_their_range_of_steps_only() -> None:
    weak = Halved("weak")
    methods = Methods(weakenings=(Weakening(1.0, 0.25, 0.5),))
    drive(make_job(guidance=Guidance(3.0, methods=methods), weakened=(weak,)))

    # Steps 2 and 3 of 8, one row each.
    assert weak.calls == [1, 1]


def test_weakened_networks_guide_without_a_negative_prompt() -> None:
    methods = Methods(weakenings=(Weakening(2.0),))
    found = make_job(negative=None, guidance=Guidance(1.0, methods=methods), weakened=(Halved("weak"),))

    # Away from half of a prediction by 2 is twice the prediction.
    doubled = make_job(negative=None, network=_Doubled())
    torch.testing.assert_close(drive(found), drive(doubled), atol=1e-5, rtol=1e-5)


class _Doubled(SmoothNetwork):
    def predict(self, x_BChw: Tensor, timestep_B: Tensor, conditions: object) -> Tensor:
        return 2.0 * super().predict(x_BChw, timestep_B, conditions)  # type: ignore[arg-type]


def test_zero_steps_predict_nothing() -> None:
    guide = Guide(Guidance(4.0, methods=Methods(correction=ZeroStar(2))))
    positive, negative = torch.randn(2, 1, 4, 8, 8)

    guided = [guide.denoised(positive, [negative], [], lambda out: out + 1.0, step=step) for step in (1, 2)]

    assert guided[0].equal(torch.ones(1, 4, 8, 8))
    assert not guided[1].equal(guided[0])


def test_projection_acts_on_denoised_latents() -> None:
    method = Projection()
    positive, negative = torch.randn(2, 1, 4, 8, 8)

    guided = Guide(Guidance(4.0, methods=Methods(update=method))).denoised(
        positive, [negative], [], lambda output: 3.0 - 2.0 * output, step=0
    )

    denoised = Sides(3.0 - 2.0 * positive, 3.0 - 2.0 * negative)
    torch.testing.assert_close(guided, method.join(denoised, 4.0, Memory()))


def test_outside_its_interval_guidance_asks_for_the_positive_prompt_alone() -> None:
    network = SmoothNetwork()
    guidance = Guidance(4.0, start=0.25, end=0.5, methods=ALL["perp neg"])

    drive(make_job(network=network, guidance=guidance))

    assert network.calls == [1, 1, 3, 3, 1, 1, 1, 1]


def test_methods_that_need_a_negative_prompt_say_so() -> None:
    with pytest.raises(JobError, match="negative prompt"):
        job(ALL["apg"], negative=None)


def test_a_weakening_without_its_network_is_refused() -> None:
    with pytest.raises(JobError, match="networks"):
        make_job(guidance=Guidance(4.0, methods=Methods(weakenings=(Weakening(),))))
