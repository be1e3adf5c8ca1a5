"""Every text of a prompt means what the table of cases says, or is an error that names the place."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from weft.sdk import Text
from weft_nodes.models.wording import (
    MOST_VARIANTS,
    PromptUnreadableError,
    Span,
    TimedWording,
    Wording,
    read_prompt,
)
from weft_nodes.prompts import encode_prompt

CASES: dict[str, list[dict[str, Any]]] = json.loads(
    (Path(__file__).parents[2] / "prompt_cases.json").read_text(encoding="utf-8")
)


(_SYNTAX,) = (
    entry.widget
    for entry in encode_prompt.__weft_node__.schema.inputs  # type: ignore[attr-defined]
    if isinstance(entry.widget, Text)
)


@given(st.text(r"()[]\a ", max_size=20))
def test_the_check_and_the_reader_agree_on_which_brackets_pair(text: str) -> None:
    is_refused = _SYNTAX.unpaired(text) is not None

    if is_refused:
        with pytest.raises(PromptUnreadableError):
            read_prompt(text)
    else:
        assert read_prompt(text)


def _only(text: str) -> Wording:
    (timed,) = read_prompt(text)
    return timed.wording


def _close(found: tuple[Span, ...], expected: list[list[Any]]) -> bool:
    return [span.text for span in found] == [text for text, _ in expected] and all(
        span.weight == pytest.approx(weight) for span, (_, weight) in zip(found, expected, strict=True)
    )


def _is_as_said(found: TimedWording, expected: dict[str, Any]) -> bool:
    times = {"strength": 1.0, "start": 0.0, "end": 1.0, "turn": 0, "turns": 1}
    chunks = found.wording.chunks
    return (
        len(chunks) == len(expected["chunks"])
        and all(_close(spans, said) for spans, said in zip(chunks, expected["chunks"], strict=True))
        and all(getattr(found, name) == expected.get(name, usual) for name, usual in times.items())
    )


@pytest.mark.parametrize("case", CASES["weights"], ids=lambda case: case["text"])
def test_weights_are_read_as_the_table_says(case: dict[str, Any]) -> None:
    (spans,) = _only(case["text"]).chunks

    assert _close(spans, case["spans"]), (spans, case["why"])


@pytest.mark.parametrize("case", CASES["square"], ids=lambda case: case["text"])
def test_breaks_changes_and_turns_are_read_as_the_table_says(case: dict[str, Any]) -> None:
    found = read_prompt(case["text"])

    assert len(found) == len(case["prompts"]), (found, case["why"])
    for timed, expected in zip(found, case["prompts"], strict=True):
        assert _is_as_said(timed, expected), (timed, case["why"])


@pytest.mark.parametrize("case", CASES["errors"] + CASES["square_errors"], ids=lambda case: case["text"])
def test_what_means_nothing_is_an_error_that_names_the_place(case: dict[str, Any]) -> None:
    with pytest.raises(PromptUnreadableError) as caught:
        read_prompt(case["text"])

    assert caught.value.at == case["at"], case["why"]
    assert f"character {case['at'] + 1}" in caught.value.message
    assert caught.value.hint.endswith(".")


def test_without_weighting_every_character_is_itself() -> None:
    text = r"\(a:1.2) [b|c] AND :)"

    assert read_prompt(text, weighting="off") == (TimedWording(Wording.plain(text)),)


def test_syntax_without_effect_leaves_no_trace() -> None:
    assert _only("(a (red:1) circle:1)") == _only("a red circle")
    assert _only("[[red:blue:0]::1]") == _only("blue")


def test_brackets_nest_to_a_bound() -> None:
    assert _only("(" * 64 + "a:0" + ")" * 64).text == "a"
    with pytest.raises(PromptUnreadableError, match="deeper than 64 at character 65"):
        read_prompt("(" * 100_000)


def test_too_many_variants_are_refused_before_they_are_made() -> None:
    assert len(read_prompt("[a|b|c|d][e|f|g]")) == 12
    with pytest.raises(PromptUnreadableError, match=f"more than {MOST_VARIANTS}"):
        read_prompt("".join(f"[{'|'.join('x' * prime)}]" for prime in (3, 5, 7, 11, 13, 17, 19, 23)))


def test_a_long_text_is_shown_where_the_trouble_is() -> None:
    with pytest.raises(PromptUnreadableError, match=r'at character 201: "\) and then what follows …"'):
        read_prompt("a " * 100 + ") and then what follows it")


def test_the_words_of_all_chunks_are_one_text() -> None:
    assert _only("a (red:2)BREAK circle").text == "a red  circle"


@given(st.text(alphabet="ab ()[]:|\\.15", max_size=40))
def test_every_text_is_read_or_refused_and_prompts_cover_all_steps(text: str) -> None:
    try:
        found = read_prompt(text)
    except PromptUnreadableError:
        return

    for step in range(12):
        applying = [
            timed
            for timed in found
            if timed.start <= step / 12 < timed.end and step % timed.turns == timed.turn
        ]
        assert len(applying) == 1


@given(st.text(max_size=60))
def test_a_text_whose_signs_all_have_a_backslash_is_itself(text: str) -> None:
    escaped = "".join(f"\\{letter}" if letter in "\\()[]:|" else letter for letter in text)
    if "AND" not in text and "BREAK" not in text:
        assert _only(escaped).text == (text if text.strip() else "")
