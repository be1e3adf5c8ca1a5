"""Workflows of ComfyUI run here, and the picture shows what the prompt says."""

from collections.abc import Mapping
from typing import Any

import comfy_files
import pytest
from PIL import Image
from weft.foreign.conversion import convert
from weft.foreign.rule_book import load_rule_book
from weft.graph.check import check
from workflow_runs import Desk, picture, seen_in, size

BOOK = load_rule_book()


def codes(desk: Desk, tree: Mapping[str, Any]) -> list[str]:
    """Codes of all that is wrong with a workflow after it was taken over."""
    document = convert(tree, BOOK).document
    return [problem.code for problem in check(document, desk.loaded.registry, desk.workflows).problems]


@pytest.mark.parametrize("make", [comfy_files.text_to_image, comfy_files.saved_text_to_image])
def test_the_graph_that_comfyui_opens_with_makes_its_picture(starter: Desk, make: Any) -> None:
    document = convert(make(), BOOK).document

    result = starter.run_document(document)

    assert result.state == "succeeded", result.problems
    (seen,) = seen_in(picture(result)).objects
    assert (seen.shape and seen.shape.value, seen.colour.value) == ("circle", "red")


@pytest.mark.parametrize("make", [comfy_files.image_to_image, comfy_files.soft_mask])
def test_a_picture_is_painted_anew(tiny: Desk, make: Any) -> None:
    tiny.settings.input_dir.mkdir(exist_ok=True)
    Image.new("RGBA", (80, 70), (255, 0, 0, 0)).save(tiny.settings.input_dir / "own.png")

    result = tiny.run_document(convert(make(), BOOK).document)

    assert size(picture(result)) == (64, 64, 1)


def test_what_is_wrong_with_the_others_is_only_that_their_files_are_not_here(tiny: Desk) -> None:
    assert codes(tiny, comfy_files.text_to_image()) == []
    assert set(codes(tiny, comfy_files.lora_and_control())) == {"input-invalid"}
    for make in (comfy_files.flux, comfy_files.redux, comfy_files.kontext, comfy_files.pictures_as_prompts):
        assert set(codes(tiny, make())) == {"input-invalid"}
    for made in (comfy_files.qwen_edit(1, 3), comfy_files.instruct()):
        # These models are there, but are not ones that read pictures.
        assert "trait-mismatch" in set(codes(tiny, made)) <= {"input-invalid", "trait-mismatch"}
    assert codes(tiny, {"1": comfy_files.node("Fancy")}) == ["node-type-unknown"]
