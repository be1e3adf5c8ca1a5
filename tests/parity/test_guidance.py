"""Guidance methods equal the pipelines of diffusers that have them."""

import warnings
from collections.abc import Callable
from typing import Any

import diffusers
import pytest
import tiny_models
import torch
from parity.conftest import Opened
from parity.staged import LATENT, NEGATIVE, PROMPT, SEED, SIZE, STEPS
from torch import Tensor
from weft_nodes.diffusion.batcher import Batcher
from weft_nodes.diffusion.denoiser import SampleJob
from weft_nodes.diffusion.foreign import scheduler_levels
from weft_nodes.diffusion.guidance import Guidance
from weft_nodes.diffusion.methods import Weakening
from weft_nodes.models.attention_patches import FreeU, PerturbedAttention, SkippedBlocks
from weft_nodes.models.guiding import Guiding
from weft_nodes.models.patches import Patch

MOST = 5e-6

Open = Callable[[str, str], Opened]

# diffusers 0.42 makes arrays of tensors in a way that numpy 2.4 warns of; remove when diffusers is fixed.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


def reference(pipeline: Any, **options: Any) -> tuple[Tensor, tuple[float, ...]]:
    """The latent of a pipeline with Euler steps, and its noise levels."""
    tiny_models.quiet(pipeline)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        latent = pipeline(
            prompt=PROMPT,
            negative_prompt=NEGATIVE,
            num_inference_steps=STEPS,
            height=SIZE,
            width=SIZE,
            generator=torch.Generator().manual_seed(SEED),
            output_type="latent",
            **options,
        )[0]
    return latent, scheduler_levels(pipeline.scheduler)


def with_euler(pipeline: Any) -> Any:
    """A pipeline of the older families with the steps of Euler."""
    pipeline.scheduler = diffusers.EulerDiscreteScheduler.from_config(
        pipeline.scheduler.config, timestep_spacing="leading"
    )
    return pipeline


def staged(
    opened: Opened, levels: tuple[float, ...], guiding: Guiding, scale: float, *patches: Patch, like: Tensor
) -> Tensor:
    """The latent of our stages."""
    store, checkpoint = opened
    model = checkpoint.model.with_patches(*patches)
    job = SampleJob(
        network=store.network(model),
        space=store.noise_space(model, size_hw=(like.shape[2], like.shape[3])),
        sigmas=levels,
        positive=store.encode_prompt(checkpoint.encoder, PROMPT),
        negative=store.encode_prompt(checkpoint.encoder, NEGATIVE),
        latent_BChw=torch.zeros_like(like),
        sampler="euler",
        guidance=guiding.applied_to(Guidance(scale)),
        weakened=tuple(store.network(weak) for weak in guiding.weakened(model)),
        seed=SEED,
    )
    with Batcher() as batcher:
        return batcher.drive(job)


def distance(ours: Tensor, theirs: Tensor) -> float:
    """The largest difference, as a share of the largest value."""
    assert ours.shape == theirs.shape
    return float((ours - theirs).abs().max() / theirs.abs().max())


@pytest.mark.parametrize(
    ("family", "kind"),
    [("sd15", diffusers.StableDiffusionPAGPipeline), ("sdxl", diffusers.StableDiffusionXLPAGPipeline)],
)
@pytest.mark.parametrize("scale", [1.0, 3.0])
def test_perturbed_attention_equals_the_pipeline(opened: Open, family: str, kind: Any, scale: float) -> None:
    parts = {**with_euler(tiny_models.MAKERS[family]()).components}
    extra = {"requires_safety_checker": False} if family == "sd15" else {"add_watermarker": False}
    pipeline = kind(**parts, **extra, pag_applied_layers=["mid"])
    theirs, levels = reference(pipeline, guidance_scale=scale, pag_scale=2.0)
    guiding = Guiding().and_away_from(PerturbedAttention(), Weakening(2.0))

    ours = staged(opened(family, "folder"), levels, guiding, scale, like=theirs)

    assert theirs.shape == LATENT
    assert distance(ours, theirs) <= MOST


@pytest.mark.parametrize("scale", [1.0, 3.0])
def test_perturbed_attention_over_text_and_picture_equals_the_pipeline(opened: Open, scale: float) -> None:
    made = tiny_models.MAKERS["sd3"]().components
    parts = {name: part for name, part in made.items() if part is not None}
    pipeline = diffusers.StableDiffusion3PAGPipeline(**parts, pag_applied_layers=["blocks.(0|1)"])
    theirs, levels = reference(pipeline, guidance_scale=scale, pag_scale=2.0)
    guiding = Guiding().and_away_from(PerturbedAttention("all"), Weakening(2.0))

    ours = staged(opened("sd3", "folder"), levels, guiding, scale, like=theirs)
    plain = staged(opened("sd3", "folder"), levels, Guiding(), scale, like=theirs)

    assert distance(ours, theirs) <= MOST
    assert distance(plain, theirs) > 100 * MOST


def test_skipped_layers_equal_the_pipeline(opened: Open) -> None:
    theirs, levels = reference(
        tiny_models.MAKERS["sd3"](),
        guidance_scale=3.0,
        skip_guidance_layers=[1],
        skip_layer_guidance_scale=2.8,
        skip_layer_guidance_start=0.01,
        skip_layer_guidance_stop=0.6,
    )
    guiding = Guiding().and_away_from(SkippedBlocks((1,)), Weakening(2.8, 0.01, 0.6))

    ours = staged(opened("sd3", "folder"), levels, guiding, 3.0, like=theirs)

    assert distance(ours, theirs) <= MOST


@pytest.mark.parametrize("family", ["sd15", "sdxl"])
def test_free_u_equals_the_pipeline(opened: Open, family: str) -> None:
    pipeline = with_euler(tiny_models.MAKERS[family]())
    pipeline.enable_freeu(s1=0.9, s2=0.2, b1=1.3, b2=1.4)
    theirs, levels = reference(pipeline, guidance_scale=3.0)

    ours = staged(
        opened(family, "folder"), levels, Guiding(), 3.0, FreeU((1.3, 1.4), (0.9, 0.2)), like=theirs
    )

    assert distance(ours, theirs) <= MOST
