"""Guidance nodes in workflows: each works on every family it is for, and clashes are found before a run."""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any

import pytest
import tiny_models
import torch
from tiny_runs import load_tiny, tiny_paths
from weft.errors import JSON
from weft.graph.check import check
from weft.graph.document import parse_document
from weft.graph.workflows import NoWorkflows
from weft.plugins import load
from weft.registry import Registry
from weft.sdk import LocalRun, Paths
from weft.settings import load_settings
from weft_nodes import guidance
from weft_nodes.checkpoints import LoadedCheckpoint
from weft_nodes.diffusion.errors import GuidanceClashError, JobError
from weft_nodes.diffusion.values import Conditioning, Latent
from weft_nodes.guidance import BlocksError
from weft_nodes.latents import decode_latent, empty_latent
from weft_nodes.models.errors import PatchMismatchError
from weft_nodes.models.guiding import Guiding
from weft_nodes.prompts import encode_prompt
from weft_nodes.sampling import sample_latent
from weft_nodes.starter.reading import read_picture
from weft_nodes.starter.scenes import Background, Colour, Shape
from workflow_runs import STARTER

Make = Callable[[LocalRun, LoadedCheckpoint], Guiding]


def _perp_neg(run: LocalRun, checkpoint: LoadedCheckpoint) -> Guiding:
    return guidance.use_perp_neg(encoded(run, checkpoint, ""))


def _chain(*_: object) -> Guiding:
    """Everything that can work together."""
    found = guidance.use_perturbed_attention(0.5)
    found = guidance.use_zero_star(0, before=found)
    found = guidance.use_projection(before=found)
    found = guidance.use_threshold(before=found)
    return guidance.limit_to_interval(start=0.1, end=0.9, before=found)


METHODS: Mapping[str, Make] = {
    "interval": lambda *_: guidance.limit_to_interval(start=0.2, end=0.7),
    "apg": lambda *_: guidance.use_projection(),
    "cfg_zero": lambda *_: guidance.use_zero_star(0),
    "tangential": lambda *_: guidance.use_tangential(),
    "magnitude_aware": lambda *_: guidance.use_magnitude(1.0),
    "perp_neg": _perp_neg,
    "dynamic_threshold": lambda *_: guidance.use_threshold(1.5),
    "keep_length": lambda *_: guidance.use_kept_length(),
    "perturbed_attention": lambda *_: guidance.use_perturbed_attention(1.0),
    "smoothed_energy": lambda *_: guidance.use_smoothed_energy(1.0),
    "chain": _chain,
}
ATTENTION = {"perturbed_attention", "smoothed_energy", "chain"}


@pytest.fixture(scope="module")
def paths(tmp_path_factory: pytest.TempPathFactory) -> Paths:
    """Folders with tiny checkpoints of several families and the starter model."""
    found = tiny_paths(tmp_path_factory.mktemp("guidance"))
    tiny_models.write_folder(found.models[0] / "sd15", "sd15")
    for family in ("sd3", "chroma"):
        tiny_models.write_folder(found.models[0] / family, family)
    (found.models[0] / "real").symlink_to(STARTER)
    return found


@pytest.fixture(scope="module")
def run(paths: Paths) -> Iterator[LocalRun]:
    """A run over them."""
    found = LocalRun(paths=paths)
    yield found
    found.close()
    encoded.cache_clear()


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory, paths: Paths) -> Registry:
    """What the check of a workflow knows of nodes and of these checkpoints."""
    folder = tmp_path_factory.mktemp("data")
    settings = load_settings(
        {"data_dir": folder, "custom_nodes_dirs": (), "models_dirs": tuple(paths.models)}
    )
    return load(settings).registry


@cache
def encoded(run: LocalRun, checkpoint: LoadedCheckpoint, text: str) -> Conditioning:
    """A prompt, which is encoded once for all methods."""
    return encode_prompt(run, checkpoint.encoder, text)


async def sampled(
    run: LocalRun,
    checkpoint: LoadedCheckpoint,
    guiding: Guiding | None,
    *,
    text: str = "a red circle",
    side: int = 32,
    scale: float = 4.0,
    steps: int = 4,
) -> Latent:
    """A latent, guided against the words "a blue square"."""
    positive, negative = (encoded(run, checkpoint, words) for words in (text, "a blue square on black"))
    empty = empty_latent(checkpoint.model, side, side)
    return await sample_latent(
        run,
        checkpoint.model,
        positive,
        negative,
        empty,
        seed=3,
        steps=steps,
        guidance_scale=scale,
        guidance=guiding,
    )


async def _with_each(
    run: LocalRun, checkpoint: LoadedCheckpoint, methods: Mapping[str, Make], **changes: Any
) -> dict[str, Latent]:
    """Sample with each of some methods, all at once in one batch."""
    guided = (sampled(run, checkpoint, make(run, checkpoint), **changes) for make in methods.values())
    return dict(zip(methods, await asyncio.gather(*guided), strict=True))


@pytest.mark.parametrize("family", ["sd15", "xl"])
def test_every_method_guides_u_nets(run: LocalRun, family: str) -> None:
    checkpoint = load_tiny(run, family)

    latents = asyncio.run(_with_each(run, checkpoint, METHODS))
    plain = asyncio.run(sampled(run, checkpoint, None)).samples_BChw

    for name, latent in latents.items():
        assert latent.samples_BChw.isfinite().all(), name
        assert not torch.allclose(latent.samples_BChw, plain, atol=1e-4), name


def test_every_method_guides_stable_diffusion_3(run: LocalRun) -> None:
    latents = asyncio.run(_with_each(run, load_tiny(run, "sd3"), METHODS))
    plain = asyncio.run(sampled(run, load_tiny(run, "sd3"), None)).samples_BChw

    for name, latent in latents.items():
        assert latent.samples_BChw.isfinite().all(), name
        assert not torch.allclose(latent.samples_BChw, plain, atol=1e-5), name


@pytest.mark.parametrize("name", sorted(ATTENTION))
def test_attention_that_is_not_known_is_not_weakened(run: LocalRun, name: str) -> None:
    checkpoint = load_tiny(run, "chroma")

    with pytest.raises(PatchMismatchError, match="self-attention"):
        asyncio.run(sampled(run, checkpoint, METHODS[name](run, checkpoint)))


def test_layers_are_skipped_in_stable_diffusion_3_and_nowhere_else(run: LocalRun) -> None:
    guiding = guidance.use_layer_skipping(2.0, "1", start=0.0, end=1.0)
    transformer, unet = load_tiny(run, "sd3"), load_tiny(run, "sd15")

    skipped, plain = (asyncio.run(sampled(run, transformer, each)).samples_BChw for each in (guiding, None))

    assert not torch.allclose(skipped, plain, atol=1e-4)
    with pytest.raises(PatchMismatchError, match="transformer blocks"):
        asyncio.run(sampled(run, unet, guiding))


def test_free_u_changes_what_a_u_net_predicts_and_no_transformer_has_it(run: LocalRun) -> None:
    unet, transformer = load_tiny(run, "sd15"), load_tiny(run, "sd3")
    changed = unet._replace(model=guidance.apply_freeu(unet.model))

    latents = [asyncio.run(sampled(run, each, None)).samples_BChw for each in (unet, changed)]

    assert not torch.allclose(latents[0], latents[1], atol=1e-4)
    with pytest.raises(PatchMismatchError, match="no U-Net"):
        asyncio.run(sampled(run, transformer._replace(model=guidance.apply_freeu(transformer.model)), None))


def test_an_empty_guidance_gives_the_bits_of_none(run: LocalRun) -> None:
    checkpoint = load_tiny(run, "sd15")

    latents = [asyncio.run(sampled(run, checkpoint, each)).samples_BChw for each in (None, Guiding())]

    assert latents[0].equal(latents[1])


def test_pictures_still_show_what_the_prompt_says(run: LocalRun) -> None:
    checkpoint = load_tiny(run, "real")
    text = "a red circle on a white background"
    latents = asyncio.run(_with_each(run, checkpoint, METHODS, text=text, side=128, scale=2.0, steps=8))

    for name, latent in latents.items():
        pixels = decode_latent(run, latent, checkpoint.vae).pixels_BHWC[0]
        reading = read_picture((pixels * 255).round().to(torch.uint8).numpy())
        seen = [(each.shape, each.colour) for each in reading.objects]
        assert (name, seen) == (name, [(Shape.CIRCLE, Colour.RED)])
        assert reading.background is Background.WHITE, name


def test_two_methods_for_one_place_clash() -> None:
    with pytest.raises(GuidanceClashError):
        guidance.use_magnitude(before=guidance.use_projection())


def test_a_method_without_a_negative_prompt_says_what_is_missing(run: LocalRun) -> None:
    checkpoint = load_tiny(run, "sd15")
    positive = encode_prompt(run, checkpoint.encoder, "a red circle")
    empty = empty_latent(checkpoint.model, 64, 64)

    with pytest.raises(JobError, match="negative prompt"):
        asyncio.run(
            sample_latent(run, checkpoint.model, positive, None, empty, guidance=guidance.use_projection())
        )


@pytest.mark.parametrize("blocks", ["", "seven", "1; 2", "-1", "100"])
def test_blocks_that_are_no_numbers_are_refused(blocks: str) -> None:
    with pytest.raises(BlocksError):
        guidance.use_layer_skipping(blocks=blocks)


def test_an_interval_that_ends_before_it_begins_is_refused() -> None:
    with pytest.raises(JobError):
        guidance.limit_to_interval(start=0.6, end=0.5)


def link(text: str) -> JSON:
    """Where an input comes from."""
    return {"from": text}


def problems(registry: Registry, nodes: Mapping[str, Mapping[str, JSON]]) -> list[tuple[str, str]]:
    """What the check says of guidance nodes before a sampling node: code and place."""
    rest: dict[str, Mapping[str, JSON]] = {
        "checkpoint": {"type": "checkpoint.load", "inputs": {"checkpoint": "sd15"}},
        "other": {"type": "checkpoint.load", "inputs": {"checkpoint": "xl"}},
        "text": {"type": "prompt.encode", "inputs": {"encoder": link("checkpoint.encoder"), "text": ""}},
        "foreign": {"type": "prompt.encode", "inputs": {"encoder": link("other.encoder"), "text": ""}},
        "empty": {"type": "latent.empty", "inputs": {"model": link("checkpoint.model")}},
        "sample": {
            "type": "latent.sample",
            "inputs": {
                "model": link("checkpoint.model"),
                "positive": link("text.conditioning"),
                "negative": link("text.conditioning"),
                "latent": link("empty.latent"),
                "guidance": link("last.guidance"),
            },
        },
    }
    entries: dict[str, JSON] = {name: {"version": 1, **entry} for name, entry in {**rest, **nodes}.items()}
    document = parse_document({"weft": 1, "outputs": {"it": {"from": "sample.latent"}}, "nodes": entries})
    report = check(document, registry, NoWorkflows())
    return [(problem.code, f"{problem.node}.{problem.input}") for problem in report.problems]


def test_the_check_finds_two_methods_for_one_place_across_others(registry: Registry) -> None:
    nodes: dict[str, dict[str, JSON]] = {
        "first": {"type": "guidance.apg", "inputs": {}},
        "between": {"type": "guidance.perturbed_attention", "inputs": {"before": link("first.guidance")}},
        "last": {"type": "guidance.magnitude_aware", "inputs": {"before": link("between.guidance")}},
    }

    assert problems(registry, nodes) == [("trait-mismatch", "last.before")]


def test_the_check_finds_a_neutral_prompt_of_another_family(registry: Registry) -> None:
    nodes: dict[str, dict[str, JSON]] = {
        "perp": {"type": "guidance.perp_neg", "inputs": {"neutral": link("foreign.conditioning")}},
        "last": {"type": "guidance.interval", "inputs": {"before": link("perp.guidance")}},
    }

    assert problems(registry, nodes) == [("trait-mismatch", "sample.guidance")]


@pytest.mark.parametrize(
    ("checkpoint", "method"),
    [("chroma", "perturbed_attention"), ("chroma", "smoothed_energy"), ("sd15", "skip_layers")],
)
def test_the_check_finds_a_method_for_networks_of_another_kind_through_other_nodes(
    registry: Registry, checkpoint: str, method: str
) -> None:
    nodes: dict[str, dict[str, JSON]] = {
        "checkpoint": {"type": "checkpoint.load", "inputs": {"checkpoint": checkpoint}},
        "method": {"type": f"guidance.{method}", "inputs": {}},
        "last": {"type": "guidance.apg", "inputs": {"before": link("method.guidance")}},
    }

    assert problems(registry, nodes) == [("trait-mismatch", "sample.guidance")]


def test_the_check_finds_freeu_on_a_transformer_behind_other_changes(registry: Registry) -> None:
    nodes: dict[str, dict[str, JSON]] = {
        "checkpoint": {"type": "checkpoint.load", "inputs": {"checkpoint": "sd3"}},
        "changed": {"type": "model.set_prediction", "inputs": {"model": link("checkpoint.model")}},
        "freeu": {"type": "model.freeu", "inputs": {"model": link("changed.model")}},
        "empty": {"type": "latent.empty", "inputs": {"model": link("freeu.model")}},
        "last": {"type": "guidance.skip_layers", "inputs": {}},
    }

    assert problems(registry, nodes) == [("trait-mismatch", "freeu.model")]


@pytest.mark.parametrize("checkpoint", ["sd15", "sd3"])
def test_the_check_lets_everything_through_that_can_work_together(
    registry: Registry, checkpoint: str
) -> None:
    nodes: dict[str, dict[str, JSON]] = {
        "checkpoint": {"type": "checkpoint.load", "inputs": {"checkpoint": checkpoint}},
        "zero": {"type": "guidance.cfg_zero", "inputs": {}},
        "apg": {"type": "guidance.apg", "inputs": {"before": link("zero.guidance")}},
        "limit": {"type": "guidance.dynamic_threshold", "inputs": {"before": link("apg.guidance")}},
        "pag": {"type": "guidance.perturbed_attention", "inputs": {"before": link("limit.guidance")}},
        "last": {"type": "guidance.smoothed_energy", "inputs": {"before": link("pag.guidance")}},
    }

    assert problems(registry, nodes) == []
