"""An expression comes to a value, and what is different about it is said."""

from weft.errors import JSON
from weft.foreign.evaluation import Room, Value
from weft.foreign.rule_book import Names
from weft.foreign.rules import Expression, read_rule


def written(text: str) -> Expression:
    """An expression as a rule has it."""
    (make,) = read_rule({"makes": f"a.b c={text}"}, place="it").makes
    return make.inputs["c"]


def room(**inputs: Value) -> Room:
    """A room with some inputs and a table of names."""
    names = {"color": Names({"rot": "red"}, {"rosa": ("red", "paler there")}), "open": Names(is_open=True)}
    return Room(inputs, lambda name, output: Value((name or "it", output)), lambda _: None, names)


def value_of(text: str, here: Room) -> JSON:
    """What an expression comes to, as a document has it."""
    found = here.evaluate(written(text))
    return None if found is None else found.to_json()


def test_values_links_and_what_was_left_on_a_wire_are_found() -> None:
    here = room(model=Value(("4", "model"), left={"rescale": Value(literal=0.7)}), cfg=Value(literal=2.0))

    assert value_of("model", here) == {"from": "4.model"}
    assert value_of("model.rescale", here) == 0.7
    assert value_of("cfg.rescale", here) is None
    assert value_of("absent/cfg", here) == 2.0
    assert value_of(":image", here) == {"from": "it.image"}
    assert value_of("^model", here) is None


def test_several_are_added_or_listed() -> None:
    here = room(a=Value(literal=1), b=Value(literal=2), c=Value(("1", "x")))

    assert value_of("a+b", here) == 3
    assert value_of("a+c", here) is None
    assert value_of("a,c,absent", here) == [1, {"from": "1.x"}]


def test_a_name_becomes_ours_and_one_that_only_comes_near_is_said() -> None:
    here = room(a=Value(literal="rot"), b=Value(literal="rosa"), c=Value(literal="blau"), d=Value(("1", "x")))

    assert [value_of(f"{name}|color", here) for name in "abc"] == ["red", "red", "blau"]
    assert value_of("d|color", here) == {"from": "1.x"}
    assert value_of("c|open|color", here) == "blau"
    assert here.notes[:2] == ["rosa became red: paler there.", "blau is not known here."]


def test_of_several_expressions_those_are_given_of_which_something_is_there() -> None:
    here = room(a=Value(literal=1))

    assert here.evaluate_all({"x": written("a"), "y": written("b")}) == {"x": Value(literal=1)}


def test_a_value_keeps_what_is_left_on_its_wire() -> None:
    value = Value(("1", "model"), left={"a": Value(literal=1)}).leaving({"b": Value(literal=2)})

    assert {name: left.literal for name, left in value.left.items()} == {"a": 1, "b": 2}
