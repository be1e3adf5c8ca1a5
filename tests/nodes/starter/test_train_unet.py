"""Training the U-Net: latents are encoded once, and the velocity is learned from them."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from tiny.starter import narrow_parts
from weft_nodes.starter.drawing import draw_batch, draw_edges
from weft_nodes.starter.loop import Habits, Run, Schedule
from weft_nodes.starter.scenes import sample_scene
from weft_nodes.starter.train_unet import LatentCache, UnetObjective, build_cache, probe_unet


@pytest.fixture(scope="module")
def cache_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder: Path = tmp_path_factory.mktemp("latents")
    build_cache(narrow_parts().vae, folder, count=12, seed=5)
    return folder


def test_the_cache_holds_the_latents_and_captions_of_its_seed(cache_folder: Path) -> None:
    cache = LatentCache(cache_folder)
    rng = np.random.default_rng(5)
    scenes = [sample_scene(rng) for _ in range(12)]
    with torch.no_grad():
        expected = narrow_parts().vae.encode(draw_batch(scenes[3:5])).latent_dist.mean

    assert len(cache) == 12
    assert cache.captions == [scene.caption for scene in scenes]
    torch.testing.assert_close(cache.at(np.array([3, 4])), expected, atol=0.05, rtol=0.05)
    assert np.array_equal(cache.edges(np.array([4]))[0, 2].numpy() > 0, draw_edges(scenes[4]))


def test_losses_follow_from_the_seed(cache_folder: Path) -> None:
    objective = UnetObjective(narrow_parts(), LatentCache(cache_folder), batch=4)
    first, second = (objective.losses(np.random.default_rng(2))["loss"] for _ in range(2))

    assert torch.equal(first, second)


def test_training_lowers_the_loss_and_resumes_bit_for_bit(cache_folder: Path, tmp_path: Path) -> None:
    def new_run(folder: Path) -> Run:
        objective = UnetObjective(narrow_parts(), LatentCache(cache_folder), batch=2)
        return Run(objective, Schedule(8, rate=3e-3, warmup=2), folder, seed=0, habits=Habits(log_every=1))

    whole = new_run(tmp_path / "whole")
    whole.train(until=6)
    shutil.copytree(tmp_path / "whole", tmp_path / "part")
    whole.train()
    resumed = new_run(tmp_path / "part")
    resumed.train()
    losses = [
        json.loads(line)["loss"] for line in (tmp_path / "whole" / "log.jsonl").read_text().splitlines()
    ]

    assert np.mean(losses[-3:]) < 0.8 * np.mean(losses[:3])
    for name, value in whole.objective.module.state_dict().items():
        assert torch.equal(value, resumed.objective.module.state_dict()[name]), name


def test_only_the_unet_is_trained(cache_folder: Path) -> None:
    parts = narrow_parts()
    losses = UnetObjective(parts, LatentCache(cache_folder), batch=2).losses(np.random.default_rng(0))
    torch.autograd.backward(losses["loss"])

    assert all(parameter.grad is None for parameter in parts.text_encoder.parameters())
    assert any(parameter.grad is not None for parameter in parts.unet.parameters())


def test_a_probe_gives_a_share_per_kind_of_claim() -> None:
    shares = probe_unet(narrow_parts(), prompts=2)

    assert {"background", "single object", "both objects", "relation"} <= shares.keys()
    assert all(0 <= share <= 1 for share in shares.values())
