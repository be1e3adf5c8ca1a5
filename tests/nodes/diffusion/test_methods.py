"""Guidance methods against their formulas written out by hand, and against the guiders of diffusers."""

import pytest
import torch
from diffusers import guiders
from diffusers.guiders.magnitude_aware_guidance import mambo_guidance
from sampling_toys import conditioning
from weft_nodes.diffusion.errors import JobError
from weft_nodes.diffusion.methods import (
    DynamicThreshold,
    KeptLength,
    MagnitudeAware,
    Memory,
    Methods,
    PerpNeg,
    PictureScale,
    Projection,
    Sides,
    Tangential,
    Weakening,
    ZeroStar,
)


def predictions(seed: int = 0, count: int = 3) -> tuple[torch.Tensor, ...]:
    generator = torch.Generator().manual_seed(seed)
    return tuple(torch.randn(count, 1, 4, 8, 8, generator=generator, dtype=torch.float64))


def sides(positive: list[float], negative: list[float], neutral: list[float] | None = None) -> Sides:
    """Predictions of a latent of one channel and one row."""
    as_latent = [
        None if values is None else torch.tensor(values, dtype=torch.float64)[None, None, None]
        for values in (positive, negative, neutral)
    ]
    return Sides(*as_latent)  # type: ignore[arg-type]


def values(tensor: torch.Tensor) -> list[float]:
    return [round(float(number), 9) for number in tensor.flatten()]


def test_cfg_zero_takes_the_multiple_of_the_negative_that_is_nearest_to_the_positive() -> None:
    positive, negative, _ = sides([3.0, 4.0], [1.0, 0.0])

    corrected = ZeroStar().correct(positive, negative)

    assert values(corrected) == pytest.approx([3.0, 0.0])


def test_cfg_zero_equals_diffusers_guider() -> None:
    positive, negative, _ = predictions()
    guider = guiders.ClassifierFreeZeroStarGuidance(guidance_scale=4.0, zero_init_steps=0)
    guider.set_state(step=1, num_inference_steps=10, timestep=torch.tensor(500))

    corrected = ZeroStar().correct(positive, negative)

    expected = guider.forward(positive, negative).pred
    torch.testing.assert_close(torch.lerp(corrected, positive, 4.0), expected, atol=1e-5, rtol=1e-5)


def test_tangential_damping_keeps_the_direction_that_both_share_most() -> None:
    # The rows (2, 0) and (0, 1): the longer one is the first singular direction, and nothing is shared.
    positive, negative, _ = sides([2.0, 0.0], [0.0, 1.0])

    assert values(Tangential().correct(positive, negative)) == pytest.approx([0.0, 0.0])


def test_tangential_damping_leaves_what_is_parallel() -> None:
    positive, negative, _ = sides([3.0, 6.0], [1.0, 2.0])

    assert values(Tangential().correct(positive, negative)) == pytest.approx([1.0, 2.0])


def test_tangential_damping_equals_diffusers_guider() -> None:
    positive, negative, _ = (part.float() for part in predictions())
    guider = guiders.TangentialClassifierFreeGuidance(guidance_scale=5.0)
    guider.set_state(step=1, num_inference_steps=10, timestep=torch.tensor(500))

    corrected = Tangential().correct(positive, negative)

    expected = guider.forward(positive, negative).pred
    torch.testing.assert_close(torch.lerp(corrected, positive, 5.0), expected, atol=1e-4, rtol=1e-4)


def test_projection_drops_what_lies_along_the_positive_prediction() -> None:
    found = sides([2.0, 0.0], [1.0, -3.0])

    guided = Projection(eta=0.0, threshold=0.0, momentum=0.0).join(found, 5.0, Memory())

    # The difference is (1, 3); along (2, 0) lies (1, 0).
    assert values(guided) == pytest.approx([2.0, 0.0 + 4.0 * 3.0])


def test_projection_keeps_a_share_of_what_lies_along_the_positive_prediction() -> None:
    found = sides([2.0, 0.0], [1.0, -3.0])

    guided = Projection(eta=0.5, threshold=0.0, momentum=0.0).join(found, 5.0, Memory())

    assert values(guided) == pytest.approx([2.0 + 4.0 * 0.5, 12.0])


def test_projection_shortens_long_differences() -> None:
    found = sides([0.0, 1.0], [-3.0, -3.0])

    guided = Projection(eta=1.0, threshold=1.0, momentum=0.0).join(found, 2.0, Memory())

    # The difference (3, 4) is of length 5.
    assert values(guided) == pytest.approx([0.6, 1.8])


def test_projection_carries_its_momentum_from_step_to_step() -> None:
    memory = Memory()
    method = Projection(eta=1.0, threshold=0.0, momentum=-0.5)
    first, second, third = sides([4.0], [0.0]), sides([4.0], [3.0]), sides([4.0], [2.0])

    guided = [values(method.join(step, 2.0, memory))[0] for step in (first, second, third)]

    # Averages: 4, then 1 - 2 = -1, then 2 + 0.5 = 2.5.
    assert guided == pytest.approx([8.0, 3.0, 6.5])


def test_without_eta_threshold_and_momentum_projection_is_plain_guidance() -> None:
    positive, negative, _ = predictions()

    guided = Projection(1.0, 0.0, 0.0).join(Sides(positive, negative), 7.0, Memory())

    torch.testing.assert_close(guided, negative + 7.0 * (positive - negative))


@pytest.mark.parametrize("eta", [0.0, 0.3, 1.0])
@pytest.mark.parametrize(("threshold", "momentum"), [(0.0, 0.0), (5.0, -0.5), (15.0, 0.3)])
def test_projection_equals_diffusers_guider_over_several_steps(
    eta: float, threshold: float, momentum: float
) -> None:
    guider = guiders.AdaptiveProjectedGuidance(
        guidance_scale=6.0,
        adaptive_projected_guidance_momentum=momentum,
        adaptive_projected_guidance_rescale=threshold,
        eta=eta,
        use_original_formulation=True,
    )
    method, memory = Projection(eta, threshold, momentum), Memory()
    for step in range(3):
        positive, negative, _ = predictions(step)
        guider.set_state(step=step, num_inference_steps=3, timestep=torch.tensor(500))
        guider.prepare_inputs({"x": (positive, negative)})

        # The paper's own scale counts from the positive prediction, ours from the negative one.
        guided = method.join(Sides(positive, negative), 7.0, memory)

        torch.testing.assert_close(guided, guider.forward(positive, negative).pred)


def test_magnitude_aware_guidance_follows_its_formula() -> None:
    found = sides([0.0, 2.0], [0.0, 1.0])

    guided = MagnitudeAware(alpha=2.0).join(found, 5.0, Memory())

    scale = 1.0 + 4.0 * torch.exp(torch.tensor(-2.0, dtype=torch.float64))
    assert values(guided) == pytest.approx([0.0, 1.0 + float(scale)])


def test_magnitude_aware_guidance_equals_diffusers_function() -> None:
    positive, negative, _ = predictions()

    guided = MagnitudeAware(3.0).join(Sides(positive, negative), 6.0, Memory())

    # Their function takes no more than two axes.
    expected = mambo_guidance(positive.flatten(1), negative.flatten(1), 6.0, 3.0)
    torch.testing.assert_close(guided.flatten(1), expected)


def test_perp_neg_takes_only_the_part_at_a_right_angle() -> None:
    found = sides([3.0, 1.0], [4.0, 3.0], [1.0, 1.0])

    guided = PerpNeg(conditioning(1), strength=0.5).join(found, 2.0, Memory())

    # Measured from the neutral (1, 1): positive (2, 0), negative (3, 2), of which (0, 2) is at a right angle.
    assert values(guided) == pytest.approx([1.0 + 2.0 * 2.0, 1.0 + 2.0 * (0.0 - 0.5 * 2.0)])


def test_perp_neg_forgives_a_negative_prompt_that_equals_the_positive_one() -> None:
    positive, _, neutral = predictions()

    guided = PerpNeg(conditioning(1)).join(Sides(positive, positive, neutral), 3.0, Memory())

    torch.testing.assert_close(guided, neutral + 3.0 * (positive - neutral))


def test_perp_neg_without_a_neutral_prediction_is_refused() -> None:
    positive, negative, _ = predictions()

    with pytest.raises(JobError, match="neutral"):
        PerpNeg(conditioning(1)).join(Sides(positive, negative), 3.0, Memory())


def test_guidance_by_a_picture_goes_towards_the_picture_and_towards_the_words() -> None:
    found = sides([3.0, 1.0], [2.0, 3.0], [1.0, 1.0])

    guided = PictureScale(1.5).join(found, 4.0, Memory())

    assert values(guided) == pytest.approx([1.0 + 4.0 * 1.0 + 1.5 * 1.0, 1.0 + 4.0 * -2.0 + 1.5 * 2.0])
    assert Methods(update=PictureScale()).hides_pictures
    assert not Methods(update=PerpNeg(conditioning(1))).hides_pictures


def test_guidance_by_a_picture_needs_the_prediction_without_it() -> None:
    positive, negative, _ = predictions()

    with pytest.raises(JobError, match="without it"):
        PictureScale().join(Sides(positive, negative), 3.0, Memory())


@pytest.mark.parametrize("update", [PictureScale(), PerpNeg(conditioning(1)), Projection()])
def test_only_methods_with_three_sides_act_at_the_scale_1(update: PictureScale) -> None:
    assert Methods(update=update).always_acts == (not isinstance(update, Projection))


def test_dynamic_thresholding_scales_to_the_range_of_the_lower_scale() -> None:
    found = sides([-1.0, 0.0, 0.0, 1.0], [0.0, 0.0, 0.0, 0.0])
    guided = torch.lerp(found.negative, found.positive, 10.0)

    limited = DynamicThreshold(mimic_scale=2.0, percentile=1.0).limit(guided, found)

    assert values(limited) == pytest.approx([-2.0, 0.0, 0.0, 2.0])


def test_dynamic_thresholding_cuts_what_lies_beyond_the_percentile() -> None:
    found = sides([-4.0, -2.0, 0.0, 2.0, 4.0], [0.0] * 5)
    guided = torch.tensor([-100.0, -2.0, 0.0, 2.0, 100.0], dtype=torch.float64).reshape(1, 1, 1, 5)

    limited = DynamicThreshold(mimic_scale=1.0, percentile=0.5).limit(guided, found)

    # The median of the magnitudes is 2, but the lower scale reaches 4 anyway: cut there, and not scaled.
    assert values(limited) == pytest.approx([-4.0, -2.0, 0.0, 2.0, 4.0])


def test_places_that_guidance_made_longer_are_as_long_as_in_the_positive_prediction() -> None:
    # Two channels of three places: the first becomes longer, the second shorter, the third is nothing.
    positive, guided = (
        torch.tensor(channels, dtype=torch.float64).reshape(1, 2, 1, 3)
        for channels in ([[3.0, 3.0, 0.0], [4.0, 4.0, 0.0]], [[6.0, 0.0, 0.0], [8.0, 2.5, 0.0]])
    )

    limited = KeptLength().limit(guided, Sides(positive, positive))
    weaker = KeptLength(0.5).limit(guided, Sides(positive, positive))

    assert values(limited) == pytest.approx([3.0, 0.0, 0.0, 4.0, 2.5, 0.0])
    assert values(weaker) == pytest.approx([1.5, 0.0, 0.0, 2.0, 1.25, 0.0])


def test_dynamic_thresholding_keeps_the_mean_of_each_channel() -> None:
    positive, negative, _ = predictions()
    guided = torch.lerp(negative, positive, 20.0)

    limited = DynamicThreshold(5.0, 1.0).limit(guided, Sides(positive, negative))

    torch.testing.assert_close(limited.mean(dim=(2, 3)), guided.mean(dim=(2, 3)))


@pytest.mark.parametrize(
    "make",
    [
        lambda: ZeroStar(-1),
        lambda: Projection(threshold=-1.0),
        lambda: Projection(momentum=1.0),
        lambda: MagnitudeAware(-0.1),
        lambda: PerpNeg(conditioning(1), -1.0),
        lambda: DynamicThreshold(percentile=1.1),
        lambda: KeptLength(0.0),
        lambda: Weakening(-1.0),
        lambda: Weakening(1.0, 0.6, 0.5),
    ],
)
def test_methods_out_of_bounds_are_refused(make: object) -> None:
    with pytest.raises(JobError):
        make()  # type: ignore[operator]


def test_no_methods_are_plain_and_need_nothing() -> None:
    methods = Methods()

    assert methods.is_plain
    assert not methods.needs_negative
    assert methods.neutral is None


def test_a_weakening_alone_needs_no_negative_prompt() -> None:
    methods = Methods(weakenings=(Weakening(),))

    assert not methods.is_plain
    assert not methods.needs_negative


def test_only_methods_written_for_denoised_latents_act_on_them() -> None:
    assert Methods(update=Projection()).acts_on_denoised
    assert Methods(limit=DynamicThreshold()).acts_on_denoised
    assert not Methods(update=MagnitudeAware(), correction=ZeroStar()).acts_on_denoised
