"""Our stages and diffusers' pipelines asked for the same picture, so that tests can compare them."""

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import diffusers
import tiny_models
import torch
from torch import Tensor
from weft_nodes.diffusion.batcher import Batcher
from weft_nodes.diffusion.denoiser import SampleJob, Start
from weft_nodes.diffusion.guidance import Guidance
from weft_nodes.families import Checkpoint, ModelStore

PROMPT = "A painting of the singer, and nothing else"
NEGATIVE = "bad, blurry"
# Divides 1000, so that DDIM's idea of the previous time step is the next one on its list.
STEPS = 5
SEED = 7
SIZE = 64
LATENT = (1, 4, SIZE // 8, SIZE // 8)

# Our sampler, and the scheduler of diffusers that takes the same steps.
SAMPLERS: dict[str, tuple[str, dict[str, Any]]] = {
    "ddim": ("DDIMScheduler", {"set_alpha_to_one": True, "clip_sample": False}),
    "euler": ("EulerDiscreteScheduler", {"timestep_spacing": "leading"}),
    "dpmpp_2m": ("DPMSolverMultistepScheduler", {"final_sigmas_type": "zero"}),
}


@dataclass(frozen=True)
class Task:
    """One picture to make.

    Args:
        sampler: A key of `SAMPLERS`.
        scale: Guidance scale.
        size: Height and width in pixels.
        start_latent: Where image-to-image begins; None is a picture from nothing.
        strength: Share of the steps that image-to-image takes.
        negative: What the picture shall not show.
    """

    sampler: str
    scale: float = 2.0
    size: tuple[int, int] = (SIZE, SIZE)
    start_latent: Tensor | None = None
    strength: float = 0.6
    negative: str = NEGATIVE


@cache
def reference(family: str, task: Task) -> tuple[Tensor, tuple[float, ...]]:
    """Return the latent of diffusers' own pipeline, and the noise levels it went through."""
    # A copy shares the networks, and has a scheduler of its own.
    pipeline = copy.copy(tiny_models.shared(family))
    name, options = SAMPLERS[task.sampler]
    # Options that the original scheduler left at their defaults would change theirs with the class.
    config = {k: v for k, v in pipeline.scheduler.config.items() if not k.startswith("_")}
    pipeline.scheduler = getattr(diffusers, name).from_config(config | options)
    arguments: dict[str, Any] = {
        "prompt": PROMPT,
        "negative_prompt": task.negative,
        "num_inference_steps": STEPS,
        "guidance_scale": task.scale,
        "generator": torch.Generator().manual_seed(SEED),
        "output_type": "latent",
    }
    if task.start_latent is None:
        arguments |= {"height": task.size[0], "width": task.size[1]}
    else:
        pipeline = _image_to_image(pipeline)
        arguments |= {"image": task.start_latent, "strength": task.strength}
    latent = tiny_models.quiet(pipeline)(**arguments)[0]
    pipeline.scheduler.set_timesteps(STEPS)
    return latent, _levels(pipeline.scheduler)


def _image_to_image(pipeline: Any) -> Any:
    if isinstance(pipeline, diffusers.StableDiffusionXLPipeline):
        return diffusers.StableDiffusionXLImg2ImgPipeline(**pipeline.components)
    return diffusers.StableDiffusionImg2ImgPipeline(**pipeline.components, requires_safety_checker=False)


def _levels(scheduler: Any) -> tuple[float, ...]:
    if hasattr(scheduler, "sigmas"):
        return tuple(float(sigma) for sigma in scheduler.sigmas)
    kept = scheduler.alphas_cumprod[scheduler.timesteps]
    return (*(float(sigma) for sigma in ((1 - kept) / kept).sqrt()), 0.0)


def staged(store: ModelStore, checkpoint: Checkpoint, task: Task, levels: Sequence[float]) -> Tensor:
    """Return the latent that our stages make, one after the other."""
    skipped = 0 if task.start_latent is None else STEPS - int(STEPS * task.strength)
    empty = torch.zeros(1, 4, task.size[0] // 8, task.size[1] // 8)
    start: Start = "full" if task.start_latent is None else "added"
    job = SampleJob(
        network=store.network(checkpoint.model),
        space=store.noise_space(checkpoint.model),
        sigmas=tuple(levels[skipped:]),
        positive=store.encode_prompt(checkpoint.encoder, PROMPT),
        negative=store.encode_prompt(checkpoint.encoder, task.negative),
        latent_BChw=empty if task.start_latent is None else task.start_latent,
        sampler=task.sampler,
        guidance=Guidance(task.scale),
        seed=SEED,
        start=start,
    )
    with Batcher() as batcher:
        return batcher.drive(job)


def farthest(ours: Tensor, theirs: Tensor) -> float:
    """Return the largest absolute difference."""
    assert ours.shape == theirs.shape
    assert float(theirs.abs().max()) > 0.1
    return float((ours - theirs).abs().max())
