"""What a mask keeps is there at every noise level, and a gradual mask lets places go one after the other."""

import itertools

import pytest
import torch
from sampling_toys import make_job
from torch import Tensor
from weft_nodes.diffusion.batcher import Batcher
from weft_nodes.diffusion.masking import KeptPart
from weft_nodes.diffusion.schedules import schedule
from weft_nodes.diffusion.spaces import FlowSpace, Space
from weft_nodes.diffusion.steps import Asking, NoiseSource, step

FLOW = FlowSpace()
LEFT = torch.cat([torch.ones(8, 4), torch.zeros(8, 4)], dim=1)[None, None]
QUARTERS = torch.tensor([0.0, 0.25, 0.5, 1.0]).repeat_interleave(2).expand(1, 1, 8, 8)


def random(seed: int) -> Tensor:
    """A random latent."""
    return torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(seed))


def kept(mask: Tensor, *, is_gradual: bool = False) -> KeptPart:
    """A kept part of a random original, in a job of four steps."""
    return KeptPart(mask, random(1), random(2), space=FLOW, steps=4, is_gradual=is_gradual)


@pytest.mark.parametrize("sigma", [1.0, 0.4, 0.0])
def test_the_kept_part_has_the_noise_of_the_level(sigma: float) -> None:
    noisy = kept(LEFT).noisy(random(3), sigma, 0)

    assert torch.equal(noisy[..., :4], random(3)[..., :4])
    assert torch.equal(noisy[..., 4:], FLOW.mix(random(1), random(2), sigma)[..., 4:])


def test_the_kept_part_of_a_denoised_latent_is_the_original() -> None:
    clean = kept(LEFT).clean(random(3), 0)

    assert torch.equal(clean[..., :4], random(3)[..., :4])
    assert torch.equal(clean[..., 4:], random(1)[..., 4:])


@pytest.mark.parametrize(("step", "free_from"), [(0, 6), (1, 6), (2, 4), (3, 2)])
def test_a_gradual_mask_lets_a_place_go_for_its_share_of_the_last_steps(step: int, free_from: int) -> None:
    clean = kept(QUARTERS, is_gradual=True).clean(random(3), step)

    assert torch.equal(clean[..., free_from:], random(3)[..., free_from:])
    assert torch.equal(clean[..., :free_from], random(1)[..., :free_from])


def test_identities_tell_masks_originals_and_steps_of_gradual_ones_apart() -> None:
    plain, gradual = kept(QUARTERS), kept(QUARTERS, is_gradual=True)

    assert plain.identity(0) == plain.identity(1) == kept(QUARTERS).identity(3)
    assert gradual.identity(0) != gradual.identity(1)
    assert len({plain.identity(0), gradual.identity(0), kept(LEFT).identity(0)}) == 3


def test_a_gradual_mask_of_ones_and_zeros_is_a_plain_mask() -> None:
    job = {"latent_BChw": random(4), "mask_B1hw": LEFT, "start": "added"}
    with Batcher() as batcher:
        plain, gradual = batcher.drive_all([make_job(**job), make_job(**job, is_mask_gradual=True)])

    assert torch.equal(plain, gradual)


def test_the_later_a_place_is_let_go_the_closer_it_stays_to_the_original() -> None:
    job = make_job(latent_BChw=random(4), mask_B1hw=QUARTERS, start="added", is_mask_gradual=True)
    with Batcher() as batcher:
        result = batcher.drive(job)

    changes = (result - random(4)).abs().mean(dim=(0, 1, 2)).reshape(4, 2).mean(dim=1).tolist()
    assert changes[0] == 0.0
    assert changes == sorted(changes)
    assert changes[1] > 0.0


def test_sampling_from_nothing_does_not_see_what_was_inside_the_mask() -> None:
    changed = torch.lerp(random(4), 50.0 * random(5), LEFT)
    with Batcher() as batcher:
        results = batcher.drive_all(
            [make_job(latent_BChw=latent, mask_B1hw=LEFT) for latent in (random(4), changed)]
        )

    assert torch.equal(*results)


def test_samplers_are_shown_the_kept_part_at_each_of_their_levels() -> None:
    seen: list[tuple[float, Tensor]] = []

    def watched(space: Space, x: Tensor, sigmas: tuple[float, ...], _: NoiseSource) -> Asking:
        for sigma, target in itertools.pairwise(sigmas):
            denoised = yield x, sigma
            seen.append((sigma, denoised))
            x = step(x, sigma, target, denoised)
        return x

    job = make_job(
        space=FLOW,
        sigmas=schedule("simple", FLOW, 4),
        latent_BChw=random(4),
        mask_B1hw=LEFT,
        sampler=watched,
    )
    with Batcher() as batcher:
        batcher.drive(job)

    assert len(seen) == 4
    assert all(torch.equal(denoised[..., 4:], random(4)[..., 4:]) for _, denoised in seen)
