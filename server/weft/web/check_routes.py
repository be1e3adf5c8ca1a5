"""What is wrong with a workflow, and what a run of it would do, without running anything."""

from __future__ import annotations

from weft.jobs.requests import Request
from weft.web.check_wire import CheckRequest, CheckView, PlanView, SignatureView
from weft.web.problems import problem_entry
from weft.web.routing import Call, Policy, Reply, route

TAG = "Checks"


@route(
    "POST",
    "/api/check",
    policy=Policy.SUBMIT,
    tag=TAG,
    body=CheckRequest,
    answers={200: CheckView},
    faults=(404, 422, 503),
    example={"name": "text-to-image", "inputs": {"prompt": "a red circle", "steps": 0}},
)
async def check_workflow(call: Call[CheckRequest]) -> Reply:
    """Check a workflow and the values for its inputs.

    The answer is 200 also where there are problems: they are what was asked for. It lists every problem at
    once, each with its node, input, code, one sentence of fact and one of help. 422 is left for what is no
    workflow at all.
    """
    found = await call.services.jobs.check(_request(call))
    told = (
        None
        if found.signature is None
        else SignatureView.model_validate(found.signature.to_json(), strict=False)
    )
    problems = tuple(problem_entry(problem) for problem in found.problems)
    return Reply(CheckView(ok=found.can_run, problems=problems, signature=told))


@route(
    "POST",
    "/api/plan",
    policy=Policy.SUBMIT,
    tag=TAG,
    body=CheckRequest,
    answers={200: PlanView},
    faults=(404, 422, 503),
    example={"name": "text-to-image", "inputs": {"prompt": "a red circle", "seed": 7}},
)
async def plan_workflow(call: Call[CheckRequest]) -> Reply:
    """Say what a run of a workflow would do, node by node, and why.

    A node whose result is kept would not run again. `seconds` and `held_bytes` are what the rest took the
    last time. A workflow that names model files which are not there has no plan; its problems name them in
    their details, as `missing_models`.
    """
    plan = await call.services.jobs.plan(_request(call))
    return Reply(PlanView.model_validate(plan, strict=False))


def _request(call: Call[CheckRequest]) -> Request:
    return Request(
        document=call.body.workflow,
        name=call.body.name or "",
        inputs=call.body.inputs,
        targets=call.body.outputs,
        owner=call.caller.owner,
        uses_all=call.caller.sees_all,
    )
