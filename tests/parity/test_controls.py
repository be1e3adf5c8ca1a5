"""Control networks steer as they do in diffusers' pipelines."""

import copy
import functools
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import diffusers
import pytest
import tiny_models
import torch
from diffusers.models.autoencoders.vae import DiagonalGaussianDistribution
from parity.conftest import Opened
from parity.measuring import MOST_SCHEDULER, STEPS
from parity.staged import NEGATIVE, PROMPT, SEED
from tiny.controls import tiny_control, tiny_hints, write_control
from torch import Tensor
from weft.sdk import Image
from weft_nodes.diffusion.batcher import Batcher
from weft_nodes.diffusion.denoiser import SampleJob
from weft_nodes.diffusion.foreign import scheduler_levels, scheduler_program
from weft_nodes.diffusion.guidance import Guidance
from weft_nodes.diffusion.values import Conditioning, Control
from weft_nodes.families import FACTS, ModelStore
from weft_nodes.families.controls import open_control
from weft_nodes.families.packing import unpacked
from weft_nodes.models.controls import ControlNet, control_nets

HEIGHT, WIDTH = 64, 96
SCALE = 3.0
PIPELINES = {
    "sd15": "StableDiffusionControlNetPipeline",
    "sdxl": "StableDiffusionXLControlNetPipeline",
    "sd3": "StableDiffusion3ControlNetPipeline",
    "flux": "FluxControlNetPipeline",
    "qwen-image": "QwenImageControlNetPipeline",
}
# Sampled without a negative prompt, in tokens.
_UNGUIDED = ("flux", "qwen-image")

Open = Callable[[str, str], Opened]


def picture(seed: int) -> Image:
    generator = torch.Generator().manual_seed(seed)
    return Image(torch.rand(1, HEIGHT, WIDTH, 3, generator=generator).round())


def reference(
    family: str, nets: list[Any], pictures: list[Image], strengths: list[float], **arguments: Any
) -> tuple[Tensor, Any]:
    """Return the latent of diffusers' pipeline, and a fresh scheduler with the time steps it took."""
    made = tiny_models.MAKERS[family]()
    components = {name: part for name, part in made.components.items() if name != "controlnet"}
    pipeline = getattr(diffusers, PIPELINES[family])(
        **components, controlnet=nets if len(nets) > 1 else nets[0]
    )
    scheduler, fresh = pipeline.scheduler, type(pipeline.scheduler).from_config(pipeline.scheduler.config)
    original = scheduler.set_timesteps

    @functools.wraps(original)
    def recorded(*positions: Any, **names: Any) -> None:
        fresh.set_timesteps(*positions, **names)
        original(*positions, **names)

    scheduler.set_timesteps = recorded
    hints = [image.pixels_BHWC.movedim(-1, 1) for image in pictures]
    name = "image" if family in ("sd15", "sdxl") else "control_image"
    if name == "control_image":
        # These pipelines bring files to -1..1, but take tensors as they are.
        hints = [hint * 2.0 - 1.0 for hint in hints]
    guided: dict[str, Any] = {"negative_prompt": NEGATIVE, "guidance_scale": SCALE}
    if family in _UNGUIDED:
        guided = {"guidance_scale": 3.5} if family == "flux" else {"true_cfg_scale": 1.0}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        latent = tiny_models.quiet(pipeline)(
            prompt=PROMPT,
            num_inference_steps=STEPS,
            height=HEIGHT,
            width=WIDTH,
            generator=torch.Generator().manual_seed(SEED),
            output_type="latent",
            controlnet_conditioning_scale=strengths if len(nets) > 1 else strengths[0],
            **{name: hints if len(nets) > 1 else hints[0]},
            **guided,
            **arguments,
        )[0]
    if family in _UNGUIDED:
        latent = unpacked(latent, (HEIGHT // 8, WIDTH // 8))
    return latent, fresh


def opened_nets(store: ModelStore, folder: Path, nets: list[Any], family: str) -> list[ControlNet]:
    for place, net in enumerate(nets):
        write_control(folder / "controlnet" / str(place), net, family)
    return [open_control(str(place), [folder], store.digests) for place in range(len(nets))]


def sampled(opened: Opened, positive: Conditioning, scheduler: Any, *, scale: float) -> Tensor:
    store, checkpoint = opened
    empty = torch.zeros(1, FACTS[checkpoint.model.family].latent_channels, HEIGHT // 8, WIDTH // 8)
    job = SampleJob(
        network=store.network(checkpoint.model, control_nets([positive])),
        space=store.noise_space(checkpoint.model, size_hw=(HEIGHT // 8, WIDTH // 8), steps=STEPS),
        sigmas=scheduler_levels(scheduler),
        positive=positive,
        negative=store.encode_prompt(checkpoint.encoder, NEGATIVE) if scale != 1 else None,
        latent_BChw=empty,
        # A scheduler counts its steps, so that each run needs one of its own.
        sampler=scheduler_program(copy.deepcopy(scheduler)),
        guidance=Guidance(scale),
        seed=SEED,
    )
    with Batcher() as batcher:
        return batcher.drive(job)


def steered(
    opened: Opened, nets: list[ControlNet], pictures: list[Image], strengths: list[float]
) -> Conditioning:
    store, checkpoint = opened
    positive = store.encode_prompt(checkpoint.encoder, PROMPT)
    for net, image, strength in zip(nets, pictures, strengths, strict=True):
        hint, cell = image.pixels_BHWC.movedim(-1, 1), 8
        if not net.reads_pixels:
            hint, cell = store.encode_hint(net, checkpoint.vae, image), 1
        positive = positive.controlled_by(Control(net, hint, strength=strength, cell=cell))
    return positive


def relative(ours: Tensor, theirs: Tensor) -> float:
    return float((ours - theirs).abs().max() / theirs.abs().max())


@pytest.mark.parametrize(
    ("family", "count"), [("sd15", 2), ("sdxl", 1), ("sd3", 2), ("flux", 2), ("qwen-image", 1)]
)
def test_control_networks_steer_as_in_the_pipeline(
    opened: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, family: str, count: int
) -> None:
    # The pipelines draw noise to encode a control's picture; the most likely latent is ours.
    monkeypatch.setattr(DiagonalGaussianDistribution, "sample", lambda found, *_, **__: found.mode())
    made = tiny_models.shared(family)
    nets = [tiny_control(made, family, seed=11 + place) for place in range(count)]
    pictures, strengths = [picture(place) for place in range(count)], [0.7, 0.4][:count]
    store, _ = found = opened(family, "folder")
    handles = opened_nets(store, tmp_path, nets, family)
    theirs, scheduler = reference(family, nets, pictures, strengths)

    positive = steered(found, handles, pictures, strengths)
    scale = 1.0 if family in _UNGUIDED else SCALE
    ours = sampled(found, positive, scheduler, scale=scale)
    free = sampled(found, steered(found, [], [], []), scheduler, scale=scale)

    assert relative(ours, theirs) <= MOST_SCHEDULER
    assert relative(free, theirs) > 1e-3


def hinted_reference(family: str, nets: list[Any], pictures: list[Image], strengths: list[float]) -> Any:
    """Return the latent of diffusers' pipeline with T2I-Adapters, and a fresh scheduler."""
    kind = "StableDiffusionXLAdapterPipeline" if family == "sdxl" else "StableDiffusionAdapterPipeline"
    components = {name: part for name, part in tiny_models.MAKERS[family]().components.items() if part}
    options: dict[str, Any] = {}
    if family != "sdxl":
        options = {"safety_checker": None, "feature_extractor": None, "requires_safety_checker": False}
    adapter = diffusers.MultiAdapter(nets) if len(nets) > 1 else nets[0]
    pipeline = getattr(diffusers, kind)(**components, adapter=adapter, **options)
    fresh = type(pipeline.scheduler).from_config(pipeline.scheduler.config)
    hints = [image.pixels_BHWC.movedim(-1, 1) for image in pictures]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fresh.set_timesteps(STEPS)
        latent = tiny_models.quiet(pipeline)(
            prompt=PROMPT,
            negative_prompt=NEGATIVE,
            guidance_scale=SCALE,
            image=hints if len(nets) > 1 else hints[0],
            num_inference_steps=STEPS,
            height=HEIGHT,
            width=WIDTH,
            generator=torch.Generator().manual_seed(SEED),
            output_type="latent",
            adapter_conditioning_scale=strengths if len(nets) > 1 else strengths[0],
        )[0]
    return latent, fresh


@pytest.mark.parametrize(("family", "count"), [("sd15", 2), ("sdxl", 1)])
def test_t2i_adapters_steer_as_in_the_pipeline(opened: Open, tmp_path: Path, family: str, count: int) -> None:
    made = tiny_models.shared(family)
    nets = [tiny_hints(made, family, seed=11 + place) for place in range(count)]
    pictures, strengths = [picture(place) for place in range(count)], [0.7, 0.4][:count]
    store, _ = found = opened(family, "folder")
    handles = opened_nets(store, tmp_path, nets, family)
    theirs, scheduler = hinted_reference(family, nets, pictures, strengths)

    ours = sampled(found, steered(found, handles, pictures, strengths), scheduler, scale=SCALE)
    free = sampled(found, steered(found, [], [], []), scheduler, scale=SCALE)

    assert relative(ours, theirs) <= MOST_SCHEDULER
    assert relative(free, theirs) > 1e-3


def test_a_network_for_several_kinds_is_told_what_the_picture_shows(
    opened: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(DiagonalGaussianDistribution, "sample", lambda found, *_, **__: found.mode())
    union = tiny_control(tiny_models.shared("flux"), "flux", num_mode=7)
    store, checkpoint = found = opened("flux", "folder")
    (handle,) = opened_nets(store, tmp_path, [union], "flux")
    theirs, scheduler = reference("flux", [union], [picture(0)], [0.7], control_mode=2)
    hint = store.encode_hint(handle, checkpoint.vae, picture(0))
    words = store.encode_prompt(checkpoint.encoder, PROMPT)

    ours, other = (
        sampled(found, words.controlled_by(Control(handle, hint, 0.7, kind=kind)), scheduler, scale=1.0)
        for kind in (2, 4)
    )

    assert relative(ours, theirs) <= MOST_SCHEDULER
    assert relative(other, theirs) > 1e-4
