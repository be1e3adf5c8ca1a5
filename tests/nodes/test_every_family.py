"""Every family runs with every sampler, and its pictures do not depend on what is sampled beside them."""

import asyncio
import itertools
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import tiny_models
import torch
from tiny_runs import load_tiny
from weft.sdk import LocalRun, Paths
from weft_nodes import hints, prompts
from weft_nodes.checkpoints import LoadedCheckpoint
from weft_nodes.diffusion.samplers import SAMPLERS
from weft_nodes.diffusion.schedules import SCHEDULES
from weft_nodes.diffusion.values import Conditioning, Latent
from weft_nodes.families import FACTS, FAMILIES
from weft_nodes.families.checkpoints import checkpoint_traits
from weft_nodes.families.facts import LatentPatchError
from weft_nodes.families.registry import ModelStore
from weft_nodes.latents import LatentSizeError, empty_latent
from weft_nodes.models.attention_patches import FreeU, PerturbedAttention, SkippedBlocks, SmoothedAttention
from weft_nodes.models.clones import light_clone
from weft_nodes.models.errors import PatchMismatchError
from weft_nodes.models.execution import AttentionKernel
from weft_nodes.models.handles import Model
from weft_nodes.models.patches import Patch
from weft_nodes.models.seamless import Seamless
from weft_nodes.models.step_caches import StepCache
from weft_nodes.models.token_merging import TokenMerging
from weft_nodes.sampling import sample_latent

Opened = tuple[LocalRun, LoadedCheckpoint]

# Families whose prompts say something.
READING = [name for name, family in FAMILIES.items() if family.text_parts]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalRun]:
    """A run over a folder for tiny checkpoints."""
    found = LocalRun(paths=Paths.below(tmp_path_factory.mktemp("families")))
    yield found
    found.close()


@pytest.fixture(scope="module", autouse=True)
def encodings() -> Iterator[None]:
    """Prompts are encoded once for all tests of a family, and forgotten in the end."""
    yield
    encoded.cache_clear()


@pytest.fixture(scope="module", params=list(FAMILIES))
def opened(request: pytest.FixtureRequest, run: LocalRun) -> Opened:
    """A tiny checkpoint of each family."""
    tiny_models.write_folder(run.paths.models[0] / request.param, request.param)
    return run, load_tiny(run, request.param)


@cache
def encoded(opened: Opened, text: str) -> Conditioning:
    """A prompt."""
    return prompts.encode_prompt(opened[0], opened[1].encoder, text)


def of_few_tokens(prompt: Conditioning) -> Conditioning:
    """A prompt of eight tokens at most, which is quicker to sample."""
    return Conditioning(
        tuple(
            replace(
                entry,
                tensors={
                    name: tensor[:, :8] if tensor.ndim == 3 or name.endswith("_mask") else tensor
                    for name, tensor in entry.tensors.items()
                },
            )
            for entry in prompt.entries
        )
    )


def small_latent(model: Model) -> Latent:
    """The latent of a picture of 32 x 32 pixels, or of fewer where sampling is done in pixels."""
    side = 32 if FACTS[model.family].reduction > 1 else 16
    return empty_latent(model, side, side)


def sampled(opened: Opened, *texts: str) -> list[Latent]:
    """Latents of a small picture for each text, all sampled at once."""
    run, checkpoint = opened
    negative, empty = encoded(opened, ""), small_latent(checkpoint.model)

    async def together() -> list[Latent]:
        return list(
            await asyncio.gather(
                *(
                    sample_latent(
                        run,
                        checkpoint.model,
                        encoded(opened, text),
                        negative,
                        empty,
                        seed=3,
                        steps=2,
                        guidance_scale=2.0,
                        sampler="euler",
                        schedule="simple",
                    )
                    for text in texts
                )
            )
        )

    return asyncio.run(together())


def test_every_sampler_gives_numbers(opened: Opened) -> None:
    run, checkpoint = opened
    prompt = of_few_tokens(encoded(opened, "a red circle"))
    empty = small_latent(checkpoint.model)

    async def together() -> list[Latent]:
        return list(
            await asyncio.gather(
                *(
                    sample_latent(
                        run, checkpoint.model, prompt, None, empty, steps=3, sampler=name, schedule=schedule
                    )
                    for name, schedule in zip(SAMPLERS, itertools.cycle(SCHEDULES))
                )
            )
        )

    found = asyncio.run(together())

    finite = {
        name: bool(torch.isfinite(latent.samples_BChw).all())
        for name, latent in zip(SAMPLERS, found, strict=True)
    }
    assert all(finite.values()), finite


@pytest.mark.parametrize("opened", READING, indirect=True)
def test_prompts_of_other_lengths_do_not_disturb_each_other(opened: Opened) -> None:
    # Longer than CLIP can read at once.
    texts = ("a red circle", "a blue star, " * 8, "")
    together = sampled(opened, *texts)

    for text, found in zip(texts, together, strict=True):
        (alone,) = sampled(opened, text)
        size = float(alone.samples_BChw.abs().max())
        torch.testing.assert_close(found.samples_BChw, alone.samples_BChw, atol=1e-5 * size, rtol=1e-4)
    assert not together[0].samples_BChw.equal(together[1].samples_BChw)


@pytest.mark.parametrize("opened", READING, indirect=True)
def test_the_end_of_a_long_prompt_counts(opened: Opened) -> None:
    # Longer than any text encoder is asked to read at once.
    long = "a blue star, " * 45

    found = [encoded(opened, text).entries[0].tensors for text in (long + "red", long + "blue")]

    assert any(not first.equal(found[1][name]) for name, first in found[0].items())


@pytest.mark.parametrize("opened", READING, indirect=True)
def test_weights_of_words_count(opened: Opened) -> None:
    plain, neutral, strong = (
        encoded(opened, text).entries[0].tensors
        for text in ("a red star", "a (red:1.0) star", "a (red:1.5) star")
    )

    assert all(tensor.equal(neutral[name]) for name, tensor in plain.items())
    assert any(not tensor.equal(strong[name]) for name, tensor in plain.items())


def test_prompts_are_joined_mixed_and_silenced_so_that_they_can_be_sampled(opened: Opened) -> None:
    run, checkpoint = opened
    first, second = encoded(opened, "a red circle"), encoded(opened, "a blue star")
    changed = [
        prompts.concat_prompts(first, second),
        prompts.average_prompts(first, second, 0.5),
        prompts.zero_out(first),
        hints.set_guidance(first, 2.0),
        prompts.combine_prompts(first, second),
    ]
    empty = small_latent(checkpoint.model)

    async def together() -> list[Latent]:
        return list(
            await asyncio.gather(
                *(sample_latent(run, checkpoint.model, prompt, None, empty, steps=1) for prompt in changed)
            )
        )

    for latent in asyncio.run(together()):
        assert torch.isfinite(latent.samples_BChw).all()


def test_the_check_knows_which_changes_a_network_takes(opened: Opened) -> None:
    run, checkpoint = opened
    traits = checkpoint_traits(Path(checkpoint.model.weights.path))
    network, cached = traits["network"], traits.get("step_cache", "all layers")
    # None keeps the next one from fitting.
    expected: dict[Patch, bool] = {
        StepCache("first_block"): network == "transformer" and cached == "all layers",
        StepCache("taylor"): network == "transformer" and cached == "all layers" and "lite" not in traits,
        StepCache("taylor_lite"): network == "transformer" and cached != "none",
        AttentionKernel("native"): network == "transformer" and "execution" not in traits,
        Seamless(): "edges" not in traits,
        FreeU(): network == "unet",
        TokenMerging(): network == "unet",
        PerturbedAttention(): traits["attention"] == "self",
        SmoothedAttention(): traits["attention"] == "self",
        SkippedBlocks((0,)): network == "transformer" and "layers" not in traits,
    }
    live: Any = run.service(ModelStore).network(checkpoint.model)
    clone = light_clone(live.module)

    def takes(patch: Patch) -> bool:
        try:
            patch.apply(clone)
        except PatchMismatchError:
            return False
        return True

    assert {patch: takes(patch) for patch in expected} == expected


def test_a_size_that_gives_no_whole_tokens_is_refused_before_anything_runs(opened: Opened) -> None:
    run, checkpoint = opened
    facts = FACTS[checkpoint.model.family]
    with pytest.raises(LatentSizeError, match=f"multiples of {facts.multiple}"):
        empty_latent(checkpoint.model, facts.multiple * 3 + 4, 64)
    if facts.patch == 1:
        return
    odd = Latent(torch.zeros(1, facts.latent_channels, 5, 4), checkpoint.model.space)

    with pytest.raises(LatentPatchError):
        asyncio.run(sample_latent(run, checkpoint.model, encoded(opened, ""), None, odd, steps=1))
