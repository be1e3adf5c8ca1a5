"""Texts are joined, replaced, filled in and multiplied as asked."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from weft.sdk import FingerprintScope, LocalRun, Mask, Paths
from weft_nodes import texts
from weft_nodes.texts import PatternError, PlaceholderError, ValuesError, WildcardError


def test_a_held_text_comes_out_as_it_went_in() -> None:
    assert texts.text_value("a\nb ") == "a\nb "


def test_joining_leaves_empty_texts_out() -> None:
    assert texts.join_texts(["a red circle", "", "on white"], " ") == "a red circle on white"
    assert texts.join_texts([]) == ""


def test_every_place_is_replaced_and_nothing_is_not_looked_for() -> None:
    assert texts.replace_text("red on red", "red", "blue") == "blue on blue"
    assert texts.replace_text("red", "", "blue") == "red"


def test_a_template_takes_words_and_numbers_as_they_are_written() -> None:
    assert texts.fill_template("{b} {a}s, {c}, {a}", "star", 2, c=0.5) == "2 stars, 0.5, star"


def test_what_is_filled_in_is_not_read_as_a_template_again() -> None:
    assert texts.fill_template("{a}", "{b}", "no") == "{b}"


def test_a_template_that_asks_for_something_else_is_an_error() -> None:
    with pytest.raises(PlaceholderError, match="colour"):
        texts.fill_template("a {colour} star")


def test_each_line_is_an_item_and_empty_lines_are_not() -> None:
    assert texts.split_lines("  a red circle \n\n a blue star\r\n") == ["a red circle", "a blue star"]
    assert texts.split_lines("") == []


def test_variants_are_all_combinations_with_the_last_changing_fastest() -> None:
    assert texts.expand_variants("a {small|large} {red|blue} star") == [
        "a small red star",
        "a small blue star",
        "a large red star",
        "a large blue star",
    ]


def test_a_text_without_alternatives_is_its_only_variant() -> None:
    assert texts.expand_variants("a star") == ["a star"]


def test_an_alternative_may_be_empty() -> None:
    assert texts.expand_variants("a{| red} star") == ["a star", "a red star"]


@pytest.mark.parametrize("pattern", ["a {red star", "a red} star", "{a {b|c}}"])
def test_braces_that_do_not_pair_are_an_error(pattern: str) -> None:
    with pytest.raises(PatternError, match="do not pair"):
        texts.expand_variants(pattern)


def test_far_too_many_variants_are_refused_before_they_are_written() -> None:
    with pytest.raises(PatternError, match="more than 10000"):
        texts.expand_variants("{a|b|c|d|e|f|g|h|i|j}" * 30)


def test_texts_and_numbers_are_described_as_they_are() -> None:
    assert texts.describe_value("a star") == "a star"
    assert texts.describe_value(7) == "7"
    assert texts.describe_value(["a", 1]) == "[a, 1]"
    assert texts.describe_value({"a": 1.5}) == "{a: 1.5}"


def test_tensors_are_described_by_shape_and_range() -> None:
    mask = Mask(torch.tensor([[[0.0, 0.25]]]))

    assert texts.describe_value(mask) == "Mask(values_BHW: 1x1x2 from 0 to 0.25)"


def test_long_lists_are_cut_short() -> None:
    assert texts.describe_value(list(range(20))) == "[0, 1, 2, 3, 4, 5, 6, 7, … 20 in all]"


def test_lines_that_are_joined_are_split_into_the_same_lines() -> None:
    lines = ["a red circle", "a blue star", "a ring"]

    assert texts.split_lines(texts.join_texts(lines, "\n")) == lines


def test_there_are_as_many_variants_as_the_alternatives_multiply_to() -> None:
    variants = texts.expand_variants("{a|b|c} and {d|e} or {f|g}")

    assert len(variants) == len(set(variants)) == 3 * 2 * 2


def test_replacing_back_gives_the_text_again() -> None:
    changed = texts.replace_text("a red circle left of a red star", "red", "blue")

    assert changed.count("blue") == 2
    assert texts.replace_text(changed, "blue", "red") == "a red circle left of a red star"


@pytest.fixture
def run(tmp_path: Path) -> Iterator[LocalRun]:
    """A run over empty folders."""
    found = LocalRun(paths=Paths.below(tmp_path))
    yield found
    found.close()


def wildcard(run: LocalRun, name: str, *lines: str, folder: Path | None = None) -> None:
    """Write a file of wildcards."""
    path = (folder or run.paths.data_dir) / "wildcards" / f"{name}.txt"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines), "utf-8")


def drawn(run: LocalRun, text: str, seeds: int = 200) -> Counter[str]:
    """How often each text is drawn."""
    return Counter(texts.draw_wildcards(run, text, seed=seed) for seed in range(seeds))


def test_the_same_seed_draws_the_same(run: LocalRun) -> None:
    text = "{a|b|c|d}{a|b|c|d}{a|b|c|d}"

    assert texts.draw_wildcards(run, text, seed=5) == texts.draw_wildcards(run, text, seed=5)
    assert len(drawn(run, text)) > 40


def test_every_choice_is_drawn_and_a_chance_makes_it_likelier(run: LocalRun) -> None:
    found = drawn(run, "a {red|green|8::blue} star")

    assert found.keys() == {"a red star", "a green star", "a blue star"}
    assert found["a blue star"] > found["a red star"] + found["a green star"]
    assert drawn(run, "{0::a|b}").keys() == {"b"}


def test_choices_nest_and_may_be_empty(run: LocalRun) -> None:
    assert drawn(run, "{a|{b|}c}").keys() == {"a", "bc", "c"}
    assert texts.draw_wildcards(run, "{a}{}") == "a"


def test_a_wildcard_draws_a_line_of_its_file(run: LocalRun) -> None:
    wildcard(run, "shape", "# shapes", "", "  circle ", "{small|large} star", "__more/shape-2__")
    wildcard(run, "more/shape-2", "moon")

    found = drawn(run, "a __shape__!")

    assert found.keys() == {"a circle!", "a small star!", "a large star!", "a moon!"}
    assert run.files.keys() == {"wildcards/shape.txt", "wildcards/more/shape-2.txt"}


def test_wildcards_lie_beside_the_models_too_and_the_users_data_counts_first(run: LocalRun) -> None:
    models = run.paths.models[0]
    wildcard(run, "colour", "red", folder=models)
    assert texts.draw_wildcards(run, "__colour__") == "red"

    wildcard(run, "colour", "blue")

    assert texts.draw_wildcards(run, "__colour__") == "blue"


def test_signs_of_prompts_and_those_with_a_backslash_stay(run: LocalRun) -> None:
    assert texts.draw_wildcards(run, r"(a:1.2) [b|c] \(d\) __ e_f") == r"(a:1.2) [b|c] \(d\) __ e_f"
    assert texts.draw_wildcards(run, r"{[a\|b]} \{c\}") == "[a|b] {c}"


@pytest.mark.parametrize("text", ["{a|b", "a}", "{a{b}", "{a}}"])
def test_braces_without_partner_are_an_error(run: LocalRun, text: str) -> None:
    with pytest.raises(WildcardError, match="do not pair"):
        texts.draw_wildcards(run, text)


def test_a_wildcard_that_is_not_there_is_told_with_those_that_are(run: LocalRun) -> None:
    wildcard(run, "shape", "star")

    with pytest.raises(WildcardError, match="__colour__") as caught:
        texts.draw_wildcards(run, "a __colour__ star")

    assert "known: shape" in caught.value.hint


def test_a_wildcard_that_names_itself_comes_to_an_end(run: LocalRun) -> None:
    wildcard(run, "loop", "a __loop__ __loop__")

    with pytest.raises(WildcardError, match="1000 draws"):
        texts.draw_wildcards(run, "__loop__")


def test_a_file_without_lines_or_without_text_is_told(run: LocalRun) -> None:
    wildcard(run, "empty", "# nothing")
    (run.paths.data_dir / "wildcards" / "bytes.txt").write_bytes(b"\xff\xfe")

    with pytest.raises(WildcardError, match="no line"):
        texts.draw_wildcards(run, "__empty__")
    with pytest.raises(WildcardError, match="UTF-8"):
        texts.draw_wildcards(run, "__bytes__")
    with pytest.raises(WildcardError, match="Nothing can be drawn"):
        texts.draw_wildcards(run, "{0::a|0::b}")


def test_what_lies_in_the_folders_is_part_of_the_fingerprint(run: LocalRun) -> None:
    scope = FingerprintScope(run.paths)
    seen = [texts._digest_of_wildcards(scope)]

    wildcard(run, "colour", "red")
    seen.append(texts._digest_of_wildcards(scope))
    wildcard(run, "colour", "blue!")
    seen.append(texts._digest_of_wildcards(scope))

    assert len(set(seen)) == 3


def test_values_stand_between_commas_and_lines() -> None:
    assert texts.split_values('euler, "a, b",\n\nheun ,,') == ["euler", "a, b", "heun"]
    assert texts.split_values("") == []


def test_a_quotation_mark_that_is_not_closed_is_an_error() -> None:
    with pytest.raises(ValuesError, match="cannot be read"):
        texts.split_values('euler, "heun')
