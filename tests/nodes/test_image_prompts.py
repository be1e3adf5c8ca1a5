"""Image prompts: pictures change what is sampled, compose with the rest, and mismatches are found early."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import tiny_models
import torch
from tiny.controls import tiny_control, write_control
from tiny.image_prompts import write_adapter
from tiny.styles import PICTURE_TOKENS, write_style
from tiny_runs import load_tiny, tiny_paths
from torch import Tensor
from weft.engine.codec import decode, digest, encode
from weft.errors import JSON, Problem
from weft.graph.check import check
from weft.graph.document import parse_document
from weft.graph.workflows import NoWorkflows
from weft.plugins import load
from weft.sdk import FingerprintScope, Image, LocalRun, Mask, Paths
from weft.settings import load_settings
from weft_nodes.checkpoints import LoadedCheckpoint, checkpoints_by_name
from weft_nodes.control import apply_control, load_control
from weft_nodes.diffusion.errors import ConditioningError
from weft_nodes.diffusion.values import Conditioning
from weft_nodes.editing import show_reference
from weft_nodes.families.registry import ModelStore
from weft_nodes.image_prompts import (
    _digest_of_adapter,
    _digest_of_style,
    apply_image_prompt,
    apply_style,
    encode_edit,
    image_adapters_by_name,
    load_image_adapter,
    load_style_model,
    style_models_by_name,
)
from weft_nodes.latents import empty_latent
from weft_nodes.models.attention_patches import PerturbedAttention
from weft_nodes.models.blocks import BlockStrengthsError
from weft_nodes.models.image_prompts import ImageAdapter
from weft_nodes.prompts import encode_prompt
from weft_nodes.sampling import sample_latent

PICTURE = Image(torch.rand(1, 40, 30, 3, generator=torch.Generator().manual_seed(3)))
OTHER = Image(torch.rand(1, 30, 40, 3, generator=torch.Generator().manual_seed(4)))
NAME = "ip-adapter-base.safetensors"

Opened = tuple[LocalRun, LoadedCheckpoint, ImageAdapter]


@pytest.fixture(scope="module")
def paths(tmp_path_factory: pytest.TempPathFactory) -> Paths:
    """Folders with tiny checkpoints, and an adapter and a control network for one of them."""
    found = tiny_paths(tmp_path_factory.mktemp("pictures"))
    pipeline = tiny_models.shared("starter")
    write_adapter(found.models[0] / "ip_adapter", pipeline.unet, "starter")
    write_control(found.models[0] / "controlnet" / "edges", tiny_control(pipeline, "starter"), "starter")
    return found


@pytest.fixture(scope="module")
def run(paths: Paths) -> LocalRun:
    """A run over them."""
    return LocalRun(paths=paths)


def words(run: LocalRun, text: str = "a red circle") -> Conditioning:
    """A prompt of the tiny checkpoint."""
    return encode_prompt(run, load_tiny(run).encoder, text)


def seeing(run: LocalRun, image: Image = PICTURE, **options: Any) -> Conditioning:
    """A prompt with a picture."""
    return apply_image_prompt(run, words(run), load_image_adapter(run, NAME), image, None, **options)


def sampled(run: LocalRun, positive: Conditioning, negative: Conditioning | None = None) -> Tensor:
    """Two steps of sampling."""
    model = load_tiny(run).model
    empty = empty_latent(model, width=64, height=64)
    done = sample_latent(run, model, positive, negative or words(run, ""), empty, steps=2)
    return asyncio.run(done).samples_BChw


def test_pictures_change_what_is_sampled_and_the_base_not_at_all(run: LocalRun) -> None:
    before = sampled(run, words(run))
    one, other = sampled(run, seeing(run)), sampled(run, seeing(run, OTHER))

    assert not torch.allclose(one, before, atol=1e-4)
    assert not torch.allclose(one, other, atol=1e-4)
    assert torch.equal(sampled(run, words(run)), before)


def test_strength_zero_and_no_block_give_the_bits_of_no_picture(run: LocalRun) -> None:
    results = [
        sampled(run, each) for each in (words(run), seeing(run, strength=0.0), seeing(run, blocks="*=0"))
    ]

    assert all(torch.equal(result, results[0]) for result in results[1:])
    with pytest.raises(BlockStrengthsError, match="much"):
        seeing(run, blocks="mid_block=much")


def test_a_picture_counts_in_its_steps_alone(run: LocalRun) -> None:
    first, second = seeing(run, end=0.5), seeing(run, start=0.5)
    results = [sampled(run, each) for each in (words(run), first, second, seeing(run))]

    for place, result in enumerate(results):
        assert not any(torch.allclose(result, later, atol=1e-5) for later in results[place + 1 :])


def test_a_negative_prompt_with_a_picture_of_its_own_reads_that(run: LocalRun) -> None:
    adapter = load_image_adapter(run, NAME)
    negative = apply_image_prompt(run, words(run, ""), adapter, OTHER, None)

    plain, own = sampled(run, seeing(run)), sampled(run, seeing(run), negative)

    assert not torch.allclose(plain, own, atol=1e-4)


def test_pictures_compose_with_controls_and_masks(run: LocalRun) -> None:
    edges = Image(torch.ones(1, 64, 64, 3))
    mask = Mask(torch.cat([torch.ones(1, 8, 4), torch.zeros(1, 8, 4)], dim=2))
    masked = apply_image_prompt(run, words(run), load_image_adapter(run, NAME), PICTURE, mask)
    both = apply_control(run, masked, load_control(run, "edges"), edges, None, None)

    results = [sampled(run, each) for each in (seeing(run), masked, both)]

    assert not torch.allclose(results[0], results[1], atol=1e-5)
    assert not torch.allclose(results[1], results[2], atol=1e-5)


@pytest.fixture(scope="module", params=["flux", "sd3"])
def opened(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Opened]:
    """A tiny checkpoint with a transformer that reads pictures, and an adapter for it."""
    run = LocalRun(paths=Paths.below(tmp_path_factory.mktemp("transformers")))
    models = run.paths.models[0]
    tiny_models.write_folder(models / request.param, request.param)
    transformer = tiny_models.shared(request.param).transformer
    path = write_adapter(models / "ip_adapter", transformer, request.param, kind=request.param)
    yield run, load_tiny(run, request.param), load_image_adapter(run, path.name)
    run.close()


def of_few_words(opened: Opened, text: str) -> Conditioning:
    """A prompt of eight tokens, which is quicker to sample."""
    run, found, _ = opened
    (entry,) = encode_prompt(run, found.encoder, text).entries
    states = entry.tensors["encoder_hidden_states"][:, :8]
    return Conditioning((replace(entry, tensors={**entry.tensors, "encoder_hidden_states": states}),))


def together(opened: Opened, *prompts: Conditioning) -> list[Tensor]:
    """Latents of some prompts, sampled in company."""
    run, found, _ = opened
    empty, negative = empty_latent(found.model, width=32, height=32), of_few_words(opened, "")

    async def all_of_them() -> list[Tensor]:
        jobs = [
            sample_latent(run, found.model, prompt, negative, empty, steps=1, guidance_scale=2.0)
            for prompt in prompts
        ]
        return [latent.samples_BChw for latent in await asyncio.gather(*jobs)]

    return asyncio.run(all_of_them())


def test_pictures_of_other_jobs_do_not_disturb_a_transformer(opened: Opened) -> None:
    run, _, adapter = opened
    plain = of_few_words(opened, "a red circle")
    half = Mask(torch.cat([torch.ones(1, 8, 4), torch.zeros(1, 8, 4)], dim=2))

    def shown(image: Image = PICTURE, mask: Mask | None = None, **options: Any) -> Conditioning:
        return apply_image_prompt(run, plain, adapter, image, mask, **options)

    one, weaker, masked = shown(), shown(strength=0.5), shown(mask=half)
    both = apply_image_prompt(run, one, adapter, OTHER, None)
    prompts = (plain, one, weaker, masked, both)

    results = together(opened, *prompts)

    for place, result in enumerate(results):
        (alone,) = together(opened, prompts[place])
        torch.testing.assert_close(result, alone, atol=1e-5, rtol=1e-4)
        assert not any(torch.allclose(result, later, atol=1e-4) for later in results[place + 1 :])


def test_pictures_and_controls_of_a_transformer_add_up(opened: Opened) -> None:
    run, found, adapter = opened
    plain = of_few_words(opened, "a red circle")
    family, edges = found.model.family, Image(torch.ones(1, 32, 32, 3))
    net = tiny_control(tiny_models.shared(family), family)
    write_control(run.paths.models[0] / "controlnet" / "edges", net, family)
    steered = apply_control(run, plain, load_control(run, "edges"), edges, found.vae, None)
    both, silent = (
        apply_image_prompt(run, steered, adapter, PICTURE, None, blocks=blocks) for blocks in ("", "*=0")
    )

    results = together(opened, steered, both, silent)

    assert not torch.allclose(results[0], results[1], atol=1e-4)
    torch.testing.assert_close(results[0], results[2], atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("opened", ["flux"], indirect=True)
def test_masks_and_references_go_together(opened: Opened) -> None:
    run, found, adapter = opened
    plain = of_few_words(opened, "a red circle")
    shown = Image(PICTURE.pixels_BHWC[:, :32, :16])
    everywhere, nowhere = Mask(torch.ones(1, 4, 4)), Mask(torch.zeros(1, 4, 4))
    seeing, filled, emptied = (
        show_reference(run, apply_image_prompt(run, plain, adapter, PICTURE, mask), shown, found.vae)
        for mask in (None, everywhere, nowhere)
    )

    results = together(opened, seeing, filled, emptied, show_reference(run, plain, shown, found.vae))

    torch.testing.assert_close(results[0], results[1], atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(results[2], results[3], atol=1e-5, rtol=1e-4)
    assert not torch.allclose(results[0], results[2], atol=1e-4)


def test_prompts_with_pictures_survive_the_cache(run: LocalRun) -> None:
    positive = seeing(run)
    back = decode(encode(positive))

    assert isinstance(back, Conditioning)
    assert digest(back) == digest(positive)
    assert torch.equal(sampled(run, back), sampled(run, positive))


def test_pictures_on_the_same_adapter_share_one_network(run: LocalRun) -> None:
    store, model = run.service(ModelStore), load_tiny(run).model
    adapter = load_image_adapter(run, NAME)
    weakened = model.with_patches(PerturbedAttention())

    assert store.network(model, [adapter]) is store.network(model, [adapter, adapter])
    assert store.network(model, [adapter]).batch_key != store.network(model).batch_key
    assert store.network(weakened, [adapter]).batch_key != store.network(weakened).batch_key


def test_several_masks_and_reversed_ranges_are_refused(run: LocalRun) -> None:
    adapter = load_image_adapter(run, NAME)

    with pytest.raises(ConditioningError, match="at most one mask, but there are 2"):
        apply_image_prompt(run, words(run), adapter, PICTURE, Mask(torch.ones(2, 8, 8)))
    with pytest.raises(ConditioningError, match="range"):
        apply_image_prompt(run, words(run), adapter, PICTURE, None, start=0.6, end=0.5)


def test_adapters_are_listed_with_their_family_and_are_no_checkpoints(paths: Paths) -> None:
    scope = FingerprintScope(paths)

    assert image_adapters_by_name(paths) == {NAME: {"family": "starter"}}
    assert not any(name.startswith("ip_adapter") for name in checkpoints_by_name(paths))
    assert _digest_of_adapter(scope, NAME) == _digest_of_adapter(scope, NAME) != "checkpoint-missing"
    assert _digest_of_adapter(scope, "absent") == "checkpoint-missing"


def test_the_check_finds_an_adapter_of_another_family(tmp_path: Path, paths: Paths) -> None:
    more = tmp_path / "models"
    tiny_models.write_folder(more / "flux", "flux")
    write_adapter(more / "ip_adapter", tiny_models.tiny_unet(), "sd15", kind="plus")
    settings = load_settings(
        {"data_dir": tmp_path, "custom_nodes_dirs": (), "models_dirs": (*paths.models, more)}
    )
    registry = load(settings).registry

    def problems(checkpoint: str, adapter: str) -> list[Problem]:
        links: dict[str, JSON] = {
            "conditioning": {"from": "text.conditioning"},
            "adapter": {"from": "adapter.adapter"},
            "image": {"from": "picture.image"},
        }
        nodes: dict[str, JSON] = {
            "checkpoint": {"type": "checkpoint.load", "inputs": {"checkpoint": checkpoint}},
            "text": {"type": "prompt.encode", "inputs": {"encoder": {"from": "checkpoint.encoder"}}},
            "picture": {"type": "image.empty", "inputs": {}},
            "adapter": {"type": "ipadapter.load", "inputs": {"ip_adapter": adapter}},
            "seeing": {"type": "ipadapter.apply", "inputs": links},
        }
        document: dict[str, JSON] = {
            "weft": 1,
            "outputs": {"it": {"from": "seeing.conditioning"}},
            "nodes": nodes,
        }
        return list(check(parse_document(document), registry, NoWorkflows()).problems)

    assert not problems("starter", NAME)
    assert [found.code for found in problems("xl", NAME)] == ["trait-mismatch"]
    (found,) = problems("flux", "ip-adapter-plus.safetensors")
    assert (found.code, found.node, found.input) == ("trait-mismatch", "seeing", "adapter")
    assert "adapter.adapter" in found.message
    assert all(family in found.message for family in ("sd15", "flux"))


def test_a_style_model_changes_what_flux_samples_and_composes_with_other_prompts(tmp_path: Path) -> None:
    paths = Paths.below(tmp_path)
    tiny_models.write_folder(paths.models[0] / "flux", "flux")
    write_style(paths.models[0] / "style_models" / "redux")
    run = LocalRun(paths=paths)
    found = load_tiny(run, "flux")
    plain = encode_prompt(run, found.encoder, "a red circle")
    style = load_style_model(run, "redux")

    def made(prompt: Conditioning) -> Tensor:
        empty = empty_latent(found.model, width=64, height=64)
        done = sample_latent(run, found.model, prompt, None, empty, steps=1, guidance_scale=1)
        return asyncio.run(done).samples_BChw

    styled = [apply_style(run, plain, style, image) for image in (PICTURE, OTHER)]
    twice = apply_style(run, styled[0], style, OTHER)
    both = Image(torch.cat([image.pixels_BHWC[:, :30, :30] for image in (PICTURE, OTHER)]))
    mixed = apply_style(run, plain, style, both, several="mixed")
    results = [made(prompt) for prompt in (plain, *styled, twice, mixed, plain.combined_with(styled[0]))]

    counts = [
        prompt.entries[0].tensors["encoder_hidden_states"].shape[1] for prompt in (styled[0], twice, mixed)
    ]
    assert [count - 512 for count in counts] == [PICTURE_TOKENS, 2 * PICTURE_TOKENS, PICTURE_TOKENS]
    for place, result in enumerate(results):
        assert not any(torch.allclose(result, later, atol=1e-5) for later in results[place + 1 :])
    assert "style_models/redux" not in checkpoints_by_name(paths)


def test_style_models_are_listed_with_their_family_and_told_apart(tmp_path: Path) -> None:
    paths = Paths.below(tmp_path)
    write_style(paths.models[0] / "style_models" / "redux")
    scope = FingerprintScope(paths)

    assert style_models_by_name(paths) == {"redux": {"family": "flux"}}
    assert not checkpoints_by_name(paths).keys() - {"starter"}
    assert _digest_of_style(scope, "redux") == _digest_of_style(scope, "redux") != "checkpoint-missing"
    assert _digest_of_style(scope, "absent") == "checkpoint-missing"


def test_an_editing_model_reads_an_instruction_with_pictures_and_a_syntax(tmp_path: Path) -> None:
    paths = Paths.below(tmp_path)
    tiny_models.write_folder(paths.models[0] / "qwen", "qwen-image")
    run = LocalRun(paths=paths)
    found = load_tiny(run, "qwen")
    batch = Image(torch.cat([PICTURE.pixels_BHWC, 1 - PICTURE.pixels_BHWC]))

    one = encode_edit(run, found.encoder, PICTURE, None, None, "make it [red:blue:0.5]")
    apart = encode_edit(run, found.encoder, batch, OTHER, None, "make it red")
    together = encode_edit(
        run, found.encoder, Image(batch.pixels_BHWC[:1]), Image(batch.pixels_BHWC[1:]), OTHER, "make it red"
    )

    assert [(entry.start, entry.end) for entry in one.entries] == [(0.0, 0.5), (0.5, 1.0)]
    states = [found.entries[0].tensors["encoder_hidden_states"] for found in (one, apart, together)]
    assert torch.equal(states[1], states[2])
    referring = show_reference(run, one, Image(PICTURE.pixels_BHWC[:, :32, :16]), found.vae)
    empty = empty_latent(found.model, width=64, height=64)
    latent = asyncio.run(sample_latent(run, found.model, referring, None, empty, steps=2, guidance_scale=1))
    assert torch.isfinite(latent.samples_BChw).all()
