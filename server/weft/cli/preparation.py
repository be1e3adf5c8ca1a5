"""From what was typed to a graph that can run: packs, inputs, check, every problem at once."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from weft.cli.arguments import Options
from weft.cli.inputs import read_inputs
from weft.cli.session import Session, broken_packs
from weft.cli.sources import Source
from weft.cli.taking_over import differences
from weft.errors import Problem, ProblemsError
from weft.graph.check import check
from weft.graph.document import Document
from weft.graph.signature import Signature, bind, signature
from weft.graph.workflows import carry
from weft.graph_errors import OutputUnknownError

if TYPE_CHECKING:
    from weft.graph.structure import Graph
    from weft.plugins import Loaded


@dataclass(frozen=True, slots=True)
class Prepared:
    """A workflow that can run.

    Attributes:
        document: The document as run: the given values in it, and every saved workflow that it uses.
        graph: The graph that the engine takes.
        signature: The inputs and outputs of the workflow.
        loaded: The packs.
        warnings: What does not prevent the run.
    """

    document: Document
    graph: "Graph"
    signature: Signature
    loaded: "Loaded"
    warnings: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class Findings:
    """What is known of a workflow, whether it can run or not.

    Attributes:
        document: The workflow with the given values in it.
        loaded: The packs.
        graph: The graph; None where an error prevents it.
        signature: Its inputs and outputs; None where they lead nowhere.
        problems: Every problem, errors and warnings.
    """

    document: Document
    loaded: "Loaded"
    graph: "Graph | None"
    signature: Signature | None
    problems: tuple[Problem, ...]


def examine(source: Source, options: Options, session: Session) -> Findings:
    """Find everything that is wrong with a workflow and the values given to it.

    Args:
        source: The workflow.
        options: What was typed.
        session: The session.

    Returns:
        All that is known of it.
    """
    loaded = session.load_packs()
    problems: list[Problem] = []
    document, found = source.document, None
    try:
        found = signature(document, loaded.registry, session.workflows)
        values, problems = read_inputs(options.given, found, workflow=source.name)
        document = bind(document, values)
        problems.extend(_unknown_outputs(options.only, source))
    except ProblemsError as error:
        problems.extend(error.problems)
    report = check(document, loaded.registry, session.workflows)
    problems.extend(differences(source.conversion) if source.conversion else ())
    problems.extend(problem for problem in report.problems if problem not in problems)
    problems.extend(_blamed(broken_packs(loaded), problems))
    return Findings(document, loaded, report.graph, found, tuple(problems))


def prepare(source: Source, options: Options, session: Session) -> Prepared:
    """Make a workflow ready to run.

    Args:
        source: The workflow.
        options: What was typed.
        session: The session.

    Returns:
        The workflow, ready.

    Raises:
        ProblemsError: It cannot run; holds every problem.
    """
    found = examine(source, options, session)
    if found.graph is None or found.signature is None or any(p.severity == "error" for p in found.problems):
        raise ProblemsError(found.problems)
    document = carry(found.document, session.workflows)
    return Prepared(document, found.graph, found.signature, found.loaded, found.problems)


def _unknown_outputs(only: Iterable[str], source: Source) -> list[Problem]:
    known = source.document.outputs
    return [
        OutputUnknownError(name=name, owner=source.name, known=known).problem()
        for name in only
        if name not in known
    ]


def _blamed(broken: Iterable[Problem], problems: Iterable[Problem]) -> list[Problem]:
    """Call a broken pack an error where the workflow asks for its nodes; name any other in one line."""
    missing = [problem.message for problem in problems if problem.code == "node-type-unknown"]
    return [
        replace(pack, severity="error")
        if any(f'"{pack.details["pack"]}:' in text for text in missing)
        else replace(pack, message=pack.message.partition("\n")[0], hint="")
        for pack in broken
    ]
