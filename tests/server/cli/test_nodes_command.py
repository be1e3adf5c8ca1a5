"""`weft nodes`: the nodes there are, and the help of one."""

import io
from pathlib import Path

import pytest
from cli.heard import Weft
from weft.cli.app import execute
from weft.cli.terminal import Terminal


class Screen(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def test_every_node_has_a_line_with_its_summary_and_pack(weft: Weft) -> None:
    heard = weft("nodes")

    assert heard.code == 0
    (line,) = [line for line in heard.data.splitlines() if line.startswith("toys:picture.draw ")]
    assert line.split(maxsplit=2)[1:] == ["toys", "Draw noise that depends on the text."]
    assert any(line.startswith("image.resize ") for line in heard.data.splitlines())


def test_the_help_of_a_node_tells_inputs_limits_outputs_and_errors(weft: Weft) -> None:
    data = weft("nodes", "toys:picture.draw").data

    assert data.startswith(
        "toys:picture.draw  version 1, from toys\n\nDraw noise that depends on the text.\n"
    )
    assert "  steps: int  (default 2, 1..1000)\n      Number of steps.\n" in data
    assert "  image: image\n" in data
    assert "Args:" not in data
    assert "errors:\n  ValueError: Never.\n" in weft("nodes", "toys:picture.measure").data


def test_an_input_that_takes_only_links_says_so(weft: Weft) -> None:
    assert "  image: image  (link only)\n" in weft("nodes", "toys:picture.measure").data


def test_choices_are_listed(weft: Weft) -> None:
    assert "one of stretch, inside, cover, pad" in weft("nodes", "image.resize").data


def test_an_unknown_type_suggests_the_right_one(weft: Weft) -> None:
    heard = weft("nodes", "image.rezise")

    assert heard.code == 2
    assert '"image.resize"' in heard.words


def test_json_gives_whole_schemas(weft: Weft) -> None:
    answer = weft("nodes", "toys:picture.draw", "--json").answer

    (schema,) = answer["nodes"]
    assert schema["type"] == "toys:picture.draw"
    assert [entry["name"] for entry in schema["inputs"]][:3] == ["text", "on", "seed"]
    assert {pack["name"]: pack["nodes"] for pack in answer["packs"]}["toys"] == 3


def test_a_broken_pack_is_reported_and_the_others_are_listed(weft: Weft, folder: Path) -> None:
    (folder / "custom_nodes" / "broken.py").write_text("1 / 0")

    heard = weft("nodes")

    assert heard.code == 0
    assert "toys:picture.draw" in heard.data
    assert "The pack broken is not loaded" in heard.words
    assert "Traceback" not in heard.words


def test_the_traceback_of_a_broken_pack_is_shown_on_demand(weft: Weft, folder: Path) -> None:
    (folder / "custom_nodes" / "broken.py").write_text("1 / 0")

    words = weft("nodes", "--traceback").words

    assert words.count("Traceback (most recent call last)") == 1
    assert 'broken.py", line 1' in words


def test_a_broken_pack_is_part_of_the_answer(weft: Weft, folder: Path) -> None:
    (folder / "custom_nodes" / "broken.py").write_text("1 / 0")

    packs = {pack["name"]: pack for pack in weft("nodes", "--json").answer["packs"]}

    assert (packs["broken"]["ok"], packs["broken"]["error"]["code"]) == (False, "pack-broken")


def test_on_a_screen_a_line_is_cut_to_its_width(weft: Weft, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    screen, words = Screen(), io.StringIO()

    execute(("nodes",), Terminal(data=screen, words=words))

    lines = screen.getvalue().splitlines()
    assert max(map(len, lines)) == 60
    assert any(line.endswith("…") for line in lines)
    assert len(lines) == len(weft("nodes").data.splitlines())


def test_a_node_without_inputs_or_outputs_has_no_empty_sections(weft: Weft, folder: Path) -> None:
    (folder / "custom_nodes" / "quiet.py").write_text(
        "from weft.sdk import node\n\n"
        '@node("quiet.rest", sink=True)\ndef rest() -> None:\n    """Do nothing."""\n'
    )

    data = weft("nodes", "quiet:quiet.rest").data

    assert data == "quiet:quiet.rest  version 1, from quiet\n\nDo nothing.\n"


def test_json_names_the_problem_of_an_unknown_type(weft: Weft) -> None:
    heard = weft("nodes", "image.rezise", "--json")

    assert (heard.code, heard.codes(), heard.words) == (2, ["node-type-unknown"], "")
