"""`weft workflows import`: a workflow of ComfyUI gets a name here, from a file or a picture."""

import json
from pathlib import Path

import pytest
from cli.heard import Weft
from comfy_files import as_text, node, saved_text_to_image, text_to_image
from PIL import Image, PngImagePlugin
from weft.graph.document import parse_document


def test_a_file_is_saved_under_its_name_and_every_node_is_accounted_for(weft: Weft, folder: Path) -> None:
    (folder / "my.portrait.json").write_text(as_text({**text_to_image(), "10": node("Fancy")}))

    heard = weft("workflows", "import", "my.portrait.json", "--json")

    document = parse_document((folder / "workflows" / "my-portrait.json").read_bytes())
    assert (heard.code, heard.answer["workflow"]) == (0, "my-portrait")
    assert document.nodes["3"].type == "latent.sample"
    assert {entry["node"]: entry["state"] for entry in heard.answer["nodes"]}["10"] == "unknown"


def test_people_read_what_is_different_and_how_to_run_it(weft: Weft, folder: Path) -> None:
    (folder / "a.json").write_text(as_text({**text_to_image(), "10": node("Fancy")}))

    heard = weft("workflows", "import", "a.json")

    assert "Fancy (10): No node here does that" in heard.words
    assert (
        "Of 8 nodes of ComfyUI, 7 are the same, 0 different and 1 unknown here. Run it: weft run a"
        in " ".join(heard.words.split())
    )


@pytest.mark.parametrize("kind", ["png", "webp"])
def test_a_picture_opens_as_the_workflow_it_carries(weft: Weft, folder: Path, kind: str) -> None:
    picture, texts, exif = Image.new("RGB", (8, 8)), PngImagePlugin.PngInfo(), Image.Exif()
    texts.add_text("prompt", as_text(text_to_image()))
    texts.add_text("workflow", as_text(saved_text_to_image()))
    exif[0x0110] = f"prompt:{as_text(text_to_image())}"
    exif[0x010F] = f"workflow:{as_text(saved_text_to_image())}"
    picture.save(folder / f"a.{kind}", **({"pnginfo": texts} if kind == "png" else {"exif": exif}))

    heard = weft("workflows", "import", f"a.{kind}", "--json")

    saved = json.loads((folder / "workflows" / "a.json").read_text())
    assert heard.code == 0
    # Only the saved graph has places.
    assert saved["view"]["nodes"]["3"]["at"][0] == 863.0


def test_nothing_is_saved_over_and_nothing_that_is_ours_is_taken_over(weft: Weft, folder: Path) -> None:
    (folder / "a.json").write_text(as_text(text_to_image()))
    weft("workflows", "import", "a.json")

    assert weft("workflows", "import", "a.json", "--json").codes() == ["workflow-exists"]
    assert weft("workflows", "import", "draw.json", "--json").codes() == ["not-foreign"]
    assert weft("workflows", "import", "--json").codes() == ["usage"]
    assert weft("workflows", "export", "a.json", "--json").codes() == ["usage"]


def test_a_damaged_file_has_one_reason(weft: Weft, folder: Path) -> None:
    (folder / "a.json").write_text('{"nodes": [{"id": 1}], "links": []}')

    assert weft("check", "a.json", "--json").codes() == ["foreign-unreadable"]


def test_a_check_tells_of_what_is_different(weft: Weft, folder: Path) -> None:
    (folder / "a.json").write_text(as_text(text_to_image(sampler_name="euler_cfg_pp")))

    heard = weft("check", "a.json", "--json")

    warnings = [problem for problem in heard.answer["problems"] if problem["code"] == "foreign-different"]
    assert [problem["node"] for problem in warnings] == ["3"]
    assert "euler_cfg_pp became euler." in warnings[0]["message"]
