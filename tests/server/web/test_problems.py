"""Problem documents: a status for every error, chosen on purpose, and the words of the command line."""

import importlib
from collections.abc import Iterator
from pathlib import Path

import pytest
import weft
from weft.errors import NodeFailedError, Problem, ProblemsError, WeftError
from weft.graph_errors import WorkflowUnknownError
from weft.web.problems import RETRY_AFTER_S, STATUS, document_of, problem_response, status_of

ROOMS = ("jobs", "web", "workers")

# Nobody waits for an answer when these are raised: at the start, between processes, and of a job that ended.
NEVER_ANSWERED = {
    "address-unusable",
    "catalog-unreadable",
    "channel-broken",
    "migration-needs-worker",
    "token-name",
    "tokens-unreadable",
    "worker-died",
    "worker-fault",
}


def _below(cls: type[WeftError]) -> Iterator[type[WeftError]]:
    for child in cls.__subclasses__():
        yield child
        yield from _below(child)


def test_every_error_of_the_server_has_a_status_that_was_chosen() -> None:
    root = Path(weft.__path__[0])
    for room in ROOMS:
        for path in (root / room).rglob("*.py"):
            if "Error(" in path.read_text():
                importlib.import_module(".".join(("weft", *path.relative_to(root).with_suffix("").parts)))
    own = [cls for cls in _below(WeftError) if cls.__module__.split(".")[:2][-1] in ROOMS]

    undecided = {cls.code for cls in own if not any(getattr(k, "code", "") in STATUS for k in cls.__mro__)}

    assert undecided <= NEVER_ANSWERED


def test_a_fault_of_the_request_as_a_whole_keeps_its_status_among_problems() -> None:
    unknown = WorkflowUnknownError(name="drew", known=["draw"])

    assert status_of(unknown) == status_of(ProblemsError([unknown.problem()])) == 404


def test_a_fault_of_a_node_is_one_of_what_was_sent() -> None:
    unknown = WorkflowUnknownError(name="drew", known=["draw"])

    assert status_of(ProblemsError([unknown.problem(node="n")])) == 422


def test_one_problem_is_told_as_itself_and_several_as_a_list() -> None:
    one, two = Problem("a-b", "A.", "Do a."), Problem("c", "C.", "Do c.")

    single, several = document_of(ProblemsError([one])), document_of(ProblemsError([one, two]))

    assert (single.code, single.title, single.detail, single.hint) == ("a-b", "A b", "A.", "Do a.")
    assert (several.code, several.detail) == ("problems", "There are 2 problems.")
    assert [problem.code for problem in several.problems] == ["a-b", "c"]


def test_a_traceback_stays_inside() -> None:
    error = NodeFailedError(type="x", cause=ValueError("broken"), traceback="File /secret.py")

    assert "secret" not in document_of(error).model_dump_json()


def test_an_error_that_nobody_foresaw_is_the_servers_own() -> None:
    assert status_of(WeftError("Odd.", hint="")) == 500


@pytest.mark.parametrize("status", RETRY_AFTER_S)
def test_whoever_comes_too_early_is_told_when_to_come_again(status: int) -> None:
    code = next(code for code, known in STATUS.items() if known == status)
    kind = type("TooEarlyError", (WeftError,), {"code": code})

    assert problem_response(kind("Later.", hint="")).headers["Retry-After"] == RETRY_AFTER_S[status]
