"""Previews are drawn by a linear map, or by a small decoder that lies where it is looked for."""

import asyncio
import logging
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from tiny.autoencoders import tiny_taesd, write_half
from tiny_runs import load_tiny, tiny_paths
from weft.sdk import LocalRun, Paths
from weft_nodes.diffusion.previews import PREVIEWS
from weft_nodes.families.previews import Previewer, find_decoder
from weft_nodes.models.handles import Model

LATENT = torch.randn(2, 4, 4, 6, generator=torch.Generator().manual_seed(0))


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Paths:
    """Folders with a tiny checkpoint; do not write into them."""
    return tiny_paths(tmp_path_factory.mktemp("shared"))


@pytest.fixture
def run(tmp_path: Path, shared: Paths) -> LocalRun:
    """A run that finds it, and a folder of models for each test."""
    return LocalRun(paths=replace(shared, models=(tmp_path / "models", *shared.models)))


@pytest.fixture
def model(run: LocalRun) -> Model:
    """A model with the latents of SDXL."""
    return load_tiny(run, "xl").model


def small(run: LocalRun, name: str) -> Path:
    """The path of a small autoencoder."""
    return run.paths.models[0] / "vae_approx" / name


def offered(run: LocalRun, model: Model, *, steps: int = 1) -> None:
    """Offer some steps to a previewer, all at once."""

    async def offer() -> None:
        previewer = Previewer(run, model)
        for step in range(steps):
            previewer.offer(LATENT, is_last=step == steps - 1)
        await previewer.close()

    asyncio.run(offer())


def test_without_a_decoder_the_first_and_the_last_of_quick_steps_are_mapped(
    run: LocalRun, model: Model
) -> None:
    offered(run, model, steps=3)

    assert [preview.shape for preview in run.previews[:2]] == [(4, 6, 3), (4, 6, 3)]
    assert torch.equal(torch.from_numpy(run.previews[-1]), PREVIEWS["sdxl"].render(LATENT))


def test_a_decoder_draws_pictures_of_the_full_size(run: LocalRun, model: Model) -> None:
    vae = tiny_taesd()
    write_half(small(run, "taesdxl_decoder.safetensors"), vae, "decoder")

    offered(run, model)

    (preview,) = run.previews
    with torch.no_grad():
        theirs = (vae.decode(LATENT[:1]).sample / 2 + 0.5).clamp(0, 1)[0].movedim(0, -1)
    assert preview.shape == (32, 48, 3)
    assert int((torch.from_numpy(preview).int() - theirs * 255).abs().max()) <= 1


def test_one_is_drawn_at_a_time_and_the_steps_meanwhile_are_passed_over(run: LocalRun, model: Model) -> None:
    write_half(small(run, "taesdxl_decoder.safetensors"), tiny_taesd(), "decoder")

    offered(run, model, steps=50)

    assert len(run.previews) == 1


def test_a_damaged_decoder_is_told_of_and_fails_nothing(
    run: LocalRun, model: Model, caplog: pytest.LogCaptureFixture
) -> None:
    path = small(run, "taesdxl_decoder.safetensors")
    path.parent.mkdir(parents=True)
    save_file({"1.weight": torch.zeros(4, 4, 3, 3), "3.conv.0.weight": torch.zeros(4, 4, 3, 3)}, path)

    with caplog.at_level(logging.WARNING, "weft.previews"):
        offered(run, model)

    assert run.previews == []
    assert "taesdxl_decoder.safetensors draws no previews" in caplog.text


def test_decoders_are_known_by_the_names_their_makers_gave(run: LocalRun) -> None:
    folder = run.paths.models[0] / "vae_approx"
    tiny_taesd().save_pretrained(folder / "taesd")
    for name in ("taesd_encoder", "taesdxl_encoder", "sub/taef1_decoder", "vaeapprox-sdxl"):
        write_half(folder / f"{name}.safetensors", tiny_taesd(), "decoder")
    found = {space: find_decoder(space, run.paths.models) for space in ("sd", "sdxl", "sd3", "flux", "sana")}

    assert found == {
        "sd": folder / "taesd" / "diffusion_pytorch_model.safetensors",
        "sdxl": None,
        "sd3": None,
        "flux": folder / "sub" / "taef1_decoder.safetensors",
        "sana": None,
    }
