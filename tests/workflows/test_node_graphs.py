"""Nodes in graphs: lists that map, branches that do not run, regions, inpainting and split sampling."""

import asyncio
from collections.abc import Mapping

import pytest
import tiny_models
import torch
from safetensors.torch import load_file, save_file
from weft.engine.events import Event, NodePreview, NodeProgress
from weft.engine.results import RunResult
from weft.errors import JSON
from weft.graph.check import check
from weft.graph.document import parse_document
from weft.sdk import Image
from workflow_runs import Desk, ran


def link(text: str) -> dict[str, JSON]:
    """Where an input comes from."""
    return {"from": text}


def entry(type: str, **inputs: JSON) -> dict[str, JSON]:
    """One node of a document."""
    return {"type": type, "version": 1, "inputs": inputs}


def run(desk: Desk, output: str, nodes: Mapping[str, dict[str, JSON]]) -> RunResult:
    """Run nodes and ask for one output of one of them."""
    document: dict[str, JSON] = {"weft": 1, "outputs": {"it": {"from": output}}, "nodes": dict(nodes)}
    return desk.run_document(parse_document(document))


def result_of(desk: Desk, output: str, nodes: Mapping[str, dict[str, JSON]]) -> object:
    """What one output of some nodes is."""
    result = run(desk, output, nodes)
    assert result.state == "succeeded", result.problems
    return result.outputs["it"]


def pixels_of(desk: Desk, output: str, nodes: Mapping[str, dict[str, JSON]]) -> torch.Tensor:
    """The pixels of one output of some nodes."""
    found = result_of(desk, output, nodes)
    assert isinstance(found, Image)
    return found.pixels_BHWC


def model_nodes(**sample: JSON) -> dict[str, dict[str, JSON]]:
    """A checkpoint, two prompts, an empty latent, a sampling and a decoding."""
    settings: dict[str, JSON] = {"steps": 2, "seed": 5, **sample}
    return {
        "checkpoint": entry("checkpoint.load"),
        "red": entry("prompt.encode", encoder=link("checkpoint.encoder"), text="red"),
        "blue": entry("prompt.encode", encoder=link("checkpoint.encoder"), text="blue"),
        "empty": entry("latent.empty", model=link("checkpoint.model"), width=64, height=64),
        "sample": entry(
            "latent.sample",
            **{
                "model": link("checkpoint.model"),
                "positive": link("red.conditioning"),
                "latent": link("empty.latent"),
                **settings,
            },
        ),
        "decode": entry("latent.decode", latent=link("sample.latent"), vae=link("checkpoint.vae")),
    }


def test_a_list_runs_a_node_once_for_each_item(tiny: Desk) -> None:
    nodes = {
        "numbers": entry("list.range", start=1, count=4),
        "doubled": entry("integer.multiply", a=link("numbers.numbers"), b=2),
    }

    assert result_of(tiny, "doubled.value", nodes) == [2, 4, 6, 8]


def test_two_lists_combine_each_with_each(tiny: Desk) -> None:
    nodes = {
        "sizes": entry("text.lines", text="small\nlarge"),
        "shapes": entry("text.lines", text="star\nring"),
        "both": entry("text.template", template="{a} {b}", a=link("sizes.lines"), b=link("shapes.lines")),
    }

    assert result_of(tiny, "both.text", nodes) == [
        ["small star", "small ring"],
        ["large star", "large ring"],
    ]


def test_zipped_lists_advance_together(tiny: Desk) -> None:
    nodes = {
        "colours": entry("text.lines", text="red\nblue"),
        "shapes": entry("text.lines", text="star\nring"),
        "both": entry("text.template", template="{a} {b}", a=link("colours.lines"), b=link("shapes.lines")),
    }

    nodes["both"]["zip"] = [["a", "b"]]

    assert result_of(tiny, "both.text", nodes) == ["red star", "blue ring"]


def test_a_mapped_value_is_collected_where_a_list_is_wanted(tiny: Desk) -> None:
    nodes = {
        "numbers": entry("list.range", start=1, count=4),
        "squares": entry("integer.multiply", a=link("numbers.numbers"), b=link("numbers.numbers")),
        "largest": entry("math.maximum", values=link("squares.value")),
    }

    assert result_of(tiny, "largest.value", nodes) == 16


def test_a_single_value_is_wrapped_where_a_list_is_wanted(tiny: Desk) -> None:
    nodes = {
        "one": entry("number.integer", value=3),
        "many": entry("list.range", start=7, count=2),
        "both": entry("list.make", first=link("one.value"), second=link("many.numbers")),
        "count": entry("list.length", items=link("both.items")),
    }

    assert result_of(tiny, "both.items", nodes) == [3, 7, 8]
    assert result_of(tiny, "count.length", nodes) == 3


def test_one_item_ends_the_mapping(tiny: Desk) -> None:
    nodes = {
        "lines": entry("text.lines", text="a\nb\nc"),
        "last": entry("list.item", items=link("lines.lines"), index=-1),
        "text": entry("text.replace", text=link("last.item"), search="c", replacement="z"),
    }

    assert result_of(tiny, "text.text", nodes) == "z"


@pytest.mark.parametrize("condition", [True, False])
def test_the_branch_that_is_not_taken_does_not_run(tiny: Desk, condition: bool) -> None:
    nodes = {
        "white": entry("image.empty", width=4, height=4, color="#ffffff"),
        "black": entry("image.empty", width=4, height=4, color="#000000"),
        "dim": entry("image.blur", image=link("white.image"), radius=1.0 if condition else 2.0),
        "deep": entry("image.blur", image=link("black.image"), radius=1.0 if condition else 2.0),
        "switch": entry(
            "flow.switch", condition=condition, when_true=link("dim.image"), when_false=link("deep.image")
        ),
    }

    result = run(tiny, "switch.value", nodes)

    found = result.outputs["it"]
    assert isinstance(found, Image)
    torch.testing.assert_close(found.pixels_BHWC, torch.full((1, 4, 4, 3), float(condition)))
    assert "dim" in ran(result) if condition else "deep" in ran(result)
    assert not {"deep" if condition else "dim"} & ran(result)


def test_an_option_is_taken_by_its_number(tiny: Desk) -> None:
    nodes = {
        "a": entry("text.value", text="a"),
        "b": entry("text.value", text="b"),
        "select": entry("flow.select", option_0=link("a.text"), option_1=link("b.text"), index=1),
    }

    assert result_of(tiny, "select.value", nodes) == "b"


def test_a_missing_option_is_one_clear_problem(tiny: Desk) -> None:
    nodes = {
        "a": entry("text.value", text="a"),
        "select": entry("flow.select", option_0=link("a.text"), index=3),
    }

    result = run(tiny, "select.value", nodes)

    assert [(problem.node, problem.code) for problem in result.problems] == [("select", "option-missing")]


def test_numbers_keep_their_kind_through_a_formula(tiny: Desk) -> None:
    nodes = {
        "side": entry("math.calculate", expression="a * 1.5", a=128.0),
        "round": entry("math.calculate", expression="round(a / 8) * 8", a=link("side.value")),
        "picture": entry("image.empty", width=link("round.whole"), height=8),
        "size": entry("image.size", image=link("picture.image")),
    }

    assert result_of(tiny, "size.width", nodes) == 192


def test_a_whole_prompt_equals_the_same_prompt_in_two_regions(tiny: Desk) -> None:
    nodes = model_nodes()
    whole = pixels_of(tiny, "decode.image", nodes)
    nodes |= {
        "left": entry("mask.rectangle", width=64, height=64, right=0.5),
        "right": entry("mask.invert", mask=link("left.mask")),
        "red_left": entry("prompt.region", conditioning=link("red.conditioning"), mask=link("left.mask")),
        "red_right": entry("prompt.region", conditioning=link("red.conditioning"), mask=link("right.mask")),
        "both": entry("prompt.combine", a=link("red_left.conditioning"), b=link("red_right.conditioning")),
    }
    nodes |= {"sample": model_nodes(positive=link("both.conditioning"))["sample"]}

    torch.testing.assert_close(pixels_of(tiny, "decode.image", nodes), whole, atol=1e-4, rtol=0)


def test_two_prompts_share_the_picture_by_their_regions(tiny: Desk) -> None:
    nodes = model_nodes()
    whole = pixels_of(tiny, "decode.image", nodes)
    nodes |= {
        "left": entry("mask.rectangle", width=64, height=64, right=0.5),
        "right": entry("mask.invert", mask=link("left.mask")),
        "red_left": entry("prompt.region", conditioning=link("red.conditioning"), mask=link("left.mask")),
        "blue_right": entry("prompt.region", conditioning=link("blue.conditioning"), mask=link("right.mask")),
        "both": entry("prompt.combine", a=link("red_left.conditioning"), b=link("blue_right.conditioning")),
    }
    nodes |= {"sample": model_nodes(positive=link("both.conditioning"))["sample"]}

    assert not torch.allclose(pixels_of(tiny, "decode.image", nodes), whole, atol=1e-4)


def test_prompts_that_follow_each_other_cover_all_steps(tiny: Desk) -> None:
    nodes = model_nodes()
    nodes |= {
        "early": entry("prompt.range", conditioning=link("red.conditioning"), end=0.5),
        "late": entry("prompt.range", conditioning=link("blue.conditioning"), start=0.5),
        "both": entry("prompt.combine", a=link("early.conditioning"), b=link("late.conditioning")),
    }
    nodes |= {"sample": model_nodes(positive=link("both.conditioning"), steps=4)["sample"]}

    assert pixels_of(tiny, "decode.image", nodes).shape == (1, 64, 64, 3)


def test_a_prompt_equals_itself_in_two_ranges_of_steps_and_another_does_not(tiny: Desk) -> None:
    nodes = model_nodes(steps=4)
    whole = pixels_of(tiny, "decode.image", nodes)

    def followed_by(late: str) -> torch.Tensor:
        changed = nodes | {
            "early": entry("prompt.range", conditioning=link("red.conditioning"), end=0.5),
            "late": entry("prompt.range", conditioning=link(f"{late}.conditioning"), start=0.5),
            "both": entry("prompt.combine", a=link("early.conditioning"), b=link("late.conditioning")),
            "sample": model_nodes(positive=link("both.conditioning"), steps=4)["sample"],
        }
        return pixels_of(tiny, "decode.image", changed)

    torch.testing.assert_close(followed_by("red"), whole, atol=1e-5, rtol=0)
    assert not torch.allclose(followed_by("blue"), whole, atol=1e-4)


def test_a_prompt_that_ends_too_early_is_one_clear_problem(tiny: Desk) -> None:
    nodes = model_nodes()
    nodes |= {"early": entry("prompt.range", conditioning=link("red.conditioning"), end=0.5)}
    nodes |= {"sample": model_nodes(positive=link("early.conditioning"), steps=4)["sample"]}

    result = run(tiny, "decode.image", nodes)

    assert [(problem.node, problem.code) for problem in result.problems] == [("sample", "bad-conditioning")]


def test_a_picture_is_made_anew_as_far_as_denoise_says(tiny: Desk) -> None:
    nodes = model_nodes()
    nodes |= {
        "code": entry("latent.encode", image=link("decode.image"), vae=link("checkpoint.vae")),
        "source": entry("latent.decode", latent=link("code.latent"), vae=link("checkpoint.vae")),
    }
    source = pixels_of(tiny, "source.image", nodes)

    def change(denoise: float) -> float:
        again = model_nodes(latent=link("code.latent"), denoise=denoise, steps=5, seed=8)["sample"]
        final = entry("latent.decode", latent=link("again.latent"), vae=link("checkpoint.vae"))
        picture = pixels_of(tiny, "final.image", nodes | {"again": again, "final": final})
        return float((picture - source).abs().mean())

    assert change(0.0) == 0
    assert 0 < change(0.2) < change(1.0)


def test_inpainting_keeps_the_latent_outside_its_mask(tiny: Desk) -> None:
    nodes = model_nodes()
    nodes |= {
        "left": entry("mask.rectangle", width=64, height=64, right=0.5),
        "masked": entry("latent.mask", latent=link("sample.latent"), mask=link("left.mask")),
        "again": entry(
            "latent.sample",
            model=link("checkpoint.model"),
            positive=link("blue.conditioning"),
            latent=link("masked.latent"),
            steps=2,
            seed=9,
        ),
        "restored": entry(
            "latent.composite",
            background=link("again.latent"),
            foreground=link("sample.latent"),
            mask=link("left.mask"),
        ),
        "second": entry("latent.decode", latent=link("restored.latent"), vae=link("checkpoint.vae")),
        "compare": entry("image.compare", a=link("decode.image"), b=link("second.image"), tolerance=0.0001),
    }

    assert result_of(tiny, "compare.is_equal", nodes) is True


def test_a_sampling_in_two_nodes_equals_one(tiny: Desk) -> None:
    nodes = model_nodes(steps=4, sampler="euler_ancestral")
    part: dict[str, JSON] = {
        "model": link("checkpoint.model"),
        "positive": link("red.conditioning"),
        "seed": 5,
        "steps": 4,
        "sampler": "euler_ancestral",
    }
    nodes |= {
        "first": entry("latent.sample_steps", **part, latent=link("empty.latent"), end_step=2),
        "rest": entry(
            "latent.sample_steps", **part, latent=link("first.latent"), start_step=2, add_noise=False
        ),
        "split": entry("latent.decode", latent=link("rest.latent"), vae=link("checkpoint.vae")),
        "compare": entry("image.compare", a=link("decode.image"), b=link("split.image"), tolerance=0.0001),
    }

    assert result_of(tiny, "compare.is_equal", nodes) is True


def test_levels_of_a_schedule_can_be_cut_and_sampled_in_turn(tiny: Desk) -> None:
    nodes = model_nodes(steps=4, sampler="euler")
    part: dict[str, JSON] = {
        "model": link("checkpoint.model"),
        "positive": link("red.conditioning"),
        "seed": 5,
        "sampler": "euler",
    }
    nodes |= {
        "levels": entry("sigmas.schedule", model=link("checkpoint.model"), steps=4),
        "cut": entry("sigmas.split", sigmas=link("levels.sigmas"), step=1),
        "first": entry("latent.sample_custom", **part, latent=link("empty.latent"), sigmas=link("cut.high")),
        "rest": entry(
            "latent.sample_custom",
            **part,
            latent=link("first.latent"),
            sigmas=link("cut.low"),
            add_noise=False,
        ),
        "split": entry("latent.decode", latent=link("rest.latent"), vae=link("checkpoint.vae")),
        "compare": entry("image.compare", a=link("decode.image"), b=link("split.image"), tolerance=0.0001),
    }

    assert result_of(tiny, "compare.is_equal", nodes) is True


def test_levels_written_by_hand_are_those_that_are_sampled(tiny: Desk) -> None:
    nodes = model_nodes(sampler="euler")
    custom: dict[str, JSON] = {
        "model": link("checkpoint.model"),
        "positive": link("red.conditioning"),
        "latent": link("empty.latent"),
        "sampler": "euler",
        "seed": 5,
    }
    nodes |= {
        "levels": entry("sigmas.schedule", model=link("checkpoint.model"), steps=2),
        "same": entry("latent.sample_custom", **custom, sigmas=link("levels.sigmas")),
        "written": entry("sigmas.manual", levels="9, 3, 1, 0"),
        "other": entry("latent.sample_custom", **custom, sigmas=link("written.sigmas")),
        "same_picture": entry("latent.decode", latent=link("same.latent"), vae=link("checkpoint.vae")),
        "other_picture": entry("latent.decode", latent=link("other.latent"), vae=link("checkpoint.vae")),
    }

    usual = pixels_of(tiny, "decode.image", nodes)

    assert pixels_of(tiny, "same_picture.image", nodes).equal(usual)
    assert not torch.allclose(pixels_of(tiny, "other_picture.image", nodes), usual, atol=1e-4)


def test_guidance_scales_are_compared_on_one_sheet(tiny: Desk) -> None:
    nodes = model_nodes(guidance_scale=link("scales.numbers"), negative=link("blue.conditioning"))
    nodes |= {
        "scales": entry("list.steps", first=1.0, last=9.0, count=3),
        "labels": entry("text.template", template="guidance {a}", a=link("scales.numbers")),
        "grid": entry("image.grid", images=link("decode.image"), labels=link("labels.text"), columns=3),
    }

    assert pixels_of(tiny, "grid.image", nodes).shape[2] == 3 * 64 + 4 * 4


def test_noise_levels_are_not_taken_for_a_number(tiny: Desk) -> None:
    nodes = model_nodes()
    nodes |= {
        "cut": entry("sigmas.schedule", model=link("checkpoint.model"), steps=4),
        "sum": entry("math.add", a=link("cut.sigmas"), b=1.0),
    }

    with pytest.raises(AssertionError, match="socket-mismatch"):
        run(tiny, "sum.value", nodes)


def test_steps_and_previews_reach_the_observer_before_the_picture(tiny: Desk) -> None:
    nodes = model_nodes(steps=3, seed=77)
    document = parse_document(
        {"weft": 1, "outputs": {"it": link("decode.image")}, "nodes": dict[str, JSON](nodes)}
    )
    report = check(document, tiny.loaded.registry, tiny.workflows)
    assert report.graph is not None, report.problems
    seen: list[Event] = []

    asyncio.run(tiny.engine.run(report.graph, observer=seen.append))

    steps = [event for event in seen if isinstance(event, NodeProgress) and event.node == "sample"]
    previews = [event for event in seen if isinstance(event, NodePreview)]
    assert [(event.step, event.total) for event in steps] == [(1, 3), (2, 3), (3, 3)]
    assert {event.node for event in previews} == {"sample"}
    # One value for each latent pixel; the last step is always shown.
    assert previews[-1].pixels_HWC.shape == (8, 8, 3)


def test_a_network_that_overflows_is_one_clear_problem(tiny: Desk) -> None:
    folder = tiny.settings.paths.models[0]
    broken = tiny_models.copy_folder(folder / "starter", folder / "broken")
    (weights,) = (broken / "unet").glob("*.safetensors")
    tensors = load_file(weights)
    save_file(tensors | {"conv_out.bias": torch.full_like(tensors["conv_out.bias"], torch.nan)}, weights)
    nodes = model_nodes() | {"checkpoint": entry("checkpoint.load", checkpoint="broken")}

    result = run(tiny, "decode.image", nodes)

    (problem,) = result.problems
    assert (problem.node, problem.code) == ("sample", "non-finite")
    assert "dpmpp_2m" in problem.message
    assert "float32" in problem.hint


@pytest.mark.parametrize("family", ["sd15", "sd2", "sdxl"])
def test_a_checkpoint_of_every_family_draws(tiny: Desk, family: str) -> None:
    tiny_models.write_folder(tiny.settings.paths.models[0] / family, family)
    nodes = model_nodes(negative=link("blue.conditioning"))
    nodes |= {"checkpoint": entry("checkpoint.load", checkpoint=family)}

    picture = pixels_of(tiny, "decode.image", nodes)

    assert picture.shape == (1, 64, 64, 3)
    assert picture.std() > 0.01


def test_prompts_of_another_family_are_refused_before_anything_runs(tiny: Desk) -> None:
    tiny_models.write_folder(tiny.settings.paths.models[0] / "other", "sdxl")
    nodes = model_nodes()
    nodes |= {
        "xl": entry("checkpoint.load", checkpoint="other"),
        "red": entry("prompt.encode", encoder=link("xl.encoder"), text="red"),
    }

    with pytest.raises(AssertionError, match="family"):
        run(tiny, "decode.image", nodes)
