"""The published models in full size, without storage: built, counted, asked, and checked in a workflow."""

import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import tiny_models
import torch
from published.configs import MODELS, Published
from published.shapes_only import ShapesOnly, remember_blocks
from published.sizes import page
from torch import nn
from weft.graph.check import check
from weft.graph.signature import bind
from weft_nodes.families import FAMILIES
from weft_nodes.families.facts import FACTS
from weft_nodes.models.adapter import TextPart
from weft_nodes.models.loading import build_without_storage
from weft_nodes.models.pixels import decode_latents
from weft_nodes.models.text import TextStack
from weft_nodes.models.wording import Wording
from workflow_runs import Desk, open_desk

Write = Callable[..., Path]

SIDE = 1024


@dataclass(frozen=True)
class Built:
    """The networks of a published model, without storage, by their folders."""

    model: Published
    modules: dict[str, nn.Module]


@pytest.fixture(scope="module")
def parts_built() -> dict[tuple[str, str], nn.Module]:
    """Text encoders and autoencoders that several models share, by folder and configuration."""
    return {}


@pytest.fixture(scope="module", params=MODELS, ids=lambda model: model.title)
def built(request: pytest.FixtureRequest, parts_built: dict[tuple[str, str], nn.Module]) -> Built:
    """One of the published models."""
    model: Published = request.param
    adapter = FAMILIES[model.family]
    parts = (adapter.network_part, *(text.encoder for text in adapter.text_parts), adapter.vae_part)
    modules = {}
    for part in parts:
        config = model.config(part.name)
        # Without any option it is that of its class, which the family decides.
        key = (part.name, json.dumps(config, sort_keys=True) if config else model.family)
        if key not in parts_built:
            module = build_without_storage(lambda part=part, config=config: part.build(config))  # type: ignore[misc]
            parts_built[key] = remember_blocks(module.eval().requires_grad_(requires_grad=False))
        modules[part.name] = parts_built[key]
    return Built(model, modules)


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A desk that knows no models yet."""
    found = open_desk(tmp_path_factory.mktemp("published"))
    yield found
    found.engine.close()


def test_every_family_has_a_published_model() -> None:
    assert {model.family for model in MODELS} == set(FAMILIES)


def test_the_page_of_sizes_is_the_one_that_is_kept() -> None:
    kept = Path(__file__).parents[3] / "docs" / "sizes.md"

    assert kept.read_text("utf-8") == page(), "run: PYTHONPATH=tests python -m published docs/sizes.md"


def test_its_parts_have_the_published_sizes(built: Built) -> None:
    counts = {
        name: sum(weight.numel() for weight in module.parameters()) / 1e9
        for name, module in built.modules.items()
        if any(True for _ in module.parameters())
    }

    assert counts == pytest.approx(dict(built.model.billions), rel=0.005)
    assert list(counts) == list(built.model.billions)


def _stack(built: Built, part: TextPart, pipeline: object, folder: Path) -> TextStack:
    """A text encoder of full size with a tokenizer that knows few words."""
    getattr(pipeline, part.tokenizer).save_pretrained(folder / part.tokenizer)
    return TextStack(built.modules[part.encoder.name], part.load(folder / part.tokenizer))


def test_its_parts_fit_together_at_their_real_shapes(built: Built, tmp_path: Path) -> None:
    adapter, facts = FAMILIES[built.model.family], FACTS[built.model.family]
    pipeline = tiny_models.shared(built.model.family)
    stacks = tuple(_stack(built, part, pipeline, tmp_path) for part in adapter.text_parts)
    side = SIDE // facts.reduction
    latent_BChw = torch.zeros(2, facts.latent_channels, side, side)

    with ShapesOnly():
        space = adapter.space({}, size_hw=(side, side), steps=None)
        said = adapter.encode(stacks, Wording.plain("a red circle"), skipped_layers=0)
        inputs = {name: torch.cat([tensor, tensor]) for name, tensor in said.items()}
        network = adapter.network(built.modules[adapter.network_part.name], space=space, key="")
        predicted_BChw = network.predict(latent_BChw, torch.tensor([500.0, 20.0]), inputs)
        image = decode_latents(built.modules[adapter.vae_part.name], latent_BChw)

    assert predicted_BChw.shape == latent_BChw.shape
    assert predicted_BChw.is_meta
    assert image.pixels_BHWC.shape == (2, SIDE, SIDE, 3)
    assert not said or facts.text_width in {tensor.shape[-1] for tensor in said.values()}


def test_its_checkpoint_is_checked_without_a_problem(built: Built, desk: Desk, write_header: Write) -> None:
    facts = FACTS[built.model.family]
    part = FAMILIES[built.model.family].network_part.name
    name = built.model.title
    folder = desk.settings.models_dirs[0] / name
    (folder / part).mkdir(parents=True)
    (folder / "model_index.json").write_text(json.dumps({"_class_name": built.model.pipeline}))
    tensors = built.modules[part].state_dict()
    write_header(tensors).rename(folder / part / "diffusion_pytorch_model.safetensors")

    document = bind(
        desk.workflows.load("text-to-image"),
        {
            "checkpoint": name,
            "prompt": "a red circle" if FAMILIES[built.model.family].text_parts else "",
            "width": facts.size,
            "height": facts.size,
            "steps": facts.steps,
            "guidance_scale": facts.guidance_scale,
        },
    )
    report = check(document, desk.loaded.registry, desk.workflows)
    listed = desk.loaded.registry.listing("checkpoint")
    # Headers of so many tensors take a while, and each check reads those of all models.
    shutil.rmtree(folder)

    assert report.problems == ()
    assert listed[name]["family"] == built.model.family
