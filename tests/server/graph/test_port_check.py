"""Every port that leads nowhere, or to sockets that do not agree, is a fault with its help."""

import pytest
from server.graph.toys import Shelf, catalog, document, entry, tree
from weft.errors import JSON
from weft.graph.library import Library
from weft.graph.port_check import PortFault, port_faults

NODES: dict[str, JSON] = {
    "number": entry("toy.number"),
    "text": entry("toy.repeat", text="a"),
    "off": {"type": "toy.number", "mode": "off"},
    "inner": entry("workflow:inner"),
    "missing": entry("workflow:gone"),
    "unknown": entry("toy.gone"),
}
SHELF = Shelf(
    inner=tree({"n": entry("toy.number")}, inputs={"count": "n.value"}, outputs={"count": "n.value"})
)


def faults(
    inputs: dict[str, str | list[str]] | None = None, outputs: dict[str, str] | None = None
) -> tuple[PortFault, ...]:
    written = document(NODES, inputs=inputs, outputs=outputs)
    return port_faults(written, Library(catalog(), SHELF))


def test_ports_that_lead_to_sockets_have_no_fault() -> None:
    assert faults({"n": "number.value", "c": "inner.count"}, {"t": "text.text", "c": "inner.count"}) == ()


@pytest.mark.parametrize(
    ("to", "words"),
    [
        ("numbr.value", 'the node "numbr", which does not exist'),
        ("number.valu", 'has no input "valu"'),
        ("inner.cout", 'has no input "cout"'),
    ],
)
def test_an_input_that_leads_nowhere_is_a_fault(to: str, words: str) -> None:
    (fault,) = faults({"x": to})

    assert fault.code == "port-invalid"
    assert words in fault.message
    assert fault.hint.startswith("Did you mean")


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("txt.text", 'the node "txt", which does not exist'),
        ("text.txet", 'has no output "txet"'),
        ("inner.cout", 'has no output "cout"'),
    ],
)
def test_an_output_that_comes_from_nowhere_is_a_fault(source: str, words: str) -> None:
    (fault,) = faults(None, {"x": source})

    assert fault.code == "port-invalid"
    assert words in fault.message
    assert fault.hint.startswith("Did you mean")


def test_an_output_of_a_node_that_is_off_is_a_fault() -> None:
    (fault,) = faults(None, {"x": "off.value"})

    assert "switched off" in fault.message


def test_an_input_of_a_node_that_is_off_is_none() -> None:
    assert faults({"x": "off.value"}) == ()


def test_what_is_missing_altogether_is_not_reported_twice() -> None:
    assert faults({"x": "missing.v", "y": "unknown.v"}, {"x": "missing.v", "y": "unknown.v"}) == ()


def test_a_socket_is_fed_by_one_input_only() -> None:
    (fault,) = faults({"x": "number.value", "y": "number.value"})

    assert 'which the input "x" feeds already' in fault.message


def test_sockets_that_no_value_fits_are_a_fault_with_their_types() -> None:
    (fault,) = faults({"x": ["number.value", "text.text"]})

    assert fault.code == "port-conflict"
    assert "number.value (int), text.text (string)" in fault.message


def test_sockets_inside_workflows_are_compared_too() -> None:
    (fault,) = faults({"x": ["inner.count", "text.text"]})

    assert "inner/n.value (int)" in fault.message
