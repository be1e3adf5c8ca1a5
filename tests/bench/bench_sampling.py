"""What sampling costs around the network, and what jobs gain from company.

Three tables: CPU time per step of the sampling loop around a network that does nothing, beside the loop of
diffusers' own pipeline; sixteen queued jobs together against one after the other, on a U-Net of six million
parameters, with what the network alone gains from as many rows, which is the most that company can; and six
variants of one job that share their first steps. All in CPU time on one thread, the
contestants taking turns in one process, the best of several rounds.
"""

import asyncio
import gc
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from diffusers import (
    DDIMScheduler,
    DPMSolverMultistepScheduler,
    EulerAncestralDiscreteScheduler,
    EulerDiscreteScheduler,
    StableDiffusionPipeline,
    UNet2DConditionModel,
    UniPCMultistepScheduler,
)
from diffusers.utils import logging
from torch import Tensor
from weft_nodes.diffusion.batcher import Batcher
from weft_nodes.diffusion.denoiser import SampleJob
from weft_nodes.diffusion.guidance import Guidance
from weft_nodes.diffusion.schedules import schedule
from weft_nodes.diffusion.spaces import DiffusionSpace
from weft_nodes.diffusion.trajectories import TrajectoryCache
from weft_nodes.diffusion.values import Conditioning, Prompt

TARGET_STEP_US = 50.0
TARGET_SPEEDUP = 1.5
LOOP_ROUNDS, LOOP_STEPS = 7, 40
BATCH_ROUNDS = 4

SCHEDULE: Mapping[str, object] = {
    "beta_start": 0.00085,
    "beta_end": 0.012,
    "beta_schedule": "scaled_linear",
    "steps_offset": 1,
}
TWINS: Mapping[str, type] = {
    "euler": EulerDiscreteScheduler,
    "dpmpp_2m": DPMSolverMultistepScheduler,
    "ddim": DDIMScheduler,
    "euler_ancestral": EulerAncestralDiscreteScheduler,
    "uni_pc": UniPCMultistepScheduler,
}


@dataclass(frozen=True)
class Row:
    """One line of a table.

    Attributes:
        table: "loop" (microseconds per step), "batch" or "variants" (CPU seconds).
        name: What was measured.
        ours: The figure of weft.
        other: The figure of the other contestant.
        limit: The most that can be gained, where that was measured.
    """

    table: str
    name: str
    ours: float
    other: float
    limit: float = float("nan")

    @property
    def gain(self) -> float:
        """How many times less weft needs."""
        return self.other / self.ours


class StubNetwork:
    """A network that costs nothing: it predicts what it reads."""

    def __init__(self) -> None:
        self.batch_key = "stub"
        self.device = torch.device("cpu")

    def predict(self, x_BChw: Tensor, timestep_B: Tensor, conditions: Mapping[str, Tensor]) -> Tensor:
        """Return the input."""
        del timestep_B, conditions
        return x_BChw


class UNetNetwork:
    """A U-Net of 5.9 million parameters with random weights."""

    def __init__(self) -> None:
        torch.manual_seed(0)
        self.unet = UNet2DConditionModel(
            sample_size=32,
            block_out_channels=(32, 64, 128, 128),
            layers_per_block=1,
            cross_attention_dim=128,
            attention_head_dim=8,
        ).eval()
        self.batch_key = "unet"
        self.device = torch.device("cpu")

    def predict(self, x_BChw: Tensor, timestep_B: Tensor, conditions: Mapping[str, Tensor]) -> Tensor:
        """Run the U-Net."""
        states = conditions["encoder_hidden_states"]
        output: Tensor = self.unet(x_BChw, timestep_B, states, return_dict=False)[0]
        return output


def _space() -> DiffusionSpace:
    return DiffusionSpace.from_scheduler_config(SCHEDULE)


def _prompt(seed: int, width: int) -> Conditioning:
    generator = torch.Generator().manual_seed(seed)
    return Conditioning((Prompt({"encoder_hidden_states": torch.randn(1, 77, width, generator=generator)}),))


def _seconds(work: Callable[[], object]) -> float:
    gc.collect()
    started = time.process_time()
    work()
    return time.process_time() - started


@contextmanager
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _our_loop(batcher: Batcher, sampler: str) -> Callable[[int], object]:
    """A guided 512x512 job of as many steps as asked for."""
    space, network = _space(), StubNetwork()
    positive, negative = _prompt(1, 768), _prompt(2, 768)

    def work(steps: int) -> Tensor:
        job = SampleJob(
            network=network,
            space=space,
            sampler=sampler,
            sigmas=schedule("karras", space, steps),
            positive=positive,
            negative=negative,
            guidance=Guidance(7.5),
            latent_BChw=torch.zeros(1, 4, 64, 64),
        )
        return batcher.drive(job)

    return work


def _their_loop(sampler: str) -> Callable[[int], object]:
    """The loop of diffusers' pipeline around a U-Net whose forward returns its input."""
    unet = UNet2DConditionModel(
        block_out_channels=(32, 64),
        layers_per_block=1,
        cross_attention_dim=768,
        down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"),
        up_block_types=("UpBlock2D", "CrossAttnUpBlock2D"),
    ).eval()
    unet.forward = lambda sample, *_arguments, **_options: (sample,)
    pipeline = StableDiffusionPipeline(
        vae=None,
        text_encoder=None,
        tokenizer=None,
        unet=unet,
        scheduler=TWINS[sampler](**SCHEDULE, **({"clip_sample": False} if sampler == "ddim" else {})),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )
    pipeline.set_progress_bar_config(disable=True)
    states = [_prompt(seed, 768).entries[0].tensors["encoder_hidden_states"] for seed in (1, 2)]

    def work(steps: int) -> object:
        return pipeline(
            prompt_embeds=states[0],
            negative_prompt_embeds=states[1],
            height=512,
            width=512,
            num_inference_steps=steps,
            output_type="latent",
        )

    return work


def run_loop(rounds: int = LOOP_ROUNDS) -> list[Row]:
    """Measure the loop around a network that does nothing.

    A short run is subtracted from a long one, so that what happens once per job does not count.
    """
    rows = []
    with Batcher() as batcher:
        for name in TWINS:
            contestants = (_our_loop(batcher, name), _their_loop(name))
            best = [float("inf")] * 2
            for _ in range(rounds):
                for index, work in enumerate(contestants):
                    short, long = (_seconds(lambda: work(steps)) for steps in (5, 5 + LOOP_STEPS))  # noqa: B023
                    best[index] = min(best[index], 1e6 * (long - short) / LOOP_STEPS)
            rows.append(Row("loop", name, *best))
    return rows


def _queue(network: UNetNetwork, size: int) -> list[SampleJob]:
    """Sixteen jobs with prompts, seeds, samplers, steps and guidance of their own."""
    space = _space()
    samplers = ("euler", "dpmpp_2m", "euler_ancestral", "uni_pc_bh2")
    return [
        SampleJob(
            network=network,
            space=space,
            sampler=samplers[number % 4],
            sigmas=schedule("karras", space, 4 + number % 3),
            positive=_prompt(number, 128),
            negative=_prompt(100, 128),
            guidance=Guidance(3.0 + number % 5),
            latent_BChw=torch.zeros(1, 4, size, size),
            seed=number,
        )
        for number in range(16)
    ]


def run_batch(rounds: int = BATCH_ROUNDS, size: int = 16, rows: Sequence[int] = (4, 8, 16)) -> list[Row]:
    """Measure sixteen queued jobs together, against one after the other.

    Args:
        rounds: How often; the best counts.
        size: Side of the latents; 16 is a picture of 128x128.
        rows: Most rows of one forward, one row of the table each.
    """
    network = UNetNetwork()
    jobs = _queue(network, size)
    alone, pair = float("inf"), float("inf")
    together, forward = (dict.fromkeys(rows, float("inf")) for _ in range(2))
    for _ in range(rounds):
        pair = min(pair, _forward_seconds(network, size, 2))
        with Batcher() as batcher:
            alone = min(alone, _seconds(lambda: [batcher.drive(job) for job in jobs]))
        for limit in rows:
            forward[limit] = min(forward[limit], _forward_seconds(network, size, limit))
            with Batcher(max_rows=limit) as batcher:
                together[limit] = min(together[limit], _seconds(lambda: batcher.drive_all(jobs)))
    return [
        Row("batch", f"at most {limit} rows", together[limit], alone, pair / forward[limit]) for limit in rows
    ]


@torch.no_grad()
def _forward_seconds(network: UNetNetwork, size: int, rows: int) -> float:
    """Measure the network alone: seconds per row, over as many rows as a few jobs have."""
    x_BChw, told_B = torch.randn(rows, 4, size, size), torch.linspace(1, 999, rows)
    conditions = {"encoder_hidden_states": torch.randn(rows, 77, 128)}
    count = 64 // rows
    return _seconds(lambda: [network.predict(x_BChw, told_B, conditions) for _ in range(count)]) / (
        count * rows
    )


def run_variants(rounds: int = 1, size: int = 16) -> list[Row]:
    """Measure six variants of a job that differ after step 8 of 12, with and without sharing those steps."""
    network, space = UNetNetwork(), _space()
    common = _prompt(1, 128).with_(end=8 / 12)
    jobs = [
        SampleJob(
            network=network,
            space=space,
            sampler="dpmpp_2m",
            sigmas=schedule("karras", space, 12),
            positive=common.combined_with(_prompt(10 + number, 128).with_(start=8 / 12)),
            negative=_prompt(100, 128),
            latent_BChw=torch.zeros(1, 4, size, size),
        )
        for number in range(6)
    ]

    async def sample(batcher: Batcher) -> None:
        await asyncio.gather(*(batcher.sample(job) for job in jobs))

    alone = shared = float("inf")
    evaluations = 0
    for _ in range(rounds):
        with Batcher() as batcher:
            alone = min(alone, _seconds(lambda: [batcher.drive(job) for job in jobs]))
        with Batcher(trajectories=TrajectoryCache(1 << 24)) as batcher:
            shared = min(shared, _seconds(lambda: asyncio.run(sample(batcher))))
            evaluations = batcher.statistics().rows // 2
    return [Row("variants", f"{evaluations} of 72 evaluations", shared, alone)]


def run() -> list[Row]:
    """Measure everything: little more than a minute on one core."""
    logging.set_verbosity_error()
    with _one_thread():
        return [*run_loop(), *run_batch(), *run_variants()]


def main() -> None:
    """Print the tables."""
    rows = run()
    print("Sampling loop around a network that does nothing, CPU microseconds per step (512x512, guided)")
    print(f"{'sampler':20}{'weft':>9}{'diffusers':>12}{'gain':>8}")
    for row in rows:
        if row.table == "loop":
            print(f"{row.name:20}{row.ours:9.1f}{row.other:12.1f}{row.gain:7.1f}x")
    worst = max(row.ours for row in rows if row.name in {"euler", "dpmpp_2m"})
    print(f"euler and dpmpp_2m: at most {worst:.1f} us (target <= {TARGET_STEP_US:.0f})")
    print("Sixteen queued jobs on a U-Net of 5.9 million parameters, 16x16 latents, CPU seconds")
    print(f"{'':20}{'together':>9}{'one by one':>12}{'gain':>8}{'network alone':>16}")
    for row in rows:
        if row.table == "batch":
            print(f"{row.name:20}{row.ours:9.2f}{row.other:12.2f}{row.gain:7.2f}x{row.limit:15.2f}x")
    best = max(row.gain for row in rows if row.table == "batch")
    print(f"best gain {best:.2f}x (target >= {TARGET_SPEEDUP}x)")
    print("Six variants of a job that share 8 of 12 steps, CPU seconds")
    for row in rows:
        if row.table == "variants":
            print(f"{row.name:25}{row.ours:6.2f}{row.other:10.2f} one by one{row.gain:7.2f}x")


if __name__ == "__main__":
    main()
