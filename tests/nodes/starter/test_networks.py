"""The networks: sizes, layout, and a pipeline folder that loads as a Stable Diffusion checkpoint."""

from pathlib import Path

import pytest
import torch
from diffusers import StableDiffusionPipeline
from weft_nodes.starter.networks import (
    LATENT_SIZE,
    Parts,
    build_scheduler,
    build_text_encoder,
    build_unet,
    build_vae,
    load_model,
    save_model,
)
from weft_nodes.starter.scenes import vocabulary
from weft_nodes.starter.tokenizer import MAX_TOKENS, build_tokenizer


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder: Path = tmp_path_factory.mktemp("model")
    torch.manual_seed(0)
    tokenizer = build_tokenizer(vocabulary())
    save_model(Parts(tokenizer, build_text_encoder(tokenizer), build_unet(), build_vae()), folder)
    return folder


def test_all_weights_fit_the_budget_in_half_precision() -> None:
    networks = (build_vae(), build_unet(), build_text_encoder(build_tokenizer(vocabulary())))
    count = sum(parameter.numel() for network in networks for parameter in network.parameters())

    assert 2 * count <= 15_000_000


def test_the_vae_shrinks_eight_times_to_four_channels() -> None:
    assert build_vae().encode(torch.zeros(1, 3, 128, 128)).latent_dist.mean.shape == (
        1,
        4,
        LATENT_SIZE,
        LATENT_SIZE,
    )


def test_the_last_step_of_the_noise_schedule_is_noise() -> None:
    kept = build_scheduler().alphas_cumprod

    assert ((1 - kept[-1]) / kept[-1]).sqrt() > 150
    assert ((1 - kept[0]) / kept[0]).sqrt() < 0.02


def test_the_folder_has_the_layout_of_a_pipeline(folder: Path) -> None:
    names = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}

    assert {
        "model_index.json",
        "scheduler/scheduler_config.json",
        "text_encoder/model.safetensors",
        "tokenizer/vocab.json",
        "tokenizer/merges.txt",
        "unet/diffusion_pytorch_model.safetensors",
        "vae/diffusion_pytorch_model.safetensors",
    } <= names


def test_diffusers_loads_and_runs_the_folder(folder: Path) -> None:
    pipeline = StableDiffusionPipeline.from_pretrained(folder, dtype=torch.float32, local_files_only=True)
    pipeline.set_progress_bar_config(disable=True)
    images = pipeline("a red circle", num_inference_steps=1, output_type="np").images

    assert images.shape == (1, 128, 128, 3)
    assert pipeline.tokenizer.model_max_length == MAX_TOKENS


def test_weights_come_back_in_single_precision_ready_to_run(folder: Path) -> None:
    parts = load_model(folder)

    for network in (parts.vae, parts.unet, parts.text_encoder):
        assert not network.training
        assert all(parameter.dtype == torch.float32 for parameter in network.parameters())
