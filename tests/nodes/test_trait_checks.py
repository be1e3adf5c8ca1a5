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

SIX = ("pose", "depth", "scribble", "canny", "normal", "segment.")
Nodes = dict[str, tuple[str, Mapping[str, JSON]]]
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
    "qwen-image": ("qwen-image", "img_in.weight", (1, 64)),
}
# Control networks of which the check sees a configuration, and how many kinds of pictures they tell apart.
CONTROLS: Mapping[str, tuple[Mapping[str, JSON], int]] = {
    "union": ({"_weft_family": "sdxl"}, 6),
    "single": ({"_weft_family": "sdxl"}, 0),
    "latents": ({"_weft_family": "flux"}, 0),
    "latents-union": ({"_weft_family": "flux", "num_mode": 3}, 0),
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
    for name, (config, kinds) in CONTROLS.items():
        part = root / "models" / "controlnet" / name
        part.mkdir(parents=True)
        (part / "config.json").write_text(json.dumps(config))
        tensors = {"task_embedding": torch.zeros(kinds, 1)} if kinds else {"conv_in.weight": torch.zeros(1)}
        save_file(tensors, part / "diffusion_pytorch_model.safetensors")
    (root / "models" / "embeddings").mkdir()
    save_file({"emb_params": torch.zeros(1, 768)}, root / "models" / "embeddings" / "dusk.safetensors")
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
SHOWN: Nodes = {"sample": ("latent.sample", sampling(positive="shown.conditioning"))}


def steered(control: str, *, prompt: str = "text.conditioning", **more: JSON) -> Nodes:
    """A prompt under a control network, which is sampled; inputs of None are left empty."""
    inputs = {
        "conditioning": link(prompt),
        "control": link("control.control"),
        "image": link("picture.image"),
    }
    inputs = {**inputs, "vae": link("checkpoint.vae"), **more}
    return {
        "control": ("control.load", {"control_net": control}),
        "steered": ("control.apply", inputs),
        "sample": ("latent.sample", sampling(positive="steered.conditioning")),
    }


def combined(a: str, b: str) -> tuple[str, Mapping[str, JSON]]:
    """Two prompts at once."""
    return "prompt.combine", {"a": link(f"{a}.conditioning"), "b": link(f"{b}.conditioning")}


def guided(*methods: str, model: str = "checkpoint.model", negative: bool = False) -> Nodes:
    """Guidance methods one behind the other, with which is sampled."""
    found: dict[str, tuple[str, Mapping[str, JSON]]] = {}
    chain: Mapping[str, JSON] = {}
    for method in methods:
        found[method] = (f"guidance.{method}", chain)
        chain = {"before": link(f"{method}.guidance")}
    sample = {**sampling(model=model), "guidance": chain["before"]}
    sample |= {"negative": link("text.conditioning")} if negative else {}
    return {**found, "sample": ("latent.sample", sample)}


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
        ("sdxl", SHOWN | {"sized": SIZED, "shown": combined("text", "sized")}),
        ("inpaint", SHOWN | {"one": INPAINT, "two": INPAINT, "shown": combined("one", "two")}),
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
        ("sd15", SHOWN | {"sized": SIZED, "shown": combined("sized", "text")}, "sizes told", "sizes none"),
        ("sd15", SHOWN | {"sized": SIZED, "shown": combined("text", "sized")}, "sizes told", "sizes none"),
        ("inpaint", SHOWN | {"shown": combined("text", "text")}, "shown nothing", "shown picture+mask"),
        (
            "inpaint",
            SHOWN | {"one": INPAINT, "shown": combined("one", "text")},
            "shown picture+mask + nothing",
            "shown picture+mask",
        ),
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
        ("ddpm", ("seamless",)),
        ("flux", ("tile_sampling", "tile_sampling")),
        ("sd15", ("seamless", "freeu", "compile")),
    ],
)
def test_changes_that_work_together_pass(checked: Check, checkpoint: str, names: tuple[str, ...]) -> None:
    assert checked(checkpoint, {**changes(*names), **WORDLESS}) == []


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
        ("flux", ("seamless",)),
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


@pytest.mark.parametrize(("model", "reader"), [("sdxl", "t5"), ("flux", "clip_g"), ("sd15", "clip_l")])
def test_words_for_a_text_encoder_that_a_model_does_not_have_are_refused(
    checked: Check, model: str, reader: str
) -> None:
    def each(**words: JSON) -> Nodes:
        encoder = ("encoder.skip_layers", {"encoder": link("checkpoint.encoder")})
        inputs = {"encoder": link("skipping.encoder"), "text": "a star", **words}
        return {"skipping": encoder, "text": ("prompt.encode_each", inputs)}

    (problem,) = checked(model, each(**{reader: "a red star"}))

    assert (problem.code, problem.node, problem.input) == ("trait-mismatch", "text", reader)
    assert problem.message.startswith(f'text.{reader} is "a red star", but checkpoint.encoder (through')
    assert problem.hint == "Leave it unset: this model has no such text encoder."
    assert checked("sdxl", each(clip_l="", clip_g="a red star", t5=None)) == []


def test_a_taylor_cache_of_all_layers_is_refused_where_the_last_one_alone_is_known(checked: Check) -> None:
    lite = changes("taylor_cache") | {
        "change0": ("model.taylor_cache", {"model": link("checkpoint.model"), "lite": True})
    }

    (problem,) = checked("chroma", changes("taylor_cache"))

    assert checked("chroma", lite) == []
    assert (problem.code, problem.node, problem.input) == ("trait-mismatch", "change0", "lite")
    assert problem.hint.startswith("Switch it on")


@pytest.mark.parametrize(
    ("checkpoint", "control", "more"),
    [
        ("sdxl", "union", {"kind": "segment"}),
        ("sdxl", "single", {"kind": "repaint"}),
        ("flux", "latents", {"kind": "repaint"}),
        ("flux", "latents-union", {"kind": "depth"}),
        ("sdxl", "union", {"kind": "pose", "vae": None}),
    ],
)
def test_control_networks_are_told_a_kind_that_they_know(
    checked: Check, checkpoint: str, control: str, more: Mapping[str, JSON]
) -> None:
    assert checked(checkpoint, steered(control, prompt="text.conditioning", **more)) == []


@pytest.mark.parametrize(
    ("checkpoint", "control", "entered", "said"),
    [
        ("sdxl", "union", {"kind": "repaint"}, "is repaint, but control.control has kind " + ", ".join(SIX)),
        (
            "flux",
            "latents-union",
            {"kind": "blur"},
            "is blur, but control.control has kind canny, tile, depth.",
        ),
        ("flux", "latents", {"vae": None}, "is empty, but control.control has vae needed."),
    ],
)
def test_what_a_control_network_cannot_do_with_what_is_entered_is_refused_by_the_check(
    checked: Check, checkpoint: str, control: str, entered: Mapping[str, JSON], said: str
) -> None:
    (problem,) = checked(checkpoint, steered(control, prompt="text.conditioning", **entered))
    (name,) = entered

    assert (problem.code, problem.node, problem.input) == ("trait-mismatch", "steered", name)
    assert problem.message == f"steered.{name} {said}"
    assert not problem.hint.startswith("Use parts")


REFERENCE = showing("reference")
AFTERWARDS = showing("reference", conditioning=link("steered.conditioning"))


def test_references_and_controls_of_one_prompt_are_refused_in_either_order(checked: Check) -> None:
    first = steered("latents", prompt="shown.conditioning") | {"shown": REFERENCE}
    later = steered("latents") | {"shown": AFTERWARDS} | SHOWN

    problems = [*checked("flux", first), *checked("flux", later)]

    assert [(problem.code, problem.node) for problem in problems] == [
        ("trait-mismatch", "steered"),
        ("trait-mismatch", "shown"),
    ]
    assert {problem.hint for problem in problems} == {
        "Take out the control or the reference: no control network knows of reference pictures."
    }


def test_references_and_controls_of_both_sides_are_refused_since_one_follows_the_other(
    checked: Check,
) -> None:
    sample = sampling(positive="steered.conditioning", negative=link("shown.conditioning"))
    nodes = {**steered("latents"), "shown": REFERENCE, "sample": ("latent.sample", sample)}

    (problem,) = checked("flux", nodes)

    assert (problem.node, problem.input) == ("sample", "negative")


def test_references_and_controls_of_prompts_that_are_combined_stand_side_by_side(checked: Check) -> None:
    nodes = {**steered("latents"), "shown": REFERENCE, "both": combined("steered", "shown")}
    nodes["again"] = showing("reference", conditioning=link("both.conditioning"))
    side_by_side, refused = (
        {**nodes, "sample": ("latent.sample", sampling(positive=f"{name}.conditioning"))}
        for name in ("both", "again")
    )
    del side_by_side["again"]

    assert checked("flux", side_by_side) == []
    assert [problem.node for problem in checked("flux", refused)] == ["again"]


@pytest.mark.parametrize(
    ("checkpoint", "names"),
    [("flux", ("taylor_cache",)), ("sd3", ("tile_sampling",)), ("flux", ("attention", "compile"))],
)
def test_layers_are_skipped_beside_changes_that_leave_them_in_place(
    checked: Check, checkpoint: str, names: tuple[str, ...]
) -> None:
    model = f"change{len(names) - 1}.model"

    assert checked(checkpoint, {**changes(*names), **guided("skip_layers", model=model)}) == []


@pytest.mark.parametrize("cache", ["first_block_cache", "magnitude_cache"])
def test_skipped_layers_behind_a_cache_that_leaves_out_blocks_are_refused(checked: Check, cache: str) -> None:
    nodes = {**changes(cache), **guided("skip_layers", "interval", model="change0.model")}

    (problem,) = checked("flux", nodes)

    assert (problem.code, problem.node, problem.input) == ("trait-mismatch", "sample", "guidance")
    assert "layers skipped" in problem.message
    assert problem.hint.startswith("Take guidance.skip_layers out")


@pytest.mark.parametrize("checkpoint", ["chroma", "qwen-image"])
def test_layers_that_know_one_another_are_not_skipped(checked: Check, checkpoint: str) -> None:
    assert ["layers whole" in problem.message for problem in checked(checkpoint, guided("skip_layers"))] == [
        True
    ]


@pytest.mark.parametrize("method", ["apg", "cfg_zero", "tangential", "dynamic_threshold"])
def test_guidance_that_compares_two_prompts_asks_for_the_negative_one(checked: Check, method: str) -> None:
    (problem,) = checked("sd3", guided(method, "perturbed_attention"))

    assert checked("sd3", guided(method, "perturbed_attention", negative=True)) == []
    assert checked("sd3", guided("interval", "perturbed_attention", "smoothed_energy")) == []
    assert (problem.code, problem.node, problem.input) == ("trait-mismatch", "sample", "negative")
    assert problem.message.startswith("sample.negative is empty, but ")


def test_a_neutral_prompt_is_compared_like_a_negative_one(checked: Check) -> None:
    nodes = {**steered("latents"), "shown": REFERENCE, **guided("perp_neg", "interval", negative=True)}
    nodes["perp_neg"] = ("guidance.perp_neg", {"neutral": link("shown.conditioning")})
    sample = {**nodes["sample"][1], "positive": link("steered.conditioning")}

    (problem,) = checked("flux", {**nodes, "sample": ("latent.sample", sample)})

    assert (problem.node, problem.input) == ("sample", "guidance")
    assert "pictures as references" in problem.message


@pytest.mark.parametrize(("checkpoint", "count"), [("sd15", 1), ("flux", 0)])
def test_guidance_by_a_picture_is_refused_by_models_that_are_shown_none(
    checked: Check, checkpoint: str, count: int
) -> None:
    assert len(checked(checkpoint, guided("picture", negative=True))) == count


@pytest.mark.parametrize("kind", ["concat", "average"])
def test_several_prompts_are_not_put_behind_another(checked: Check, kind: str) -> None:
    behind = {"a": link("text.conditioning"), "b": link("louder.conditioning")}
    louder = {"conditioning": link("both.conditioning")}
    nodes: Nodes = {
        "both": combined("text", "text"),
        "louder": ("prompt.strength", louder),
        "shown": (f"prompt.{kind}", behind),
        **SHOWN,
    }

    (problem,) = checked("sd15", nodes)

    assert (problem.code, problem.node, problem.input) == ("trait-mismatch", "shown", "b")
    # A range may leave a single one over.
    assert checked("sd15", {**nodes, "louder": ("prompt.range", louder)}) == []


@pytest.mark.parametrize(
    ("checkpoint", "reads", "count"),
    [("qwen-image", "pictures", 0), ("flux", "pictures", 1), ("sdxl", "words", 0), ("chroma", "words", 1)],
)
def test_text_encoders_are_given_what_they_can_read(
    checked: Check, checkpoint: str, reads: str, count: int
) -> None:
    inputs = {"encoder": link("checkpoint.encoder"), "image": link("picture.image")}
    shown = ("prompt.encode_edit", inputs)
    named = ("embedding.apply", {"encoder": inputs["encoder"], "embedding": "dusk.safetensors"})

    problems = checked(checkpoint, {"given": shown if reads == "pictures" else named})

    assert [problem.code for problem in problems if problem.node == "given"] == ["trait-mismatch"] * count
