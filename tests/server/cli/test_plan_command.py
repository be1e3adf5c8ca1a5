"""`weft plan`: what a run would do, and why."""

import re
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


def test_a_changed_input_is_named_with_what_it_took_last(weft: Weft) -> None:
    weft("run", "draw.json", "--pause-s", "0.06")

    answer = weft("plan", "draw.json", "--pause-s", "0.07", "--json").answer

    steps = {step["node"]: step for step in answer["steps"]}
    assert (steps["draw"]["action"], steps["draw"]["reason"]["inputs"]) == ("run", ["pause_s"])
    assert steps["draw"]["seconds_last"] >= 0.12
    assert steps["draw"]["held_bytes_last"] > 0
    ran = [step for step in answer["steps"] if step["action"] == "run"]
    assert answer["seconds"] == sum(step["seconds_last"] for step in ran)
    assert answer["held_bytes"] == sum(step["held_bytes_last"] for step in ran)
    assert steps["prepare"]["action"] == "hit"


def test_a_plan_for_people_shows_time_memory_and_reason(weft: Weft) -> None:
    weft("run", "draw.json", "--pause-s", "0.06")

    heard = weft("plan", "draw.json", "--seed", "5")

    data = heard.data
    assert heard.words.startswith("Going by the last run, it takes ")
    (line,) = [line for line in data.splitlines() if line.startswith("draw")]
    assert "run" in line
    assert re.search(r" s +\d.* (bytes|kB)  ", line)
    assert "seed changed from 3 to 5" in line


def test_only_the_wanted_output_is_planned(weft: Weft) -> None:
    answer = weft("plan", "draw.json", "--only", "image", "--json").answer

    assert [step["node"] for step in answer["steps"]] == ["prepare", "draw"]


def test_there_is_no_plan_for_a_faulty_workflow(weft: Weft) -> None:
    heard = weft("plan", "faults.json", "--json")

    answer = heard.answer
    assert heard.code == 2
    assert (answer["steps"], len(answer["problems"])) == ([], 5)


def test_a_broken_pack_that_nobody_needs_does_not_stop_a_plan(weft: Weft, folder: Path) -> None:
    (folder / "custom_nodes" / "broken.py").write_text("1 / 0")

    heard = weft("plan", "draw.json")
    answer = weft("plan", "draw.json", "--json").answer

    assert heard.code == 0
    assert len(heard.data.splitlines()) == 3
    assert heard.words.startswith("warning [pack-broken]")
    assert [(found["code"], found["severity"]) for found in answer["problems"]] == [
        ("pack-broken", "warning")
    ]


def test_a_plan_computes_nothing_and_keeps_nothing(weft: Weft, folder: Path) -> None:
    weft("plan", "draw.json")

    assert {step["reason"]["code"] for step in weft("plan", "draw.json", "--json").answer["steps"]} == {
        "first-run"
    }
    assert not list((folder / "data").rglob("results/*/*.json"))
