"""`weft workflows`: the names that `weft run` takes."""

import shutil
from pathlib import Path

import pytest
from cli.heard import Weft


@pytest.fixture
def named(folder: Path) -> Path:
    """The folder of workflows, with the toy workflow in it."""
    (folder / "workflows").mkdir()
    shutil.copy(folder / "draw.json", folder / "workflows" / "draw.json")
    return folder / "workflows"


def test_a_workflow_is_listed_with_its_inputs_and_their_values(weft: Weft, named: Path) -> None:
    heard = weft("workflows")

    assert heard.code == 0
    assert heard.data.splitlines() == [
        "draw  Draw something",
        '    --prompt "a circle"',
        "    --seed 3",
        "    --steps",
        "    --pause-s",
        "    --fault",
    ]


def test_json_tells_inputs_and_outputs(weft: Weft, named: Path) -> None:
    (answer,) = weft("workflows", "--json").answer["workflows"]

    assert (answer["name"], answer["title"], answer["outputs"]) == (
        "draw",
        "Draw something",
        ["image", "width"],
    )
    assert answer["inputs"]["seed"] == 3


def test_a_long_text_is_shortened_for_people_only(weft: Weft, named: Path) -> None:
    text = (named / "draw.json").read_text().replace("a circle", "a circle " * 30)
    (named / "draw.json").write_text(text)

    (line,) = [line for line in weft("workflows").data.splitlines() if "--prompt" in line]
    assert len(line) < 90
    (answer,) = weft("workflows", "--json").answer["workflows"]
    assert answer["inputs"]["prompt"] == "a circle " * 30


def test_a_text_of_several_lines_is_shown_as_a_shell_takes_it(weft: Weft, named: Path) -> None:
    text = (named / "draw.json").read_text().replace("a circle", r"a\n\nit's  b")
    (named / "draw.json").write_text(text)

    assert r"    --prompt $'a\n\nit\'s  b'" in weft("workflows").data.splitlines()


def test_a_damaged_workflow_is_reported_and_the_others_are_listed(weft: Weft, named: Path) -> None:
    (named / "bad.json").write_text("{")

    heard = weft("workflows")

    assert heard.code == 0
    assert heard.data.startswith("draw  Draw something\n")
    assert "warning [" in heard.words
    assert "bad: " in heard.words


def test_no_workflow_is_an_empty_answer(weft: Weft) -> None:
    heard = weft("workflows")

    assert (heard.code, heard.data) == (0, "")


def test_a_listed_name_can_be_run(weft: Weft, named: Path) -> None:
    assert weft("run", "draw").data.startswith("output/draw-image-00001.png\n")
