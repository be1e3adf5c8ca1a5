"""`weft run WORKFLOW --help`: a workflow explains itself, and nothing runs."""

from pathlib import Path

import pytest
from cli.heard import Weft


@pytest.mark.parametrize("word", ["--help", "-h"])
def test_the_help_of_a_workflow_lists_its_inputs_with_types_defaults_and_bounds(
    weft: Weft, folder: Path, word: str
) -> None:
    heard = weft("run", "draw.json", word)

    assert heard.code == 0
    assert "usage: weft run draw.json [--<input> VALUE ...] [options]\n" in heard.data
    assert '  --prompt: string  (default "a circle")\n' in heard.data
    assert "  --seed: int  (default " in heard.data
    assert "  image: image\n" in heard.data
    assert heard.data.endswith("options: see weft run --help\n")
    assert not (folder / "output").exists()


def test_the_help_of_a_plan_is_that_of_the_workflow_too(weft: Weft) -> None:
    assert "usage: weft plan draw.json" in weft("plan", "draw.json", "--prompt", "x", "--help").data


def test_programs_get_the_inputs_as_json(weft: Weft) -> None:
    answer = weft("run", "draw.json", "--help", "--json").answer

    assert answer["workflow"] == "draw"
    assert {"prompt", "seed"} <= {entry["name"] for entry in answer["inputs"]}
    assert "image" in {entry["name"] for entry in answer["outputs"]}


def test_a_workflow_that_is_not_there_is_named(weft: Weft) -> None:
    heard = weft("run", "nothing", "--help")

    assert heard.code != 0
    assert "nothing" in heard.words
