"""Small networks and exact answers that the tests of the sampling core share."""

import math
from collections.abc import Callable, Mapping, Sequence

import torch
from diffusers import UNet2DConditionModel
from torch import Tensor
from weft_nodes.diffusion.denoiser import SampleJob
from weft_nodes.diffusion.guidance import Guidance
from weft_nodes.diffusion.schedules import schedule
from weft_nodes.diffusion.spaces import DiffusionSpace, Space
from weft_nodes.diffusion.steps import Asking, NoiseSource
from weft_nodes.diffusion.values import Conditioning, Prompt

STABLE_DIFFUSION: Mapping[str, object] = {
    "num_train_timesteps": 1000,
    "beta_start": 0.00085,
    "beta_end": 0.012,
    "beta_schedule": "scaled_linear",
    "steps_offset": 1,
}


def stable_diffusion_space() -> DiffusionSpace:
    """The noise space of Stable Diffusion 1.5."""
    return DiffusionSpace.from_scheduler_config(STABLE_DIFFUSION)


def finish(program: Asking, denoise: Callable[[Tensor, float], Tensor]) -> Tensor:
    """Drive a sampler to its end with a denoiser."""
    return trace(program, denoise)[-1][0]


def trace(program: Asking, denoise: Callable[[Tensor, float], Tensor]) -> list[tuple[Tensor, float]]:
    """Drive a sampler to its end; list its questions, then its result at level -1."""
    questions = [next(program)]
    while True:
        try:
            questions.append(program.send(denoise(*questions[-1])))
        except StopIteration as end:
            return [*questions, (end.value, -1.0)]


def no_noise() -> Tensor:
    """A source of noise that must not be asked."""
    raise AssertionError("A deterministic sampler drew noise.")


def seeded(seed: int, like: Tensor) -> NoiseSource:
    """A source of noise in the shape and dtype of a tensor."""
    generator = torch.Generator().manual_seed(seed)
    return lambda: torch.randn(like.shape, generator=generator, dtype=like.dtype)


class Gaussian:
    """Data that are normally distributed: denoiser and ODE have exact solutions in every space."""

    def __init__(self, mean: float = 1.3, deviation: float = 0.5) -> None:
        self.mean = mean
        self.deviation = deviation

    def denoise(self, space: Space, x: Tensor, sigma: float) -> Tensor:
        """The mean of the data given the noisy latent."""
        alpha, variance = space.alpha(sigma), self.deviation**2
        return self.mean + alpha * variance / (alpha**2 * variance + sigma**2) * (x - alpha * self.mean)

    def at(self, space: Space, score: Tensor, sigma: float) -> Tensor:
        """The noisy latent of a standard score: the ODE keeps the score, so this is its exact solution."""
        alpha = space.alpha(sigma)
        return alpha * self.mean + score * math.sqrt((alpha * self.deviation) ** 2 + sigma**2)


class SmoothNetwork:
    """A network without weights: smooth, row by row, and different for each prompt and time."""

    def __init__(self, name: str = "smooth") -> None:
        self.batch_key = name
        self.device = torch.device("cpu")
        self.calls: list[int] = []
        self._mixing = torch.randn(8, 8, generator=torch.Generator().manual_seed(7)) * 0.3

    def predict(self, x_BChw: Tensor, timestep_B: Tensor, conditions: Mapping[str, Tensor]) -> Tensor:
        """Predict something that depends on everything."""
        self.calls.append(len(x_BChw))
        told = conditions["encoder_hidden_states"].mean(dim=(1, 2))[:, None, None, None]
        time = (timestep_B / 300).sin()[:, None, None, None]
        return torch.tanh(x_BChw @ self._mixing) * 0.7 + 0.3 * x_BChw + 0.1 * time + told


class UNetNetwork:
    """A tiny U-Net with random weights, called as families call it."""

    def __init__(self, seed: int = 0, widths: Sequence[int] = (16, 32)) -> None:
        torch.manual_seed(seed)
        self.unet = UNet2DConditionModel(
            sample_size=8,
            block_out_channels=tuple(widths),
            layers_per_block=1,
            cross_attention_dim=16,
            attention_head_dim=8,
            norm_num_groups=8,
            down_block_types=("CrossAttnDownBlock2D",) * (len(widths) - 1) + ("DownBlock2D",),
            up_block_types=("UpBlock2D",) + ("CrossAttnUpBlock2D",) * (len(widths) - 1),
        ).eval()
        self.batch_key = ("unet", seed, tuple(widths))
        self.device = torch.device("cpu")

    def predict(self, x_BChw: Tensor, timestep_B: Tensor, conditions: Mapping[str, Tensor]) -> Tensor:
        """Predict with the U-Net."""
        output: Tensor = self.unet(
            x_BChw, timestep_B, conditions["encoder_hidden_states"], return_dict=False
        )[0]
        return output


def prompt(seed: int, *, tokens: int = 6, width: int = 16) -> Prompt:
    """A prompt of random features."""
    generator = torch.Generator().manual_seed(seed)
    return Prompt({"encoder_hidden_states": torch.randn(1, tokens, width, generator=generator)})


def conditioning(seed: int, *, tokens: int = 6) -> Conditioning:
    """A conditioning of one random prompt."""
    return Conditioning((prompt(seed, tokens=tokens),))


def make_job(**changes: object) -> SampleJob:
    """A guided job of eight Euler steps on a smooth network, with changes."""
    space = stable_diffusion_space()
    fields: dict[str, object] = {
        "network": SmoothNetwork(),
        "space": space,
        "sampler": "euler",
        "sigmas": schedule("karras", space, 8),
        "positive": conditioning(1),
        "negative": conditioning(2),
        "guidance": Guidance(3.0),
        "latent_BChw": torch.zeros(1, 4, 8, 8),
        "seed": 3,
    }
    return SampleJob(**{**fields, **changes})  # type: ignore[arg-type]


def relative_error(result: Tensor, expected: Tensor) -> float:
    """The largest difference, as a share of the largest expected value."""
    return float((result - expected).abs().max() / expected.abs().max())
