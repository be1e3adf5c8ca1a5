"""What is typed for an input becomes a value of its type, or a problem that says what it takes."""

import json

import pytest
from weft.cli.inputs import parse_value, read_inputs, type_in_words
from weft.errors import JSON
from weft.graph.signature import Signature, SignatureInput
from weft.graph_errors import InputInvalidError
from weft.sockets import parse_type
from weft.widgets import Text


@pytest.mark.parametrize(
    ("text", "expects", "value"),
    [
        ("8", "int", 8),
        ("-8", "int", -8),
        ("7.5", "float", 7.5),
        ("7", "float", 7.0),
        ("8", "string", "8"),
        ("true", "string", "true"),
        ("", "string", ""),
        ("true", "bool", True),
        ("Yes", "bool", True),
        ("off", "bool", False),
        ("null", "int | null", None),
        ("3", "int | null", 3),
        ("null", "string", "null"),
        ("null", "string | null", None),
        ("3", "float | int", 3),
        ("3.5", "float | int", 3.5),
        ("x", "int | string", "x"),
        ('["a", "b"]', "list[string]", ["a", "b"]),
        ("[1, 2]", "list[int]", [1, 2]),
        ('{"a": 1}', "json", {"a": 1}),
    ],
)
def test_a_text_becomes_a_value_of_the_type(text: str, expects: str, value: JSON) -> None:
    read = parse_value(text, parse_type(expects), name="x")

    assert read == value
    assert type(read) is type(value)


@pytest.mark.parametrize(
    ("text", "expects", "said"),
    [
        ("eight", "int", "x takes a whole number, not 'eight'."),
        ("7.5", "int", "x takes a whole number, not '7.5'."),
        ("nan", "float", "x takes a number, not 'nan'."),
        ("1e999", "float", "x takes a number, not '1e999'."),
        ("maybe", "bool", "x takes true or false, not 'maybe'."),
        ("{", "json", "x takes JSON, not '{'."),
        ("a", "list[string]", "x takes list[string], not 'a'."),
        ('"a"', "list[string]", "x takes list[string], not '\"a\"'."),
        ("cat.png", "image", "x takes image, not 'cat.png'."),
        ("x", "int | null", "x takes null or a whole number, not 'x'."),
    ],
)
def test_a_text_that_does_not_fit_is_refused_with_what_would(text: str, expects: str, said: str) -> None:
    with pytest.raises(InputInvalidError) as caught:
        parse_value(text, parse_type(expects), name="x")

    assert caught.value.message == said


@pytest.mark.parametrize("kind", ["int", "float"])
@pytest.mark.parametrize(
    "text", ["1_000", " 5 ", "5\n", "٣", "+5", "007", "0x10", "1,000", "", "-", "infinity", "\uff15"]
)
def test_a_number_is_read_only_where_json_reads_one(text: str, kind: str) -> None:
    with pytest.raises(InputInvalidError) as caught:
        parse_value(text, parse_type(kind), name="x")

    assert repr(text) in caught.value.message
    assert "numbers as JSON does, such as -3" in caught.value.hint


@pytest.mark.parametrize("text", ["0", "-0", "12", "0.5", "-1.25", "1e3", "1E-3", "2.5e+2"])
def test_every_number_of_json_is_a_number(text: str) -> None:
    assert parse_value(text, parse_type("float"), name="x") == json.loads(text)


def test_a_hint_speaks_of_numbers_only_where_one_is_expected() -> None:
    with pytest.raises(InputInvalidError) as caught:
        parse_value("maybe", parse_type("bool"), name="x")

    assert caught.value.hint == "Correct the value of --x."


def test_an_option_without_a_value_is_true_where_that_makes_sense() -> None:
    assert parse_value(None, parse_type("bool"), name="tiled") is True


def test_an_option_without_a_value_is_refused_elsewhere() -> None:
    with pytest.raises(InputInvalidError, match="seed was given no value") as caught:
        parse_value(None, parse_type("int"), name="seed")

    assert caught.value.hint == "Write --seed VALUE."


def test_a_type_without_a_better_word_is_shown_as_written() -> None:
    assert type_in_words(parse_type("list[image]")) == "list[image]"


def _signature(**types: str) -> Signature:
    inputs = {
        name: SignatureInput(name, parse_type(kind), Text(), "", required=False, doc="", title=name)
        for name, kind in types.items()
    }
    return Signature(inputs, {})


def test_given_texts_become_values_by_name() -> None:
    values, problems = read_inputs(
        {"prompt": "x", "steps": "5"}, _signature(prompt="string", steps="int"), workflow="w"
    )

    assert (values, problems) == ({"prompt": "x", "steps": 5}, [])


def test_names_may_be_written_with_dashes() -> None:
    values, _ = read_inputs({"guidance-scale": "4"}, _signature(guidance_scale="float"), workflow="w")

    assert values == {"guidance_scale": 4.0}


def test_every_problem_is_found_and_the_good_values_are_kept() -> None:
    given = {"promt": "x", "steps": "five", "seed": "3"}

    values, problems = read_inputs(
        given, _signature(prompt="string", steps="int", seed="int"), workflow="portrait"
    )

    assert values == {"seed": 3}
    assert [(problem.code, problem.input) for problem in problems] == [
        ("workflow-input-unknown", "promt"),
        ("input-invalid", "steps"),
    ]
    assert problems[0].message == 'portrait has no input "promt".'
