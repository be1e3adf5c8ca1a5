"""Every shipped workflow checks without a problem, explains itself, and is laid out to be read."""

import json
import re

import pytest
from weft.graph.check import check
from weft.graph.document import parse_document
from weft.graph.signature import bind, signature
from workflow_runs import NAMES, WORKFLOWS, Desk

every_workflow = pytest.mark.parametrize("name", NAMES)
NODE_SIZE = (300, 180)


OWN = {
    "image": "own.png",
    "ip_adapter": "ip-adapter-base.safetensors",
    "upscaler": "double.safetensors",
    "adapter": "hints",
    "network": "own-unet.safetensors",
    "text_encoder": "own-text_encoder.safetensors",
    "vae": "own-vae.safetensors",
}
OF_TRANSFORMERS = ("edit-by-instruction", "step-cache")


def own_of(desk: Desk, name: str) -> dict[str, str]:
    """What a workflow cannot bring along: a picture of the user's own, and models that are downloaded."""
    found = signature(desk.workflows.load(name), desk.loaded.registry, desk.workflows)
    own = {entry.name: OWN[entry.name] for entry in found.inputs.values() if entry.required}
    return own | ({"checkpoint": "flux"} if name in OF_TRANSFORMERS else {})


def test_the_workflows_that_users_are_promised_are_shipped() -> None:
    promised = {
        "text-to-image",
        "image-to-image",
        "edit-image",
        "two-pass-high-resolution",
        "prompt-grid",
        "batch-of-seeds",
        "batch-from-table",
        "labelled-grid",
        "pictures-of-a-folder",
        # One for each group of what steers.
        "control-by-edges",
        "style-by-lora",
        "lora-strengths",
        "image-prompt",
        "guidance-methods",
        "regions-of-a-picture",
        "layout-then-detail",
        "compose-latents",
        "inpaint",
        "outpaint",
        "detail-pass",
        "edit-by-instruction",
        "preprocessors",
        "upscale-by-model",
        "large-picture-in-tiles",
        "seamless-texture",
        "step-cache",
        "separate-files",
        "steer-by-adapter",
        "soft-mask",
        "free-u",
        "merge-tokens",
    }

    assert promised <= set(NAMES)


@every_workflow
def test_it_has_no_problem_and_no_warning(stocked: Desk, name: str) -> None:
    document = bind(stocked.workflows.load(name), own_of(stocked, name))

    report = check(document, stocked.loaded.registry, stocked.workflows)

    assert report.problems == ()


@every_workflow
def test_it_says_what_it_is_for_and_what_its_outputs_are(tiny: Desk, name: str) -> None:
    document = tiny.workflows.load(name)

    assert document.title
    assert document.description.endswith(".")
    assert all(port.title and port.description for port in document.outputs.values())


@every_workflow
def test_its_inputs_have_titles_types_and_defaults(tiny: Desk, name: str) -> None:
    document = tiny.workflows.load(name)

    found = signature(document, tiny.loaded.registry, tiny.workflows)

    assert {"checkpoint", "network"} & set(found.inputs)
    assert all(port.title for port in document.inputs.values())
    assert {entry.name for entry in found.inputs.values() if entry.required} <= set(OWN)


@every_workflow
def test_it_is_saved_as_weft_saves_it(name: str) -> None:
    text = (WORKFLOWS / f"{name}.json").read_text()

    assert json.dumps(parse_document(text).to_json(), indent=2, ensure_ascii=False) + "\n" == text


def test_the_gallery_shows_the_pictures_there_are_of_all_that_the_starter_can_run() -> None:
    panels = WORKFLOWS.parent / "frontend" / "panels"
    pictures = {path.stem for path in (panels / "templates").glob("*.webp")}
    shown = re.search(r"SHIPPED = new Set\(\s*`([^`]*)`", (panels / "workflow_pictures.js").read_text())

    assert shown is not None
    assert set(shown[1].split()) == pictures
    assert set(NAMES) - pictures == {
        "edit-by-instruction",
        "image-prompt",
        "separate-files",
        "steer-by-adapter",
        "step-cache",
        "upscale-by-model",
    }


@every_workflow
def test_no_node_lies_on_another_and_links_go_to_the_right(tiny: Desk, name: str) -> None:
    document = json.loads((WORKFLOWS / f"{name}.json").read_text())
    places = {node: entry["at"] for node, entry in document["view"]["nodes"].items()}

    assert places.keys() == document["nodes"].keys()
    for node, (x, y) in places.items():
        for other, (their_x, their_y) in places.items():
            apart = abs(x - their_x) >= NODE_SIZE[0] or abs(y - their_y) >= 140
            assert node == other or apart, (node, other)
    for node, entry in document["nodes"].items():
        for value in entry["inputs"].values():
            if isinstance(value, dict):
                assert places[value["from"].partition(".")[0]][0] < places[node][0]
