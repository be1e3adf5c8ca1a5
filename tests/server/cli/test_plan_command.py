"""`weft plan`: what a run would do, and why."""

from pathlib import Path

from cli.heard import Weft


def test_before_the_first_run_everything_would_run(weft: Weft, folder: Path) -> None:
    heard = weft("plan", "draw.json")

    assert heard.code == 0
    assert [line.split()[:2] for line in heard.data.splitlines()] == [
        ["prepare", "run"],
        ["draw", "run"],
        ["measure", "run"],
    ]
    assert not (folder / "output").exists()


def test_after_a_run_nothing_would_run(weft: Weft) -> None:
    weft("run", "draw.json")

    answer = weft("plan", "draw.json", "--json").answer

    assert {step["action"] for step in answer["steps"]} == {"hit"}


def test_a_changed_input_is_named_with_the_time_it_took_last(weft: Weft) -> None:
    weft("run", "draw.json", "--pause-s", "0.06")

    answer = weft("plan", "draw.json", "--pause-s", "0.07", "--json").answer

    steps = {step["node"]: step for step in answer["steps"]}
    assert (steps["draw"]["action"], steps["draw"]["reason"]["inputs"]) == ("run", ["pause_s"])
    assert steps["draw"]["seconds_last"] >= 0.12
    assert steps["prepare"]["action"] == "hit"


def test_a_plan_for_people_shows_time_and_reason(weft: Weft) -> None:
    weft("run", "draw.json", "--pause-s", "0.06")

    data = weft("plan", "draw.json", "--seed", "5").data

    (line,) = [line for line in data.splitlines() if line.startswith("draw")]
    assert "run" in line
    assert " s  " in line
    assert "seed changed from 3 to 5" in line


def test_only_the_wanted_output_is_planned(weft: Weft) -> None:
    answer = weft("plan", "draw.json", "--only", "image", "--json").answer

    assert [step["node"] for step in answer["steps"]] == ["prepare", "draw"]


def test_there_is_no_plan_for_a_faulty_workflow(weft: Weft) -> None:
    heard = weft("plan", "faults.json", "--json")

    answer = heard.answer
    assert heard.code == 2
    assert (answer["steps"], len(answer["problems"])) == ([], 5)
