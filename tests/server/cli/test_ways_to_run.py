"""The ways in which a workflow and its values can be given."""

import io
import json
import sys
from pathlib import Path

import pytest
from cli.heard import Weft


def test_a_workflow_is_read_from_standard_input(
    weft: Weft, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO((folder / "draw.json").read_bytes())))

    heard = weft("run", "-")

    assert heard.data.startswith("output/workflow-image-00001.png\n")
    assert "Change the" not in heard.words


def test_a_workflow_inside_a_workflow_shows_its_nodes_by_their_paths(weft: Weft, folder: Path) -> None:
    (folder / "workflows").mkdir()
    (folder / "draw.json").rename(folder / "workflows" / "draw.json")
    outer = {
        "weft": 1,
        "inputs": {"what": {"to": ["inner.prompt"]}},
        "outputs": {"image": {"from": "inner.image"}},
        "nodes": {"inner": {"type": "workflow:draw", "inputs": {"seed": 5}}},
    }
    (folder / "outer.json").write_text(json.dumps(outer))

    heard = weft("run", "outer.json", "--what", "a star", "--json")

    assert heard.code == 0, heard.data
    assert heard.states()["inner/draw"] == "ran"


def test_a_picture_is_made_again_although_a_workflow_inside_it_has_changed(weft: Weft, folder: Path) -> None:
    saved = folder / "workflows" / "draw.json"
    saved.parent.mkdir()
    (folder / "draw.json").rename(saved)
    outer = {
        "weft": 1,
        "outputs": {"image": {"from": "inner.image"}},
        "nodes": {"inner": {"type": "workflow:draw", "inputs": {"seed": 5}}},
    }
    (folder / "outer.json").write_text(json.dumps(outer))
    picture = weft("run", "outer.json").data.strip()
    saved.unlink()

    heard = weft("run", picture)

    assert heard.code == 0, heard.words
    assert "bit for bit" in heard.words


def test_a_list_is_given_as_json(weft: Weft, folder: Path) -> None:
    document = {
        "weft": 1,
        "inputs": {"words": {"to": ["join.texts"]}},
        "outputs": {"text": {"from": "join.text"}},
        "nodes": {"join": {"type": "text.join"}},
    }
    (folder / "join.json").write_text(json.dumps(document))

    assert weft("run", "join.json", "--words", '["a", "b"]').data == 'text: "a, b"\n'
    assert weft("run", "join.json", "--words", "a, b").code == 2


def test_an_input_that_needs_a_value_says_so(weft: Weft) -> None:
    heard = weft("run", "draw.json", "--prompt", "--seed", "3")

    assert heard.code == 2
    assert "prompt was given no value." in heard.words
    assert "Write --prompt VALUE." in heard.words


def test_a_value_that_begins_with_dashes_is_joined_to_its_option(weft: Weft) -> None:
    assert weft("run", "draw.json", "--prompt=--dashes--").code == 0


def test_a_node_that_saves_uses_the_folder_and_carries_the_workflow(weft: Weft, folder: Path) -> None:
    document = json.loads((folder / "draw.json").read_text())
    document["outputs"] = {}
    document["nodes"]["save"] = {
        "type": "image.save",
        "inputs": {"image": {"from": "draw.image"}, "name": "mine"},
    }
    (folder / "save.json").write_text(json.dumps(document))

    heard = weft("run", "save.json", "--out", "pictures")

    assert heard.code == 0
    (made,) = (folder / "pictures").glob("mine*.png")
    assert weft("check", str(made)).code == 0


def test_a_workflow_without_outputs_gives_what_its_last_nodes_give(weft: Weft, folder: Path) -> None:
    document = json.loads((folder / "draw.json").read_text())
    document["outputs"] = {}
    (folder / "open.json").write_text(json.dumps(document))

    assert weft("run", "open.json").data == "measure.width: 8\n"


def test_an_empty_workflow_has_nothing_to_do(weft: Weft, folder: Path) -> None:
    (folder / "empty.json").write_text('{"weft": 1}')

    heard = weft("run", "empty.json")

    assert (heard.code, heard.data) == (0, "")
    assert "nothing to do" in heard.words
