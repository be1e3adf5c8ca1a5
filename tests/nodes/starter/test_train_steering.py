"""Training what steers: it changes nothing at first, learns alone, and is written as others read it."""

from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from tiny.starter import narrow_parts
from weft_nodes.starter.train_steering import (
    ControlObjective,
    LoraObjective,
    LowRankChanges,
    build_control,
)
from weft_nodes.starter.train_unet import LatentCache, UnetObjective, build_cache


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> LatentCache:
    folder: Path = tmp_path_factory.mktemp("latents")
    build_cache(narrow_parts().vae, folder, count=6, seed=5)
    return LatentCache(folder)


def loss_of(objective: UnetObjective) -> torch.Tensor:
    return objective.losses(np.random.default_rng(1))["loss"]


def test_what_steers_changes_nothing_before_it_has_learned(cache: LatentCache) -> None:
    parts = narrow_parts()
    plain = loss_of(UnetObjective(parts, cache, batch=2))
    controlled = loss_of(ControlObjective(parts, build_control(parts), cache, batch=2))
    changed = loss_of(LoraObjective(parts, LowRankChanges(parts.unet), cache, batch=2))

    torch.testing.assert_close(controlled, plain)
    torch.testing.assert_close(changed, plain)


def test_only_what_steers_is_trained(cache: LatentCache) -> None:
    for steer in ("control", "lora"):
        parts = narrow_parts()
        objective: UnetObjective
        if steer == "control":
            objective = ControlObjective(parts, build_control(parts), cache, batch=2)
        else:
            objective = LoraObjective(parts, LowRankChanges(parts.unet), cache, batch=2)
        torch.autograd.backward(loss_of(objective))

        assert all(parameter.grad is None for parameter in parts.unet.parameters())
        assert any(
            parameter.grad is not None and parameter.grad.any() for parameter in objective.module.parameters()
        )


def test_changes_are_written_by_the_names_of_their_layers(tmp_path: Path) -> None:
    unet = narrow_parts().unet
    LowRankChanges(unet, rank=3).save(tmp_path / "new" / "style.safetensors")
    tensors = load_file(tmp_path / "new" / "style.safetensors")
    layers = dict(unet.named_modules())

    assert len(tensors) > 40
    for key, tensor in tensors.items():
        layer, role, _ = key.removeprefix("unet.").rsplit(".", 2)
        weight = layers[layer].weight
        assert tensor.dtype == torch.float16
        assert tensor.shape[0 if role == "lora_A" else 1] == 3
        assert tensor.shape[1 if role == "lora_A" else 0] == weight.shape[1 if role == "lora_A" else 0]


def test_changes_are_written_as_strong_as_asked_for(tmp_path: Path) -> None:
    changes = LowRankChanges(narrow_parts().unet, rank=1)
    for parameter in changes.parameters():
        torch.nn.init.constant_(parameter, 0.5)
    changes.save(tmp_path / "once.safetensors")
    changes.save(tmp_path / "twice.safetensors", strength=2.0)

    once, twice = (load_file(tmp_path / f"{name}.safetensors") for name in ("once", "twice"))
    assert all(
        torch.equal(twice[key], tensor * (2 if "lora_B" in key else 1)) for key, tensor in once.items()
    )
