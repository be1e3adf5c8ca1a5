"""The last words of a run."""

import io
from collections.abc import Mapping
from pathlib import Path

import pytest
from weft.cli.reports import OutputReport
from weft.cli.summary import MOST_NAMES, advice, program_name, say_likeness, say_outputs, say_result
from weft.cli.terminal import Terminal
from weft.engine.events import NodeState, RunState
from weft.engine.reasons import CANCELLED, FIRST_RUN, HIT_RAM, NOT_NEEDED
from weft.engine.results import NodeOutcome, RunResult
from weft.errors import JSON, Problem
from weft.graph.signature import Signature, SignatureInput
from weft.sockets import parse_type
from weft.widgets import SeedWidget, Text, Widget


def _result(state: RunState, nodes: Mapping[str, NodeState], *problems: Problem) -> RunResult:
    outcomes = {
        name: NodeOutcome(ended, CANCELLED if ended == "cancelled" else FIRST_RUN)
        for name, ended in nodes.items()
    }
    return RunResult(state, {}, outcomes, problems, {}, 12.34)


def _said(result: RunResult) -> str:
    words = io.StringIO()
    say_result(result, Terminal(io.StringIO(), words))
    return words.getvalue()


def _input(name: str, type: str, widget: Widget, default: JSON) -> SignatureInput:
    return SignatureInput(name, parse_type(type), widget, default, required=False, doc="", title=name)


SEED = _input("seed", "int", SeedWidget(), 7)
PROMPT = _input("prompt", "string", Text(multiline=True), "a red circle")


def test_totals_count_what_ran_and_what_was_reused() -> None:
    assert (
        _said(_result("succeeded", {"a": "ran", "b": "hit", "c": "hit"}))
        == "Done in 12.3 s: 1 ran, 2 reused.\n"
    )


def test_what_nobody_needed_is_told_apart_from_what_was_reused() -> None:
    nodes = {"a": NodeOutcome("hit", HIT_RAM), "b": NodeOutcome("hit", NOT_NEEDED)}

    said = _said(RunResult("succeeded", {}, nodes, (), {}, 12.34))

    assert said == "Done in 12.3 s: 1 reused, 1 not needed.\n"


def test_a_failed_run_tells_its_problems_first() -> None:
    problem = Problem(code="c", message="It broke.", hint="Mend it.", node="a")

    lines = _said(_result("failed", {"a": "failed", "b": "skipped"}, problem)).splitlines()

    assert lines[0] == "error [c] a: It broke."
    assert lines[-1] == "Failed in 12.3 s: 1 failed, 1 skipped."


def test_a_cancelled_run_tells_what_was_kept() -> None:
    said = _said(_result("cancelled", {"a": "ran", "b": "hit", "c": "cancelled"}))

    assert "Finished and kept: a, b. The same command goes on from there." in said


def test_a_run_cancelled_at_once_kept_nothing() -> None:
    assert "No node had finished." in _said(_result("cancelled", {"a": "cancelled"}))


def test_many_kept_nodes_are_counted() -> None:
    nodes: dict[str, NodeState] = {f"n{number}": "ran" for number in range(MOST_NAMES + 3)}

    assert " and 3 more." in _said(_result("cancelled", {**nodes, "z": "cancelled"}))


def test_outputs_are_paths_and_named_values() -> None:
    data = io.StringIO()

    say_outputs(
        {
            "image": OutputReport(type="image", paths=("a.png", "b.png")),
            "mean": OutputReport(type="float", value=0.5),
            "text": OutputReport(type="string", value="größer\n"),
            "latent": OutputReport(type="latent"),
        },
        Terminal(data, io.StringIO()),
    )

    assert data.getvalue() == 'a.png\nb.png\nmean: 0.5\ntext: "größer\\n"\nlatent: latent\n'


@pytest.mark.parametrize(
    ("found", "said"),
    [
        ("bytes", "This is x.png again, bit for bit.\n"),
        ("pixels", "This shows exactly what x.png shows. Since then: torch changed.\n"),
        ("different", "This differs from x.png. Since then: torch changed.\n"),
    ],
)
def test_likeness_is_told_with_what_changed(found: str, said: str) -> None:
    words = io.StringIO()

    say_likeness(Path("x.png"), found, ["torch changed"], Terminal(io.StringIO(), words))  # type: ignore[arg-type]

    assert words.getvalue() == said


def test_advice_shows_how_to_change_the_text() -> None:
    signature = Signature({"seed": SEED, "prompt": PROMPT}, {})

    assert advice("portrait", {}, signature) == 'Change the prompt: weft run portrait --prompt "a red circle"'


def test_advice_shows_what_was_given_last() -> None:
    signature = Signature({"prompt": PROMPT}, {})

    assert advice("a b.json", {"prompt": "a star"}, signature).endswith('run "a b.json" --prompt "a star"')


def test_advice_with_several_lines_gives_them_to_the_shell() -> None:
    signature = Signature({"prompt": PROMPT}, {})

    assert advice("x", {"prompt": "a\n\nb"}, signature).endswith(r"run x --prompt $'a\n\nb'")


def test_advice_prefers_the_prompt_to_texts_that_say_nothing() -> None:
    negative = _input("negative", "string", Text(multiline=True), "")
    caption = _input("caption", "string", Text(), "a caption")

    def line(*inputs: SignatureInput) -> str:
        return advice("x", {}, Signature({entry.name: entry for entry in inputs}, {}))

    assert "--prompt" in line(SEED, negative, caption, PROMPT)
    assert "--caption" in line(SEED, negative, caption)
    assert "--negative VALUE" in line(SEED, negative)


def test_advice_falls_back_to_the_first_input() -> None:
    assert advice("x", {}, Signature({"seed": SEED}, {})) == "Change the seed: weft run x --seed 7"


def test_advice_calls_weft_as_this_shell_does() -> None:
    signature = Signature({"prompt": PROMPT}, {})

    assert advice("x", {}, signature, program=".venv/bin/weft").startswith(
        "Change the prompt: .venv/bin/weft run x"
    )


def test_the_program_is_called_weft_only_where_the_shell_finds_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "bin" / "weft"
    program.parent.mkdir()
    program.touch(mode=0o755)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", str(program.parent))
    found = program_name(str(program))
    monkeypatch.setenv("PATH", "")

    assert found == "weft"
    assert program_name(str(program)) == "bin/weft"
    assert program_name("weft/__main__.py") == "python -m weft"


def test_there_is_no_advice_without_inputs_or_name() -> None:
    assert advice("x", {}, Signature({}, {})) == ""
    assert advice("-", {}, Signature({"prompt": PROMPT}, {})) == ""
