"""What can be known from headers is refused by the check, before anything runs."""

import json
from collections.abc import Callable, Mapping

import pytest
import torch
from safetensors.torch import save_file
from weft.errors import JSON, Problem
from weft.graph.check import check
from weft.graph.document import parse_document
from weft.graph.workflows import NoWorkflows
from weft.plugins import load
from weft.registry import Registry
from weft.settings import load_settings

Nodes = Mapping[str, tuple[str, Mapping[str, JSON]]]
Check = Callable[[str, Nodes], list[Problem]]

# Checkpoints of which the check sees the first layer alone.
FIRST_LAYERS = {
    "sd15": ("sd15", "conv_in.weight", (1, 4, 3, 3)),
    "inpaint": ("sd15", "conv_in.weight", (1, 9, 3, 3)),
    "instruct": ("sd15", "conv_in.weight", (1, 8, 3, 3)),
    "other-channels": ("sd15", "conv_in.weight", (1, 6, 3, 3)),
    "sdxl": ("sdxl", "conv_in.weight", (1, 4, 3, 3)),
    "flux": ("flux", "x_embedder.weight", (1, 64)),
    "fill": ("flux", "x_embedder.weight", (1, 384)),
    "chroma": ("chroma", "x_embedder.weight", (1, 64)),
    "sd3": ("sd3", "pos_embed.proj.weight", (1, 16, 2, 2)),
    "ddpm": ("ddpm", "conv_in.weight", (1, 3, 3, 3)),
}


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Registry:
    """All nodes, and the checkpoints."""
    root = tmp_path_factory.mktemp("traits")
    for name, (family, tensor, shape) in FIRST_LAYERS.items():
        part = root / "models" / name / "unet"
        part.mkdir(parents=True)
        (part.parent / "model_index.json").write_text(json.dumps({"_weft_family": family}))
        save_file({tensor: torch.zeros(shape)}, part / "diffusion_pytorch_model.safetensors")
    settings = {"data_dir": root / "data", "custom_nodes_dirs": (), "models_dirs": (root / "models",)}
    return load(load_settings(settings)).registry


@pytest.fixture(scope="module")
def checked(registry: Registry) -> Check:
    """Check a sampling with a checkpoint, in which some nodes are changed or added."""

    def checked(checkpoint: str, nodes: Nodes) -> list[Problem]:
        entries: dict[str, tuple[str, Mapping[str, JSON]]] = {
            "checkpoint": ("checkpoint.load", {"checkpoint": checkpoint}),
            "text": ("prompt.encode", {"encoder": link("checkpoint.encoder"), "text": "a star"}),
            "picture": ("image.empty", {"width": 64, "height": 64}),
            "mask": ("mask.solid", {"width": 64, "height": 64}),
            "empty": ("latent.empty", {"model": link("checkpoint.model")}),
            "sample": ("latent.sample", sampling()),
            "decode": ("latent.decode", {"latent": link("sample.latent"), "vae": link("checkpoint.vae")}),
            **nodes,
        }
        document = parse_document(
            {
                "weft": 1,
                "outputs": {"it": {"from": "decode.image"}},
                "nodes": {
                    name: {"type": kind, "version": 1, "inputs": dict(inputs)}
                    for name, (kind, inputs) in entries.items()
                },
            }
        )
        return list(check(document, registry, NoWorkflows()).problems)

    return checked


def link(text: str) -> JSON:
    """Where an input comes from."""
    return {"from": text}


def sampling(
    *, model: str = "checkpoint.model", positive: str = "text.conditioning", **more: JSON
) -> Mapping[str, JSON]:
    """Inputs of the sampling node, without guidance."""
    found = {"model": link(model), "positive": link(positive), "latent": link("empty.latent")}
    return {**found, "guidance_scale": 1, **more}


def showing(kind: str, **more: JSON) -> tuple[str, Mapping[str, JSON]]:
    """A node by which the prompt shows a picture."""
    inputs = {"conditioning": link("text.conditioning"), "image": link("picture.image")}
    return f"prompt.{kind}", {**inputs, "vae": link("checkpoint.vae"), **more}


WORDLESS: Nodes = {"text": ("prompt.encode", {"encoder": link("checkpoint.encoder"), "text": " "})}
SIZED = ("prompt.size_hint", {"conditioning": link("text.conditioning"), "original_width": 640})
INPAINT = showing("inpaint", mask=link("mask.mask"))
SHOWN = {"sample": ("latent.sample", sampling(positive="shown.conditioning"))}


@pytest.mark.parametrize(
    ("checkpoint", "nodes"),
    [
        ("sd15", {}),
        ("fill", SHOWN | {"shown": INPAINT}),
        ("inpaint", SHOWN | {"shown": INPAINT}),
        ("instruct", SHOWN | {"shown": showing("picture")}),
        ("flux", SHOWN | {"shown": showing("reference")}),
        ("other-channels", SHOWN | {"shown": showing("picture")}),
        ("ddpm", WORDLESS),
        ("sdxl", SHOWN | {"shown": SIZED}),
    ],
)
def test_models_are_shown_what_they_were_made_to_read(checked: Check, checkpoint: str, nodes: Nodes) -> None:
    assert checked(checkpoint, nodes) == []


@pytest.mark.parametrize(
    ("checkpoint", "nodes", "has", "expects"),
    [
        ("inpaint", {}, "shown nothing", "shown picture+mask"),
        ("fill", {}, "shown nothing", "shown picture+mask"),
        ("instruct", {}, "shown nothing", "shown picture"),
        ("sd15", SHOWN | {"shown": INPAINT}, "shown picture+mask", "shown nothing"),
        ("inpaint", SHOWN | {"shown": showing("picture")}, "shown picture", "shown picture+mask"),
        ("sd15", SHOWN | {"shown": showing("reference")}, "references shown", "references none"),
        ("sd15", SHOWN | {"shown": SIZED}, "sizes told", "sizes none"),
    ],
)
def test_a_model_that_is_shown_something_else_is_refused_by_the_check(
    checked: Check, checkpoint: str, nodes: Nodes, has: str, expects: str
) -> None:
    (problem,) = checked(checkpoint, nodes)

    assert (problem.code, problem.node, problem.input) == ("trait-mismatch", "sample", "positive")
    assert f"has {has}," in problem.message
    assert f"expects {expects}." in problem.message
    assert problem.hint


def test_what_is_shown_is_known_behind_other_changes_of_the_prompt(checked: Check) -> None:
    nodes = {
        "shown": INPAINT,
        "later": ("prompt.range", {"conditioning": link("shown.conditioning"), "start": 0.1}),
        "louder": ("prompt.concat", {"a": link("later.conditioning"), "b": link("text.conditioning")}),
        "sample": ("latent.sample", sampling(positive="louder.conditioning")),
    }

    assert checked("inpaint", nodes) == []
    assert [problem.code for problem in checked("sd15", nodes)] == ["trait-mismatch"]


def test_a_negative_prompt_that_shows_nothing_is_no_problem(checked: Check) -> None:
    sample = ("latent.sample", sampling(positive="shown.conditioning", negative=link("text.conditioning")))

    assert checked("inpaint", {"shown": INPAINT, "sample": sample}) == []


def changes(*names: str) -> Nodes:
    """Nodes that change the model one after the other, before it is sampled."""
    found: dict[str, tuple[str, Mapping[str, JSON]]] = {}
    model = "checkpoint.model"
    for place, name in enumerate(names):
        inputs = {"model": link(model)} | ({"vae": link("checkpoint.vae")} if name == "seamless" else {})
        found[f"change{place}"] = (f"model.{name}", inputs)
        model = f"change{place}.model"
    return {**found, "sample": ("latent.sample", sampling(model=model))}


@pytest.mark.parametrize(
    ("checkpoint", "names"),
    [
        ("flux", ("first_block_cache", "attention", "compile")),
        ("flux", ("taylor_cache",)),
        ("chroma", ("taylor_cache",)),
        ("flux", ("tile_sampling", "tile_sampling")),
        ("sd15", ("seamless", "freeu", "compile")),
    ],
)
def test_changes_that_work_together_pass(checked: Check, checkpoint: str, names: tuple[str, ...]) -> None:
    assert checked(checkpoint, changes(*names)) == []


@pytest.mark.parametrize(
    ("checkpoint", "names"),
    [
        ("sd3", ("first_block_cache",)),
        ("sd3", ("taylor_cache",)),
        ("chroma", ("first_block_cache",)),
        ("sd3", ("attention",)),
        ("sd3", ("compile",)),
        ("ddpm", ("compile",)),
        ("ddpm", ("freeu",)),
        ("flux", ("taylor_cache", "first_block_cache")),
        ("flux", ("taylor_cache", "taylor_cache")),
        ("flux", ("taylor_cache", "tile_sampling")),
        ("flux", ("tile_sampling", "first_block_cache")),
        ("sd15", ("seamless", "tile_sampling")),
        ("sd15", ("tile_sampling", "seamless")),
    ],
)
def test_changes_that_fail_when_they_run_are_refused_by_the_check(
    checked: Check, checkpoint: str, names: tuple[str, ...]
) -> None:
    (problem,) = checked(checkpoint, {**changes(*names), **WORDLESS})

    assert (problem.code, problem.node) == ("trait-mismatch", f"change{len(names) - 1}")


def test_a_seamless_picture_that_is_decoded_in_tiles_is_warned_of(checked: Check) -> None:
    decode = {"latent": link("sample.latent"), "vae": link("change0.vae"), "tile": 256}

    (problem,) = checked("sd15", {**changes("seamless"), "decode": ("latent.decode", decode)})

    assert (problem.code, problem.input, problem.severity) == ("value-unsuited", "tile", "warning")
    assert problem.hint == "Set it to 0."


def test_guidance_of_a_model_without_prompts_is_warned_of(checked: Check) -> None:
    sample = sampling(negative=link("text.conditioning"), guidance_scale=3)

    (problem,) = checked("ddpm", {**WORDLESS, "sample": ("latent.sample", sample)})

    assert (problem.code, problem.input, problem.severity) == ("value-unsuited", "guidance_scale", "warning")
    assert "reads no prompt" in problem.message


def test_words_to_a_model_without_prompts_are_warned_of(checked: Check) -> None:
    (problem,) = checked("ddpm", {})

    assert (problem.code, problem.node, problem.severity) == ("value-unsuited", "text", "warning")
    assert problem.message.startswith('text.text is "a star", but checkpoint.encoder belongs to a model')
