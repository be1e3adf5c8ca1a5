"""The messages of checks and plans: what is wrong with a workflow, and what a run of it would do."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import ConfigDict, Field, model_validator

from weft.web.problems import ProblemEntry
from weft.web.wire_base import JSONValue, Wire


class CheckRequest(Wire):
    """A workflow, or the name of a saved one, and values for its inputs.

    Attributes:
        workflow: The workflow document; give this or `name`.
        name: Name of a saved workflow; give this or `workflow`.
        inputs: Values by name of the workflow's input.
    """

    model_config = ConfigDict(
        json_schema_extra={"oneOf": [{"required": ["workflow"]}, {"required": ["name"]}]}
    )

    workflow: dict[str, JSONValue] | None = None
    name: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    inputs: dict[str, JSONValue] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        if (self.workflow is None) == (self.name is None):
            raise ValueError("either `workflow` or `name` must be given")
        return self


class PlanRequest(CheckRequest):
    """A workflow, or the name of a saved one, values for its inputs, and what is wanted of it.

    Attributes:
        outputs: The wanted outputs or nodes; all outputs where it is absent.
    """

    outputs: Annotated[tuple[str, ...], Field(max_length=1000)] | None = None


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
    """

    node: str
    action: Literal["hit", "run", "unknown"]
    reason: ReasonView
    seconds_last: float | None


class PlanView(Wire):
    """What a run would do.

    Attributes:
        steps: The needed nodes, in an order in which they can run.
        seconds: How long those that would run took when they last ran, as far as that is known.
    """

    steps: tuple[StepView, ...]
    seconds: float
