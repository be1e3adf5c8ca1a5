"""Unconditional models of pictures: found in both layouts of folders, sampled without a word."""

import asyncio
import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import diffusers
import pytest
import tiny_models
import torch
from safetensors.torch import load_file, save_file
from tiny_runs import load_tiny
from weft.sdk import LocalRun, Paths
from weft_nodes.checkpoints import LoadedCheckpoint
from weft_nodes.diffusion.values import Latent
from weft_nodes.families import FAMILIES, ModelStore, identify
from weft_nodes.families.facts import LatentPatchError
from weft_nodes.families.split_files import open_vae
from weft_nodes.latents import decode_latent, empty_latent, encode_latent
from weft_nodes.models.errors import LatentMismatchError
from weft_nodes.prompts import encode_prompt
from weft_nodes.sampling import sample_latent

# diffusers' names of attention in files of 2022.
OLD = {".to_q.": ".query.", ".to_k.": ".key.", ".to_v.": ".value.", ".to_out.0.": ".proj_attn."}


def write_flat(folder: Path) -> Path:
    """The layout of the first models that were published: all in one folder, in names of their time."""
    whole = tiny_models.write_folder(folder.with_name("whole"), "ddpm")
    folder.mkdir()
    for part, file in (("unet", "config.json"), ("scheduler", "scheduler_config.json")):
        shutil.copy(whole / part / file, folder / file)
    tensors = load_file(whole / "unet" / "diffusion_pytorch_model.safetensors")
    for new, old in OLD.items():
        tensors = {name.replace(new, old): tensor for name, tensor in tensors.items()}
    save_file(tensors, folder / "diffusion_pytorch_model.safetensors")
    (folder / "model_index.json").write_text(json.dumps({"_class_name": "DDPMPipeline"}))
    shutil.rmtree(whole)
    return folder


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalRun]:
    """A run over a folder with the same model in both layouts."""
    found = LocalRun(paths=Paths.below(tmp_path_factory.mktemp("ddpm")))
    write_flat(found.paths.models[0] / "flat")
    tiny_models.write_folder(found.paths.models[0] / "ddpm", "ddpm")
    yield found
    found.close()


def sampled(run: LocalRun, checkpoint: LoadedCheckpoint, text: str) -> Latent:
    """A small picture, in two steps."""
    prompt = encode_prompt(run, checkpoint.encoder, text)
    empty = empty_latent(checkpoint.model, 32, 24)
    work = sample_latent(run, checkpoint.model, prompt, None, empty, steps=2, sampler="ddpm")
    return asyncio.run(work)


def test_the_first_published_layout_holds_the_same_model(run: LocalRun) -> None:
    flat, folder = (load_tiny(run, name) for name in ("flat", "ddpm"))

    assert flat.model.family == folder.model.family == "ddpm"
    assert torch.equal(sampled(run, flat, "").samples_BChw, sampled(run, folder, "").samples_BChw)


def test_words_have_no_effect(run: LocalRun) -> None:
    checkpoint = load_tiny(run, "ddpm")

    found = [sampled(run, checkpoint, text).samples_BChw for text in ("", "a red circle")]

    assert torch.equal(*found)
    assert found[0].shape == (1, 3, 24, 32)


def test_a_picture_is_decoded_and_encoded_without_loss(run: LocalRun) -> None:
    checkpoint = load_tiny(run, "ddpm")
    latent = sampled(run, checkpoint, "")

    picture = decode_latent(run, latent, checkpoint.vae)

    assert picture.pixels_BHWC.shape == (1, 24, 32, 3)
    again = encode_latent(run, picture, checkpoint.vae).samples_BChw
    torch.testing.assert_close(again, latent.samples_BChw.clamp(-1, 1), atol=1e-6, rtol=0)


def test_a_side_that_the_network_cannot_halve_is_refused() -> None:
    module = diffusers.UNet2DModel.from_config(
        tiny_models.tiny_ddpm().unet.config,
        block_out_channels=(8, 8, 8, 8, 8),
        down_block_types=("DownBlock2D",) * 5,
        up_block_types=("UpBlock2D",) * 5,
    )
    family = FAMILIES["ddpm"]
    space = family.space({"_class_name": "DDPMScheduler"}, size_hw=None, steps=None)
    live = family.network(module, space=space, key="deep")

    with pytest.raises(LatentPatchError, match="multiples of 16"):
        live.predict(torch.zeros(1, 3, 24, 32), torch.zeros(1), {})


def test_a_file_with_an_autoencoder_is_refused(run: LocalRun) -> None:
    model, memory = load_tiny(run, "ddpm").model, run.service(ModelStore).digests

    with pytest.raises(LatentMismatchError, match=r"x\.safetensors is an autoencoder"):
        open_vae(Path("x.safetensors"), model, memory=memory)


def test_why_it_was_recognised_is_said(run: LocalRun) -> None:
    found = identify(run.paths.models[0] / "flat")

    assert found.reason == "a DDPMPipeline of pictures reads no text"
    assert found.traits["guidance"] == "unprompted"
