"""Each fault of a graph has its own code, a sentence of fact and a sentence of help."""

import inspect

import pytest
from weft.errors import GraphError
from weft.graph import faults

FAULTS: list[GraphError] = [
    faults.JSONUnreadableError(fault="it ends too early", line=3, column=7),
    faults.JSONUnreadableError(fault="it is nested too deeply"),
    faults.SourceOffError(name="text", source="prompt", mode="off"),
    faults.SourceOffError(name="text", source="prompt", mode="bypass"),
    faults.NestedListError(source="a.items", produces="list[int]", target="b.value", expects="int"),
    faults.ZipInvalidError(fault='"a" runs over 2 lists', hint="Zip others."),
    faults.VariableConflictError(first="yes", first_type="int", second="no", second_type="string"),
    faults.PortInvalidError(kind="input", name="prompt", fault="leads nowhere", hint="Correct it."),
    faults.PortConflictError(name="x", sockets=[("a.value", "int"), ("b.text", "string")]),
    faults.WorkflowInputUnknownError(name="promt", known=["prompt"]),
    faults.WorkflowInputUnknownError(name="promt", known=[]),
    faults.GraphTooLargeError(limit=100_000),
    faults.ListTooLongError(limit=100_000),
]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: f"{fault.code}")
def test_a_fault_says_what_is_wrong_and_what_helps(fault: GraphError) -> None:
    assert len(fault.message.split()) > 4
    assert fault.message.endswith(".")
    assert fault.hint.endswith((".", "?"))


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: f"{fault.code}")
def test_a_fault_becomes_a_problem_of_a_place(fault: GraphError) -> None:
    problem = fault.problem(node="a", input="x")

    assert (problem.code, problem.node, problem.input) == (fault.code, "a", "x")
    assert problem.message == fault.message


def test_every_fault_has_a_code_of_its_own() -> None:
    classes = [
        found
        for _, found in inspect.getmembers(faults, inspect.isclass)
        if found.__module__ == faults.__name__ and issubclass(found, GraphError)
    ]

    codes = [found.code for found in classes]
    assert len(set(codes)) == len(codes)
    assert {type(fault) for fault in FAULTS} == set(classes)


def test_the_place_in_a_text_is_told_to_programs_too() -> None:
    assert FAULTS[0].details == {"line": 3, "column": 7}
    assert FAULTS[1].details == {}
