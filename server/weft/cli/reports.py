"""The answers of `--json`: one model per command, so that a script can rely on their shape."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, ConfigDict

from weft.errors import JSON

if TYPE_CHECKING:
    from weft.errors import Problem


class BaseAnswer(BaseModel):
    """What all answers share."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    def to_text(self) -> str:
        """Write the answer as one JSON object.

        Returns:
            Indented JSON; keys in the order of the model.
        """
        return self.model_dump_json(indent=2)


class ProblemReport(BaseAnswer):
    """One problem: where it is, what it is, and what helps.

    Attributes:
        code: Stable name of the kind of problem.
        message: One sentence of fact.
        hint: One sentence of help.
        node: The node it is about, if any.
        input: The input of that node, or of the workflow, if any.
        severity: Whether it stops a run.
        details: Further facts, by name.
    """

    code: str
    message: str
    hint: str
    node: str | None = None
    input: str | None = None
    severity: Literal["error", "warning"] = "error"
    details: dict[str, JSON] = {}


class ReasonReport(BaseAnswer):
    """Why a node ran or was reused.

    Attributes:
        code: Stable name of the reason.
        text: The reason in words.
        inputs: The inputs that changed, where that is the reason.
    """

    code: str
    text: str
    inputs: tuple[str, ...] = ()


class NodeReport(BaseAnswer):
    """What became of one node of a run.

    Attributes:
        state: hit (reused or, where the reason is not-needed, left alone), ran, failed, skipped or cancelled.
        reason: Why; None for a node that was never reached.
        seconds: How long it took; of a mapped node, from the start of its first item to the end of its last.
        held_bytes: Bytes of the tensors that its results keep alive, also where they were reused.
        peak_bytes: The most memory that the device had in use while it worked; None where it cannot tell.
        problem: What went wrong in it.
    """

    state: str
    reason: ReasonReport | None = None
    seconds: float = 0.0
    held_bytes: int = 0
    peak_bytes: int | None = None
    problem: ProblemReport | None = None


class OutputReport(BaseAnswer):
    """One output of a run.

    Attributes:
        type: Its type, such as `image` or `list[float]`.
        paths: The files it was saved to; empty where it is a value.
        value: The value itself, where it is not a picture.
    """

    type: str
    paths: tuple[str, ...] = ()
    value: JSON = None


class RunReport(BaseAnswer):
    """What `weft run --json` answers.

    Attributes:
        state: succeeded, failed or cancelled; refused when the run never started.
        workflow: The workflow's name.
        outputs: What the run made, by the names of the workflow's outputs.
        nodes: What became of each node.
        problems: Everything that went wrong.
        seconds: How long the run took, without the start of the program.
    """

    state: Literal["succeeded", "failed", "cancelled", "refused"]
    workflow: str
    outputs: dict[str, OutputReport] = {}
    nodes: dict[str, NodeReport] = {}
    problems: tuple[ProblemReport, ...] = ()
    seconds: float = 0.0


class CheckReport(BaseAnswer):
    """What `weft check --json` answers.

    Attributes:
        ok: Whether the workflow can run.
        workflow: The workflow's name.
        problems: Every problem, warnings included.
    """

    ok: bool
    workflow: str
    problems: tuple[ProblemReport, ...] = ()


class PlannedReport(BaseAnswer):
    """What a run would do with one node.

    Attributes:
        node: The node.
        action: hit (reuse), run, or unknown where that depends on what an earlier node gives.
        reason: Why.
        seconds_last: How long it took the last time, if it ever ran.
        held_bytes_last: Bytes of the tensors that its results held then; None where that is not known.
    """

    node: str
    action: str
    reason: ReasonReport
    seconds_last: float | None = None
    held_bytes_last: int | None = None


class PlanReport(BaseAnswer):
    """What `weft plan --json` answers.

    Attributes:
        workflow: The workflow's name.
        steps: The nodes in the order in which they would be reached.
        seconds: How long those that would run took when they last ran, as far as that is known.
        held_bytes: What the results of those held in memory then, as far as that is known.
        problems: Why there is no plan, where there is none.
    """

    workflow: str
    steps: tuple[PlannedReport, ...] = ()
    seconds: float = 0.0
    held_bytes: int = 0
    problems: tuple[ProblemReport, ...] = ()


class PackAnswer(BaseAnswer):
    """One pack of nodes and whether it was loaded."""

    name: str
    path: str
    ok: bool
    nodes: int
    error: ProblemReport | None = None


class NodesReport(BaseAnswer):
    """What `weft nodes --json` answers: the schemas of the nodes, and the packs they come from."""

    nodes: tuple[JSON, ...]
    packs: tuple[PackAnswer, ...] = ()


class WorkflowAnswer(BaseAnswer):
    """One workflow that has a name.

    Attributes:
        name: What `weft run` takes.
        title: What it makes.
        inputs: Its inputs and the values they have in the file.
        outputs: The names of its outputs.
    """

    name: str
    title: str
    inputs: dict[str, JSON] = {}
    outputs: tuple[str, ...] = ()


class WorkflowsReport(BaseAnswer):
    """What `weft workflows --json` answers."""

    workflows: tuple[WorkflowAnswer, ...]
    problems: tuple[ProblemReport, ...] = ()


class TakenReport(BaseAnswer):
    """What became of a node of another program.

    Attributes:
        node: Its id there.
        type: Its type there.
        state: `same`, `different` or `unknown`.
        made: The nodes that stand for it.
        notes: Sentences that say what is different.
    """

    node: str
    type: str
    state: str
    made: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


class ImportReport(BaseAnswer):
    """What `weft workflows import --json` answers.

    Attributes:
        workflow: Name of the workflow that was saved.
        path: Its file.
        nodes: What became of each node.
    """

    workflow: str
    path: str
    nodes: tuple[TakenReport, ...] = ()


class RefusalReport(BaseAnswer):
    """What any other command answers with `--json` when it cannot do its work."""

    problems: tuple[ProblemReport, ...]


class ServeReport(BaseAnswer):
    """The answer of `weft serve`, given once it answers.

    Attributes:
        url: Where it answers, without a slash at the end.
        page: The address to open in a browser.
        token: The first token, where one was just made; it is not shown again.
    """

    url: str
    page: str
    token: str | None = None


class TokenReport(BaseAnswer):
    """One token.

    Attributes:
        name: Its name; the owner of what is made with it.
        scope: How far it reaches.
        token: The token itself, in the answer that made it alone.
    """

    name: str
    scope: str
    token: str | None = None


class TokensReport(BaseAnswer):
    """The answer of `weft token list`.

    Attributes:
        tokens: The tokens, oldest first.
    """

    tokens: tuple[TokenReport, ...] = ()


def refusal(arguments: Sequence[str], problems: Sequence["Problem"]) -> BaseAnswer:
    """Answer that a command could not begin.

    Args:
        arguments: What was typed after `weft`.
        problems: Why.

    Returns:
        The answer in the shape that the command always has, where it has room for problems.
    """
    command = arguments[0]
    subject = next((word for word in arguments[1:] if not word.startswith("--")), "")
    listed = tuple(report_problem(problem) for problem in problems)
    if command == "run":
        return RunReport(state="refused", workflow=subject, problems=listed)
    if command == "check":
        return CheckReport(ok=False, workflow=subject, problems=listed)
    if command == "plan":
        return PlanReport(workflow=subject, problems=listed)
    return RefusalReport(problems=listed)


def report_problem(problem: "Problem") -> ProblemReport:
    """Turn a problem into its place in an answer.

    Args:
        problem: The problem.

    Returns:
        The same facts, as JSON carries them.
    """
    return ProblemReport(
        code=problem.code,
        message=problem.message,
        hint=problem.hint,
        node=problem.node,
        input=problem.input,
        severity=problem.severity,
        details=dict(problem.details),
    )
