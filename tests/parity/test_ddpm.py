"""Unconditional models of pictures equal both of diffusers' pipelines."""

from collections.abc import Callable
from typing import Any

import pytest
from diffusers import DDIMPipeline
from parity.conftest import Opened
from parity.measuring import HEIGHT, WIDTH, Case, assert_parity
from torch import Tensor


class Unprompted:
    """A pipeline of pictures, asked as those are that read a prompt and are told a size."""

    def __init__(self, pipeline: Any) -> None:
        self._pipeline = pipeline
        pipeline.unet.register_to_config(sample_size=(HEIGHT, WIDTH))

    @property
    def scheduler(self) -> Any:
        """The scheduler, which may be replaced."""
        return self._pipeline.scheduler

    @scheduler.setter
    def scheduler(self, scheduler: Any) -> None:
        self._pipeline.scheduler = scheduler

    def set_progress_bar_config(self, **options: bool) -> None:
        """Pass on what is wanted of the progress bar."""
        self._pipeline.set_progress_bar_config(**options)

    def __call__(
        self, *, prompt: str, height: int, width: int, output_type: str, **arguments: Any
    ) -> tuple[Tensor]:
        """Return the picture, or what it was before it was brought to 0..1 and clipped."""
        assert prompt
        assert (height, width) == (HEIGHT, WIDTH)
        latents = []
        original = self.scheduler.step

        def recorded(*positions: Any, **names: Any) -> Any:
            found = original(*positions, **names)
            latents.append(found.prev_sample)
            return found

        self.scheduler.step = recorded
        (picture,) = self._pipeline(output_type="pt", return_dict=False, **arguments)
        self.scheduler.step = original
        return (latents[-1] if output_type == "latent" else picture,)


CASES = (
    Case(
        "ddpm", "ddpm", {}, 1.0, title="DDPM", schedule="ddim_uniform", pipeline=Unprompted, is_drawing=True
    ),
    Case(
        "ddpm",
        "ddpm",
        {},
        1.0,
        title="DDPM, with the smaller variance",
        schedule="ddim_uniform",
        relative="ddpm-small",
        pipeline=Unprompted,
        is_drawing=True,
    ),
    Case(
        "ddpm",
        "ddim",
        # Without it diffusers goes on with noise that does not belong to the clipped picture.
        {"use_clipped_model_output": True},
        1.0,
        title="DDIM",
        schedule="ddim_uniform",
        pipeline=lambda made: Unprompted(DDIMPipeline(**made.components)),
    ),
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.title)
def test_the_stages_equal_the_pipeline(opened: Callable[[str, str], Opened], case: Case) -> None:
    assert_parity(opened, case)
