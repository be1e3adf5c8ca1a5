"""From what was typed to a graph that can run, or to every problem."""

from pathlib import Path

import pytest
from weft.cli.arguments import Options
from weft.cli.preparation import Findings, Prepared, examine, prepare
from weft.cli.session import open_session
from weft.cli.sources import read_source
from weft.errors import ProblemsError


def _prepare(options: Options) -> Prepared:
    session = open_session(options)
    return prepare(read_source(options.subject or "", session.workflows), options, session)


def _examine(options: Options) -> Findings:
    session = open_session(options)
    return examine(read_source(options.subject or "", session.workflows), options, session)


def test_given_values_stand_in_document_and_graph(folder: Path) -> None:
    prepared = _prepare(Options("run", "draw.json", given={"seed": "42", "prompt": "a star"}))

    assert prepared.document.nodes["draw"].inputs["seed"] == 42
    assert prepared.graph.nodes["draw"].values["text"] == "a star"
    assert prepared.warnings == ()


def test_what_is_not_given_stays_as_it_stands(folder: Path) -> None:
    prepared = _prepare(Options("run", "draw.json"))

    assert prepared.graph.nodes["draw"].values["seed"] == 3


def test_a_bad_value_does_not_hide_other_problems(folder: Path) -> None:
    with pytest.raises(ProblemsError) as caught:
        _prepare(Options("run", "draw.json", given={"seed": "x", "promt": "y"}, only=("imag",)))

    codes = [problem.code for problem in caught.value.problems]
    assert codes == ["input-invalid", "workflow-input-unknown", "output-unknown"]


def test_a_value_out_of_range_is_found_by_the_check(folder: Path) -> None:
    with pytest.raises(ProblemsError) as caught:
        _prepare(Options("run", "draw.json", given={"seed": "-1"}))

    (problem,) = caught.value.problems
    assert (problem.node, problem.input) == ("draw", "seed")


def test_a_port_that_leads_nowhere_is_reported_once(folder: Path) -> None:
    text = (folder / "draw.json").read_text().replace("draw.seed", "draw.sead")
    (folder / "draw.json").write_text(text)

    found = _examine(Options("check", "draw.json"))

    assert found.graph is None
    assert len(found.problems) == 1
    assert "sead" in found.problems[0].message


def test_a_broken_pack_that_nobody_needs_is_a_warning(folder: Path) -> None:
    (folder / "custom_nodes" / "broken.py").write_text("1 / 0")

    (warning,) = _prepare(Options("run", "draw.json")).warnings

    assert (warning.code, warning.severity) == ("pack-broken", "warning")


def test_a_broken_pack_that_nobody_needs_takes_one_line(folder: Path) -> None:
    (folder / "custom_nodes" / "broken.py").write_text("raise ValueError('a\\nb')")

    (warning,) = _prepare(Options("run", "draw.json")).warnings

    assert warning.message.endswith("it cannot be imported: ValueError: a")
    assert warning.hint == ""


def test_a_broken_pack_that_the_workflow_needs_is_an_error(folder: Path) -> None:
    (folder / "custom_nodes" / "toys.py").write_text("1 / 0")

    found = _examine(Options("check", "draw.json"))

    assert [p.severity for p in found.problems if p.code == "pack-broken"] == ["error"]


def test_a_known_output_may_be_asked_for_alone(folder: Path) -> None:
    prepared = _prepare(Options("run", "draw.json", only=("width",)))

    assert list(prepared.document.outputs) == ["image", "width"]
    assert prepared.warnings == ()


def test_an_unknown_output_suggests_the_right_one(folder: Path) -> None:
    found = _examine(Options("plan", "draw.json", only=("widht",)))

    (problem,) = found.problems
    assert (problem.code, problem.hint) == ("output-unknown", 'Did you mean "width"?')


def test_preparing_leaves_the_file_as_it_is(folder: Path) -> None:
    before = (folder / "draw.json").read_bytes()

    _prepare(Options("run", "draw.json", given={"seed": "42"}))

    assert (folder / "draw.json").read_bytes() == before
