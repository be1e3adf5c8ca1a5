"""Errors have stable codes, say what is wrong and what to do, and travel as problems."""

import inspect
import json
import pickle
import re
from collections.abc import Iterator

import pytest
from weft import errors, plugin_errors
from weft.errors import (
    CancelledRunError,
    DiskFullError,
    Fault,
    ModelError,
    NodeDefinitionError,
    NodeError,
    NodeFailedError,
    NotFiniteError,
    OutOfMemoryError,
    PictureUnreadableError,
    Problem,
    ProblemsError,
    SettingsError,
    ValueInvalidError,
    WeftError,
    suggest,
)
from weft.plugin_errors import NameClashError, PackBrokenError, RequirementMissingError

EXAMPLES = [
    WeftError("A fact.", hint="A help."),
    ProblemsError([Problem("a", "A fact.", "A help.")]),
    NodeDefinitionError(function="pack.add", faults=[Fault("x", "is odd", "Make it even.")]),
    errors.AnnotationUnsupportedError(annotation="dict"),
    errors.SocketTypeUnreadableError(text="list[", fault="a type is missing"),
    errors.MigrationFailedError(type="a.b", version=1, cause=KeyError("steps")),
    NodeFailedError(type="a.b", cause=ZeroDivisionError("division by zero"), traceback="Traceback …"),
    ValueInvalidError(type="image", has="2 axes", expects="4 axes"),
    NotFiniteError(what="The latent of sample"),
    OutOfMemoryError(device="cuda:0", needed_bytes=3 * 2**30, available_bytes=None),
    PackBrokenError(pack="mine", cause=ImportError("no module")),
    plugin_errors.PackUnknownError(name="mnie", known=["mine"]),
    plugin_errors.PackNotReloadableError(name="weft"),
    plugin_errors.ManifestInvalidError(pack="mine", fault="has no name", hint="Give it one."),
    RequirementMissingError(pack="mine", missing=["numpy>=99 (2.0 is installed)"]),
    NameClashError(kind="node type", name="a.b", first="here", second="there"),
    plugin_errors.ProviderUnknownError(kind="choices", name="sampler", known=["samplers"]),
    plugin_errors.ProviderFailedError(kind="listing", name="checkpoint", cause=OSError("gone")),
    errors.FileUnwritableError(path="out.png", reason="Permission denied"),
    DiskFullError(path="out.png", needed_bytes=12),
    PictureUnreadableError(name="in.png", reason="it is damaged"),
    SettingsError(setting="device", source="the flag --device", fault="is 'x'"),
    CancelledRunError(),
]


def subclasses(root: type[WeftError]) -> Iterator[type[WeftError]]:
    """Every class of the module below the root, itself included."""
    yield root
    for child in root.__subclasses__():
        if child.__module__ == errors.__name__:
            yield from subclasses(child)


def test_the_tree_in_the_docstring_lists_exactly_the_errors_of_the_module() -> None:
    drawn = re.findall(r"(\w+Error) \[([a-z-]+)\]", errors.__doc__ or "")

    assert sorted(drawn) == sorted((cls.__name__, cls.code) for cls in subclasses(WeftError))


def test_the_tree_in_the_docstring_shows_who_is_below_whom() -> None:
    parents: list[str] = []
    for line in (errors.__doc__ or "").splitlines():
        match = re.fullmatch(r"    ([│├└─ ]*)(\w+Error) \[.*\]", line)
        if match is None:
            continue
        depth = len(match[1]) // 4
        del parents[depth:]
        if parents:
            assert getattr(errors, match[2]).__mro__[1].__name__ == parents[-1]
        parents.append(match[2])


def test_every_error_takes_its_facts_by_keyword() -> None:
    leaves = [cls for cls in subclasses(WeftError) if "__init__" in cls.__dict__ and cls is not WeftError]

    for cls in leaves:
        parameters = list(inspect.signature(cls).parameters.values())
        by_position = [found for found in parameters if found.kind is found.POSITIONAL_OR_KEYWORD]
        assert by_position == [] or cls is ProblemsError, cls


@pytest.mark.parametrize("error", EXAMPLES, ids=lambda error: error.code)
def test_an_error_reads_as_its_message_and_offers_help(error: WeftError) -> None:
    assert str(error) == error.message
    assert error.message
    assert error.hint.endswith((".", "?"))


@pytest.mark.parametrize("error", EXAMPLES, ids=lambda error: error.code)
def test_an_error_survives_the_way_to_another_process(error: WeftError) -> None:
    again = pickle.loads(pickle.dumps(error))

    assert type(again) is type(error)
    assert (str(again), again.hint, again.details) == (str(error), error.hint, error.details)


@pytest.mark.parametrize("error", EXAMPLES, ids=lambda error: error.code)
def test_an_error_becomes_a_problem_of_a_node_that_json_can_write(error: WeftError) -> None:
    problem = error.problem(node="sample", input="steps")

    written = json.loads(json.dumps(problem.to_json()))
    assert written["code"] == error.code
    assert written["message"] == error.message
    assert (written["node"], written["input"], written["severity"]) == ("sample", "steps", "error")


def test_a_problem_reads_where_what_and_what_to_do() -> None:
    problem = Problem("input-missing", "It is missing.", "Connect it.", node="decode", input="latent")

    assert str(problem) == "decode.latent: It is missing. Connect it."


def test_a_problem_of_no_node_reads_without_a_place() -> None:
    assert str(Problem("cycle", "There is a circle.", "")) == "There is a circle."


def test_problems_can_be_kept_in_sets() -> None:
    first = Problem("a", "A fact.", "A help.", details={"nodes": ["x"]})
    second = Problem("a", "A fact.", "A help.", details={"nodes": ["x"]})

    assert {first, second} == {first}


def test_several_problems_are_listed_one_per_line() -> None:
    problems = [Problem("a", "First.", "Do this.", node="x"), Problem("b", "Second.", "Do that.")]

    error = ProblemsError(problems)

    assert str(error) == "There are 2 problems:\n  x: First. Do this.\n  Second. Do that."
    assert error.problems == tuple(problems)


def test_a_single_problem_is_counted_as_one() -> None:
    assert str(ProblemsError([Problem("a", "First.", "")])).startswith("There is 1 problem:")


def test_a_definition_error_names_the_function_and_each_fault() -> None:
    faults = [
        Fault("steps", "has no annotation", "Annotate it."),
        Fault(None, "has no docstring", "Write one."),
    ]

    error = NodeDefinitionError(function="pack.sample", faults=faults)

    assert str(error) == (
        "pack.sample cannot become a node:\n"
        '  parameter "steps" has no annotation. Annotate it.\n'
        "  it has no docstring. Write one."
    )


def test_running_out_of_memory_says_how_much_was_needed_and_how_much_was_there() -> None:
    error = OutOfMemoryError(device="cuda:0", needed_bytes=3 * 2**30, available_bytes=2**29)

    assert error.message == "cuda:0 has 512 MiB of free memory, but 3,072 MiB were needed."
    assert error.details["needed_bytes"] == 3 * 2**30


def test_a_failed_node_carries_its_traceback_for_programs() -> None:
    error = NodeFailedError(type="a.b", cause=ValueError(""), traceback="Traceback …")

    assert error.message == '"a.b" failed: ValueError.'
    assert error.details == {"exception": "ValueError", "traceback": "Traceback …"}


def test_a_subclass_of_a_pack_brings_its_own_code() -> None:
    class PickleRefusedError(ModelError):
        """The file is a pickle."""

        code = "toy-pickle-refused"

    assert PickleRefusedError("A fact.", hint="Help.").problem().code == "toy-pickle-refused"


def test_a_pack_may_raise_a_node_error_as_it_is() -> None:
    with pytest.raises(WeftError) as caught:
        raise NodeError("The mask is empty.", hint="Draw something.")

    assert caught.value.code == "node-error"


@pytest.mark.parametrize(
    ("word", "candidates", "said"),
    [
        ("euler_a", ["euler", "heun"], 'Did you mean "euler"?'),
        ("Sampel", ["sample", "decode"], 'Did you mean "sample"?'),
        ("latent.sampel", ["latent.sample", "latent.empty"], 'Did you mean "latent.sample"?'),
        ("SAMPLE", ["sample"], 'Did you mean "sample"?'),
        ("xyz", ["alpha", "beta"], "There is alpha, beta."),
        ("xyz", [], ""),
        ("xyz", [f"name{number}" for number in range(50)], ""),
    ],
)
def test_a_misspelt_name_is_met_with_what_could_be_meant(word: str, candidates: list[str], said: str) -> None:
    assert suggest(word, candidates) == said


def test_several_close_names_are_all_offered() -> None:
    said = suggest("dpmpp", ["dpmpp_2m", "dpmpp_3m", "euler"])

    assert said in ('Did you mean "dpmpp_2m" or "dpmpp_3m"?', 'Did you mean "dpmpp_3m" or "dpmpp_2m"?')
