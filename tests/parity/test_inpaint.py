"""Inpainting equals diffusers' pipelines: by a mask on any model, and by models made for it.

Three conventions differ. The pipelines draw noise to encode a picture, where ours is the most likely latent.
They take one pixel of a mask for each latent pixel, where ours is the mean; that is the same for masks whose
edges lie between latent pixels. And at full strength those of the older families show the network noise alone
at the first step, where ours has the kept part in it from the beginning; flows are noise alone there anyway.
"""

import functools
import json
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import diffusers
import pytest
import tiny_models
import torch
from diffusers.models.autoencoders.vae import DiagonalGaussianDistribution
from parity.conftest import Opened
from parity.measuring import MOST_NATIVE
from parity.staged import NEGATIVE, PROMPT, SEED
from safetensors.torch import save_file
from torch import Tensor
from weft.sdk import Image, LocalRun, Mask, Paths
from weft_nodes.diffusion.batcher import Batcher
from weft_nodes.diffusion.denoiser import SampleJob
from weft_nodes.diffusion.foreign import scheduler_levels
from weft_nodes.diffusion.guidance import Guidance
from weft_nodes.diffusion.values import Conditioning
from weft_nodes.editing import show_to_inpaint
from weft_nodes.families import Checkpoint, ModelStore, open_checkpoint
from weft_nodes.families.packing import unpacked

HEIGHT, WIDTH = 64, 96
STEPS = 5
SCALE = 3.0
GUIDED = {"negative_prompt": NEGATIVE, "guidance_scale": SCALE}
# Our samplers end at no noise at all, not at that of the first training step.
TO_THE_END = {"set_alpha_to_one": True}

PICTURE = Image(torch.rand(1, HEIGHT, WIDTH, 3, generator=torch.Generator().manual_seed(21)))
HOLE = Mask(torch.zeros(1, HEIGHT, WIDTH))
HOLE.values_BHW[:, 16:48, 24:64] = 1
HOLE_B1hw = HOLE.values_BHW[:, None, ::8, ::8]

Open = Callable[[str, str], Opened]


@dataclass(frozen=True)
class Case:
    """One inpainting pipeline, and the sampler of ours that takes its steps."""

    family: str
    pipeline: str
    sampler: str
    strength: float = 0.6
    scale: float = SCALE
    arguments: dict[str, Any] = field(default_factory=lambda: dict(GUIDED))
    scheduler: dict[str, Any] = field(default_factory=dict)


MASKED = (
    Case("sd15", "StableDiffusionInpaintPipeline", "ddim", scheduler=TO_THE_END),
    Case("sdxl", "StableDiffusionXLInpaintPipeline", "euler"),
    Case("sd3", "StableDiffusion3InpaintPipeline", "euler", strength=1.0),
    Case("flux", "FluxInpaintPipeline", "euler", scale=1.0, arguments={"guidance_scale": 3.5}),
)
DEDICATED = (
    Case("sd15", "StableDiffusionInpaintPipeline", "ddim", strength=1.0, scheduler=TO_THE_END),
    Case("sdxl", "StableDiffusionXLInpaintPipeline", "euler", strength=1.0),
)


@pytest.fixture(autouse=True)
def most_likely(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the pipelines encode pictures without drawing noise."""
    monkeypatch.setattr(DiagonalGaussianDistribution, "sample", lambda found, *_, **__: found.mode())


def reference(case: Case, made: Any) -> tuple[Tensor, tuple[float, ...]]:
    """Return the latent of diffusers' pipeline, and the noise levels it went through."""
    kind = type(made.scheduler)
    options = dict(made.scheduler.config) | case.scheduler
    scheduler, fresh = kind.from_config(options), kind.from_config(options)
    parts = {name: part for name, part in made.components.items() if part is not None}
    more = {"requires_safety_checker": False} if case.family == "sd15" else {}
    if case.family == "sd15":
        parts |= {"safety_checker": None, "feature_extractor": None}
    pipeline = getattr(diffusers, case.pipeline)(**{**parts, "scheduler": scheduler}, **more)
    original = scheduler.set_timesteps

    @functools.wraps(original)
    def recorded(*positions: Any, **names: Any) -> None:
        fresh.set_timesteps(*positions, **names)
        original(*positions, **names)

    scheduler.set_timesteps = recorded
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        latent = tiny_models.quiet(pipeline)(
            prompt=PROMPT,
            image=PICTURE.pixels_BHWC.movedim(-1, 1),
            mask_image=HOLE.values_BHW[:, None],
            strength=case.strength,
            num_inference_steps=STEPS,
            height=HEIGHT,
            width=WIDTH,
            generator=torch.Generator().manual_seed(SEED),
            output_type="latent",
            **case.arguments,
        )[0]
    latent = latent if latent.ndim == 4 else unpacked(latent, (HEIGHT // 8, WIDTH // 8))
    return latent, scheduler_levels(fresh)[STEPS - int(STEPS * case.strength) :]


def sampled(
    case: Case, opened: Opened, positive: Conditioning, levels: tuple[float, ...], **job: Any
) -> Tensor:
    """Return the latent that our stages make."""
    store, checkpoint = opened
    with Batcher() as batcher:
        return batcher.drive(
            SampleJob(
                network=store.network(checkpoint.model),
                space=store.noise_space(checkpoint.model, size_hw=(HEIGHT // 8, WIDTH // 8), steps=STEPS),
                sampler=case.sampler,
                sigmas=levels,
                positive=positive,
                negative=store.encode_prompt(checkpoint.encoder, NEGATIVE) if case.scale != 1 else None,
                guidance=Guidance(case.scale),
                seed=SEED,
                **job,
            )
        )


def relative(ours: Tensor, theirs: Tensor) -> float:
    """Return the largest difference in parts of the largest value."""
    assert ours.shape == theirs.shape
    return float((ours - theirs).abs().max() / theirs.abs().max())


@pytest.mark.parametrize("case", MASKED, ids=lambda case: f"{case.family} {case.strength}")
def test_a_masked_latent_is_painted_as_in_the_pipeline(opened: Open, case: Case) -> None:
    store, checkpoint = found = opened(case.family, "folder")
    theirs, levels = reference(case, tiny_models.MAKERS[case.family]())
    clean = store.encode_image(checkpoint.vae, PICTURE).samples_BChw

    ours = sampled(
        case,
        found,
        store.encode_prompt(checkpoint.encoder, PROMPT),
        levels,
        latent_BChw=clean,
        mask_B1hw=HOLE_B1hw,
        start="full" if case.strength == 1 else "added",
    )

    assert relative(ours, theirs) <= MOST_NATIVE
    is_kept = (HOLE_B1hw == 0).expand_as(ours)
    assert torch.equal(ours[is_kept], clean[is_kept])
    assert float((ours - clean).abs().max()) > 0.1


def nine_channels(family: str) -> Any:
    """A tiny pipeline whose U-Net reads a mask and a masked picture beside the noise."""
    made = tiny_models.MAKERS[family]()
    torch.manual_seed(23)
    unet = diffusers.UNet2DConditionModel.from_config(made.unet.config, in_channels=9)
    assert unet.conv_in.in_channels == 9
    made.register_modules(unet=unet.eval())
    return made


def opened_nine(store: ModelStore, folder: Path, family: str, layout: str) -> Checkpoint:
    """Such a checkpoint as a folder, or as a single file with the configurations of the usual model."""
    if layout == "file":
        path = folder / "inpaint.safetensors"
        save_file(tiny_models.original_layout(nine_channels(family), family), path)
        configs = tiny_models.write_configs(folder / "configs", family)
        return open_checkpoint(path, memory=store.digests, family=family, config=configs)
    return open_checkpoint(written(folder / "inpaint", family), memory=store.digests)


def written(folder: Path, family: str) -> Path:
    """A folder with such a pipeline, which names its family itself."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        nine_channels(family).save_pretrained(folder)
    index = json.loads((folder / "model_index.json").read_text())
    (folder / "model_index.json").write_text(json.dumps(index | {"_weft_family": family}))
    return folder


@pytest.mark.parametrize(("case", "layout"), [(DEDICATED[0], "file"), (DEDICATED[1], "folder")])
def test_a_model_made_for_inpainting_paints_as_in_the_pipeline(
    tmp_path: Path, case: Case, layout: str
) -> None:
    run = LocalRun(paths=Paths.below(tmp_path))
    store = run.service(ModelStore)
    checkpoint = opened_nine(store, tmp_path, case.family, layout)
    theirs, levels = reference(case, nine_channels(case.family))

    words = store.encode_prompt(checkpoint.encoder, PROMPT)
    shown = show_to_inpaint(run, words, PICTURE, HOLE, checkpoint.vae)
    empty = torch.zeros(1, 4, HEIGHT // 8, WIDTH // 8)
    ours = sampled(case, (store, checkpoint), shown, levels, latent_BChw=empty)

    assert relative(ours, theirs) <= MOST_NATIVE
    run.close()
