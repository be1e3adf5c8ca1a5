"""Sampling depends on its seed and nothing by chance, reports its steps, and stops within one."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from tiny.autoencoders import tiny_taesd, write_half
from tiny_models import write_folder
from tiny_runs import load_tiny, tiny_paths
from weft.graph.check import check
from weft.graph.document import Document, parse_document
from weft.graph.workflows import NoWorkflows
from weft.plugins import load
from weft.sdk import CancelledRunError, LocalRun, Mask
from weft.settings import load_settings
from weft_nodes import sampling
from weft_nodes.adapters import apply_lora
from weft_nodes.checkpoints import LoadedCheckpoint
from weft_nodes.diffusion.errors import ConditioningError, ScheduleError
from weft_nodes.diffusion.values import Conditioning, Latent, Sigmas
from weft_nodes.hints import set_size_hint
from weft_nodes.latents import empty_latent, mask_latent, pick_latent
from weft_nodes.prompts import encode_prompt, limit_to_range
from weft_nodes.sigmas import make_sigmas


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalRun]:
    """A run with tiny checkpoints."""
    found = LocalRun(paths=tiny_paths(tmp_path_factory.mktemp("sampling")))
    yield found
    found.close()


@pytest.fixture(scope="module")
def checkpoint(run: LocalRun) -> LoadedCheckpoint:
    """The tiny checkpoint."""
    return load_tiny(run)


@pytest.fixture(scope="module")
def positive(run: LocalRun, checkpoint: LoadedCheckpoint) -> Conditioning:
    """A prompt."""
    return encode_prompt(run, checkpoint.encoder, "a red circle")


@pytest.fixture(scope="module")
def negative(run: LocalRun, checkpoint: LoadedCheckpoint) -> Conditioning:
    """The empty prompt."""
    return encode_prompt(run, checkpoint.encoder, "")


@pytest.fixture
def empty(checkpoint: LoadedCheckpoint) -> Latent:
    """An empty latent of a picture of 32 x 32 pixels."""
    return empty_latent(checkpoint.model, 32, 32)


@pytest.fixture
def fresh(run: LocalRun) -> Iterator[LocalRun]:
    """A run of its own over the same folders, to read what it was told or to cancel it."""
    found = LocalRun(paths=run.paths)
    yield found
    found.close()


def close(a: Latent, b: Latent) -> None:
    """Two latents are equal within float rounding."""
    torch.testing.assert_close(a.samples_BChw, b.samples_BChw, atol=1e-4, rtol=1e-4)


def test_the_same_seed_gives_the_same_latent_and_another_does_not(
    run: LocalRun,
    checkpoint: LoadedCheckpoint,
    positive: Conditioning,
    negative: Conditioning,
    empty: Latent,
) -> None:
    def sampled(seed: int) -> torch.Tensor:
        work = sampling.sample_latent(run, checkpoint.model, positive, negative, empty, seed=seed, steps=3)
        return asyncio.run(work).samples_BChw

    assert sampled(7).equal(sampled(7))
    assert not sampled(7).equal(sampled(8))


def test_a_batch_equals_single_pictures_at_consecutive_seeds(
    run: LocalRun, checkpoint: LoadedCheckpoint, positive: Conditioning, negative: Conditioning
) -> None:
    def sampled(latent: Latent, seed: int) -> Latent:
        return asyncio.run(
            sampling.sample_latent(run, checkpoint.model, positive, negative, latent, seed=seed, steps=3)
        )

    batch = empty_latent(checkpoint.model, 32, 32, batch_size=3)

    together = sampled(batch, 5)

    for index in range(3):
        close(sampled(empty_latent(checkpoint.model, 32, 32), 5 + index), together.item(index))
    close(sampled(pick_latent(batch, 2), 5), together.item(2))


def test_without_a_negative_prompt_there_is_no_guidance(
    run: LocalRun, checkpoint: LoadedCheckpoint, positive: Conditioning, empty: Latent
) -> None:
    def sampled(scale: float) -> torch.Tensor:
        work = sampling.sample_latent(
            run, checkpoint.model, positive, None, empty, steps=2, guidance_scale=scale
        )
        return asyncio.run(work).samples_BChw

    assert sampled(1.0).equal(sampled(9.0))


def test_every_step_is_told_and_the_last_one_too(
    fresh: LocalRun, checkpoint: LoadedCheckpoint, positive: Conditioning
) -> None:
    batch = empty_latent(checkpoint.model, 32, 32, batch_size=2)

    asyncio.run(sampling.sample_latent(fresh, checkpoint.model, positive, None, batch, steps=4))

    assert [(step, total) for step, total, _ in fresh.steps] == [(step, 8) for step in range(1, 9)]


def test_a_preview_takes_shape_where_the_latent_space_is_known(fresh: LocalRun) -> None:
    xl = load_tiny(fresh, "xl")
    prompt = encode_prompt(fresh, xl.encoder, "a red circle")

    asyncio.run(
        sampling.sample_latent(fresh, xl.model, prompt, None, empty_latent(xl.model, 48, 32), steps=3)
    )

    assert 1 <= len(fresh.previews) <= 3
    assert fresh.previews[-1].shape == (4, 6, 3)
    assert fresh.previews[-1].dtype == np.uint8


def test_a_preview_is_the_picture_where_a_small_decoder_lies(fresh: LocalRun) -> None:
    xl = load_tiny(fresh, "xl")
    prompt = encode_prompt(fresh, xl.encoder, "a red circle")
    path = fresh.paths.models[0] / "vae_approx" / "taesdxl_decoder.safetensors"
    write_half(path, tiny_taesd(), "decoder")

    asyncio.run(
        sampling.sample_latent(fresh, xl.model, prompt, None, empty_latent(xl.model, 48, 32), steps=1)
    )
    path.unlink()

    assert [preview.shape for preview in fresh.previews] == [(32, 48, 3)]


def test_a_lora_changes_the_picture_as_much_as_its_strength_says(
    run: LocalRun, checkpoint: LoadedCheckpoint, positive: Conditioning, empty: Latent
) -> None:
    name = "unet.down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_q"
    pair = {"lora_A.weight": torch.randn(2, 8), "lora_B.weight": torch.randn(8, 2)}
    folder = run.paths.models[0] / "loras"
    folder.mkdir(exist_ok=True)
    save_file({f"{name}.{part}": tensor for part, tensor in pair.items()}, folder / "q.safetensors")

    def sampled(strength: float) -> torch.Tensor:
        model, _ = apply_lora(
            run, checkpoint.model, checkpoint.encoder, lora="q.safetensors", strength=strength
        )
        return asyncio.run(sampling.sample_latent(run, model, positive, None, empty, steps=2)).samples_BChw

    without = asyncio.run(sampling.sample_latent(run, checkpoint.model, positive, None, empty, steps=2))
    assert sampled(0.0).equal(without.samples_BChw)
    assert 0 < (sampled(0.01) - sampled(0.0)).abs().mean() < (sampled(1.0) - sampled(0.0)).abs().mean()


class Impatient(LocalRun):
    """A run that the user cancels at its third step."""

    def progress(self, step: int, total: int, *, message: str = "") -> None:
        if step == 3:
            self.cancel()
        super().progress(step, total, message=message)


def test_a_cancelled_run_stops_within_a_step(
    run: LocalRun, checkpoint: LoadedCheckpoint, positive: Conditioning, empty: Latent
) -> None:
    impatient = Impatient(paths=run.paths)

    with pytest.raises(CancelledRunError):
        asyncio.run(sampling.sample_latent(impatient, checkpoint.model, positive, None, empty, steps=200))

    assert 3 <= len(impatient.steps) < 100
    impatient.close()


def test_a_refiner_is_told_to_avoid_what_is_ugly_unless_prompts_say_otherwise(run: LocalRun) -> None:
    write_folder(run.paths.models[0] / "refiner", "sdxl-refiner")
    refiner = load_tiny(run, "refiner")
    prompt = encode_prompt(run, refiner.encoder, "a red circle")

    def sampled(positive: Conditioning, negative: Conditioning) -> torch.Tensor:
        latent = empty_latent(refiner.model, 32, 32)
        work = sampling.sample_latent(run, refiner.model, positive, negative, latent, steps=1)
        return asyncio.run(work).samples_BChw

    usual = sampled(prompt, prompt)
    good, bad = (set_size_hint(prompt, aesthetic_score=score) for score in (6.0, 2.5))
    assert sampled(good, bad).equal(usual)
    assert not sampled(good, good).equal(usual)


def test_denoising_nothing_gives_the_latent_back(
    run: LocalRun, checkpoint: LoadedCheckpoint, positive: Conditioning
) -> None:
    latent = Latent(torch.randn(1, 4, 4, 4), "starter")

    kept = asyncio.run(
        sampling.sample_latent(run, checkpoint.model, positive, None, latent, denoise=0.0, steps=4)
    )

    assert kept.samples_BChw.equal(latent.samples_BChw)


def test_denoising_less_changes_less(
    run: LocalRun, checkpoint: LoadedCheckpoint, positive: Conditioning
) -> None:
    latent = Latent(torch.randn(1, 4, 4, 4), "starter")

    def change(denoise: float) -> float:
        work = sampling.sample_latent(
            run, checkpoint.model, positive, None, latent, denoise=denoise, steps=5, schedule="simple"
        )
        return float((asyncio.run(work).samples_BChw - latent.samples_BChw).abs().mean())

    assert 0 < change(0.1) < change(0.9)


def test_what_a_mask_does_not_select_is_kept(
    run: LocalRun, checkpoint: LoadedCheckpoint, positive: Conditioning
) -> None:
    latent = Latent(torch.randn(1, 4, 4, 4), "starter")
    mask = torch.zeros(1, 32, 32)
    mask[:, :, :16] = 1
    masked = mask_latent(latent, Mask(mask))

    changed = asyncio.run(sampling.sample_latent(run, checkpoint.model, positive, None, masked, steps=3))

    torch.testing.assert_close(changed.samples_BChw[..., 2:], latent.samples_BChw[..., 2:])
    assert not changed.samples_BChw[..., :2].equal(latent.samples_BChw[..., :2])


@pytest.mark.parametrize("sampler", ["euler", "heun", "euler_ancestral", "dpmpp_2s_ancestral", "dpmpp_sde"])
def test_two_parts_of_a_sampling_equal_the_whole(
    run: LocalRun, checkpoint: LoadedCheckpoint, positive: Conditioning, empty: Latent, sampler: str
) -> None:
    def part(latent: Latent, start: int, end: int, *, add_noise: bool) -> Latent:
        return asyncio.run(
            sampling.sample_steps(
                run,
                checkpoint.model,
                positive,
                None,
                latent,
                seed=3,
                steps=6,
                start_step=start,
                end_step=end,
                add_noise=add_noise,
                sampler=sampler,
            )
        )

    whole = asyncio.run(
        sampling.sample_latent(run, checkpoint.model, positive, None, empty, seed=3, steps=6, sampler=sampler)
    )

    first = part(empty, 0, 3, add_noise=True)
    close(part(first, 3, 6, add_noise=False), whole)
    assert not torch.allclose(first.samples_BChw, whole.samples_BChw)


@pytest.mark.parametrize("sampler", ["dpmpp_sde", "euler"])
def test_two_parts_of_an_inpainting_equal_the_whole(
    run: LocalRun, checkpoint: LoadedCheckpoint, positive: Conditioning, sampler: str
) -> None:
    clean = torch.randn(1, 4, 4, 4, generator=torch.Generator().manual_seed(1))
    half = Mask(torch.cat([torch.ones(1, 32, 16), torch.zeros(1, 32, 16)], dim=2))
    masked = mask_latent(Latent(clean, "starter"), half)

    def part(latent: Latent, start: int, end: int, *, add_noise: bool) -> Latent:
        work = sampling.sample_steps(
            run,
            checkpoint.model,
            positive,
            None,
            latent,
            steps=4,
            start_step=start,
            end_step=end,
            add_noise=add_noise,
            sampler=sampler,
        )
        return asyncio.run(work)

    first = part(masked, 0, 2, add_noise=True)
    second = part(first, 2, 4, add_noise=False)

    close(second, part(masked, 0, 4, add_noise=True))
    assert second.samples_BChw[..., 2:].equal(clean[..., 2:])
    assert not first.samples_BChw[..., 2:].equal(clean[..., 2:])
    assert second.original_BChw is None


@pytest.mark.parametrize(("start", "end"), [(3, 3), (4, 2), (6, 1000)])
def test_parts_without_a_step_are_an_error(
    run: LocalRun, checkpoint: LoadedCheckpoint, positive: Conditioning, empty: Latent, start: int, end: int
) -> None:
    work = sampling.sample_steps(
        run, checkpoint.model, positive, None, empty, steps=6, start_step=start, end_step=end
    )

    with pytest.raises(ScheduleError, match="in a sampling of 6 steps"):
        asyncio.run(work)


def test_custom_levels_of_a_schedule_equal_the_schedule(
    run: LocalRun, checkpoint: LoadedCheckpoint, positive: Conditioning, negative: Conditioning, empty: Latent
) -> None:
    levels = make_sigmas(run, checkpoint.model, "karras", steps=4)

    custom = asyncio.run(
        sampling.sample_custom(run, checkpoint.model, positive, negative, empty, levels, seed=2)
    )

    usual = asyncio.run(
        sampling.sample_latent(run, checkpoint.model, positive, negative, empty, seed=2, steps=4)
    )
    assert custom.samples_BChw.equal(usual.samples_BChw)


def test_levels_beyond_what_the_model_knows_are_an_error(
    run: LocalRun, checkpoint: LoadedCheckpoint, positive: Conditioning, empty: Latent
) -> None:
    rising = Sigmas((1.0, 2.0, 0.0))

    with pytest.raises(ScheduleError, match="fall"):
        asyncio.run(sampling.sample_custom(run, checkpoint.model, positive, None, empty, rising))


def test_prompts_must_cover_every_step(
    run: LocalRun, checkpoint: LoadedCheckpoint, positive: Conditioning, empty: Latent
) -> None:
    early = limit_to_range(positive, 0.0, 0.5)

    with pytest.raises(ConditioningError, match="No positive prompt"):
        asyncio.run(sampling.sample_latent(run, checkpoint.model, early, None, empty, steps=4))


@pytest.mark.parametrize(
    ("kind", "tensor", "words"),
    [
        (
            "latent.sample",
            "time_text_embed.guidance_embedder.linear_1.weight",
            "is told with the prompt how strictly to follow it",
        ),
        (
            "latent.sample_steps",
            "transformer_blocks.0.attn.to_q.weight",
            "was distilled to need no guidance",
        ),
    ],
)
def test_the_check_warns_of_guidance_that_a_distilled_model_does_not_know(
    tmp_path: Path, kind: str, tensor: str, words: str
) -> None:
    folder = tmp_path / "models" / "distilled" / "transformer"
    folder.mkdir(parents=True)
    (folder.parent / "model_index.json").write_text('{"_weft_family": "flux"}')
    save_file({tensor: torch.zeros(1)}, folder / "diffusion_pytorch_model.safetensors")
    settings = load_settings(
        {"data_dir": tmp_path, "custom_nodes_dirs": (), "models_dirs": (tmp_path / "models",)}
    )
    registry = load(settings).registry

    guided, plain = (check(_guided_document(kind, scale), registry, NoWorkflows()) for scale in (4.0, 1.0))

    assert guided.graph is not None
    assert [problem.message for problem in guided.problems] == [
        f"sample.guidance_scale is 4, but checkpoint.model {words}."
    ]
    assert plain.problems == ()


def _guided_document(kind: str, scale: float) -> Document:
    """A workflow that samples the model "distilled" at a guidance scale."""
    prompt = {"from": "text.conditioning"}
    sample = {
        "model": {"from": "checkpoint.model"},
        "positive": prompt,
        "negative": prompt,
        "latent": {"from": "empty.latent"},
        "guidance_scale": scale,
    }
    text = {"encoder": {"from": "checkpoint.encoder"}, "text": "a red circle"}
    nodes = {
        "checkpoint": {"type": "checkpoint.load", "version": 1, "inputs": {"checkpoint": "distilled"}},
        "text": {"type": "prompt.encode", "version": 1, "inputs": text},
        "empty": {"type": "latent.empty", "version": 1, "inputs": {"model": {"from": "checkpoint.model"}}},
        "sample": {"type": kind, "version": 1, "inputs": sample},
    }
    return parse_document(json.dumps({"weft": 1, "nodes": nodes}))


def test_every_sampler_and_schedule_is_offered() -> None:
    assert {"euler", "dpmpp_2m", "uni_pc"} <= set(sampling.sampler_names())
    assert {"karras", "simple", "beta"} <= set(sampling.schedule_names())
