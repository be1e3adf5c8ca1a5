"""Training the VAE: it learns to restore drawn pictures, and its latents are normalised without a trace."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from diffusers import AutoencoderKL
from tiny.starter import narrow_parts
from weft_nodes.starter.drawing import draw_batch
from weft_nodes.starter.loop import Habits, Run, Schedule
from weft_nodes.starter.networks import build_vae
from weft_nodes.starter.scenes import sample_scene
from weft_nodes.starter.train_vae import DecoderObjective, VaeObjective, normalise_latents


def seeded_vae() -> AutoencoderKL:
    torch.manual_seed(0)
    return build_vae()


@pytest.mark.parametrize("edge", [32, 128])
def test_losses_follow_from_the_seed(edge: int) -> None:
    objective = VaeObjective(seeded_vae(), batch=2, edge=edge)
    first, second = (objective.losses(np.random.default_rng(3)) for _ in range(2))

    assert first.keys() == {"loss", "error", "divergence"}
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_the_vae_learns(tmp_path: Path) -> None:
    objective = VaeObjective(seeded_vae(), batch=2, edge=32)
    before = objective.losses(np.random.default_rng(1))["loss"]
    Run(objective, Schedule(10, rate=1e-2, warmup=3), tmp_path, seed=0, habits=Habits()).train()

    assert objective.losses(np.random.default_rng(1))["loss"] < 0.8 * before


@torch.no_grad()
def test_normalising_latents_changes_no_reconstruction() -> None:
    vae = seeded_vae().eval()
    rng = np.random.default_rng(0)
    pictures = draw_batch([sample_scene(rng) for _ in range(4)])
    before = vae.encode(pictures).latent_dist
    restored = vae.decode(before.mean).sample
    normalise_latents(vae, np.random.default_rng(1), count=24)
    after = vae.encode(pictures).latent_dist

    torch.testing.assert_close(vae.decode(after.mean).sample, restored, atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(
        after.std / before.std,
        (1 / scale_of(before.mean, after.mean)).expand_as(after.std),
        atol=1e-3,
        rtol=1e-3,
    )


@torch.no_grad()
def test_normalised_latents_have_mean_zero_and_deviation_one() -> None:
    vae = seeded_vae().eval()
    normalise_latents(vae, np.random.default_rng(1), count=24)
    rng = np.random.default_rng(1)
    latents = vae.encode(draw_batch([sample_scene(rng) for _ in range(24)])).latent_dist.mean

    torch.testing.assert_close(latents.mean((0, 2, 3)), torch.zeros(4), atol=1e-4, rtol=0)
    torch.testing.assert_close(latents.std((0, 2, 3)), torch.ones(4), atol=1e-4, rtol=0)


def scale_of(before: torch.Tensor, after: torch.Tensor) -> torch.Tensor:
    return (before.std((0, 2, 3)) / after.std((0, 2, 3)))[None, :, None, None]


def test_polishing_the_decoder_leaves_the_latents_as_they_are(tmp_path: Path) -> None:
    vae = seeded_vae()
    parts = replace(narrow_parts(), vae=vae)
    rng = np.random.default_rng(0)
    pictures = draw_batch([sample_scene(rng) for _ in range(2)])
    with torch.no_grad():
        before = vae.encode(pictures).latent_dist.mean
    objective = DecoderObjective(parts, batch=2)
    first = objective.losses(np.random.default_rng(1))["loss"]
    Run(objective, Schedule(4, rate=3e-3, warmup=1), tmp_path, seed=0, habits=Habits()).train()

    assert objective.losses(np.random.default_rng(1))["loss"] < first
    with torch.no_grad():
        torch.testing.assert_close(vae.encode(pictures).latent_dist.mean, before)
