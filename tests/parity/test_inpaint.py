"""Inpainting equals diffusers' pipelines: by a mask on any model, and by models made for it.

Two conventions differ. The pipelines take one pixel of a mask for each latent pixel, where ours is the mean;
that is the same for masks whose edges lie between latent pixels. And at full strength those of the older
families show the network noise alone at the first step, where ours has the kept part in it from the
beginning; flows are noise alone there anyway.
"""

import json
import warnings
from functools import partial
from pathlib import Path
from typing import Any

import diffusers
import pytest
import tiny_models
import torch
from parity.conftest import Openings
from parity.staged import HEIGHT, STEPS, WIDTH, pipeline_of, sampled
from parity.steering import BASES, Steered, Steering, assert_steered
from parity.test_image_to_image import PICTURE
from safetensors.torch import save_file
from weft.sdk import Mask
from weft_nodes.diffusion.schedules import schedule
from weft_nodes.editing import show_to_inpaint
from weft_nodes.families import Checkpoint, open_checkpoint

HOLE = Mask(torch.zeros(1, HEIGHT, WIDTH))
HOLE.values_BHW[:, 16:48, 24:64] = 1
HOLE_B1hw = HOLE.values_BHW[:, None, ::8, ::8]
SHOWN = {"image": PICTURE.pixels_BHWC.movedim(-1, 1), "mask_image": HOLE.values_BHW[:, None]}

# That of Chroma asks, in diffusers 0.42, for a setting that its own transformer lacks.
PIPELINES = {
    "sd15": "StableDiffusionInpaintPipeline",
    "sdxl": "StableDiffusionXLInpaintPipeline",
    "sd3": "StableDiffusion3InpaintPipeline",
    "flux": "FluxInpaintPipeline",
    "qwen-image": "QwenImageInpaintPipeline",
    "z-image": "ZImageInpaintPipeline",
}
STRENGTHS = {"sd3": 1.0}


def masked(family: str, opened: Openings) -> Steered:
    """Repaint a part of a picture with the usual model."""
    strength, (store, checkpoint) = STRENGTHS.get(family, 0.75), opened(family)
    return Steered(
        pipeline=pipeline_of(family, PIPELINES[family]),
        arguments=SHOWN | {"strength": strength},
        begun={
            "latent_BChw": store.encode_image(checkpoint.vae, PICTURE).samples_BChw,
            "mask_B1hw": HOLE_B1hw,
            "start": "full" if strength == 1 else "added",
        },
        steps=STEPS,
        skipped=STEPS - int(STEPS * strength),
    )


def nine_channels(family: str) -> Any:
    """A tiny pipeline whose U-Net reads a mask and a masked picture beside the noise."""
    made = pipeline_of(family)
    torch.manual_seed(23)
    unet = diffusers.UNet2DConditionModel.from_config(made.unet.config, in_channels=9)
    assert unet.conv_in.in_channels == 9
    made.register_modules(unet=unet.eval())
    return made


def opened_nine(opened: Openings, family: str, layout: str) -> Checkpoint:
    """Such a checkpoint as a folder, or as a single file with the configurations of the usual model."""
    folder, memory = opened.root / "inpainting" / family, opened.store.digests
    folder.mkdir(parents=True, exist_ok=True)
    if layout == "folder":
        return open_checkpoint(written(folder / "inpaint", family), memory=memory)
    path = folder / "inpaint.safetensors"
    save_file(tiny_models.original_layout(nine_channels(family), family), path)
    configs = tiny_models.write_configs(folder / "configs", family)
    return open_checkpoint(path, memory=memory, family=family, config=configs)


def written(folder: Path, family: str) -> Path:
    """A folder with such a pipeline, which names its family itself."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        nine_channels(family).save_pretrained(folder)
    index = json.loads((folder / "model_index.json").read_text())
    (folder / "model_index.json").write_text(json.dumps(index | {"_weft_family": family}))
    return folder


def shown(family: str, layout: str, opened: Openings) -> Steered:
    """Repaint a part of a picture with a model made for it."""
    checkpoint = opened_nine(opened, family, layout)
    return Steered(
        pipeline=pipeline_of(family, PIPELINES[family], unet=nine_channels(family).unet),
        arguments=SHOWN | {"strength": 1.0},
        checkpoint=checkpoint,
        prompt=lambda words: show_to_inpaint(opened.run, words, PICTURE, HOLE, checkpoint.vae),
    )


STEERINGS = (
    *(
        Steering(
            "Inpainting", BASES[family], partial(masked, family), is_native=True, is_effect_measured=False
        )
        for family in PIPELINES
    ),
    *(
        Steering(
            "Inpainting",
            BASES[family],
            partial(shown, family, layout),
            title="with a model made for it",
            is_effect_measured=False,
        )
        for family, layout in (("sd15", "file"), ("sdxl", "folder"))
    ),
)


@pytest.mark.parametrize("row", STEERINGS, ids=str)
def test_a_picture_is_repainted_as_in_the_pipeline(opened: Openings, row: Steering) -> None:
    assert_steered(opened, row)


@pytest.mark.parametrize("family", ["sd15", "flux"])
def test_what_lies_outside_the_mask_is_kept_to_the_bit(opened: Openings, family: str) -> None:
    store, checkpoint = found = opened(family)
    begun = masked(family, opened).begun
    clean = begun["latent_BChw"]
    levels = schedule("simple", store.noise_space(checkpoint.model, size_hw=(8, 12), steps=2), 2)[1:]

    ours = sampled(found, store.encode_prompt(checkpoint.encoder, "a hole"), levels, "euler", **begun)

    is_kept = (HOLE_B1hw == 0).expand_as(ours)
    assert torch.equal(ours[is_kept], clean[is_kept])
    assert float((ours - clean).abs().max()) > 0.1
