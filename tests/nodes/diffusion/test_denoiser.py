"""Jobs and their denoisers: regions, step ranges, guidance, inpainting, and the seed of each item."""

from collections.abc import Mapping
from dataclasses import replace

import pytest
import torch
from sampling_toys import (
    SmoothNetwork,
    conditioning,
    make_job,
    prompt,
    relative_error,
    stable_diffusion_space,
)
from torch import Tensor
from weft_nodes.diffusion.batcher import Batcher
from weft_nodes.diffusion.denoiser import Denoiser, SampleJob, split_latent
from weft_nodes.diffusion.errors import ConditioningError, JobError, ScheduleError
from weft_nodes.diffusion.guidance import Guidance
from weft_nodes.diffusion.noise import SeededNoise
from weft_nodes.diffusion.schedules import schedule
from weft_nodes.diffusion.spaces import DiffusionSpace, FlowSpace
from weft_nodes.diffusion.values import Conditioning, Latent, Prompt

CPU = torch.device("cpu")
LEFT = torch.cat([torch.ones(8, 4), torch.zeros(8, 4)], dim=1)
FLOW = FlowSpace()
FLOW_LEVELS = schedule("simple", FLOW, 8)


def _drive(**changes: object) -> Tensor:
    with Batcher() as batcher:
        return batcher.drive(make_job(**changes))


def _rows(job: SampleJob, step: int = 0) -> tuple[Prompt, ...]:
    denoiser = Denoiser(job)
    x = denoiser.begin()
    return denoiser.rows(x, job.sigmas[step], step).prompts


def test_two_masked_halves_of_one_prompt_are_that_prompt() -> None:
    one = prompt(1)
    halves = (
        Conditioning((one,)).with_(mask_hw=LEFT).combined_with(Conditioning((one,)).with_(mask_hw=1 - LEFT))
    )

    assert relative_error(_drive(positive=halves), _drive(positive=Conditioning((one,)))) < 1e-6


def test_a_region_changes_what_lies_inside_it() -> None:
    regions = conditioning(1).with_(mask_hw=LEFT).combined_with(conditioning(5).with_(mask_hw=1 - LEFT))

    assert relative_error(_drive(positive=regions), _drive(positive=conditioning(1))) > 0.01


class _PointwiseNetwork(SmoothNetwork):
    """A network that looks at each pixel alone, so that regions cannot leak."""

    def predict(self, x_BChw: Tensor, timestep_B: Tensor, conditions: Mapping[str, Tensor]) -> Tensor:
        told = conditions["encoder_hidden_states"].mean(dim=(1, 2))[:, None, None, None]
        return torch.tanh(x_BChw) + told + timestep_B[:, None, None, None] / 1e4


def test_inside_its_region_a_prompt_rules_alone() -> None:
    network = _PointwiseNetwork()
    regions = conditioning(1).with_(mask_hw=LEFT).combined_with(conditioning(5).with_(mask_hw=1 - LEFT))

    result = _drive(network=network, positive=regions)

    alone = _drive(network=network, positive=conditioning(1))
    torch.testing.assert_close(result[..., :4], alone[..., :4])


def test_masks_at_picture_resolution_are_averaged_over_latent_pixels() -> None:
    large = LEFT.repeat_interleave(8, 0).repeat_interleave(8, 1)
    regions = [
        conditioning(1).with_(mask_hw=mask).combined_with(conditioning(5).with_(mask_hw=1 - mask))
        for mask in (LEFT, large)
    ]

    assert torch.equal(_drive(positive=regions[0]), _drive(positive=regions[1]))


def test_where_no_region_reaches_all_prompts_count_alike() -> None:
    nowhere = torch.zeros(8, 8)
    lost = conditioning(1).combined_with(conditioning(5)).with_(mask_hw=nowhere)

    everywhere = conditioning(1).combined_with(conditioning(5))
    torch.testing.assert_close(_drive(positive=lost), _drive(positive=everywhere))


def test_strengths_are_shares_of_the_whole() -> None:
    network = _PointwiseNetwork()
    uneven = conditioning(1).with_(strength=3.0).combined_with(conditioning(5).with_(strength=1.0))
    features = [conditioning(seed).entries[0].tensors["encoder_hidden_states"] for seed in (1, 5)]
    blended = Conditioning((Prompt({"encoder_hidden_states": 0.75 * features[0] + 0.25 * features[1]}),))

    # This network answers linearly to its prompt, so blending prompts is blending predictions.
    result = _drive(network=network, positive=uneven)
    torch.testing.assert_close(result, _drive(network=network, positive=blended), rtol=1e-4, atol=1e-5)


def test_a_single_prompt_has_full_effect_at_any_strength() -> None:
    assert torch.equal(_drive(positive=conditioning(1).with_(strength=0.2)), _drive())


def test_prompts_take_turns_over_the_steps() -> None:
    early, late = conditioning(1).with_(end=0.5), conditioning(5).with_(start=0.5)
    job = make_job(positive=early.combined_with(late), negative=None)

    assert _rows(job, 3) == early.entries
    assert _rows(job, 4) == late.entries


def test_prompts_that_take_turns_apply_at_every_step_of_theirs() -> None:
    one, two = (replace(prompt(seed), turn=turn, turns=2) for turn, seed in enumerate((1, 5)))
    job = make_job(positive=Conditioning((one, two)), negative=None)

    assert [_rows(job, step)[0].turn for step in range(4)] == [0, 1, 0, 1]
    assert all(len(_rows(job, step)) == 1 for step in range(4))


def test_turns_that_nobody_takes_are_told() -> None:
    lonely = Conditioning((replace(prompt(1), turn=0, turns=2),))

    with pytest.raises(ConditioningError, match="No positive prompt applies"):
        Denoiser(make_job(positive=lonely))


def test_prompts_that_take_turns_equal_their_own_runs_in_company() -> None:
    # Prompts of different lengths, so that jobs can share a forward at some steps only.
    network = SmoothNetwork()
    alternating = Conditioning(
        (replace(prompt(1), turn=0, turns=2), replace(prompt(5, tokens=12), turn=1, turns=2))
    )
    jobs = [make_job(network=network, positive=alternating, seed=3), make_job(network=network, seed=4)]

    with Batcher() as batcher:
        together = batcher.drive_all(jobs)
        alone = [batcher.drive(job) for job in jobs]

    for one, other in zip(together, alone, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-5, atol=1e-5)


def test_a_gap_between_prompts_is_refused_before_anything_runs() -> None:
    gap = conditioning(1).with_(end=0.4).combined_with(conditioning(5).with_(start=0.6))

    with pytest.raises(ConditioningError, match="50%"):
        Denoiser(make_job(positive=gap))


def test_without_any_positive_prompt_a_job_is_refused() -> None:
    with pytest.raises(ConditioningError):
        Denoiser(make_job(positive=Conditioning(())))


@pytest.mark.parametrize(
    ("changes", "rows"),
    [
        ({}, 2),
        ({"guidance": Guidance(1.0)}, 1),
        ({"negative": None}, 1),
        ({"negative": Conditioning(())}, 1),
        ({"guidance": Guidance(5.0, start=0.5)}, 1),
        ({"positive": conditioning(1).combined_with(conditioning(5))}, 3),
    ],
)
def test_only_rows_that_count_are_evaluated(changes: dict[str, object], rows: int) -> None:
    assert len(_rows(make_job(**changes))) == rows


def test_guidance_outside_its_range_is_the_positive_prompt_alone() -> None:
    never = _drive(guidance=Guidance(5.0, start=0.0, end=0.0))

    torch.testing.assert_close(never, _drive(negative=None))


def test_guidance_joins_raw_predictions_as_written() -> None:
    job = make_job(guidance=Guidance(4.0, rescale=0.5))
    denoiser = Denoiser(job)
    x, sigma = denoiser.begin(), job.sigmas[0]
    outputs = torch.randn(2, 4, 8, 8, generator=torch.Generator().manual_seed(0))

    denoised = denoiser.denoised(outputs, x, sigma, 0)

    plain = outputs[1:] + 4.0 * (outputs[:1] - outputs[1:])
    guided = 0.5 * plain * (outputs[0].std() / plain.std()) + 0.5 * plain
    torch.testing.assert_close(denoised, x - sigma * guided)


@pytest.mark.parametrize("sampler", ["euler", "dpmpp_2m", "lms", "euler_ancestral", "uni_pc", "heun"])
@pytest.mark.parametrize("in_flow", [False, True])
def test_inpainting_keeps_what_lies_outside_the_mask_exactly(sampler: str, *, in_flow: bool) -> None:
    clean = torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(4))
    space = {"space": FLOW, "sigmas": FLOW_LEVELS} if in_flow else {}

    result = _drive(sampler=sampler, latent_BChw=clean, mask_B1hw=LEFT[None, None], start="added", **space)

    assert torch.equal(result[..., 4:], clean[..., 4:])
    assert float((result - clean)[..., :4].abs().mean()) > 0.1


def test_a_full_mask_changes_nothing_about_sampling() -> None:
    masked = _drive(mask_B1hw=torch.ones(1, 1, 8, 8))

    assert torch.equal(masked, _drive())


def test_a_stage_that_leaves_noise_keeps_the_outside_at_that_level() -> None:
    clean = torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(4))
    levels = make_job().sigmas[:5]

    result = _drive(latent_BChw=clean, mask_B1hw=LEFT[None, None], start="added", sigmas=levels)

    noise = SeededNoise(3, (1, 4, 8, 8), CPU)()
    torch.testing.assert_close((result - clean)[..., 4:], levels[-1] * noise[..., 4:])


def test_a_later_stage_may_keep_another_original() -> None:
    original = torch.full((1, 4, 8, 8), 2.0)

    result = _drive(start="none", mask_B1hw=LEFT[None, None], original_BChw=original)

    assert bool((result[..., 4:] == 2.0).all())


def test_a_picture_from_nothing_begins_with_noise_in_the_size_of_training() -> None:
    job = make_job()

    begun = Denoiser(job).begin()

    noise = SeededNoise(3, (1, 4, 8, 8), CPU)()
    torch.testing.assert_close(begun, noise * (job.sigmas[0] ** 2 + 1) ** 0.5)


def test_image_to_image_begins_with_noise_on_the_latent() -> None:
    latent = torch.ones(1, 4, 8, 8)
    job = make_job(latent_BChw=latent, start="added", sigmas=(2.0, 1.0, 0.0))

    noise = SeededNoise(3, (1, 4, 8, 8), CPU)()
    torch.testing.assert_close(Denoiser(job).begin(), latent + 2.0 * noise)


def test_a_later_stage_begins_with_the_latent_as_it_is() -> None:
    latent = torch.full((1, 4, 8, 8), 0.5)

    assert torch.equal(Denoiser(make_job(latent_BChw=latent, start="none")).begin(), latent)


@pytest.mark.parametrize("sampler", ["euler", "heun", "dpm_2", "ddim"])
@pytest.mark.parametrize("at", [1, 4, 7])
def test_a_run_split_in_two_stages_ends_bit_for_bit_where_the_whole_one_does(sampler: str, at: int) -> None:
    levels = make_job().sigmas

    first = _drive(sampler=sampler, sigmas=levels[: at + 1])
    second = _drive(sampler=sampler, sigmas=levels[at:], latent_BChw=first, start="none")

    assert torch.equal(second, _drive(sampler=sampler))


@pytest.mark.parametrize("sampler", ["euler_ancestral", "ddpm", "lcm"])
def test_a_split_stochastic_run_goes_on_with_its_noise(sampler: str) -> None:
    levels = make_job().sigmas

    first = _drive(sampler=sampler, sigmas=levels[:5])
    # One draw for the initial noise, and one for each of four steps.
    second = _drive(sampler=sampler, sigmas=levels[4:], latent_BChw=first, start="none", skipped_draws=5)

    assert torch.equal(second, _drive(sampler=sampler))


def test_a_job_without_steps_returns_its_latent() -> None:
    latent = torch.full((1, 4, 8, 8), 0.5)

    assert torch.equal(_drive(latent_BChw=latent, sigmas=(0.0,), start="added"), latent)


def test_item_k_of_a_batch_equals_a_single_run_at_seed_plus_k() -> None:
    batch = Latent(torch.zeros(3, 4, 8, 8), "sd")
    jobs = split_latent(batch, 40, lambda item, seed: make_job(latent_BChw=item.samples_BChw, seed=seed))

    with Batcher(exact=True, max_rows=8) as batcher:
        together = batcher.drive_all(jobs)
        alone = batcher.drive(make_job(seed=42))

    assert torch.equal(together[2], alone)


def test_an_item_taken_out_of_a_batch_keeps_its_seed() -> None:
    item = Latent(torch.zeros(4, 4, 8, 8), "sd").item(3)

    (job,) = split_latent(item, 40, lambda one, seed: make_job(latent_BChw=one.samples_BChw, seed=seed))

    assert job.seed == 43


@pytest.mark.parametrize(
    "changes",
    [
        {"latent_BChw": torch.zeros(2, 4, 8, 8)},
        {"latent_BChw": torch.zeros(4, 8)},
        {"mask_B1hw": torch.ones(1, 1, 4, 4)},
        {"mask_B1hw": torch.ones(2, 1, 8, 8)},
        {"original_BChw": torch.ones(1, 4, 4, 4)},
    ],
)
def test_a_job_whose_shapes_do_not_fit_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(JobError):
        make_job(**changes)


@pytest.mark.parametrize("sigmas", [(), (1.0, 1.0), (1.0, 2.0, 0.0), (1.0, -1.0)])
def test_levels_that_do_not_fall_are_refused(sigmas: tuple[float, ...]) -> None:
    with pytest.raises(ScheduleError):
        make_job(sigmas=sigmas)


def test_levels_of_another_space_are_refused() -> None:
    with pytest.raises(ScheduleError, match=r"14\.6"):
        make_job(space=FLOW)


def test_a_job_knows_its_steps() -> None:
    assert make_job().steps == 8


@pytest.mark.parametrize("prediction", ["epsilon", "v_prediction", "sample"])
def test_every_prediction_samples_to_something_finite(prediction: str) -> None:
    space = DiffusionSpace(stable_diffusion_space().sigmas, prediction)  # type: ignore[arg-type]

    assert bool(_drive(space=space).isfinite().all())


def test_equal_questions_have_equal_identities_and_others_do_not() -> None:
    changes: list[dict[str, object]] = [
        {},
        {"positive": conditioning(1)},
        {"positive": conditioning(9)},
        {"guidance": Guidance(3.5)},
        {"negative": None},
        {"network": SmoothNetwork("other")},
        {"mask_B1hw": LEFT[None, None]},
        {"positive": conditioning(1).combined_with(conditioning(5))},
    ]
    denoisers = [Denoiser(make_job(**change)) for change in changes]
    for denoiser in denoisers:
        denoiser.begin()

    identities = [denoiser.identity(0) for denoiser in denoisers]

    assert identities[0] == identities[1]
    assert len(set(identities)) == len(changes) - 1
