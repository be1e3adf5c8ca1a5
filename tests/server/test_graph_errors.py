"""The errors of a workflow document say who, has what, expects what, and what to do."""

import pickle

import pytest
from weft import graph_errors
from weft.errors import GraphError
from weft.graph_errors import (
    BypassImpossibleError,
    CycleError,
    DocumentInvalidError,
    DocumentVersionError,
    InputInvalidError,
    InputMissingError,
    InputUnknownError,
    ListLengthError,
    NodeTypeUnknownError,
    NodeUnknownError,
    NodeVersionError,
    OutputUnknownError,
    SocketMismatchError,
    TraitMismatchError,
    ValueUnsuitedError,
    WorkflowRecursionError,
    WorkflowUnknownError,
)

CASES = [
    (DocumentInvalidError(where="nodes.a", fault="has no type"), "nodes.a has no type", "Correct"),
    (
        DocumentInvalidError(where="", fault="is empty", hint="Save it anew."),
        "document is empty.",
        "Save it anew.",
    ),
    (DocumentVersionError(found=3, newest=1), "version 3", "Upgrade weft"),
    (
        NodeTypeUnknownError(type="latent.sampel", known=["latent.sample"]),
        '"latent.sampel"',
        '"latent.sample"',
    ),
    (NodeTypeUnknownError(type="mine:a.b", known=[]), '"mine:a.b"', 'pack "mine"'),
    (NodeTypeUnknownError(type="qqq", known=[]), '"qqq"', "weft nodes"),
    (
        NodeVersionError(type="a.b", found=4, newest=2),
        'version 4 of "a.b", but version 2',
        "Upgrade the pack",
    ),
    (NodeUnknownError(name="decoed", known=["decode"]), '"decoed"', '"decode"'),
    (
        InputUnknownError(name="stepz", owner="sample", known=["steps"]),
        'sample has no input "stepz"',
        '"steps"',
    ),
    (InputMissingError(name="latent", expects="latent"), '"latent" is missing', "type latent"),
    (InputInvalidError(name="steps", reason="is 0, but must lie between 1 and 9"), "steps is 0", "Correct"),
    (
        OutputUnknownError(name="imge", owner="decode", known=["image"]),
        'decode has no output "imge"',
        '"image"',
    ),
    (
        SocketMismatchError(source="a.image", produces="image", target="b.latent", expects="latent"),
        "a.image produces image, but b.latent expects latent.",
        "a node in between",
    ),
    (
        SocketMismatchError(source="a", produces="x", target="b", expects="y", converters="latent.encode"),
        "a produces x",
        "with latent.encode",
    ),
    (
        TraitMismatchError(trait="family", source="a.model", has="sdxl", target="b.latent", expects="sd15"),
        "a.model has family sdxl, but b.latent expects family sd15.",
        "whose family is the same",
    ),
    (
        TraitMismatchError(
            trait="kind",
            source="a.net",
            has="tile",
            target="b.kind",
            expects="pose, depth",
            hint="Choose one.",
            is_entered=True,
        ),
        "b.kind is tile, but a.net has kind pose, depth.",
        "Choose one.",
    ),
    (
        ValueUnsuitedError(name="a.x", value="7", source="b.model", reason="is small", hint="Take 1."),
        "a.x is 7, but b.model is small.",
        "Take 1.",
    ),
    (CycleError(nodes=["a", "b", "c"]), "a -> b -> c -> a", "Remove one"),
    (ListLengthError(lengths={"x": 2, "y": 3}), "x has 2, y has 3", "`zip`"),
    (BypassImpossibleError(output="image", produces="image"), '"image" (image)', "Switch the node off"),
    (WorkflowUnknownError(name="portrait", known=["portraits"]), '"portrait"', '"portraits"'),
    (WorkflowRecursionError(path=["a", "b", "a"]), "a -> b -> a", "Remove one"),
]


@pytest.mark.parametrize(("error", "fact", "help_text"), CASES, ids=lambda case: getattr(case, "code", ""))
def test_an_error_states_the_fact_and_the_help(error: GraphError, fact: str, help_text: str) -> None:
    assert fact in str(error)
    assert help_text in error.hint


@pytest.mark.parametrize("error", [case[0] for case in CASES], ids=lambda error: error.code)
def test_an_error_survives_the_way_to_another_process(error: GraphError) -> None:
    again = pickle.loads(pickle.dumps(error))

    assert (type(again), str(again), again.details) == (type(error), str(error), error.details)


def test_every_error_of_the_module_is_shown_here() -> None:
    found = [entry for entry in vars(graph_errors).values() if isinstance(entry, type)]
    classes = {cls for cls in found if issubclass(cls, GraphError) and cls is not GraphError}

    assert {type(case[0]) for case in CASES} == classes


def test_an_unknown_node_type_is_also_a_key_error_but_reads_plainly() -> None:
    error = NodeTypeUnknownError(type="a.b", known=[])

    assert isinstance(error, KeyError)
    assert str(error) == 'There is no node type "a.b".'


def test_programs_get_the_nodes_of_a_circle() -> None:
    assert CycleError(nodes=["a", "b"]).problem().details == {"nodes": ["a", "b"]}
