"""A workflow of ComfyUI becomes one that does the same, and the report leaves nothing out."""

import contextlib
from copy import deepcopy
from random import Random
from typing import Any

import pytest
from comfy_files import (
    flux,
    image_to_image,
    instruct,
    kontext,
    lora_and_control,
    node,
    pictures_as_prompts,
    qwen_edit,
    redux,
    saved,
    saved_node,
    saved_text_to_image,
    sized,
    soft_mask,
    split_flux,
    text_to_image,
)
from weft.errors import JSON, ProblemsError
from weft.foreign.conversion import Conversion, convert, is_foreign
from weft.foreign.faults import ForeignUnreadableError
from weft.foreign.foreign_graph import Taken
from weft.foreign.rule_book import load_rule_book
from weft.graph.document import Link

BOOK = load_rule_book()


def taken(found: Conversion, key: str) -> Taken:
    """What became of a node."""
    (entry,) = [entry for entry in found.nodes if entry.node == key]
    return entry


def inputs(found: Conversion, key: str) -> dict[str, Any]:
    """The inputs of a node."""
    return dict(found.document.nodes[key].inputs)


def test_both_formats_give_the_same_nodes() -> None:
    prompt, graph = convert(text_to_image(), BOOK), convert(saved_text_to_image(), BOOK)

    assert prompt.document.nodes == graph.document.nodes
    assert {entry.state for entry in (*prompt.nodes, *graph.nodes)} == {"same"}
    assert [entry.node for entry in graph.nodes] == ["3", "4", "5", "6", "7", "8", "9", "10", "11"]


def test_places_titles_seeds_and_saved_pictures_are_taken_over() -> None:
    document = convert(saved_text_to_image(), BOOK).document

    looks = document.view["nodes"]
    assert isinstance(looks, dict)
    assert looks["3"] == {"at": [863.0, pytest.approx(186 * 1.3)], "seeds": {"seed": "random"}}
    assert looks["6"] == {"at": [415.0, pytest.approx(186 * 1.3)], "title": "Prompt"}
    assert document.view["routes"] == {"3.model": [[700.0, pytest.approx(130)]]}
    assert document.view["frames"] == [
        {"id": "frame-1", "at": [400.0, 195.0], "size": [450.0, 520.0], "title": "Prompts"}
    ]
    assert {name: port.from_ for name, port in document.outputs.items()} == {"image": "8.image"}


def test_a_picture_is_painted_anew_in_a_part() -> None:
    found = convert(image_to_image(), BOOK)

    assert inputs(found, "5") == {"image": "own.png"}
    assert inputs(found, "10")["image"] == Link("5-opaque", "image")
    assert (inputs(found, "10")["fit"], inputs(found, "10")["method"]) == ("cover", "nearest")
    # What they call transparent is what our mask leaves out.
    assert inputs(found, "12") == {"mask": Link("5-transparent", "mask"), "pixels": 6}
    assert inputs(found, "3")["denoise"] == 0.6


def test_lora_control_and_guidance_are_taken_over() -> None:
    found = convert(lora_and_control(), BOOK)

    assert inputs(found, "10")["lora"] == "styles/ink.safetensors"
    assert inputs(found, "6") == {"encoder": Link("15", "encoder"), "text": r"a (red:1.3) circle \[x\]"}
    assert inputs(found, "3")["guidance_rescale"] == 0.7
    assert inputs(found, "3")["model"] == Link("10", "model")
    assert inputs(found, "3")["negative"] == Link("7", "conditioning")
    assert [entry.type for entry in found.nodes if entry.state != "same"] == ["LoadImage"]


def test_the_parts_of_a_sampler_become_one_and_what_is_different_is_said() -> None:
    found = convert(flux(), BOOK)

    assert inputs(found, "10") == {
        "model": Link("1", "model"),
        "positive": Link("3", "conditioning"),
        "latent": Link("9", "latent"),
        "sigmas": Link("8", "sigmas"),
        "seed": 5,
        "guidance_scale": 1.0,
        "sampler": "euler",
    }
    assert taken(found, "5").made == ()
    assert "larger than seeds" in taken(found, "10").notes[0]
    assert "max_shift = 1.15 has no counterpart here." in taken(found, "4").notes


def test_parts_of_a_model_from_files_of_their_own_find_it() -> None:
    found = convert(split_flux(), BOOK)

    assert inputs(found, "1") == {"network": "flux1-dev.safetensors", "dtype": "float8"}
    assert inputs(found, "20") == {
        "model": Link("1", "model"),
        "first": "t5xxl.safetensors",
        "second": "clip_l.safetensors",
    }
    assert inputs(found, "21")["model"] == Link("1", "model")
    assert (inputs(found, "4")["encoder"], inputs(found, "4")["encoder_strength"]) == (
        Link("20", "encoder"),
        0.0,
    )


def test_a_soft_mask_says_when_a_place_may_change_if_the_model_says_so() -> None:
    soft = convert(soft_mask(), BOOK)

    assert inputs(soft, "3")["latent"] == Link("3-soft", "latent")
    assert inputs(soft, "3-soft") == {
        "latent": Link("13", "latent"),
        "mask": Link("12", "mask"),
        "gradual": True,
    }
    assert "3-soft" not in convert(image_to_image(), BOOK).document.nodes


def test_a_picture_that_says_how_another_shall_look_is_cut_as_there() -> None:
    found = convert(redux(), BOOK)

    assert inputs(found, "3") == {
        "conditioning": Link("2", "conditioning"),
        "style": Link("13", "style"),
        "image": Link("14", "image"),
        "strength": 0.8,
    }
    assert (inputs(found, "14")["width"], inputs(found, "14")["fit"]) == (384, "cover")
    assert taken(found, "15").made == ()


def test_a_latent_is_shown_as_what_shall_be_changed() -> None:
    found = convert(kontext(), BOOK)

    assert found.document.nodes["3"].type == "prompt.reference_latent"
    assert inputs(found, "3") == {"conditioning": Link("2", "conditioning"), "latent": Link("14", "latent")}
    assert (inputs(found, "13")["megapixels"], inputs(found, "13")["multiple"]) == (1.048576, 16)


def test_an_instruction_sees_the_pictures_that_are_given_and_the_model_does_where_it_has_a_vae() -> None:
    both, last = convert(qwen_edit(1, 3), BOOK), convert(qwen_edit(3, vae=False), BOOK)
    none = convert(qwen_edit(), BOOK)

    picture = Link("20-opaque", "image")
    assert inputs(both, "3")["positive"] == Link("6", "conditioning")
    assert inputs(both, "6")["conditioning"] == Link("6-first", "conditioning")
    assert inputs(both, "6-first")["conditioning"] == Link("6-said", "conditioning")
    assert (inputs(both, "6-said")["image"], inputs(both, "6-said")["third"]) == (picture, picture)
    assert "second" not in inputs(both, "6-said")
    assert last.document.nodes["6"].type == "prompt.encode_edit"
    assert inputs(last, "6")["image"] == picture
    assert none.document.nodes["6"].type == "prompt.encode"


def test_what_prompts_say_to_each_encoder_and_of_sizes_and_beauty_is_taken_over() -> None:
    base, refiner = convert(sized(), BOOK), convert(sized(refined=True), BOOK)

    assert inputs(base, "3")["positive"] == Link("6", "conditioning")
    assert inputs(base, "6") == {
        "conditioning": Link("6-words", "conditioning"),
        "original_width": 2048,
        "original_height": 1536,
        "crop_left": 16,
        "crop_top": 8,
        "target_width": 1024,
        "target_height": 768,
    }
    assert inputs(base, "6-words") == {
        "encoder": Link("4", "encoder"),
        "text": "a star",
        "clip_l": "a moon",
    }
    assert taken(base, "6").notes == ()
    assert inputs(refiner, "6") == {
        "conditioning": Link("6-words", "conditioning"),
        "original_width": 2048,
        "original_height": 1536,
        "aesthetic_score": 7.5,
    }
    assert taken(refiner, "6").notes == ()


def test_a_picture_that_is_changed_as_told_is_guided_towards() -> None:
    found = convert(instruct(), BOOK)

    assert inputs(found, "3")["positive"] == Link("5", "conditioning")
    assert inputs(found, "3")["negative"] == Link("7", "conditioning")
    assert inputs(found, "3")["guidance_scale"] == 7.5
    assert inputs(found, "3")["latent"] == Link("5-empty", "latent")
    assert inputs(found, "11") == {"picture_scale": 1.5}


def test_a_small_autoencoder_is_the_file_that_decodes() -> None:
    tree = {**text_to_image(), "10": node("VAELoader", vae_name="taef1")}
    other = {**text_to_image(), "10": node("VAELoader", vae_name="sub\\ae.safetensors")}

    assert inputs(convert(tree, BOOK), "10")["file"] == "taef1_decoder.safetensors"
    assert "taef1_encoder.safetensors" in taken(convert(tree, BOOK), "10").notes[0]
    assert inputs(convert(other, BOOK), "10")["file"] == "sub/ae.safetensors"
    assert taken(convert(other, BOOK), "10").state == "same"


def test_what_a_union_controlnet_is_told_is_told_where_it_is_applied() -> None:
    def kind(named: str) -> object:
        tree = lora_and_control()
        tree["16"] = node("SetUnionControlNetType", type=named, control_net=("11", 0))
        tree["13"]["inputs"]["control_net"] = ["16", 0]
        return inputs(convert(tree, BOOK), "13")["kind"]

    assert kind("hed/pidi/scribble/ted") == "scribble"
    assert kind("canny/lineart/anime_lineart/mlsd") == "canny"
    assert kind("repaint") == "repaint"


def test_names_with_a_point_and_kinds_that_have_values_of_their_own_are_read() -> None:
    size = {"resize_type": "scale longer dimension", "resize_type.longer_size": 96, "scale_method": "area"}
    tree = {
        **text_to_image(),
        "10": node("ResizeImageMaskNode", "", input=("8", 0), **size),
        "11": node("ResizeImageMaskNode", input=("8", 0), resize_type="match size"),
        "12": node("ComfyMathExpression", "", expression="a / b", **{"values.a": 3, "values.b": 2}),
        "13": node("BatchImagesNode", "", **{"images.image0": ("8", 0), "images.image1": ("10", 0)}),
    }

    found = convert(tree, BOOK)

    assert inputs(found, "10") == {
        "image": Link("8", "image"),
        "width": 96,
        "height": 96,
        "fit": "inside",
        "method": "area",
    }
    assert taken(found, "11").state == "unknown"
    assert "what it is set to do" in taken(found, "11").notes[0]
    assert inputs(found, "12") == {"expression": "a / b", "a": 3, "b": 2}
    assert inputs(found, "13") == {"images": [Link("8", "image"), Link("10", "image")]}


def test_whatever_is_looked_at_there_is_an_output_here() -> None:
    tree = {
        **text_to_image(),
        "10": node("LoadImage", image="own.png"),
        "11": node("MaskPreview", mask=("10", 1)),
        "12": node("ImageCompare", image_a=("10", 0), image_b=("8", 0)),
        "13": node("PreviewAny", source=("4", 1)),
    }

    outputs = convert(tree, BOOK).document.outputs

    assert {name: port.from_ for name, port in outputs.items()} == {
        "image": "8.image",
        "image-2": "11.image",
        "before": "10-opaque.image",
        "after": "8.image",
        "value": "4.encoder",
    }


def test_pictures_that_hang_on_a_model_stand_before_the_prompt_of_each_that_samples_it() -> None:
    tree = pictures_as_prompts()
    more = {**tree, "15": {**tree["3"]}, "16": node("FreeU_V2", model=("12", 0), b1=1.1, b2=1.2)}

    found, twice = convert(tree, BOOK), convert(more, BOOK)

    assert inputs(found, "3")["positive"] == Link("12", "conditioning")
    assert inputs(found, "3")["model"] == Link("4", "model")
    assert inputs(found, "12")["conditioning"] == Link("11", "conditioning")
    assert inputs(found, "12")["end"] == 0.6
    assert inputs(found, "11") == {
        "conditioning": Link("6", "conditioning"),
        "adapter": Link("10", "adapter"),
        "image": Link("13-opaque", "image"),
        "strength": 0.8,
    }
    assert inputs(found, "3")["negative"] == Link("7", "conditioning")
    assert len({str(inputs(twice, key)["positive"]) for key in ("3", "15")}) == 2


def test_what_nobody_samples_is_not_made_and_not_named() -> None:
    tree = {**pictures_as_prompts(), "3": node("KSampler", model=("4", 0), positive=("6", 0))}

    found = convert(tree, BOOK)

    assert taken(found, "12").made == ()
    assert "12" not in found.document.nodes


@pytest.mark.parametrize("type", ["RenormCFG", "unCLIPConditioning", "HyperTile", "IPAdapterFaceID"])
def test_what_no_node_here_does_stays_and_is_called_unknown(type: str) -> None:
    tree = {**text_to_image(model=("10", 0)), "10": node(type, model=("4", 0), weight=0.5)}

    found = convert(tree, BOOK)

    assert taken(found, "10").state == "unknown"
    assert found.document.nodes["10"].type == f"comfyui:{type}"
    assert inputs(found, "10")["weight"] == 0.5


def test_an_unknown_node_is_kept_with_all_it_holds() -> None:
    tree = {**text_to_image(), "10": node("VHS_VideoCombine", frame_rate=8, images=("8", 0))}
    tree["11"] = node("ImageInvert", image=("10", 1))

    found = convert(tree, BOOK)

    assert found.document.nodes["10"].type == "comfyui:VHS_VideoCombine"
    assert inputs(found, "10") == {"frame_rate": 8, "images": Link("8", "image")}
    assert inputs(found, "11") == {"image": Link("10", "output_1")}
    assert taken(found, "10").state == "unknown"


def test_an_unknown_node_of_a_saved_graph_keeps_values_without_a_name() -> None:
    nodes = [saved_node(1, "VHS_LoadVideo", ["a.mp4", 8]), saved_node(2, "ImageInvert")]

    found = convert(saved(nodes, {(2, "image"): ("1", 0)}), BOOK)

    assert inputs(found, "1") == {"value_0": "a.mp4", "value_1": 8}
    assert inputs(found, "2") == {"image": Link("1", "IMAGE")}


def test_bypassed_nodes_stay_bypassed_and_those_that_dissolve_are_passed_by() -> None:
    nodes = [
        saved_node(4, "CheckpointLoaderSimple", ["starter"]),
        saved_node(5, "RescaleCFG", [0.7], mode=4),
        saved_node(6, "CLIPTextEncode", ["a"], mode=4),
        saved_node(3, "KSampler", [1, "fixed", 20]),
    ]
    wires = {(5, "model"): ("4", 0), (6, "clip"): ("4", 1), (3, "model"): ("5", 0), (3, "positive"): ("6", 0)}

    found = convert(saved(nodes, wires), BOOK)

    assert found.document.nodes["6"].mode == "bypass"
    assert inputs(found, "3")["model"] == Link("4", "model")
    assert "guidance_rescale" not in inputs(found, "3")
    assert taken(found, "5").notes == ("It is bypassed there, and left out here (multiplier = 0.7).",)


def test_what_has_no_counterpart_is_said() -> None:
    scaled = node(
        "LatentUpscale", samples=("5", 0), upscale_method="bislerp", width=64, height=64, crop="center"
    )
    lost = node("VAEDecode", samples=("99", 0), vae=("4", 2))

    found = convert({**text_to_image(), "10": scaled, "11": lost}, BOOK)

    assert taken(found, "10").notes == (
        "bislerp became bilinear: directions are not blended along the sphere.",
        "crop = center has no counterpart here.",
    )
    assert taken(found, "11").notes == ("samples was fed by something that is not in the file.",)


def _places(tree: Any) -> list[tuple[Any, Any]]:
    """Every place of a tree, as what holds it and the key or number there."""
    found: list[tuple[Any, Any]] = []
    waiting = [tree]
    while waiting:
        at = waiting.pop()
        keys = list(at) if isinstance(at, dict) else range(len(at)) if isinstance(at, list) else ()
        found += [(at, key) for key in keys]
        waiting += [at[key] for key in keys]
    return found


@pytest.mark.parametrize("make", [text_to_image, saved_text_to_image, lora_and_control, split_flux])
def test_whatever_is_damaged_is_taken_over_or_refused_with_a_reason(make: Any) -> None:
    random = Random(0)
    junk: list[Any] = [None, True, -1, 2**70, "", "-10", [], {}, ["3", 0], [[]], {"0": 1}, float("inf")]
    for _ in range(60):
        tree = make()
        for _ in range(3):
            holder, key = random.choice(_places(tree))
            holder[key] = deepcopy(random.choice(junk))
        with contextlib.suppress(ForeignUnreadableError, ProblemsError):
            convert(tree, BOOK)


@pytest.mark.parametrize("name", ["prompt", "workflow"])
def test_the_call_around_a_workflow_is_taken_off(name: str) -> None:
    assert convert({name: text_to_image(), "client_id": "x"}, BOOK).document.nodes.keys() >= {"3", "4"}


def test_workflows_of_weft_and_anything_else_are_not_meant() -> None:
    others: list[JSON] = [{"weft": 1, "nodes": {}}, {}, [], "text", {"nodes": {}}]

    assert [is_foreign(other) for other in others] == [False] * 5
    assert is_foreign(text_to_image())
    with pytest.raises(ForeignUnreadableError, match="neither nodes"):
        convert({"a": 1}, BOOK)
