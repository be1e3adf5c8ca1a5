"""Controls become inputs of the rows they apply to, and of no others."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import pytest
import torch
from sampling_toys import SmoothNetwork, conditioning, make_job
from torch import Tensor
from weft_nodes.diffusion.batcher import Batcher
from weft_nodes.diffusion.controls import plane_mask, sequence_mask, split_images, split_inputs, token_mask
from weft_nodes.diffusion.denoiser import Denoiser, SampleJob
from weft_nodes.diffusion.errors import ConditioningError
from weft_nodes.diffusion.values import Conditioning, Control, ImagePrompt, Prompt

LEFT = torch.cat([torch.ones(8, 4), torch.zeros(8, 4)], dim=1)


@dataclass(frozen=True)
class Net:
    """The handle of a control network."""

    key: str


class SteeredNetwork(SmoothNetwork):
    """Adds the mean of each hint, weighed, to what it predicts."""

    def predict(self, x_BChw: Tensor, timestep_B: Tensor, conditions: Mapping[str, Tensor]) -> Tensor:
        controls, others = split_inputs(conditions)
        predicted = super().predict(x_BChw, timestep_B, others)
        for control in controls:
            hint_BCHW = control.hint_BCHW.mean(dim=(1, 2, 3), keepdim=True).expand_as(predicted)
            predicted = predicted + control.scaled(hint_BCHW, control.mask_B1hw)
        return predicted


def control(shade: float = 1.0, *, key: str = "edges", **changes: object) -> Control:
    """A control by a grey picture of 64 x 64."""
    return replace(Control(Net(key), torch.full((1, 3, 64, 64), shade), cell=8), **changes)  # type: ignore[arg-type]


def steered(*controls: Control, seed: int = 1) -> Conditioning:
    """A random prompt under some controls."""
    found = conditioning(seed)
    for one in controls:
        found = found.controlled_by(one)
    return found


def rows(job: SampleJob, step: int = 0) -> tuple[Prompt, ...]:
    """The prompts that the network is asked at a step."""
    denoiser = Denoiser(job)
    return denoiser.rows(denoiser.begin(), job.sigmas[step], step).prompts


def strengths(prompt: Prompt) -> list[float]:
    """The strengths of a row's controls, in their order."""
    return [float(one.strength_B) for one in split_inputs(prompt.tensors)[0]]


def test_controls_stand_in_their_order_beside_what_the_prompt_says() -> None:
    positive, _ = rows(make_job(positive=steered(control(strength=0.5), control(key="depth", strength=0.25))))
    controls, others = split_inputs(positive.tensors)

    assert [(one.key, float(one.strength_B)) for one in controls] == [("edges", 0.5), ("depth", 0.25)]
    assert list(others) == ["encoder_hidden_states"]


def test_a_negative_prompt_is_steered_like_the_positive_one_unless_it_has_its_own() -> None:
    positive = steered(control(strength=0.5))
    follows = rows(make_job(positive=positive))[1]
    own = rows(make_job(positive=positive, negative=steered(control(strength=0.25), seed=2)))[1]

    assert strengths(follows) == [0.5]
    assert strengths(own) == [0.25]


def test_one_control_on_two_prompts_steers_the_negative_prompt_once() -> None:
    # As they come from a file: equal, but no longer the same.
    positive = steered(control()).combined_with(steered(control(), seed=5))

    assert strengths(rows(make_job(positive=positive))[2]) == [1.0]


def test_a_negative_prompt_is_steered_where_the_region_of_the_positive_one_is() -> None:
    positive = steered(control()).with_(mask_hw=LEFT).combined_with(conditioning(5).with_(mask_hw=1 - LEFT))
    (found,) = split_inputs(rows(make_job(positive=positive))[2].tensors)[0]

    assert found.mask_B1hw is not None
    assert torch.equal(found.mask_B1hw[0, 0], LEFT)


def test_a_control_applies_in_its_steps_alone() -> None:
    job = make_job(positive=steered(control(start=0.25, end=0.5)))

    assert [len(strengths(rows(job, step)[0])) for step in range(8)] == [0, 0, 1, 1, 0, 0, 0, 0]


def test_jobs_under_different_controls_keep_apart_and_under_equal_networks_share() -> None:
    network = SteeredNetwork()
    jobs = [
        make_job(network=network, positive=steered(one), seed=place)
        for place, one in enumerate([control(), control(0.5, strength=0.3), control(key="depth")])
    ]
    with Batcher() as batcher:
        alone = [batcher.drive(job) for job in jobs]
        network.calls.clear()
        together = batcher.drive_all(jobs)

    assert set(network.calls) == {2, 4}
    for ours, theirs in zip(together, alone, strict=True):
        torch.testing.assert_close(ours, theirs)


def test_a_mask_limits_a_control_to_a_part() -> None:
    with Batcher() as batcher:
        free, masked = (
            batcher.drive(make_job(network=SteeredNetwork(), positive=positive, sigmas=(1.0, 0.0)))
            for positive in (steered(), steered(control(mask_hw=LEFT)))
        )

    assert torch.equal(free[..., 4:], masked[..., 4:])
    assert bool((free[..., :4] != masked[..., :4]).all())


def test_masks_are_averaged_over_residuals_of_planes_and_of_tokens() -> None:
    mask_B1hw = LEFT[None, None]

    assert plane_mask(mask_B1hw, (2, 2)).tolist() == [[[[1.0, 0.0], [1.0, 0.0]]]]  # type: ignore[union-attr]
    assert token_mask(mask_B1hw, 4).tolist() == [[[1.0], [0.0], [1.0], [0.0]]]  # type: ignore[union-attr]
    assert plane_mask(None, (2, 2)) is None
    assert token_mask(None, 4) is None


def picture(*, strength: float = 1.0, **changes: object) -> ImagePrompt:
    """An image prompt of three tokens of ones, or of zeros where it is silenced."""
    found = ImagePrompt(Net("reader"), torch.ones(1, 3, 4), torch.zeros(1, 3, 4), strength)
    return replace(found, **changes)  # type: ignore[arg-type]


def test_pictures_stand_beside_controls_and_their_absence_beside_what_is_guided_away_from() -> None:
    positive = conditioning(1).controlled_by(picture(strength=0.5)).controlled_by(control())

    for row, said in zip(rows(make_job(positive=positive)), (1.0, 0.0), strict=True):
        controls, others = split_inputs(row.tensors)
        (image,), words = split_images(others)
        assert [one.key for one in controls] == ["edges"]
        assert (image.key, float(image.strength_B)) == ("reader", 0.5)
        assert bool((image.tokens_BTD == said).all())
        assert list(words) == ["encoder_hidden_states"]


def test_a_negative_prompt_reads_no_picture_where_the_region_of_the_positive_one_is() -> None:
    seeing = conditioning(1).controlled_by(picture()).with_(mask_hw=LEFT)
    positive = seeing.combined_with(conditioning(5).with_(mask_hw=1 - LEFT))
    (image,), _ = split_images(rows(make_job(positive=positive))[2].tensors)

    assert image.mask_B1hw is not None
    assert torch.equal(image.mask_B1hw[0, 0], LEFT)


@pytest.mark.parametrize(
    "changes", [{"strength": 0.0}, {"start": 0.5, "end": 0.4}, {"empty_1TD": torch.zeros(1, 2, 4)}]
)
def test_image_prompts_out_of_bounds_are_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ConditioningError):
        picture(**changes)


def test_masks_are_laid_over_layers_of_halved_sides() -> None:
    mask_B1hw = LEFT[None, None, :7]

    assert sequence_mask(None, 5) is None
    assert sequence_mask(mask_B1hw, 56).shape == (1, 56, 1)  # type: ignore[union-attr]
    assert sequence_mask(mask_B1hw, 16).flatten().tolist() == [1.0, 1.0, 0.0, 0.0] * 4  # type: ignore[union-attr]
    with pytest.raises(ConditioningError, match="8x7 cannot be laid over 9 places"):
        sequence_mask(mask_B1hw, 9)


def test_a_picture_of_another_size_is_refused() -> None:
    with pytest.raises(ConditioningError, match="covers 8x8 latent pixels, but the latent has 4x8"):
        Denoiser(make_job(positive=steered(control()), latent_BChw=torch.zeros(1, 4, 8, 4)))


@pytest.mark.parametrize("changes", [{"strength": 0.0}, {"start": 0.5, "end": 0.4}])
def test_controls_out_of_bounds_are_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ConditioningError):
        control(**changes)
