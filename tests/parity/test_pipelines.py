"""Other samplers and prompts than the table's equal the pipelines' too; a single file gives the same bits."""

from typing import Any

import diffusers
import pytest
import torch
from parity.conftest import Openings
from parity.measuring import MOST_NATIVE
from parity.staged import LATENT, NEGATIVE, PROMPT, Asked, asked, pipeline_of, relative, sampled
from weft_nodes.diffusion.foreign import scheduler_levels
from weft_nodes.diffusion.schedules import schedule

SCALE = 2.0

# Our sampler, and the scheduler of diffusers that takes the same steps.
SCHEDULERS: dict[str, tuple[str, dict[str, Any]]] = {
    "ddim": ("DDIMScheduler", {"set_alpha_to_one": True, "clip_sample": False}),
    "euler": ("EulerDiscreteScheduler", {"timestep_spacing": "leading"}),
    "dpmpp_2m": ("DPMSolverMultistepScheduler", {"final_sigmas_type": "zero"}),
}


def reference(family: str, sampler: str, *, negative: str = NEGATIVE, output: str = "latent") -> Asked:
    """What the pipeline of a family answers with another scheduler."""
    pipeline = pipeline_of(family)
    name, options = SCHEDULERS[sampler]
    # Options that the original scheduler left at their defaults would change theirs with the class.
    config = {key: value for key, value in pipeline.scheduler.config.items() if not key.startswith("_")}
    pipeline.scheduler = getattr(diffusers, name).from_config(config | options)
    return asked(pipeline, negative_prompt=negative, guidance_scale=SCALE, output_type=output)


@pytest.mark.parametrize(
    ("family", "sampler", "negative"),
    [
        ("sd15", "euler", NEGATIVE),
        ("sd15", "dpmpp_2m", NEGATIVE),
        ("sd2", "dpmpp_2m", NEGATIVE),
        ("sdxl", "ddim", NEGATIVE),
        ("sdxl", "euler", ""),
    ],
)
def test_a_picture_equals_the_pipelines(opened: Openings, family: str, sampler: str, negative: str) -> None:
    store, checkpoint = found = opened(family)
    theirs = reference(family, sampler, negative=negative)

    ours = sampled(
        found,
        store.encode_prompt(checkpoint.encoder, PROMPT),
        scheduler_levels(theirs.scheduler),
        sampler,
        latent_BChw=torch.zeros(LATENT),
        scale=SCALE,
        negative=store.encode_prompt(checkpoint.encoder, negative),
    )

    assert relative(ours, theirs.made) <= MOST_NATIVE


@pytest.mark.parametrize("family", ["sd15", "sd2", "sdxl"])
def test_a_single_file_gives_the_bits_of_the_folder(opened: Openings, family: str) -> None:
    store, checkpoint = opened(family)
    levels = schedule("simple", store.noise_space(checkpoint.model), 2)

    from_folder, from_file = (
        sampled(
            found,
            store.encode_prompt(found[1].encoder, PROMPT),
            levels,
            "euler",
            latent_BChw=torch.zeros(LATENT),
            scale=SCALE,
        )
        for found in (opened(family), opened(family, "file"))
    )

    assert torch.equal(from_folder, from_file)
