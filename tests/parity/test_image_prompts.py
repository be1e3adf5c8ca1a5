"""IP-Adapters read pictures as they do in diffusers' pipelines."""

import copy
import functools
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import tiny_models
import torch
from parity.conftest import Opened
from parity.measuring import MOST_SCHEDULER, STEPS
from parity.staged import NEGATIVE, PROMPT, SEED
from tiny.image_prompts import SIZE, tiny_adapter, tiny_image_encoder, write_adapter
from torch import Tensor
from weft.sdk import Image
from weft_nodes.diffusion.batcher import Batcher
from weft_nodes.diffusion.denoiser import SampleJob
from weft_nodes.diffusion.foreign import scheduler_levels, scheduler_program
from weft_nodes.diffusion.guidance import Guidance
from weft_nodes.diffusion.values import Conditioning, ImagePrompt
from weft_nodes.families.image_prompts import open_adapter
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


def reference(
    family: str, kinds: list[str], images: list[Image], strengths: list[float]
) -> tuple[Tensor, Any]:
    """Return the latent of diffusers' pipeline, and a fresh scheduler with the time steps it took."""
    pipeline = tiny_models.quiet(tiny_models.MAKERS[family]())
    pipeline.register_modules(image_encoder=tiny_image_encoder())
    states = []
    for place, kind in enumerate(kinds):
        tensors = tiny_adapter(pipeline.unet, kind=kind, seed=7 + place)
        state: dict[str, dict[str, Tensor]] = {"image_proj": {}, "ip_adapter": {}}
        for name, tensor in tensors.items():
            part, _, rest = name.partition(".")
            state[part][rest] = tensor
        states.append(state)
    pipeline.unet._load_ip_adapter_weights(states, low_cpu_mem_usage=False)
    pipeline.set_ip_adapter_scale(strengths)
    scheduler, fresh = pipeline.scheduler, type(pipeline.scheduler).from_config(pipeline.scheduler.config)
    original = scheduler.set_timesteps

    @functools.wraps(original)
    def recorded(*positions: Any, **names: Any) -> None:
        fresh.set_timesteps(*positions, **names)
        original(*positions, **names)

    scheduler.set_timesteps = recorded
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        latent = pipeline(
            prompt=PROMPT,
            negative_prompt=NEGATIVE,
            guidance_scale=SCALE,
            num_inference_steps=STEPS,
            height=SIDE,
            width=SIDE,
            generator=torch.Generator().manual_seed(SEED),
            output_type="latent",
            ip_adapter_image_embeds=[
                _embedded(pipeline, image, layer)
                for image, layer in zip(
                    images, pipeline.unet.encoder_hid_proj.image_projection_layers, strict=True
                )
            ],
        )[0]
    return latent, fresh


def _embedded(pipeline: Any, image: Image, projection: Any) -> Tensor:
    """What no picture and some pictures are encoded to, in the layout of the pipelines' input."""
    is_whole = type(projection).__name__ == "ImageProjection"
    given, empty = pipeline.encode_image(as_pixels(image), "cpu", 1, None if is_whole else True)
    return torch.cat([empty[None], given[None]])


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
        latent_BChw=torch.zeros(1, 4, SIDE // 8, SIDE // 8),
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
    ("family", "kinds"), [("sd15", ["base", "plus"]), ("sdxl", ["base"]), ("sdxl", ["plus"])]
)
def test_pictures_are_read_as_in_the_pipeline(
    opened: Open, tmp_path: Path, family: str, kinds: list[str]
) -> None:
    unet = tiny_models.MAKERS[family]().unet
    images, strengths = [pictures(2, 1), pictures(1, 2)][: len(kinds)], [0.7, 0.4][: len(kinds)]
    store, _ = found = opened(family, "folder")
    for place, kind in enumerate(kinds):
        write_adapter(tmp_path / "ip_adapter" / family, unet, family, kind=kind, seed=7 + place)
    adapters = [
        open_adapter(f"{family}/ip-adapter-{kind}.safetensors", [tmp_path], store.digests) for kind in kinds
    ]
    theirs, scheduler = reference(family, kinds, images, strengths)

    ours = sampled(found, with_pictures(found, adapters, images, strengths), scheduler)
    without = sampled(found, with_pictures(found, [], [], []), scheduler)

    assert relative(ours, theirs) <= MOST_SCHEDULER
    assert relative(without, theirs) > 1e-3
