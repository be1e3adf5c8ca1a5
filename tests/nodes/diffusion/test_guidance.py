"""Classifier-free guidance against its written formulas."""

import pytest
import torch
from weft_nodes.diffusion.errors import JobError
from weft_nodes.diffusion.guidance import Guidance, applies


def _predictions() -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    positive, negative = torch.randn(2, 1, 4, 8, 8, generator=generator, dtype=torch.float64)
    return positive, negative


@pytest.mark.parametrize("scale", [0.0, 0.5, 1.0, 7.5, 30.0])
def test_guidance_goes_from_negative_to_positive_and_beyond(scale: float) -> None:
    positive, negative = _predictions()

    guided = Guidance(scale).combine(positive, negative)

    torch.testing.assert_close(guided, negative + scale * (positive - negative))


def test_rescaling_follows_the_paper() -> None:
    positive, negative = _predictions()

    guided = Guidance(7.5, rescale=0.7).combine(positive, negative)

    # Lin et al. 2023, equations 15 and 16.
    plain = negative + 7.5 * (positive - negative)
    rescaled = plain * positive.std() / plain.std()
    torch.testing.assert_close(guided, 0.7 * rescaled + 0.3 * plain)


def test_guidance_may_keep_the_length_of_every_token() -> None:
    positive, negative = _predictions()

    guided = Guidance(4.0, token=2).combine(positive, negative)

    def tokens(x: torch.Tensor) -> torch.Tensor:
        return x.unfold(2, 2, 2).unfold(3, 2, 2).transpose(1, 3).flatten(3)

    plain = tokens(negative + 4.0 * (positive - negative))
    kept = plain * tokens(positive).norm(dim=-1, keepdim=True) / plain.norm(dim=-1, keepdim=True)
    torch.testing.assert_close(tokens(guided), kept)


def test_a_token_without_length_stays_so() -> None:
    nothing = torch.zeros(1, 4, 2, 2)

    assert Guidance(4.0, token=2).combine(nothing, nothing).equal(nothing)


def test_full_rescaling_gives_the_contrast_of_the_positive_prediction() -> None:
    positive, negative = _predictions()

    guided = Guidance(7.5, rescale=1.0).combine(positive, negative)

    torch.testing.assert_close(guided.std(), positive.std())


def test_items_of_a_batch_are_rescaled_each_by_itself() -> None:
    positive, negative = _predictions()
    two = torch.cat([positive, 5 * positive]), torch.cat([negative, negative])
    guidance = Guidance(4.0, rescale=0.5)

    together = guidance.combine(*two)

    torch.testing.assert_close(together[:1], guidance.combine(positive, negative))


def test_a_scale_of_one_needs_no_negative_prediction() -> None:
    assert not Guidance(1.0).is_active(0.5)


@pytest.mark.parametrize(
    ("share", "is_active"), [(0.0, False), (0.2, True), (0.5, True), (0.6, False), (0.9, False)]
)
def test_guidance_keeps_to_its_range_of_steps(share: float, *, is_active: bool) -> None:
    assert Guidance(5.0, start=0.2, end=0.6).is_active(share) is is_active


def test_an_end_of_one_includes_the_last_step() -> None:
    assert applies(0.0, 1.0, 1.0)


@pytest.mark.parametrize(
    ("rescale", "start", "end"), [(1.1, 0.0, 1.0), (-0.1, 0.0, 1.0), (0.0, 0.5, 0.4), (0.0, 0.0, 2.0)]
)
def test_guidance_out_of_bounds_is_refused(rescale: float, start: float, end: float) -> None:
    with pytest.raises(JobError):
        Guidance(7.0, rescale=rescale, start=start, end=end)
