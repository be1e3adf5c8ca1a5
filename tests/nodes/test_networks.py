"""Nodes that change how a network computes compose where they can, and the check says where they cannot."""

import pytest
import tiny_models
from tiny.controls import tiny_control, write_control
from tiny_runs import tiny_paths
from weft.errors import JSON
from weft.graph.check import check
from weft.graph.document import parse_document
from weft.graph.workflows import NoWorkflows
from weft.plugins import load
from weft.registry import Registry
from weft.sdk import Paths
from weft.settings import load_settings
from weft_nodes.models.execution import AttentionKernel, CompiledBlocks
from weft_nodes.models.handles import Model, Vae, Weights
from weft_nodes.models.seamless import VAE, Seamless
from weft_nodes.models.step_caches import StepCache
from weft_nodes.models.token_merging import TokenMerging
from weft_nodes.networks import (
    cache_by_first_block,
    cache_by_magnitude,
    cache_by_taylor,
    choose_attention,
    compile_model,
    make_seamless,
    merge_tokens,
)

MODEL = Model("flux", "flux", Weights("", ""))


def test_caches_are_patches_with_the_values_given() -> None:
    made = [
        cache_by_first_block(MODEL, threshold=0.2),
        cache_by_magnitude(MODEL),
        cache_by_taylor(MODEL, predicted=2, warmup=5, order=2),
        cache_by_taylor(MODEL, lite=True),
    ]

    assert [model.patches for model in made] == [
        (StepCache("first_block", threshold=0.2),),
        (StepCache("magnitude", threshold=0.06, interval=3, warmup=0.2),),
        (StepCache("taylor", interval=2, warmup=5, order=2),),
        (StepCache("taylor_lite", interval=4, warmup=3),),
    ]


def test_changes_are_patches_of_the_model_and_of_what_decodes_its_latents() -> None:
    seamless = make_seamless(MODEL, Vae("sd15", "sd", MODEL.weights), down=False)

    assert seamless.model.patches == (Seamless(down=False),)
    assert seamless.vae.patches == (Seamless(down=False, part=VAE),)
    assert merge_tokens(MODEL, ratio=0.25).patches == (TokenMerging(0.25),)
    assert choose_attention(MODEL, "math").patches == (AttentionKernel("math"),)
    assert compile_model(MODEL).patches == (CompiledBlocks(),)


@pytest.fixture(scope="module")
def paths(tmp_path_factory: pytest.TempPathFactory) -> Paths:
    """Folders with a tiny FLUX.1 beside two tiny models with U-Nets, and a control network."""
    found = tiny_paths(tmp_path_factory.mktemp("networks"))
    tiny_models.write_folder(found.models[0] / "flux", "flux")
    net = tiny_control(tiny_models.shared("flux"), "flux")
    write_control(found.models[0] / "controlnet" / "depth", net, "flux")
    return found


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory, paths: Paths) -> Registry:
    """All nodes over those folders."""
    folder = tmp_path_factory.mktemp("registry")
    settings = load_settings(
        {"data_dir": folder, "custom_nodes_dirs": (), "models_dirs": tuple(paths.models)}
    )
    return load(settings).registry


def problems(registry: Registry, checkpoint: str, *changes: str, controlled: bool = False) -> list[str]:
    """The codes of what is wrong with a sampling on a model behind some nodes."""
    nodes: dict[str, JSON] = {
        "checkpoint": {"type": "checkpoint.load", "inputs": {"checkpoint": checkpoint}},
        "text": {"type": "prompt.encode", "inputs": {"encoder": {"from": "checkpoint.encoder"}}},
        "size": {"type": "latent.empty", "inputs": {"model": {"from": "checkpoint.model"}}},
    }
    model, positive = "checkpoint.model", "text.conditioning"
    for place, change in enumerate(changes):
        nodes[f"change{place}"] = {"type": change, "inputs": {"model": {"from": model}}}
        model = f"change{place}.model"
    if controlled:
        nodes["picture"] = {"type": "image.empty", "inputs": {}}
        nodes["control"] = {"type": "control.load", "inputs": {"control_net": "depth"}}
        steered: dict[str, JSON] = {
            "conditioning": {"from": positive},
            "control": {"from": "control.control"},
        }
        steered |= {"image": {"from": "picture.image"}, "vae": {"from": "checkpoint.vae"}}
        nodes["steered"] = {"type": "control.apply", "inputs": steered}
        positive = "steered.conditioning"
    sample: dict[str, JSON] = {"model": {"from": model}, "positive": {"from": positive}}
    nodes["sample"] = {"type": "latent.sample", "inputs": sample | {"latent": {"from": "size.latent"}}}
    document = parse_document({"weft": 1, "outputs": {"it": {"from": "sample.latent"}}, "nodes": nodes})
    return [problem.code for problem in check(document, registry, NoWorkflows()).problems]


def test_the_check_knows_where_step_caches_fit(registry: Registry) -> None:
    assert problems(registry, "flux", "model.first_block_cache") == []
    assert problems(registry, "xl", "model.first_block_cache") == ["trait-mismatch"]
    assert problems(registry, "flux", "model.first_block_cache", "model.taylor_cache") == ["trait-mismatch"]


def test_the_check_knows_which_networks_each_change_is_for(registry: Registry) -> None:
    for change in ("model.merge_tokens", "model.compile"):
        assert problems(registry, "xl", change) == []
    assert problems(registry, "flux", "model.attention", "model.compile", "model.taylor_cache") == []
    assert problems(registry, "xl", "model.attention") == ["trait-mismatch"]
    assert problems(registry, "flux", "model.merge_tokens") == ["trait-mismatch"]


def test_the_check_knows_that_controls_need_all_blocks(registry: Registry) -> None:
    assert problems(registry, "flux", controlled=True) == []
    assert problems(registry, "flux", "model.taylor_cache", controlled=True) == []
    assert problems(registry, "flux", "model.magnitude_cache", controlled=True) == ["trait-mismatch"]
