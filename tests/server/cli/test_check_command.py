"""`weft check`: every problem at once, in words and as JSON."""

from pathlib import Path

from cli.heard import Weft


def test_a_sound_workflow_can_run(weft: Weft) -> None:
    heard = weft("check", "draw.json")

    assert (heard.code, heard.data) == (0, "")
    assert heard.words == "draw can run: 3 nodes.\n"


def test_five_faults_are_five_problems_in_one_go(weft: Weft) -> None:
    answer = weft("check", "faults.json", "--json").answer

    assert answer["ok"] is False
    found = {(problem["code"], problem["node"], problem["input"]) for problem in answer["problems"]}
    assert {place for place in found if place[0] != "cycle"} == {
        ("node-type-unknown", "unknown", None),
        ("input-missing", "missing", "image"),
        ("input-invalid", "range", "steps"),
        ("socket-mismatch", "type", "text"),
    }
    assert [
        sorted(problem["details"]["nodes"]) for problem in answer["problems"] if problem["code"] == "cycle"
    ] == [["first", "second"]]
    assert len(answer["problems"]) == 5


def test_each_fault_says_where_it_is_what_it_is_and_what_helps(weft: Weft) -> None:
    heard = weft("check", "faults.json")

    lines = heard.words.splitlines()
    assert heard.code == 2
    assert lines[-1] == "faults has 5 problems."
    assert sum(line.startswith("error [") for line in lines) == 5
    assert sum(line.startswith("      ") for line in lines) == 5
    assert 'Did you mean "toys:picture.draw"' in heard.words


def test_a_malformed_document_is_refused_in_the_shape_of_a_check(weft: Weft, folder: Path) -> None:
    (folder / "bad.json").write_text('{"weft": 1, "nodes": {"a": {}}, "colour": "red"}')

    heard = weft("check", "bad.json", "--json")

    answer = heard.answer
    assert heard.code == 2
    assert (answer["ok"], answer["workflow"]) == (False, "bad.json")
    assert len(answer["problems"]) == 2


def test_text_that_is_no_json_says_where(weft: Weft, folder: Path) -> None:
    (folder / "bad.json").write_text('{"weft": 1,\n "nodes" {}}')

    heard = weft("check", "bad.json")

    assert heard.code == 2
    assert "line 2" in heard.words


def test_a_picture_can_be_checked(weft: Weft) -> None:
    weft("run", "draw.json")

    assert weft("check", "output/draw-image-00001.png").code == 0
