"""Saved workflows as functions: called by name with their own inputs; answered now, later, or as it goes."""

from __future__ import annotations

from aiohttp import hdrs, web
from pydantic import RootModel

from weft.jobs.faults import JobExistsError
from weft.jobs.records import Job
from weft.jobs.requests import Request
from weft.web.job_routes import IDEMPOTENCY_HEADER, WaitQuery, idempotency_key, submitted
from weft.web.routing import Call, Media, Policy, Reply, route
from weft.web.stream import EVENT_STREAM, StreamedEvent, send_sse
from weft.web.wire import JobView, job_view
from weft.web.wire_base import JSONValue

_EVENTS = Media(
    (EVENT_STREAM,), f"With `Accept: {EVENT_STREAM}`, the job's events until its end.", fields=StreamedEvent
)


class FunctionInputs(RootModel[dict[str, JSONValue]]):
    """Values for the workflow's inputs, by name; what is missing keeps the value that is saved."""


@route(
    "POST",
    "/api/workflows/{name}/run",
    policy=Policy.SUBMIT,
    tag="Workflows",
    body=FunctionInputs,
    query=WaitQuery,
    headers=(IDEMPOTENCY_HEADER,),
    answers={200: (JobView, _EVENTS), 202: JobView},
    faults=(404, 409, 429, 503, 507),
    example={"prompt": "a red circle", "seed": 7},
)
async def run_workflow(call: Call[FunctionInputs]) -> Reply | web.StreamResponse:
    """Call a saved workflow as a function.

    The body is one flat object of the workflow's own inputs; each saved workflow is described as an operation
    of its own, with their types. Inputs that it does not have, and values that do not fit, are refused before
    anything runs, all of them at once.

    There are three ways to have the answer: with `wait`, the job with its `outputs` once it has ended (200);
    without, the job as it is queued (202); and with `Accept: text/event-stream` everything that happens to
    it, the last event being the one that says how it ended, outputs included.
    """
    request = Request(
        name=call.request.match_info["name"],
        inputs=call.body.root,
        idempotency_key=idempotency_key(call),
        owner=call.caller.owner,
        uses_all=call.caller.sees_all,
    )
    if not _wants_events(call.request):
        return await submitted(call, request, call.query.wait)
    job, _ = await call.services.jobs.submit(request)
    if job.owner != call.caller.owner:
        raise JobExistsError(job=job.id)
    return await _followed(call, job)


async def _followed(call: Call[FunctionInputs], job: Job) -> Reply | web.StreamResponse:
    # From the very first event, since some may have happened while the job was being written down.
    with call.services.events.subscribe(after=0, owner=call.caller.sees, job=job.id) as subscription:
        first = await subscription.next_batch(0) if job.is_final else None
        if job.is_final and (first is None or not first.events):
            # A job of long ago, whose events are no longer kept; the job itself says how it ended.
            return Reply(job_view(job))
        return await send_sse(call.request, subscription, first=first, ends=True)


def _wants_events(request: web.Request) -> bool:
    return EVENT_STREAM in request.headers.get(hdrs.ACCEPT, "").lower()
