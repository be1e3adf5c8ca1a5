"""Guidance on wires: methods join where their places are free, and each weakening brings its network."""

import pytest
from sampling_toys import conditioning
from weft_nodes.diffusion.errors import GuidanceClashError, JobError
from weft_nodes.diffusion.guidance import Guidance
from weft_nodes.diffusion.methods import (
    DynamicThreshold,
    MagnitudeAware,
    Methods,
    PerpNeg,
    Projection,
    Tangential,
    Weakening,
    ZeroStar,
)
from weft_nodes.models.attention_patches import PerturbedAttention, SmoothedAttention
from weft_nodes.models.guiding import Guiding
from weft_nodes.models.handles import Model, Weights

MODEL = Model("sd15", "sd", Weights("content", "path"))


def test_methods_of_different_places_join_in_any_order() -> None:
    parts = (
        Methods(correction=ZeroStar()),
        Methods(update=Projection()),
        Methods(limit=DynamicThreshold()),
    )
    forth, back = Guiding(), Guiding()
    for part in parts:
        forth = forth.and_also(part)
    for part in reversed(parts):
        back = back.and_also(part)

    assert forth == back
    assert forth.methods == Methods(ZeroStar(), Projection(), DynamicThreshold())


@pytest.mark.parametrize(
    ("first", "second", "both"),
    [
        (Methods(update=Projection()), Methods(update=MagnitudeAware()), "joins the predictions"),
        (Methods(correction=ZeroStar()), Methods(correction=Tangential()), "changes the negative prediction"),
        (Methods(limit=DynamicThreshold()), Methods(limit=DynamicThreshold(2.0)), "limits the result"),
    ],
)
def test_two_methods_for_one_place_clash(first: Methods, second: Methods, both: str) -> None:
    with pytest.raises(GuidanceClashError, match=both):
        Guiding().and_also(first).and_also(second)


@pytest.mark.parametrize("swapped", [False, True])
def test_perp_neg_clashes_with_what_changes_the_negative_prediction(*, swapped: bool) -> None:
    first, second = Methods(update=PerpNeg(conditioning(1))), Methods(correction=ZeroStar())
    if swapped:
        first, second = second, first

    with pytest.raises(GuidanceClashError, match="negative"):
        Guiding().and_also(first).and_also(second)


def test_each_weakening_brings_a_network_of_its_own() -> None:
    guiding = (
        Guiding()
        .and_away_from(PerturbedAttention(), Weakening(1.0))
        .and_also(Methods(update=Projection()))
        .and_away_from(SmoothedAttention(), Weakening(2.0))
    )

    weakened = guiding.weakened(MODEL)

    assert weakened == (MODEL.with_patches(PerturbedAttention()), MODEL.with_patches(SmoothedAttention()))
    assert len({model.key for model in (MODEL, *weakened)}) == 3
    assert [weakening.scale for weakening in guiding.methods.weakenings] == [1.0, 2.0]


def test_patches_of_the_model_stay_on_its_weakened_networks() -> None:
    smoothed = MODEL.with_patches(SmoothedAttention())

    (weakened,) = Guiding().and_away_from(PerturbedAttention(), Weakening()).weakened(smoothed)

    assert weakened == MODEL.with_patches(SmoothedAttention(), PerturbedAttention())


def test_without_methods_guidance_is_what_it_was() -> None:
    guidance = Guidance(5.0, 0.3, 0.1, 0.9)

    assert Guiding().applied_to(guidance) == guidance


def test_guidance_applies_in_the_steps_that_both_ranges_include() -> None:
    applied = Guiding(start=0.3, end=0.8).applied_to(Guidance(5.0, start=0.1, end=0.6))

    assert (applied.start, applied.end) == (0.3, 0.6)


def test_ranges_without_a_common_step_are_refused() -> None:
    with pytest.raises(JobError):
        Guiding(start=0.7, end=1.0).applied_to(Guidance(5.0, start=0.0, end=0.5))
