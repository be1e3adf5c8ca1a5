"""The messages of checks and plans: what is wrong with a workflow, and what a run of it would do."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import ConfigDict, Field, model_validator

from weft.web.problems import ProblemEntry
from weft.web.wire import Name
from weft.web.wire_base import JSONValue, Wire


class CheckRequest(Wire):
    """A workflow, or the name of a saved one, and values for its inputs.

    Attributes:
        workflow: The workflow itself. Either this or `name` is needed.
        name: Name of a saved workflow; with `workflow`, what it is called.
        inputs: Values for the workflow's inputs, by name.
        outputs: The wanted outputs, or nodes by their names; all outputs where it is missing.
    """

    model_config = ConfigDict(
        json_schema_extra={"anyOf": [{"required": ["workflow"]}, {"required": ["name"]}]}
    )

    workflow: dict[str, JSONValue] | None = None
    name: Name | None = None
    inputs: dict[str, JSONValue] = Field(default_factory=dict)
    outputs: tuple[Name, ...] | None = Field(default=None, min_length=1)

    @model_validator(mode="after")
    def _has_a_workflow(self) -> Self:
        if self.workflow is None and self.name is None:
            fault = "either workflow or name is needed"
            raise ValueError(fault)
        return self


class SignatureInputView(Wire):
    """An input of a workflow.

    Attributes:
        name: Its name.
        type: Type of the values it takes.
        widget: How a value is entered: an object with the widget's `kind`; null where none can be.
        required: Whether the workflow does not run without it.
        doc: Its help.
        title: What a form calls it.
        default: The value where none is given; absent where there is none.
    """

    name: str
    type: str
    widget: dict[str, JSONValue] | None
    required: bool
    doc: str
    title: str
    default: JSONValue = None


class SignatureOutputView(Wire):
    """An output of a workflow.

    Attributes:
        name: Its name.
        type: What it gives.
        doc: Its help.
        title: What a form calls it.
    """

    name: str
    type: str
    doc: str
    title: str


class SignatureView(Wire):
    """What a workflow takes and gives.

    Attributes:
        inputs: Its inputs, in the order of the document.
        outputs: Its outputs, in the order of the document.
    """

    inputs: tuple[SignatureInputView, ...]
    outputs: tuple[SignatureOutputView, ...]


class CheckView(Wire):
    """What a check found.

    Attributes:
        ok: Whether the workflow can run.
        problems: Every problem, warnings too, in the order of the document.
        signature: Its inputs and outputs; null where they lead nowhere.
    """

    ok: bool
    problems: tuple[ProblemEntry, ...]
    signature: SignatureView | None


class ReasonView(Wire):
    """Why a node would run or not.

    Attributes:
        code: Stable name of the reason, such as `first-run`, `input-changed` or `hit-disk`.
        text: The reason in words.
        inputs: The inputs that changed, where that is the reason.
    """

    code: str
    text: str
    inputs: tuple[str, ...] = ()


class StepView(Wire):
    """What a run would do with one node.

    Attributes:
        node: Id of the node.
        action: `hit` where its result would be reused, `run`, or `unknown` where only a run can tell.
        reason: Why.
        seconds_last: How long it took when it last ran; null where that is not known.
        held_bytes_last: Bytes of the tensors that its results held then; null where that is not known.
    """

    node: str
    action: Literal["hit", "run", "unknown"]
    reason: ReasonView
    seconds_last: float | None
    held_bytes_last: int | None


class PlanView(Wire):
    """What a run would do.

    Attributes:
        steps: The needed nodes, in an order in which they can run.
        seconds: How long those that would run took when they last ran, as far as that is known.
        held_bytes: What the results of those held in memory then, as far as that is known.
    """

    steps: tuple[StepView, ...]
    seconds: float
    held_bytes: int
