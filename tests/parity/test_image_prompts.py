"""IP-Adapters read pictures as they do in diffusers' pipelines."""

import copy
import functools
import warnings
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import tiny_models
import torch
from parity.conftest import Opened
from parity.measuring import MOST_SCHEDULER
from parity.staged import NEGATIVE, PROMPT, SEED, STEPS
from tiny.image_prompts import SIZE, tiny_image_encoder, write_adapter
from tiny.styles import tiny_siglip
from torch import Tensor
from weft.sdk import Image
from weft_nodes.diffusion.batcher import Batcher
from weft_nodes.diffusion.denoiser import SampleJob
from weft_nodes.diffusion.foreign import scheduler_levels, scheduler_program
from weft_nodes.diffusion.guidance import Guidance
from weft_nodes.diffusion.values import Conditioning, ImagePrompt
from weft_nodes.families import FACTS
from weft_nodes.families.image_prompts import open_adapter
from weft_nodes.families.packing import unpacked
from weft_nodes.models.blocks import block_strengths
from weft_nodes.models.controls import control_nets
from weft_nodes.models.image_prompts import ImageAdapter

SIDE = 64
SCALE = 3.0

Open = Callable[[str, str], Opened]


def pictures(count: int, seed: int) -> Image:
    """Pictures of the size that the image encoder sees."""
    return Image(torch.rand(count, SIZE, SIZE, 3, generator=torch.Generator().manual_seed(seed)))


def as_pixels(image: Image) -> Tensor:
    """What the pipelines' own processor makes of pictures of the right size."""
    mean = torch.tensor([0.48145466, 0.4578275, 0.40821073])
    deviation = torch.tensor([0.26862954, 0.26130258, 0.27577711])
    return ((image.pixels_BHWC - mean) / deviation).movedim(-1, 1)


def as_signed(image: Image) -> Tensor:
    """The same for SigLIP."""
    return (image.pixels_BHWC * 2 - 1).movedim(-1, 1)


def reference(family: str, paths: list[Path], images: list[Image], scales: list[Any]) -> tuple[Tensor, Any]:
    """Return the latent of diffusers' pipeline, and a fresh scheduler with the time steps it took."""
    pipeline = tiny_models.quiet(tiny_models.MAKERS[family]())
    seeing = {"sd3": _seeing_sd3, "flux": _seeing_flux}.get(family, _seeing_unet)
    arguments = seeing(pipeline, paths, images)
    pipeline.set_ip_adapter_scale(scales[0] if family == "sd3" else scales)
    scheduler, fresh = pipeline.scheduler, type(pipeline.scheduler).from_config(pipeline.scheduler.config)
    original = scheduler.set_timesteps

    @functools.wraps(original)
    def recorded(*positions: Any, **named: Any) -> None:
        fresh.set_timesteps(*positions, **named)
        original(*positions, **named)

    scheduler.set_timesteps = recorded
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        latent = pipeline(
            prompt=PROMPT,
            negative_prompt=NEGATIVE,
            num_inference_steps=STEPS,
            height=SIDE,
            width=SIDE,
            generator=torch.Generator().manual_seed(SEED),
            output_type="latent",
            **arguments,
        )[0]
    return unpacked(latent, (SIDE // 8, SIDE // 8)) if family == "flux" else latent, fresh


def _seeing_sd3(pipeline: Any, paths: list[Path], images: list[Image]) -> dict[str, Any]:
    """Load adapters into a pipeline, and return by what it is shown pictures."""
    (path,), (image,) = paths, images
    pipeline.load_ip_adapter(str(path.parent), path.name, image_encoder_folder=None, low_cpu_mem_usage=False)
    seen = tiny_siglip()(as_signed(image), output_hidden_states=True).hidden_states[-2].detach()
    return {"ip_adapter_image_embeds": torch.cat([torch.zeros_like(seen), seen]), "guidance_scale": SCALE}


def _seeing_flux(pipeline: Any, paths: list[Path], images: list[Image]) -> dict[str, Any]:
    pipeline.register_modules(image_encoder=tiny_image_encoder())
    names = [path.name for path in paths]
    pipeline.load_ip_adapter([str(paths[0].parent)], names, low_cpu_mem_usage=False)
    embedded = [pipeline.encode_image(as_pixels(image), "cpu", 1)[None] for image in images]
    # Which picture stands for none is left to the pipeline.
    return {"ip_adapter_image_embeds": embedded, "true_cfg_scale": SCALE, "guidance_scale": 3.5}


def _seeing_unet(pipeline: Any, paths: list[Path], images: list[Image]) -> dict[str, Any]:
    pipeline.register_modules(image_encoder=tiny_image_encoder())
    folder, names = str(paths[0].parent), [path.name for path in paths]
    pipeline.load_ip_adapter(folder, "", names, image_encoder_folder=None, low_cpu_mem_usage=False)
    layers = pipeline.unet.encoder_hid_proj.image_projection_layers
    embedded = []
    for image, layer in zip(images, layers, strict=True):
        is_whole = type(layer).__name__ == "ImageProjection"
        given, empty = pipeline.encode_image(as_pixels(image), "cpu", 1, None if is_whole else True)
        embedded.append(torch.cat([empty[None], given[None]]))
    return {"ip_adapter_image_embeds": embedded, "guidance_scale": SCALE}


def with_pictures(
    opened: Opened, adapters: list[ImageAdapter], images: list[Image], strengths: list[float]
) -> Conditioning:
    store, checkpoint = opened
    positive = store.encode_prompt(checkpoint.encoder, PROMPT)
    for adapter, image, strength in zip(adapters, images, strengths, strict=True):
        tokens, empty = store.read_pictures(adapter, image)
        positive = positive.controlled_by(ImagePrompt(adapter, tokens, empty, strength=strength))
    return positive


def sampled(opened: Opened, positive: Conditioning, scheduler: Any) -> Tensor:
    store, checkpoint = opened
    job = SampleJob(
        network=store.network(checkpoint.model, control_nets([positive])),
        space=store.noise_space(checkpoint.model, size_hw=(SIDE // 8, SIDE // 8), steps=STEPS),
        sigmas=scheduler_levels(scheduler),
        positive=positive,
        negative=store.encode_prompt(checkpoint.encoder, NEGATIVE),
        latent_BChw=torch.zeros(1, FACTS[checkpoint.model.family].latent_channels, SIDE // 8, SIDE // 8),
        # A scheduler counts its steps, so that each run needs one of its own.
        sampler=scheduler_program(copy.deepcopy(scheduler)),
        guidance=Guidance(SCALE),
        seed=SEED,
    )
    with Batcher() as batcher:
        return batcher.drive(job)


def relative(ours: Tensor, theirs: Tensor) -> float:
    return float((ours - theirs).abs().max() / theirs.abs().max())


@pytest.mark.parametrize(
    ("family", "kinds", "scales", "blocks"),
    [
        ("sd15", ["base", "plus"], [0.7, 0.4], ""),
        ("sdxl", ["base"], [0.7], ""),
        ("sdxl", ["plus"], [{"up": {"block_0": [0.0, 0.7]}}], "*=0, up_blocks.0.attentions.1=1"),
        ("flux", ["flux", "flux-newer"], [[0.7, 0.0], 0.4], "transformer_blocks.1=0"),
        ("sd3", ["sd3"], [0.7], ""),
    ],
)
def test_pictures_are_read_as_in_the_pipeline(
    opened: Open, tmp_path: Path, family: str, kinds: list[str], scales: list[Any], blocks: str
) -> None:
    store, checkpoint = found = opened(family, "folder")
    network = getattr(tiny_models.MAKERS[family](), checkpoint.model.component)
    # The pipeline of SD 3 takes one picture.
    images = [pictures(1 if family == "sd3" else 2, 1), pictures(1, 2)][: len(kinds)]
    paths = [
        write_adapter(tmp_path / "ip_adapter" / family, network, family, kind=kind, seed=7 + place)
        for place, kind in enumerate(kinds)
    ]
    adapters = [open_adapter(f"{family}/{path.name}", [tmp_path], store.digests) for path in paths]
    adapters[0] = replace(adapters[0], blocks=block_strengths(blocks))
    theirs, scheduler = reference(family, paths, images, scales)

    ours = sampled(found, with_pictures(found, adapters, images, [0.7, 0.4][: len(kinds)]), scheduler)
    without = sampled(found, with_pictures(found, [], [], []), scheduler)

    assert relative(ours, theirs) <= MOST_SCHEDULER
    assert relative(without, theirs) > 1e-3
