"""A picture is the same whether it is sampled alone or beside seven others of every kind."""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
import torch
from tiny_runs import load_tiny, tiny_paths
from weft.sdk import LocalRun, Paths
from weft_nodes.checkpoints import LoadedCheckpoint
from weft_nodes.diffusion.values import Latent
from weft_nodes.latents import empty_latent
from weft_nodes.models.service import SamplerService
from weft_nodes.prompts import encode_prompt
from weft_nodes.sampling import sample_latent
from workflow_runs import STARTER


@dataclass(frozen=True)
class Wish:
    """One picture: no two of the eight agree in prompt, seed, steps, sampler or guidance."""

    prompt: str
    seed: int
    steps: int
    sampler: str
    guidance_scale: float
    is_guided: bool = True


WISHES = (
    Wish("a red circle", 1, 3, "euler", 7.0),
    Wish("a blue square on white", 2, 4, "dpmpp_2m", 1.5),
    Wish("", 3, 5, "euler_ancestral", 4.0),
    Wish("two green stars", 4, 6, "heun", 3.0, is_guided=False),
    Wish("a ring", 5, 7, "uni_pc", 12.0),
    Wish("a yellow triangle", 6, 8, "dpmpp_2m_sde", 2.0),
    Wish("a violet disc and a black square", 7, 9, "lms", 5.0, is_guided=False),
    Wish("nothing at all", 8, 10, "deis", 9.0),
)


@pytest.fixture(scope="module")
def paths(tmp_path_factory: pytest.TempPathFactory) -> Paths:
    """Folders with tiny checkpoints."""
    return tiny_paths(tmp_path_factory.mktemp("company"))


@pytest.fixture
def run(paths: Paths) -> Iterator[LocalRun]:
    """A run of its own, so that its batcher has done nothing yet."""
    found = LocalRun(paths=paths)
    yield found
    found.close()


def sampled(run: LocalRun, checkpoint: LoadedCheckpoint, wishes: Sequence[Wish]) -> list[Latent]:
    """Sample some wishes at once, each through a node of its own."""
    negative = encode_prompt(run, checkpoint.encoder, "dull")

    async def together() -> list[Latent]:
        return await asyncio.gather(
            *(
                sample_latent(
                    run,
                    checkpoint.model,
                    encode_prompt(run, checkpoint.encoder, wish.prompt),
                    negative if wish.is_guided else None,
                    empty_latent(checkpoint.model, 64, 64),
                    seed=wish.seed,
                    steps=wish.steps,
                    guidance_scale=wish.guidance_scale,
                    sampler=wish.sampler,
                )
                for wish in wishes
            )
        )

    return asyncio.run(together())


@pytest.mark.parametrize("name", ["starter", "xl"])
def test_eight_different_pictures_at_once_equal_those_made_alone(run: LocalRun, name: str) -> None:
    checkpoint = load_tiny(run, name)
    alone = [sampled(run, checkpoint, [wish])[0].samples_BChw for wish in WISHES]

    together = sampled(run, checkpoint, WISHES)

    for wish, expected, found in zip(WISHES, alone, together, strict=True):
        assert (found.samples_BChw - expected).abs().max() <= 1e-4, wish


def test_pictures_that_are_made_at_once_share_forwards(run: LocalRun) -> None:
    checkpoint = load_tiny(run)

    sampled(run, checkpoint, WISHES)

    done = run.service(SamplerService).batcher.statistics()
    assert done.jobs == len(WISHES)
    assert done.rows > 2 * done.forwards


def test_the_order_in_which_pictures_are_asked_for_changes_none(run: LocalRun) -> None:
    checkpoint = load_tiny(run)

    there = sampled(run, checkpoint, WISHES)

    back = sampled(run, checkpoint, WISHES[::-1])[::-1]
    for first, second in zip(there, back, strict=True):
        torch.testing.assert_close(first.samples_BChw, second.samples_BChw, atol=1e-4, rtol=0)


def test_the_shipped_model_draws_alike_in_company(tmp_path: Path) -> None:
    if not (STARTER / "model_index.json").is_file():
        pytest.skip("the starter model has no weights here")
    # Without models of its own, a run finds the model that ships with weft.
    run = LocalRun(paths=Paths.below(tmp_path))
    checkpoint = load_tiny(run)
    wishes = WISHES[:3]
    alone = [sampled(run, checkpoint, [wish])[0].samples_BChw for wish in wishes]

    together = sampled(run, checkpoint, wishes)

    run.close()
    for expected, found in zip(alone, together, strict=True):
        torch.testing.assert_close(found.samples_BChw, expected, atol=1e-4, rtol=0)
