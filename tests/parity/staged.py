"""Our stages and diffusers' pipelines asked for the same picture, so that tests can compare them."""

import copy
import functools
import inspect
import warnings
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any
from unittest import mock

import diffusers
import tiny_models
import torch
from diffusers.models.autoencoders.vae import DiagonalGaussianDistribution
from parity.conftest import Opened
from torch import Tensor
from weft_nodes.diffusion.batcher import Batcher
from weft_nodes.diffusion.denoiser import SampleJob
from weft_nodes.diffusion.guidance import Guidance
from weft_nodes.diffusion.steps import Program
from weft_nodes.diffusion.values import Conditioning, Latent
from weft_nodes.families.packing import unpacked
from weft_nodes.models.controls import control_nets
from weft_nodes.models.handles import Model

PROMPT = "A painting of the singer, and nothing else"
NEGATIVE = "bad, blurry"
# Divides 1000, so that DDIM's idea of the previous time step is the next one on its list.
STEPS = 4
SEED = 7
HEIGHT, WIDTH = 64, 96
LATENT = (1, 4, HEIGHT // 8, WIDTH // 8)
# Our samplers end at no noise at all, not at that of the first training step.
TO_THE_END: Mapping[str, Any] = MappingProxyType({"set_alpha_to_one": True})
UNCHANGED: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True)
class Asked:
    """What a pipeline of diffusers answered.

    Args:
        made: What it returned.
        last: Its latent after the last step.
        scheduler: A fresh scheduler with the time steps that the pipeline took.
    """

    made: Tensor
    last: Tensor
    scheduler: Any


def pipeline_of(family: str, kind: str = "", **more: Any) -> Any:
    """A pipeline of diffusers with the networks of a tiny one, which others use too, so that none may change.

    Args:
        family: Id of the family, or of a relative.
        kind: Its class; the usual one of the family if empty.
        more: Parts that it has besides, or in place of others.
    """
    usual = tiny_models.shared(family)
    if not kind and not more:
        return copy.copy(usual)
    made = getattr(diffusers, kind) if kind else type(usual)
    parts = {name: part for name, part in usual.components.items() if part is not None} | more
    if issubclass(made, diffusers.StableDiffusionMixin) and family.startswith(("sd15", "sd2", "starter")):
        parts = {"safety_checker": None, "feature_extractor": None, "requires_safety_checker": False} | parts
    return made(**parts)


def asked(pipeline: Any, *, scheduler: Mapping[str, Any] = UNCHANGED, **arguments: Any) -> Asked:
    """Ask a pipeline for the usual picture, as a latent.

    Pipelines draw noise to encode pictures, where ours is the most likely latent; so it is theirs here.

    Args:
        pipeline: The pipeline, which gets a scheduler of its own.
        scheduler: Options of its scheduler that are changed.
        arguments: What it is asked besides, or in place of the usual.
    """
    kind, options = type(pipeline.scheduler), dict(pipeline.scheduler.config) | dict(scheduler)
    used, fresh = kind.from_config(options), kind.from_config(options)
    set_timesteps, step = used.set_timesteps, used.step
    latents: list[Tensor] = []

    @functools.wraps(set_timesteps)
    def timed(*positions: Any, **names: Any) -> None:
        fresh.set_timesteps(*positions, **names)
        set_timesteps(*positions, **names)

    @functools.wraps(step)
    def stepped(*positions: Any, **names: Any) -> Any:
        found = step(*positions, **names)
        latents.append(found[0])
        return found

    used.set_timesteps, used.step = timed, stepped
    pipeline.scheduler = used
    usual: dict[str, Any] = {
        "prompt": PROMPT,
        "num_inference_steps": STEPS,
        "height": HEIGHT,
        "width": WIDTH,
        "generator": torch.Generator().manual_seed(SEED),
        "output_type": "latent",
    }
    known = inspect.signature(type(pipeline).__call__).parameters
    if all(parameter.kind is not parameter.VAR_KEYWORD for parameter in known.values()):
        usual = {name: value for name, value in usual.items() if name in known}
    with ExitStack() as stack:
        stack.enter_context(warnings.catch_warnings())
        warnings.simplefilter("ignore")
        stack.enter_context(mock.patch.object(DiagonalGaussianDistribution, "sample", _most_likely))
        made = tiny_models.quiet(pipeline)(**(usual | arguments))[0]
    return Asked(made, latents[-1], fresh)


def _most_likely(found: DiagonalGaussianDistribution, *_: Any, **__: Any) -> Tensor:
    likely = found.mode()
    assert isinstance(likely, Tensor)
    return likely


def sampled(
    opened: Opened,
    positive: Conditioning,
    sigmas: Sequence[float],
    sampler: str | Program,
    *,
    latent_BChw: Tensor,
    scale: float = 1.0,
    model: Model | None = None,
    **others: Any,
) -> Tensor:
    """Return the latent that our stages make.

    Args:
        opened: The store, and the handles of a checkpoint.
        positive: What is asked for.
        sigmas: Noise levels.
        sampler: A sampler of ours, or a scheduler's program.
        latent_BChw: What it begins with.
        scale: Guidance scale; 1 samples without the negative prompt.
        model: The model; that of the checkpoint if None.
        others: What else the job says.
    """
    store, checkpoint = opened
    model = model or checkpoint.model
    job: dict[str, Any] = {
        "network": store.network(model, control_nets([positive])),
        "space": store.noise_space(model, size_hw=Latent(latent_BChw, "").size_hw, steps=len(sigmas) - 1),
        "sigmas": tuple(sigmas),
        "positive": positive,
        "negative": store.encode_prompt(checkpoint.encoder, NEGATIVE) if scale != 1 else None,
        "latent_BChw": latent_BChw,
        "sampler": sampler,
        "guidance": Guidance(scale),
        "seed": SEED,
    }
    with Batcher() as batcher:
        return batcher.drive(SampleJob(**(job | others)))


def as_it_is(latent: Tensor) -> Tensor:
    """The latent of a pipeline that does not pack it."""
    return latent


def of_tokens(latent: Tensor) -> Tensor:
    """The latent of a pipeline that packs it, put together."""
    return unpacked(latent, (HEIGHT // 8, WIDTH // 8))


def relative(ours: Tensor, theirs: Tensor) -> float:
    """Return the largest difference in parts of the largest value."""
    assert ours.shape == theirs.shape
    largest = float(theirs.abs().max())
    assert largest > 0.1
    return float((ours - theirs).abs().max()) / largest
