"""A workflow's signature is what the sockets behind its ports say; binding gives them values."""

import pytest
from server.graph.toys import Shelf, catalog, document, entry, tree
from weft.errors import JSON, Problem, ProblemsError
from weft.graph.document import Document, parse_document
from weft.graph.signature import Signature, bind, signature
from weft.graph.workflows import NoWorkflows
from weft.schema import MISSING
from weft.widgets import SeedWidget, Slider, Text

SAMPLING: dict[str, JSON] = {
    "load": entry("toy.load", checkpoint="small"),
    "latent": entry("toy.empty"),
    "sample": entry("toy.sample", model="@load.model", latent="@latent.latent", seed=7),
    "text": entry("toy.repeat"),
}


def of(
    nodes: dict[str, JSON],
    *,
    inputs: dict[str, str | list[str]] | None = None,
    outputs: dict[str, str] | None = None,
    workflows: Shelf | None = None,
) -> Signature:
    written = document(nodes, inputs=inputs, outputs=outputs)
    return signature(written, catalog(), workflows or NoWorkflows())


def problems_of(written: Document, values: dict[str, JSON]) -> tuple[Problem, ...]:
    with pytest.raises(ProblemsError) as caught:
        bind(written, values)
    return caught.value.problems


def test_an_input_has_the_type_and_widget_of_its_socket() -> None:
    found = of(
        SAMPLING, inputs={"seed": "sample.seed", "steps": "sample.steps", "prompt": "text.text"}
    ).inputs

    assert [(name, str(item.type)) for name, item in found.items()] == [
        ("seed", "int"),
        ("steps", "int"),
        ("prompt", "string"),
    ]
    assert isinstance(found["seed"].widget, SeedWidget)
    assert isinstance(found["steps"].widget, Slider)
    assert isinstance(found["prompt"].widget, Text)


def test_the_default_is_what_stands_in_the_document_else_that_of_the_node() -> None:
    found = of(SAMPLING, inputs={"seed": "sample.seed", "steps": "sample.steps"}).inputs

    assert (found["seed"].default, found["steps"].default) == (7, 20)


def test_an_input_without_any_default_is_required() -> None:
    found = of(SAMPLING, inputs={"prompt": "text.text", "seed": "sample.seed"}).inputs

    assert (found["prompt"].required, found["prompt"].default) == (True, MISSING)
    assert not found["seed"].required


def test_an_input_whose_socket_is_linked_has_no_default_and_is_not_required() -> None:
    found = of(SAMPLING, inputs={"start": "sample.latent"}).inputs["start"]

    assert (found.default, found.required, found.widget) == (MISSING, False, None)


def test_defaults_are_in_canonical_form() -> None:
    found = of({"s": entry("toy.scale", value=2)}, inputs={"value": "s.value"}).inputs["value"]

    assert found.default == 2.0
    assert type(found.default) is float


def test_the_narrowest_of_several_sockets_gives_the_type() -> None:
    nodes: dict[str, JSON] = {"s": entry("toy.scale"), "n": entry("toy.number")}

    found = of(nodes, inputs={"value": ["s.value", "n.value"]}).inputs["value"]

    assert str(found.type) == "int"


def test_titles_and_descriptions_of_the_document_come_first() -> None:
    data: dict[str, JSON] = {
        "weft": 1,
        "inputs": {
            "plain": {"to": ["a.value"]},
            "named": {"to": ["b.value"], "title": "Number", "description": "Any."},
        },
        "outputs": {
            "sum": {"from": "a.value", "title": "Sum", "description": "All."},
            "n": {"from": "b.value"},
        },
        "nodes": {"a": entry("toy.number"), "b": entry("toy.number")},
    }

    found = signature(parse_document(data), catalog(), NoWorkflows())

    assert (found.inputs["plain"].title, found.inputs["named"].title) == ("plain", "Number")
    assert found.inputs["named"].doc == "Any."
    assert (found.outputs["sum"].title, found.outputs["sum"].doc) == ("Sum", "All.")
    assert found.outputs["n"].title == "n"


def test_outputs_have_the_types_of_theirs() -> None:
    found = of(SAMPLING, outputs={"latent": "sample.latent", "text": "text.text"}).outputs

    assert {name: str(item.type) for name, item in found.items()} == {
        "latent": "toy_latent",
        "text": "string",
    }


def test_ports_are_followed_into_workflows() -> None:
    inner = tree(
        {"t": entry("toy.repeat", times=4)},
        inputs={"words": "t.text", "times": "t.times"},
        outputs={"said": "t.text"},
    )
    outer: dict[str, JSON] = {"i": entry("workflow:inner", words="given here")}

    found = of(
        outer,
        inputs={"prompt": "i.words", "count": "i.times"},
        outputs={"said": "i.said"},
        workflows=Shelf(inner=inner),
    )

    assert found.inputs["prompt"].default == "given here"
    assert found.inputs["count"].default == 4
    assert str(found.outputs["said"].type) == "string"


def test_ports_of_carried_workflows_are_followed_too() -> None:
    inner = tree({"n": entry("toy.number")}, inputs={"v": "n.value"})
    data: dict[str, JSON] = {
        **tree({"i": entry("workflow:inner")}, inputs={"number": "i.v"}),
        "workflows": {"inner": inner},
    }

    assert "number" in signature(parse_document(data), catalog(), NoWorkflows()).inputs


def test_a_port_of_an_old_node_follows_its_migration() -> None:
    found = of({"p": entry("toy.power", number=4)}, inputs={"base": "p.number"}).inputs["base"]

    assert found.default == 4


@pytest.mark.parametrize("inputs", [{"x": "gone.value"}, {"x": ["n.value", "t.text"]}])
def test_ports_at_fault_raise_their_problems(inputs: dict[str, str | list[str]]) -> None:
    with pytest.raises(ProblemsError):
        of({"n": entry("toy.number"), "t": entry("toy.text")}, inputs=inputs)


@pytest.mark.parametrize("ports", [{"inputs": {"x": "gone.v"}}, {"outputs": {"x": "gone.v"}}])
@pytest.mark.parametrize(
    ("type", "code"), [("toy.gone", "node-type-unknown"), ("workflow:gone", "workflow-unknown")]
)
def test_a_port_of_what_is_not_installed_says_so(
    ports: dict[str, dict[str, str]], type: str, code: str
) -> None:
    data = tree({"gone": entry(type)}, **ports)

    with pytest.raises(ProblemsError) as caught:
        signature(parse_document(data), catalog(), NoWorkflows())

    assert [problem.code for problem in caught.value.problems] == [code]


def test_a_port_of_a_node_that_is_off_is_left_out_of_the_signature() -> None:
    off: dict[str, JSON] = {"n": {"type": "toy.gone", "mode": "off"}}

    assert of(off, inputs={"x": "n.v"}).inputs == {}


def test_a_signature_is_written_as_json() -> None:
    written = of(
        SAMPLING, inputs={"prompt": "text.text", "seed": "sample.seed"}, outputs={"o": "text.text"}
    ).to_json()

    assert written == {
        "inputs": [
            {
                "name": "prompt",
                "type": "string",
                "widget": Text().to_json(),
                "required": True,
                "doc": "",
                "title": "prompt",
            },
            {
                "name": "seed",
                "type": "int",
                "widget": SeedWidget().to_json(),
                "required": False,
                "doc": "",
                "title": "seed",
                "default": 7,
            },
        ],
        "outputs": [{"name": "o", "type": "string", "doc": "", "title": "o"}],
    }


def test_an_input_without_a_widget_is_written_with_none() -> None:
    found = of(SAMPLING, inputs={"start": "sample.latent"}).inputs["start"].to_json()

    assert found["widget"] is None
    assert "default" not in found


def test_binding_puts_a_value_at_every_socket_of_an_input() -> None:
    written = document(
        {"a": entry("toy.number", value=1), "b": entry("toy.number")}, inputs={"n": ["a.value", "b.value"]}
    )

    bound = bind(written, {"n": 5})

    assert [node.inputs for node in bound.nodes.values()] == [{"value": 5}, {"value": 5}]
    assert written.nodes["a"].inputs == {"value": 1}


def test_binding_takes_the_place_of_a_link() -> None:
    written = document(
        {"n": entry("toy.number"), "a": entry("toy.add", a="@n.value", b=3)}, inputs={"x": "a.a"}
    )

    assert bind(written, {"x": 9}).nodes["a"].inputs == {"a": 9, "b": 3}


def test_binding_nothing_changes_nothing() -> None:
    written = document({"n": entry("toy.number")}, inputs={"x": "n.value"})

    assert bind(written, {}) == written


def test_a_bound_document_is_written_and_read_as_any_other() -> None:
    written = document({"n": entry("toy.number")}, inputs={"x": "n.value"})
    bound = bind(written, {"x": [1, 2]})

    assert parse_document(bound.to_json()) == bound


def test_every_name_that_is_unknown_is_reported_with_the_one_that_was_meant() -> None:
    written = document({"t": entry("toy.repeat")}, inputs={"prompt": "t.text", "times": "t.times"})

    found = problems_of(written, {"promt": "x", "tims": 3})

    assert [(problem.code, problem.input) for problem in found] == [
        ("workflow-input-unknown", "promt"),
        ("workflow-input-unknown", "tims"),
    ]
    assert '"prompt"' in found[0].hint


@pytest.mark.parametrize(
    "value", [{"from": "a.b"}, [{"from": "a.b"}], {"from": "ab"}, float("nan"), [float("inf")]]
)
def test_only_plain_values_are_bound(value: JSON) -> None:
    written = document({"t": entry("toy.repeat")}, inputs={"prompt": "t.text"})

    assert [problem.code for problem in problems_of(written, {"prompt": value})] == ["input-invalid"]


def test_a_port_to_a_missing_node_is_left_to_the_check() -> None:
    written = document({"n": entry("toy.number")}, inputs={"x": ["gone.value", "n.value"]})

    assert bind(written, {"x": 2}).nodes["n"].inputs == {"value": 2}
