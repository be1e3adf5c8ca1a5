"""Jobs: submit, list, follow to the end, cancel, retry, delete."""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Literal

from aiohttp import web
from pydantic import AwareDatetime, BeforeValidator, Field, TypeAdapter, ValidationError

from weft.errors import ProblemsError
from weft.jobs.faults import JobExistsError
from weft.jobs.records import JobFilter
from weft.jobs.requests import Request
from weft.web.faults import BodyInvalidError, PreviewMissingError, RequestMalformedError
from weft.web.routing import Call, Caller, Media, Policy, Reply, route
from weft.web.waiting import wait_for_end
from weft.web.wire import (
    MOST_LISTED,
    MOST_WAIT_S,
    JobId,
    JobPage,
    JobRequest,
    JobView,
    Name,
    State,
    WorkRequest,
    job_page,
    job_view,
)
from weft.web.wire_base import JSONValue, Wire

if TYPE_CHECKING:
    from weft.jobs.records import Job

IDEMPOTENCY_HEADER = "Idempotency-Key"

_KEY = re.compile(r"[\x21-\x7e]{1,200}")
_JOB_ID: TypeAdapter[str] = TypeAdapter(JobId)
_JPEG = Media(("image/jpeg",), "The newest unfinished picture.")


def _split_states(value: object) -> object:
    return tuple(value.split(",")) if isinstance(value, str) else value


class WaitQuery(Wire):
    """How long to wait.

    Attributes:
        wait: Seconds to wait for the job to end; the answer comes at once where it is missing.
    """

    wait: float = Field(default=0, ge=0, le=MOST_WAIT_S)


class JobsQuery(Wire):
    """Which jobs to list.

    Attributes:
        state: Only jobs in this state, or in one of several, with commas between them.
        name: Only jobs of the workflow with this name or title.
        batch: Only jobs of this batch.
        created_after: Only jobs submitted at this time or later.
        created_before: Only jobs submitted before this time.
        order: Whether the newest job comes first, or the oldest.
        cursor: What the page before gave as `next`.
        limit: Jobs of this page, at most.
    """

    state: Annotated[tuple[State, ...], BeforeValidator(_split_states)] = ()
    name: Name | None = None
    batch: JobId | None = None
    created_after: AwareDatetime | None = None
    created_before: AwareDatetime | None = None
    order: Literal["newest", "oldest"] = "newest"
    cursor: str | None = Field(default=None, max_length=200)
    limit: int = Field(default=50, ge=1, le=MOST_LISTED)


class DocumentView(Wire):
    """What a job runs.

    Attributes:
        workflow: The workflow, with the job's inputs bound.
    """

    workflow: dict[str, JSONValue]


async def view_of(call: Call[object], job: Job) -> JobView:
    """Write a job, with its place in the queue."""
    places = await call.services.jobs.positions([job])
    return job_view(job, places.get(job.id))


def idempotency_key(call: Call[object]) -> str:
    """Give the key of a request that may be sent again; empty for none.

    Args:
        call: The call.

    Raises:
        RequestMalformedError: The key is too long, or holds something other than visible ASCII.
    """
    keys = call.request.headers.getall(IDEMPOTENCY_HEADER, [])
    if not keys:
        return ""
    if len(keys) > 1 or not _KEY.fullmatch(keys[0]):
        raise RequestMalformedError(
            fault=f"has a header {IDEMPOTENCY_HEADER} that cannot be one",
            hint="Use one key of 1 to 200 visible ASCII characters, such as a UUID.",
        )
    return keys[0]


def request_of(body: WorkRequest, caller: Caller, *, job_id: str = "", key: str = "") -> Request:
    """Give what is asked of the queue by the body of a request."""
    return Request(
        document=body.workflow,
        name=body.name or "",
        inputs=body.inputs,
        targets=body.outputs,
        priority=body.priority,
        id=job_id,
        idempotency_key=key,
        owner=caller.owner,
        uses_all=caller.sees_all,
    )


async def submitted(call: Call[object], request: Request, wait_s: float) -> Reply:
    """Submit a job, wait for it if that is asked for, and answer with it.

    Args:
        call: The call.
        request: What is asked for.
        wait_s: Seconds to wait for its end, at most.

    Returns:
        202 for a job that is new and has not ended, else 200.

    Raises:
        WeftError: As for `Jobs.submit`.
    """
    job, is_new = await call.services.jobs.submit(request)
    if job.owner != call.caller.owner:
        raise JobExistsError(job=job.id)
    return await answered(call, job, is_new, wait_s)


async def answered(call: Call[object], job: Job, is_new: bool, wait_s: float) -> Reply:
    """Wait for a job if that is asked for, and answer: 202 where it is new and has not ended, else 200."""
    job = await wait_for_end(call, job, wait_s)
    view = await view_of(call, job)
    status = 202 if is_new and not job.is_final else 200
    return Reply(view, status=status, headers={"Location": view.links.self})


@route(
    "POST",
    "/api/jobs",
    policy=Policy.SUBMIT,
    tag="Jobs",
    body=JobRequest,
    query=WaitQuery,
    headers=(IDEMPOTENCY_HEADER,),
    answers={202: JobView, 200: JobView},
    faults=(404, 409, 422, 429, 503, 507),
    example={"name": "text-to-image", "inputs": {"prompt": "a red circle", "seed": 8}},
)
async def submit_job(call: Call[JobRequest]) -> Reply:
    """Submit a job.

    The workflow is checked first, as a whole; with any problem nothing is submitted, and the answer lists all
    of them. A job that is acknowledged is run, whatever is restarted meanwhile.

    The same `Idempotency-Key` with the same request gives the same job again, so that a request whose answer
    was lost can simply be sent once more. With `wait`, the answer comes when the job has ended, or when the
    time is up.
    """
    request = request_of(call.body, call.caller, job_id=call.body.id or "", key=idempotency_key(call))
    return await submitted(call, request, call.query.wait)


@route(
    "PUT",
    "/api/jobs/{job_id}",
    policy=Policy.SUBMIT,
    tag="Jobs",
    body=JobRequest,
    query=WaitQuery,
    answers={202: JobView, 200: JobView},
    faults=(404, 409, 422, 429, 503, 507),
    example={"name": "text-to-image", "inputs": {"prompt": "a blue square", "seed": 3}},
)
async def put_job(call: Call[JobRequest]) -> Reply:
    """Submit a job under an id of one's own.

    The same request under the same id gives the same job, however often it is sent; another request under
    that id is refused.
    """
    job_id = call.request.match_info["job_id"]
    try:
        _JOB_ID.validate_python(job_id)
    except ValidationError:
        fault = "must be 1 to 64 letters, digits, - and _"
        raise ProblemsError([BodyInvalidError(where="id", fault=fault).problem()]) from None
    if call.body.id not in {None, job_id}:
        fault = f"is {call.body.id}, but the address says {job_id}"
        raise ProblemsError([BodyInvalidError(where="id", fault=fault).problem()])
    request = request_of(call.body, call.caller, job_id=job_id)
    return await submitted(call, request, call.query.wait)


@route("GET", "/api/jobs", policy=Policy.READ, tag="Jobs", query=JobsQuery, answers={200: JobPage})
async def list_jobs(call: Call[None]) -> Reply:
    """List jobs, newest first.

    A page says with `next` where the following one begins. Jobs that are submitted meanwhile neither repeat
    nor hide others.
    """
    query: JobsQuery = call.query
    wanted = JobFilter(
        states=frozenset(query.state),
        owner=call.caller.sees,
        name=query.name,
        batch=query.batch,
        created_after=_seconds(query.created_after),
        created_before=_seconds(query.created_before),
        is_oldest_first=query.order == "oldest",
    )
    page = await call.services.jobs.jobs(wanted, after=query.cursor, limit=query.limit)
    places = await call.services.jobs.positions(page.jobs)
    return Reply(job_page(page, places))


@route(
    "GET",
    "/api/jobs/{job_id}",
    policy=Policy.READ,
    tag="Jobs",
    query=WaitQuery,
    answers={200: JobView},
    faults=(404,),
)
async def show_job(call: Call[None]) -> Reply:
    """Show a job.

    With `wait`, the answer comes when the job has ended, or when the time is up.
    """
    job = await call.services.jobs.job(call.request.match_info["job_id"], owner=call.caller.sees)
    job = await wait_for_end(call, job, call.query.wait)
    return Reply(await view_of(call, job))


@route(
    "GET",
    "/api/jobs/{job_id}/document",
    policy=Policy.READ,
    tag="Jobs",
    answers={200: DocumentView},
    faults=(404,),
)
async def show_document(call: Call[None]) -> Reply:
    """Show what a job runs: the workflow with the job's inputs bound, and the workflows it uses."""
    job_id = call.request.match_info["job_id"]
    document = await call.services.jobs.document(job_id, owner=call.caller.sees)
    return Reply(DocumentView(workflow=document))


@route(
    "GET",
    "/api/jobs/{job_id}/preview",
    policy=Policy.READ,
    tag="Jobs",
    answers={200: _JPEG},
    faults=(404,),
)
async def show_preview(call: Call[None]) -> web.Response:
    """Show the newest unfinished picture of a job that runs."""
    job = await call.services.jobs.job(call.request.match_info["job_id"], owner=call.caller.sees)
    found = call.services.events.latest_preview(job.id)
    if found is None:
        raise PreviewMissingError(job=job.id)
    return web.Response(body=found.binary, content_type="image/jpeg")


@route(
    "POST",
    "/api/jobs/{job_id}/cancel",
    policy=Policy.SUBMIT,
    tag="Jobs",
    answers={200: JobView},
    faults=(404, 507),
)
async def cancel_job(call: Call[None]) -> Reply:
    """Stop a job.

    One that waits is cancelled at once. One that runs stops within a sampling step; until then it is
    `cancelling`. One that has ended stays as it is.
    """
    job_id = call.request.match_info["job_id"]
    return Reply(await view_of(call, await call.services.jobs.cancel(job_id, owner=call.caller.sees)))


@route(
    "POST",
    "/api/jobs/{job_id}/first",
    policy=Policy.SUBMIT,
    tag="Jobs",
    answers={200: JobView},
    faults=(404, 507),
)
async def put_job_first(call: Call[None]) -> Reply:
    """Run a job that waits before all others.

    It gets a higher priority than every other one that waits, up to 100. One that runs or has ended stays as
    it is.
    """
    job_id = call.request.match_info["job_id"]
    return Reply(await view_of(call, await call.services.jobs.put_first(job_id, owner=call.caller.sees)))


@route(
    "POST",
    "/api/jobs/{job_id}/retry",
    policy=Policy.SUBMIT,
    tag="Jobs",
    query=WaitQuery,
    headers=(IDEMPOTENCY_HEADER,),
    answers={202: JobView, 200: JobView},
    faults=(404, 409, 422, 429, 503, 507),
)
async def retry_job(call: Call[None]) -> Reply:
    """Run a job that has ended again, as a new job; what was kept of the first is not computed again."""
    job_id, key = call.request.match_info["job_id"], idempotency_key(call)
    made = await call.services.jobs.retry(job_id, owner=call.caller.sees, idempotency_key=key)
    return await answered(call, *made, call.query.wait)


@route(
    "DELETE",
    "/api/jobs/{job_id}",
    policy=Policy.SUBMIT,
    tag="Jobs",
    answers={204: None},
    faults=(404, 409, 507),
)
async def delete_job(call: Call[None]) -> Reply:
    """Delete a job that has ended from the history, and the files that nothing else refers to."""
    job_id = call.request.match_info["job_id"]
    await call.services.jobs.delete(job_id, owner=call.caller.sees)
    return Reply(status=204)


def _seconds(moment: datetime | None) -> float | None:
    return None if moment is None else moment.timestamp()
