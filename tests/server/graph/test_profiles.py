"""A profile gathers what the check asks of a node type, and finds what stands in for an output."""

import pytest
from server.graph.toys import Shelf, catalog, document, entry, tree
from weft.graph.library import Library
from weft.graph.profiles import Profile, Profiles, workflow_profile
from weft.graph.workflows import NoWorkflows


def profile(type: str) -> Profile:
    found = Profiles(catalog()).of(type)
    assert found is not None
    return found


def test_a_profile_lists_inputs_and_outputs_in_the_order_of_the_schema() -> None:
    found = profile("toy.sample")

    assert list(found.inputs) == ["model", "latent", "seed", "steps", "sampler"]
    assert {name: str(produced) for name, produced in found.outputs.items()} == {"latent": "toy_latent"}
    assert found.required == ("model", "latent")
    assert found.defaults == {"seed": 0, "steps": 20, "sampler": "euler"}


def test_defaults_are_in_canonical_form() -> None:
    assert repr(profile("toy.resize").defaults["factor"]) == "2.0"


@pytest.mark.parametrize(("type", "generic"), [("toy.switch", True), ("toy.first", True), ("toy.add", False)])
def test_a_profile_knows_whether_type_variables_occur(type: str, generic: bool) -> None:
    assert profile(type).is_generic == generic


def test_an_unknown_type_has_no_profile() -> None:
    assert Profiles(catalog()).of("toy.gone") is None


def test_a_type_is_looked_up_once() -> None:
    profiles = Profiles(catalog())

    assert profiles.of("toy.add") is profiles.of("toy.add")


@pytest.mark.parametrize(
    ("type", "output", "input"),
    [
        ("toy.add", "value", "a"),
        ("toy.sample", "latent", "latent"),
        ("toy.halve", "rest", "value"),
        ("toy.switch", "value", "yes"),
        ("toy.maybe", "value", "value"),
        ("toy.reverse", "items", "items"),
        ("toy.spell", "text", None),
        ("toy.first", "value", None),
        ("toy.sum", "value", None),
        ("toy.noise", "latent", None),
    ],
)
def test_the_first_input_of_a_fitting_type_stands_in(type: str, output: str, input: str | None) -> None:
    assert profile(type).stand_in(output, catalog().supertypes) == input


def test_a_workflow_has_the_profile_of_its_ports() -> None:
    inner = document(
        {"t": entry("toy.repeat"), "a": entry("toy.add", a=1), "s": entry("toy.scale")},
        inputs={"text": "t.text", "number": ["s.value", "a.b"], "lost": "gone.x"},
        outputs={"said": "t.text", "sum": "a.value", "lost": "gone.x"},
    )

    found = workflow_profile(inner, Library(catalog(), NoWorkflows()))

    assert found.schema is None
    assert {name: str(item.type) for name, item in found.inputs.items()} == {
        "text": "string",
        "number": "int",
    }
    assert {name: str(produced) for name, produced in found.outputs.items()} == {
        "said": "string",
        "sum": "int",
    }
    assert found.stand_in("sum", catalog().supertypes) == "number"


def test_the_profile_of_a_workflow_looks_into_workflows() -> None:
    shelf = Shelf(inner=tree({"n": entry("toy.number")}, inputs={"v": "n.value"}))
    outer = document({"i": entry("workflow:inner")}, inputs={"x": "i.v"})

    assert list(workflow_profile(outer, Library(catalog(), shelf)).inputs) == ["x"]
