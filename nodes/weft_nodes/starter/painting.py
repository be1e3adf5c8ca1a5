"""Paints pictures of captions with a model in a pipeline folder, through weft's own sampling core."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from weft_nodes.diffusion.batcher import Batcher
from weft_nodes.diffusion.denoiser import SampleJob
from weft_nodes.diffusion.guidance import Guidance
from weft_nodes.diffusion.schedules import schedule
from weft_nodes.diffusion.values import Conditioning, Control, Latent
from weft_nodes.families.checkpoints import open_checkpoint
from weft_nodes.families.controls import open_control
from weft_nodes.families.registry import FAMILIES, ModelStore
from weft_nodes.models.controls import control_nets
from weft_nodes.models.digests import DigestMemory
from weft_nodes.models.handles import Model
from weft_nodes.models.patches import DENOISER, LowRankPatch
from weft_nodes.starter.networks import LATENT_CHANNELS, LATENT_SIZE


@dataclass(frozen=True, slots=True)
class Sampling:
    """How pictures are sampled.

    Attributes:
        steps: Denoising steps, at least 1.
        guidance: Guidance scale; 1 follows the prompt without amplifying it.
        seed: Seed of the noise of the first picture; each further one counts up.
        sampler: Name of a sampler.
        schedule: Name of a schedule of noise levels.
        rows: Most rows of one forward; a guided picture takes two.
    """

    steps: int = 20
    guidance: float = 2.0
    seed: int = 0
    sampler: str = "dpmpp_2m"
    schedule: str = "simple"
    rows: int = 32


@dataclass(frozen=True, slots=True)
class Steering:
    """What steers pictures beside their captions.

    Attributes:
        control: A control network: a folder in the `controlnet` folder of a folder of models. None for none.
        hints: What it is shown, a picture per caption: (captions, 128, 128), True on edges.
        lora: File of a LoRA, or None.
    """

    control: Path | None = None
    hints: npt.NDArray[np.bool_] | None = None
    lora: Path | None = None

    def changed(self, model: Model, memory: DigestMemory) -> Model:
        """Return a model with the LoRA."""
        if self.lora is None:
            return model
        return model.with_patches(LowRankPatch(str(self.lora), memory.file(self.lora), part=DENOISER))

    def shown(self, prompts: Sequence[Conditioning], memory: DigestMemory) -> list[Conditioning]:
        """Return prompts that show their pictures to the control network."""
        if self.control is None or self.hints is None:
            return list(prompts)
        net = open_control(self.control.name, (self.control.parent.parent,), memory)
        lines_N1CHW = torch.from_numpy(self.hints).float()[:, None, None].expand(-1, 1, 3, -1, -1)
        return [
            prompt.controlled_by(Control(net, hint_1CHW, cell=8))
            for prompt, hint_1CHW in zip(prompts, lines_N1CHW, strict=True)
        ]


@torch.no_grad()
def paint(
    folder: Path, captions: Sequence[str], sampling: Sampling, steering: Steering | None = None
) -> npt.NDArray[np.uint8]:
    """Paint one picture per caption, each from noise of its own seed.

    Args:
        folder: A pipeline folder of the starter's family.
        captions: What the pictures shall show.
        sampling: How they are sampled.
        steering: What else decides what they show.

    Returns:
        An array of shape (captions, 128, 128, 3), 0..255.

    Raises:
        ModelError: The folder cannot be read.
        DiffusionError: Sampler, schedule or steps cannot be used.
    """
    memory = DigestMemory()
    checkpoint = open_checkpoint(folder, memory=memory)
    store = ModelStore(FAMILIES, device="cpu", memory=memory)
    steering = steering or Steering()
    model = steering.changed(checkpoint.model, memory)
    prompts = [store.encode_prompt(checkpoint.encoder, caption) for caption in captions]
    prompts = steering.shown(prompts, memory)
    empty = store.encode_prompt(checkpoint.encoder, "")
    network = store.network(model, control_nets(prompts))
    space = store.noise_space(model)
    jobs = [
        SampleJob(
            network=network,
            space=space,
            sampler=sampling.sampler,
            sigmas=schedule(sampling.schedule, space, sampling.steps),
            positive=prompt,
            negative=empty,
            guidance=Guidance(sampling.guidance),
            latent_BChw=torch.zeros(1, LATENT_CHANNELS, LATENT_SIZE, LATENT_SIZE),
            seed=sampling.seed + index,
        )
        for index, prompt in enumerate(prompts)
    ]
    latents = asyncio.run(sample_together(jobs, sampling.rows))
    pictures = [
        store.decode(checkpoint.vae, Latent(latent, checkpoint.vae.space)).pixels_BHWC for latent in latents
    ]
    rounded: npt.NDArray[np.uint8] = torch.cat(pictures).mul(255).round().to(torch.uint8).numpy()
    return rounded


async def sample_together(jobs: Sequence[SampleJob], rows: int) -> list[torch.Tensor]:
    """Sample jobs in shared forwards.

    Args:
        jobs: The jobs.
        rows: Most rows of one forward.

    Returns:
        One latent per job, in order.
    """
    batcher = Batcher(max_rows=rows)
    try:
        return await asyncio.gather(*(batcher.sample(job) for job in jobs))
    finally:
        batcher.close()
