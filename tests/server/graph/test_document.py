"""Documents are read strictly, with every problem at once, and written as they were read."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from server.graph.toys import entry, link, tree
from weft.errors import JSON, Problem, ProblemsError
from weft.graph.document import (
    DEEPEST_NESTING,
    Document,
    InputPort,
    Link,
    NodeEntry,
    OutputPort,
    input_to_json,
    parse_document,
    read_input,
    split_socket,
)

VERSION_1 = Path(__file__).parent / "documents" / "version-1.json"

names = st.text(st.characters(codec="utf-8", exclude_characters="./"), min_size=1, max_size=8)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def refused(data: str | bytes | dict[str, JSON]) -> tuple[Problem, ...]:
    with pytest.raises(ProblemsError) as caught:
        parse_document(data)
    return caught.value.problems


def places(data: str | bytes | dict[str, JSON]) -> list[JSON]:
    return [problem.details["location"] for problem in refused(data)]


def test_a_link_is_an_object_with_the_one_key_from() -> None:
    document = parse_document(tree({"a": entry("toy.add", a="@one.value", b=2)}))

    assert document.nodes["a"].inputs == {"a": Link("one", "value"), "b": 2}


def test_an_object_with_more_keys_than_from_is_a_value() -> None:
    given = {"from": "a.b", "to": "c"}

    document = parse_document(tree({"a": {"type": "x", "inputs": {"data": dict[str, JSON](given)}}}))

    assert document.nodes["a"].inputs["data"] == given


def test_a_list_may_mix_links_and_values() -> None:
    document = parse_document(tree({"s": entry("toy.sum", items=["@a.value", 3, "@b.value"])}))

    assert document.nodes["s"].inputs["items"] == [Link("a", "value"), 3, Link("b", "value")]


def test_a_link_deeper_inside_a_value_is_a_value() -> None:
    given: JSON = {"parts": [{"from": "a.b"}]}

    document = parse_document(tree({"a": {"type": "x", "inputs": {"data": given}}}))

    assert document.nodes["a"].inputs["data"] == given


def test_a_link_names_itself_as_in_the_document() -> None:
    assert str(Link("sample", "latent")) == "sample.latent"
    assert Link("sample", "latent").to_json() == {"from": "sample.latent"}


def test_a_socket_is_split_into_its_node_and_its_name() -> None:
    assert split_socket("sample.seed") == ("sample", "seed")


def test_a_node_without_a_version_is_of_the_first() -> None:
    document = parse_document({"weft": 1, "nodes": {"a": {"type": "toy.number"}}})

    assert document.nodes["a"] == NodeEntry(type="toy.number", version=1)


def test_text_bytes_and_objects_give_the_same_document() -> None:
    data = tree({"a": entry("toy.number", value=3)}, outputs={"n": "a.value"})
    text = json.dumps(data)

    assert parse_document(text) == parse_document(text.encode()) == parse_document(data)


def test_the_old_document_still_loads() -> None:
    document = parse_document(VERSION_1.read_bytes())

    assert list(document.nodes) == ["one", "sum", "power", "spell", "unused"]
    assert document.inputs["first"] == InputPort(to=["sum.a"], title="First number")
    assert document.outputs["result"] == OutputPort(from_="spell.text")


def test_view_is_kept_as_it_is_even_where_it_is_not_known() -> None:
    data = json.loads(VERSION_1.read_bytes())

    written = parse_document(data).to_json()

    assert written["view"] == data["view"]


def test_writing_and_reading_gives_the_same_document_and_the_same_text() -> None:
    document = parse_document(VERSION_1.read_bytes())

    again = parse_document(json.dumps(document.to_json()))

    assert again == document
    assert json.dumps(again.to_json()) == json.dumps(document.to_json())


def test_writing_keeps_the_order_of_nodes_and_inputs() -> None:
    document = parse_document(tree({"z": entry("toy.add", b=2, a=1), "a": entry("toy.number")}))

    nodes = document.to_json()["nodes"]

    assert isinstance(nodes, dict)
    assert list(nodes) == ["z", "a"]
    assert document.nodes["z"].to_json()["inputs"] == {"b": 2, "a": 1}


def test_what_says_nothing_is_not_written() -> None:
    written = parse_document({"weft": 1, "nodes": {"a": {"type": "toy.number", "mode": None}}}).to_json()

    assert written == {
        "weft": 1,
        "inputs": {},
        "outputs": {},
        "nodes": {"a": {"type": "toy.number", "version": 1, "inputs": {}}},
    }


def test_titles_and_descriptions_are_written() -> None:
    data: dict[str, JSON] = {
        "weft": 1,
        "title": "T",
        "description": "D",
        "inputs": {"n": {"to": ["a.value"], "title": "N", "description": "a number"}},
        "outputs": {"m": {"from": "a.value", "title": "M", "description": "the same"}},
        "nodes": {"a": {"type": "toy.number", "version": 2, "inputs": {}, "mode": "bypass", "zip": [["x"]]}},
    }

    assert parse_document(data).to_json() == data


@settings(max_examples=40, deadline=None)
@given(st.dictionaries(names, st.dictionaries(names, values, max_size=3), max_size=4))
def test_every_value_survives_writing_and_reading(nodes: dict[str, dict[str, JSON]]) -> None:
    entries = {name: NodeEntry(type="x", inputs={k: read_input(v) for k, v in inputs.items()})
               for name, inputs in nodes.items()}  # fmt: skip
    document = Document(weft=1, nodes=entries)

    assert parse_document(json.dumps(document.to_json())) == document


@pytest.mark.parametrize(
    "value", [3, "text", None, True, [1, {"from": "a.b"}], {"from": "a.b"}, {"x": [1.5]}]
)
def test_reading_an_input_is_the_inverse_of_writing_it(value: JSON) -> None:
    assert input_to_json(read_input(value)) == value


def test_text_that_is_not_json_gives_its_line_and_column() -> None:
    (problem,) = refused('{"weft": 1,\n  "nodes": {,}}')

    assert problem.code == "json-unreadable"
    assert problem.details == {"line": 2, "column": 13}
    assert "line 2, column 13" in problem.message


def test_bytes_that_are_not_text_are_not_json() -> None:
    assert [problem.code for problem in refused(b"\xff\xff\x00{}")] == ["json-unreadable"]


def test_text_nested_without_end_is_refused() -> None:
    (problem,) = refused("[" * 100_000)

    assert problem.code == "json-unreadable"
    assert "nested too deeply" in problem.message


def test_a_number_with_too_many_digits_is_refused() -> None:
    assert [problem.code for problem in refused('{"weft": 1' + "0" * 5000 + "}")] == ["json-unreadable"]


def test_keys_given_twice_are_refused_each_with_its_place() -> None:
    node = '{"type": "x", "inputs": {"s": 1, "s": 2}, "type": "y"}'
    text = f'{{"weft": 1, "nodes": {{"a": {node}}}, "view": [{{"k": 1, "k": 1}}]}}'

    assert sorted(str(place) for place in places(text)) == ["nodes.a.inputs.s", "nodes.a.type", "view.0.k"]


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_numbers_that_are_not_finite_are_refused(number: str) -> None:
    text = f'{{"weft": 1, "nodes": {{"a": {{"type": "x", "inputs": {{"n": [{number}]}}}}}}}}'

    (problem,) = refused(text)

    assert (problem.code, problem.node, problem.input) == ("document-invalid", "a", "n")
    assert "not a finite number" in problem.message


def test_view_holds_finite_numbers_too() -> None:
    assert places({"weft": 1, "view": {"zoom": float("inf")}}) == ["view.zoom"]


def test_values_nested_too_deeply_are_refused() -> None:
    value: JSON = 1
    for _ in range(DEEPEST_NESTING + 2):
        value = [value]

    assert places({"weft": 1, "nodes": {"a": {"type": "x", "inputs": {"deep": value}}}}) == [
        "nodes.a.inputs.deep"
    ]


def test_what_json_cannot_write_is_refused() -> None:
    data: dict[str, JSON] = {"weft": 1, "view": {"when": object()}}  # type: ignore[dict-item]

    assert "which JSON cannot write" in refused(data)[0].message


@pytest.mark.parametrize("text", ["a", "a.", ".b", "a.b.c", "a/b.c", ""])
def test_a_malformed_link_is_refused(text: str) -> None:
    (problem,) = refused(tree({"a": {"type": "x", "inputs": {"i": link(text)}}}))

    assert (problem.node, problem.input) == ("a", "i")
    assert problem.hint == 'A link is written {"from": "node.output"}.'


@pytest.mark.parametrize("name", ["", "a.b", "a/b"])
def test_node_ids_without_a_meaning_in_links_are_refused(name: str) -> None:
    (problem,) = refused(tree({name: entry("toy.number")}))

    assert "has a name that cannot be used" in problem.message


def test_all_faults_of_a_document_are_reported_at_once() -> None:
    data: dict[str, JSON] = {
        "weft": 1,
        "nods": {},
        "nodes": {
            "a": {"typ": "x", "version": 0, "mode": "of", "zip": "all", "inputs": {"q": {"from": "abc"}}},
            "b": {"type": "", "version": 1.5, "inputs": []},
            "c": 3,
        },
        "inputs": {"p": {"to": []}, "q": {"to": ["nowhere"]}, "r": {"too": ["a.b"]}},
        "outputs": {"a": None, "b": {"from": "a"}},
        "view": [],
    }

    assert sorted(str(place) for place in places(data)) == [
        "inputs.p.to",
        "inputs.q.to.0",
        "inputs.r.to",
        "inputs.r.too",
        "nodes.a.inputs.q",
        "nodes.a.mode",
        "nodes.a.typ",
        "nodes.a.type",
        "nodes.a.version",
        "nodes.a.zip",
        "nodes.b.inputs",
        "nodes.b.type",
        "nodes.b.version",
        "nodes.c",
        "nods",
        "outputs.a",
        "outputs.b.from",
        "view",
    ]


@pytest.mark.parametrize("weft", [True, "1", 1.0, None, 0])
def test_the_version_is_a_whole_number_from_one(weft: JSON) -> None:
    assert places({"weft": weft}) == ["weft"]


def test_a_newer_document_is_refused_with_its_version() -> None:
    (problem,) = refused({"weft": 99})

    assert problem.code == "document-version"
    assert "99" in problem.message


@pytest.mark.parametrize("data", ["3", "[]", '"text"', "null"])
def test_a_document_is_an_object(data: str) -> None:
    (problem,) = refused(data)

    assert problem.code == "document-invalid"
    assert "must be an object" in problem.message


def test_a_document_may_carry_the_workflows_it_uses() -> None:
    inner = tree({"n": entry("toy.number")}, outputs={"value": "n.value"})
    data: dict[str, JSON] = {**tree({"a": entry("workflow:inner")}), "workflows": {"inner": inner}}

    document = parse_document(data)

    assert document.workflows == {"inner": parse_document(inner)}
    assert parse_document(document.to_json()) == document


def test_a_carried_workflow_carries_none_itself() -> None:
    inner: dict[str, JSON] = {"weft": 1, "workflows": {"core": {"weft": 1}}}

    (problem,) = refused({"weft": 1, "workflows": {"inner": inner}})

    assert problem.hint == "Carry all of them here."


def test_workflows_carried_without_end_are_refused() -> None:
    data: JSON = {"weft": 1}
    for _ in range(300):
        data = {"weft": 1, "workflows": {"inner": data}}
    assert isinstance(data, dict)

    assert {problem.code for problem in refused(data)} == {"document-invalid"}
