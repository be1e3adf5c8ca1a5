"""Batches: one workflow with many sets of inputs, submitted as one."""

from __future__ import annotations

from weft.web.job_routes import IDEMPOTENCY_HEADER, idempotency_key, request_of
from weft.web.routing import Call, Policy, Reply, route
from weft.web.wire import BatchRequest, BatchState, batch_state


@route(
    "POST",
    "/api/batches",
    policy=Policy.SUBMIT,
    tag="Batches",
    body=BatchRequest,
    headers=(IDEMPOTENCY_HEADER,),
    answers={202: BatchState, 200: BatchState},
    faults=(404, 409, 422, 429, 503, 507),
    example={
        "name": "text-to-image",
        "inputs": {"prompt": "a red circle"},
        "vary": {"seed": [1, 2, 3]},
    },
)
async def submit_batch(call: Call[BatchRequest]) -> Reply:
    """Submit a workflow with many sets of inputs.

    Each set becomes a job. Either all of them are submitted or none: where one has a problem, the answer
    lists the problems of all. 200 where the `Idempotency-Key` stands for a batch that is there already.
    """
    request = request_of(call.body, call.caller, key=idempotency_key(call))
    jobs, is_new = await call.services.jobs.submit_batch(request, call.body.vary, call.body.combine)
    batch = await call.services.jobs.batch(jobs[0].batch)
    view = batch_state(batch)
    return Reply(view, status=202 if is_new else 200, headers={"Location": view.links.self})


@route(
    "GET",
    "/api/batches/{batch_id}",
    policy=Policy.READ,
    tag="Batches",
    answers={200: BatchState},
    faults=(404,),
)
async def show_batch(call: Call[None]) -> Reply:
    """Show how far a batch is.

    Its `links.jobs` lists its jobs.
    """
    batch_id = call.request.match_info["batch_id"]
    return Reply(batch_state(await call.services.jobs.batch(batch_id, owner=call.caller.sees)))


@route(
    "POST",
    "/api/batches/{batch_id}/cancel",
    policy=Policy.SUBMIT,
    tag="Batches",
    answers={200: BatchState},
    faults=(404, 507),
)
async def cancel_batch(call: Call[None]) -> Reply:
    """Stop all jobs of a batch that have not ended."""
    batch_id = call.request.match_info["batch_id"]
    return Reply(batch_state(await call.services.jobs.cancel_batch(batch_id, owner=call.caller.sees)))
