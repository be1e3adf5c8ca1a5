"""Widgets accept exactly the values of their type and range, and say in a sentence why they refuse others."""

import json
from typing import Annotated, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from weft.widgets import (
    LARGEST_SEED,
    AnyOf,
    Choice,
    ColorPicker,
    ImageFile,
    Items,
    JsonEditor,
    ModelFile,
    Number,
    Options,
    Seed,
    SeedWidget,
    Slider,
    Text,
    Toggle,
    Widget,
    check_choice,
    shown,
    widget_from_json,
)

WIDGETS: list[Widget] = [
    Number(),
    Number(integer=True, min=0),
    Number(max=1.5, step=0.1),
    Slider(1, 200, integer=True),
    Slider(0, 1, step=0.05),
    SeedWidget(),
    Toggle(),
    Text(),
    Text(multiline=True, placeholder="Say what you see"),
    Text(brackets="()[]", literal_where="syntax=off"),
    Options(("a", "b")),
    Choice("samplers"),
    ModelFile("checkpoint"),
    ModelFile("network", ("diffusion_models", "unet")),
    ImageFile(),
    ColorPicker(),
    JsonEditor(),
    Items(Slider(0, 1)),
    Items(Items(Text())),
    AnyOf((Number(integer=True), Text())),
]
STEPS = Slider(1, 200, integer=True)
SHARE = Slider(0, 1, step=0.1)


@pytest.mark.parametrize(
    ("widget", "accepted"),
    [
        (STEPS, [1, 20, 200]),
        (SHARE, [0, 1, 0.0, 0.55, 1.0]),
        (Number(), [0, -5, 1e300, 2.5, 10**300]),
        (Number(integer=True), [0, -5, 10**400]),
        (Number(min=2), [2, 2.0, 9]),
        (Number(max=2), [2, -9]),
        (SeedWidget(), [0, 1, LARGEST_SEED]),
        (Toggle(), [True, False]),
        (Text(), ["", "a", "two\nlines", "é"]),
        (Options(("a", "b")), ["a", "b"]),
        (Choice("samplers"), ["euler"]),
        (ModelFile("checkpoint", ("unet",)), ["starter"]),
        (ImageFile(), ["in.png"]),
        (ColorPicker(), ["#ff8800", "#FF8800"]),
        (JsonEditor(), [None, True, 1, 1.5, "a", [], {}, [{"a": [None]}]]),
        (Items(STEPS), [[], [1], [1, 200]]),
        (Items(Items(Text())), [[], [[]], [["a"], ["b", "c"]]]),
        (AnyOf((STEPS, Text())), [1, "a"]),
    ],
)
def test_a_widget_accepts_the_values_of_its_type_and_range(widget: Widget, accepted: list[object]) -> None:
    assert [value for value in accepted if widget.check(value) is not None] == []


@pytest.mark.parametrize(
    ("widget", "value", "reason"),
    [
        (STEPS, 40000, "is 40000, but must lie between 1 and 200"),
        (STEPS, 0, "is 0, but must lie between 1 and 200"),
        (STEPS, 20.0, "is 20.0, but must be a whole number"),
        (STEPS, True, "is true, but must be a whole number"),
        (STEPS, "20", 'is "20", but must be a whole number'),
        (STEPS, None, "is null, but must be a whole number"),
        (SHARE, 1.01, "is 1.01, but must lie between 0 and 1"),
        (SHARE, True, "is true, but must be a number"),
        (SHARE, float("nan"), "is nan, but must be finite"),
        (Number(), float("inf"), "is inf, but must be finite"),
        (Number(), float("-inf"), "is -inf, but must be finite"),
        (
            Number(),
            10**400,
            "is a number of more than 60 digits, which is too large for a number with a point",
        ),
        (Number(), [1], "is [1], but must be a number"),
        (Number(min=0.5), 0.25, "is 0.25, but must be at least 0.5"),
        (Number(max=0), 1, "is 1, but must be at most 0"),
        (SeedWidget(), -1, "is -1, but must lie between 0 and 9223372036854775807"),
        (SeedWidget(), 2**63, "is 9223372036854775808, but must lie between 0 and 9223372036854775807"),
        (SeedWidget(), 1.0, "is 1.0, but must be a whole number"),
        (Toggle(), 1, "is 1, but must be true or false"),
        (Toggle(), "true", 'is "true", but must be true or false'),
        (Text(), 5, "is 5, but must be text"),
        (Text(), None, "is null, but must be text"),
        (Choice("samplers"), 5, "is 5, but must be text"),
        (ModelFile("checkpoint"), False, "is false, but must be text"),
        (ImageFile(), ["a.png"], "is ['a.png'], but must be text"),
        (ColorPicker(), "red", 'is "red", but must be a colour such as #ff8800'),
        (ColorPicker(), "#ff88", 'is "#ff88", but must be a colour such as #ff8800'),
        (ColorPicker(), 0xFF8800, "is 16746496, but must be a colour such as #ff8800"),
        (
            Options(("fit", "fill")),
            "fiit",
            'is "fiit", which is not one of the 2 choices (Did you mean "fit"?)',
        ),
        (Options(("fit", "fill")), 1, "is 1, which is not one of the 2 choices"),
        (JsonEditor(), {"a": [float("nan")]}, "holds nan, but must be finite"),
        (JsonEditor(), {1: 2}, "holds {1: 2}, which is not JSON"),
        (JsonEditor(), (1,), "holds (1,), which is not JSON"),
        (Items(STEPS), 5, "is 5, but must be a list"),
        (Items(STEPS), "abc", 'is "abc", but must be a list'),
        (Items(STEPS), [1, 0], "has at index 1 an item that is 0, but must lie between 1 and 200"),
        (
            AnyOf((STEPS, Text())),
            None,
            "is null, but must be a whole number and is null, but must be text",
        ),
    ],
)
def test_a_refusal_says_what_is_there_and_what_must_be(widget: Widget, value: object, reason: str) -> None:
    assert widget.check(value) == reason


@given(st.one_of(st.integers(), st.floats(), st.text(), st.booleans(), st.none(), st.lists(st.integers())))
def test_a_check_never_raises_and_accepts_only_numbers_in_range_for_a_slider(value: object) -> None:
    accepted = SHARE.check(value) is None

    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    assert accepted == (is_number and 0 <= value <= 1)  # type: ignore[operator]


@given(st.integers())
def test_a_seed_is_accepted_exactly_where_a_generator_takes_it(value: int) -> None:
    assert (SeedWidget().check(value) is None) == (0 <= value < 2**63)


def test_the_distance_of_a_sliders_steps_is_no_rule_for_values() -> None:
    assert SHARE.check(0.123) is None


@pytest.mark.parametrize("widget", WIDGETS, ids=lambda widget: widget.kind)
def test_a_widget_read_from_its_json_is_the_same_widget(widget: Widget) -> None:
    written = json.loads(json.dumps(widget.to_json()))

    assert widget_from_json(written) == widget
    assert written["kind"] == widget.kind


@pytest.mark.parametrize("widget", WIDGETS, ids=lambda widget: widget.kind)
def test_every_widget_gives_a_json_schema(widget: Widget) -> None:
    schema = widget.json_schema()

    assert json.loads(json.dumps(schema)) == schema
    assert isinstance(widget, JsonEditor) or schema


def test_a_catalogue_of_before_knows_no_folders_of_files() -> None:
    assert widget_from_json({"kind": "model-file", "listing": "lora"}) == ModelFile("lora")


@pytest.mark.parametrize(
    ("widget", "schema"),
    [
        (STEPS, {"type": "integer", "minimum": 1, "maximum": 200}),
        (Number(min=0.5), {"type": "number", "minimum": 0.5}),
        (SeedWidget(), {"type": "integer", "minimum": 0, "maximum": 2**63 - 1}),
        (Options(("a", "b")), {"type": "string", "enum": ["a", "b"]}),
        (Items(Text()), {"type": "array", "items": {"type": "string"}}),
        (Choice("samplers"), {"type": "string", "x-choices": "samplers"}),
        (ModelFile("lora"), {"type": "string", "x-listing": "lora"}),
        (AnyOf((Toggle(), Text())), {"anyOf": [{"type": "boolean"}, {"type": "string"}]}),
        (JsonEditor(), {}),
    ],
)
def test_the_json_schema_says_the_type_and_the_range(widget: Widget, schema: dict[str, object]) -> None:
    assert widget.json_schema() == schema


@pytest.mark.parametrize("data", [{}, {"kind": "nothing"}, {"kind": None}])
def test_json_of_no_known_widget_is_refused(data: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="no widget of the kind"):
        widget_from_json(data)


def test_every_widget_meets_the_protocol() -> None:
    assert all(isinstance(widget, Widget) for widget in WIDGETS)


def test_a_seed_is_an_int_with_the_seed_widget() -> None:
    assert get_args(Seed) == get_args(Annotated[int, SeedWidget()])


@pytest.mark.parametrize(
    ("value", "offered", "reason"),
    [
        ("euler", ["euler", "heun"], None),
        ("eulr", ["euler", "heun"], 'is "eulr", which is not one of the 2 choices (Did you mean "euler"?)'),
        ("x", [], 'is "x", but there is nothing to choose from'),
        (3, ["euler"], 'is 3, but the only choice is "euler"'),
        ("eulr", ["euler"], 'is "eulr", but the only choice is "euler"'),
        (3, ["euler", "heun"], "is 3, which is not one of the 2 choices"),
    ],
)
def test_a_word_is_checked_against_what_is_offered(
    value: object, offered: list[str], reason: str | None
) -> None:
    assert check_choice(value, offered) == reason


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, "null"), (True, "true"), (False, "false"), ("a", '"a"'), (1.5, "1.5"), ([1], "[1]")],
)
def test_a_value_is_quoted_as_json_writes_it(value: object, text: str) -> None:
    assert shown(value) == text


def test_a_long_value_is_cut_where_it_is_quoted() -> None:
    assert len(shown("x" * 10_000)) < 70
    assert shown(10**5000) == "a number of more than 60 digits"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", None),
        ("a (red [round]) circle", None),
        (r"a \( and \] and \\ (b)", None),
        ("a (b", "opens '(' at character 3 and never closes it"),
        ("(a [b)", "closes ')' at character 6 where '[' is open"),
        ("a]", "closes ']' at character 2 without opening it"),
        ("(a\nb", "opens '(' at character 1 and never closes it"),
        (r"\\)", "closes ')' at character 3 without opening it"),
        ("{", None),
    ],
)
def test_brackets_that_do_not_pair_are_named_with_their_place(text: str, reason: str | None) -> None:
    assert Text(brackets="()[]").unpaired(text) == reason


def test_a_text_without_declared_brackets_may_hold_any() -> None:
    assert Text().unpaired(":-) [") is None
