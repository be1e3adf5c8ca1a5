"""Jobs, batches and the queue as the API writes them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Literal, Self
from urllib.parse import quote

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from weft.web.problems import ProblemEntry
from weft.web.wire_base import JSONValue, Wire

if TYPE_CHECKING:
    from weft.jobs.records import BatchView, Job, Output, Page

MOST_WAIT_S = 300
"""A client may wait for a job so many seconds in one request."""

MOST_LISTED = 200
"""Jobs of one page, at most."""

JobId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
"""Id of a job: 1 to 64 letters, digits, `-` and `_`."""

State = Literal["queued", "running", "succeeded", "failed", "cancelled"]
"""Where a job is; the last three are final."""


def _without_controls(name: str) -> str:
    if not name.isprintable():
        fault = "holds a character that cannot be shown"
        raise ValueError(fault)
    return name


Name = Annotated[str, StringConstraints(min_length=1, max_length=200), AfterValidator(_without_controls)]
"""A name that people see."""


class WorkRequest(Wire):
    """A workflow to run, however often.

    Attributes:
        workflow: The workflow itself. Either this or `name` is needed.
        name: Name of a saved workflow; with `workflow`, what the job is called.
        inputs: Values for the workflow's inputs, by name.
        outputs: The wanted outputs, or nodes by their names; all outputs where it is missing.
        priority: Jobs of a higher priority run first.
    """

    workflow: dict[str, JSONValue] | None = None
    name: Name | None = None
    inputs: dict[str, JSONValue] = Field(default_factory=dict)
    outputs: tuple[Name, ...] | None = Field(default=None, min_length=1)
    priority: int = Field(default=0, ge=-100, le=100)

    @model_validator(mode="after")
    def _has_a_workflow(self) -> Self:
        if self.workflow is None and self.name is None:
            fault = "either workflow or name is needed"
            raise ValueError(fault)
        return self


class JobRequest(WorkRequest):
    """A workflow to run.

    Attributes:
        id: Id of the job, chosen by the client; the same request under the same id is the same job.
    """

    id: JobId | None = None


class BatchRequest(WorkRequest):
    """A workflow to run with many sets of inputs.

    Attributes:
        vary: The values that inputs take in turn, by name.
        combine: `zip` runs the first values together, then the second, and so on; `product` runs each value
            with each of the others.
    """

    vary: dict[str, Annotated[list[JSONValue], Field(min_length=1)]] = Field(min_length=1)
    combine: Literal["zip", "product"] = "zip"

    @model_validator(mode="after")
    def _gives_each_input_once(self) -> Self:
        both = ", ".join(sorted(self.vary.keys() & self.inputs.keys()))
        if both:
            fault = f"inputs and vary both give {both}; give it in one of them"
            raise ValueError(fault)
        return self


class AssetLink(Wire):
    """A file that a job made.

    Attributes:
        digest: SHA-256 of its content.
        url: Where it is fetched from.
        media_type: Such as `image/png`.
        size: Bytes.
        width: Pixels; 0 where it is no picture.
        height: Pixels; 0 where it is no picture.
        thumbnail_url: Where a small copy is fetched from; null where it is no picture.
    """

    digest: str
    url: str
    media_type: str
    size: int
    width: int
    height: int
    thumbnail_url: str | None


class OutputView(Wire):
    """One thing that a job made.

    Attributes:
        output: Name of the workflow's output.
        index: Place in a list, from 0.
        type: Type of the value, such as `image`.
        value: The value; null where there is a file, or where JSON cannot hold it.
        asset: The file; null for a value.
    """

    output: str
    index: int
    type: str
    value: JSONValue = None
    asset: AssetLink | None = None


class JobLinks(Wire):
    """Where to go on from a job.

    Attributes:
        self: The job.
        events: What happens to it, as a stream.
        preview: Its newest unfinished picture.
        cancel: Stops it.
        retry: Runs it again, as a new job.
        workflow: What it runs.
    """

    self: str  # type: ignore[assignment,unused-ignore]
    events: str
    preview: str
    cancel: str
    retry: str
    workflow: str


class JobView(Wire):
    """A job.

    Attributes:
        id: Its id.
        number: Counts all jobs in the order in which they were submitted.
        state: Where it is; the last three states are final.
        name: Name or title of its workflow.
        owner: Whom it belongs to.
        priority: Jobs of a higher priority run first.
        inputs: The inputs as they were given.
        attempt: How often it was given to a worker.
        cancelling: Whether it was asked to stop and has not stopped yet.
        created_at: When it was submitted.
        started_at: When its latest run began.
        finished_at: When it ended.
        seconds: How long its last run took.
        counts: How many nodes ended in each state, such as `hit` and `ran`.
        problems: What went wrong, warnings too.
        outputs: What it made.
        batch: Id of its batch.
        retry_of: Id of the job that it repeats.
        position: Its place in the queue, from 1; null when it does not wait.
        links: Where to go on.
    """

    id: str
    number: int
    state: State
    name: str
    owner: str
    priority: int
    inputs: dict[str, JSONValue]
    attempt: int
    cancelling: bool
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    seconds: float | None
    counts: dict[str, int]
    problems: tuple[ProblemEntry, ...]
    outputs: tuple[OutputView, ...]
    batch: str | None
    retry_of: str | None
    position: int | None
    links: JobLinks


class JobPage(Wire):
    """A part of a list of jobs.

    Attributes:
        jobs: The jobs.
        next: What to send as `cursor` for the part after it; null at the end.
        total: How many jobs the whole list has.
    """

    jobs: tuple[JobView, ...]
    next: str | None
    total: int


class StateCounts(Wire):
    """How many jobs are in each state.

    Attributes:
        queued: Those that wait.
        running: Those that run.
        succeeded: Those that made what they should.
        failed: Those that could not.
        cancelled: Those that were stopped.
    """

    queued: int = 0
    running: int = 0
    succeeded: int = 0
    failed: int = 0
    cancelled: int = 0


class BatchLinks(Wire):
    """Where to go on from a batch.

    Attributes:
        self: The batch.
        jobs: Its jobs.
        cancel: Stops those that have not ended.
    """

    self: str  # type: ignore[assignment,unused-ignore]
    jobs: str
    cancel: str


class BatchState(Wire):
    """Jobs that were submitted together.

    Attributes:
        id: Its id.
        name: Name or title of the workflow.
        created_at: When it was submitted.
        finished: Whether nothing will happen to any of its jobs any more.
        counts: How many of its jobs are in each state.
        links: Where to go on.
    """

    id: str
    name: str
    created_at: datetime
    finished: bool
    counts: StateCounts
    links: BatchLinks


class QueueView(Wire):
    """The queue.

    Attributes:
        paused: Whether no job is begun.
        counts: How many jobs are in each state.
    """

    paused: bool
    counts: StateCounts


def job_view(job: Job, place: int | None = None) -> JobView:
    """Write a job.

    Args:
        job: The job.
        place: How many jobs run before it; None where it does not wait.
    """
    own = f"/api/jobs/{quote(job.id, safe='')}"
    return JobView(
        id=job.id,
        number=job.number,
        state=job.state,
        name=job.name,
        owner=job.owner,
        priority=job.priority,
        inputs=dict(job.inputs),
        attempt=job.attempt,
        cancelling=job.is_cancelling and not job.is_final,
        created_at=_when(job.created_at),
        started_at=None if job.started_at is None else _when(job.started_at),
        finished_at=None if job.finished_at is None else _when(job.finished_at),
        seconds=job.seconds,
        counts=dict(job.counts),
        problems=tuple(_problem(entry) for entry in job.problems),
        outputs=tuple(_output(output) for output in job.outputs),
        batch=job.batch or None,
        retry_of=job.retry_of or None,
        position=None if place is None else place + 1,
        links=JobLinks(
            self=own,
            events=f"{own}/events",
            preview=f"{own}/preview",
            cancel=f"{own}/cancel",
            retry=f"{own}/retry",
            workflow=f"{own}/document",
        ),
    )


def job_page(page: Page, places: Mapping[str, int]) -> JobPage:
    """Write a page of jobs; `places` says by id how many jobs run before each that waits."""
    views = tuple(job_view(job, places.get(job.id)) for job in page.jobs)
    return JobPage(jobs=views, next=page.next, total=page.total)


def batch_state(batch: BatchView) -> BatchState:
    """Write a batch."""
    own = f"/api/batches/{quote(batch.id, safe='')}"
    jobs = f"/api/jobs?batch={quote(batch.id, safe='')}"
    return BatchState(
        id=batch.id,
        name=batch.name,
        created_at=_when(batch.created_at),
        finished=batch.is_final,
        counts=state_counts(batch.counts),
        links=BatchLinks(self=own, jobs=jobs, cancel=f"{own}/cancel"),
    )


def state_counts(counts: Mapping[State, int] | Mapping[str, int]) -> StateCounts:
    """Write how many jobs are in each state."""
    return StateCounts.model_validate(dict(counts))


def _output(output: Output) -> OutputView:
    asset = None
    if output.digest:
        url = f"/api/assets/{output.digest}"
        asset = AssetLink(
            digest=output.digest,
            url=url,
            media_type=output.media_type,
            size=output.size,
            width=output.width,
            height=output.height,
            thumbnail_url=f"{url}/thumbnail" if output.media_type.startswith("image/") else None,
        )
    return OutputView(
        output=output.output, index=output.index, type=output.type, value=output.value, asset=asset
    )


def _problem(entry: Mapping[str, JSONValue]) -> ProblemEntry:
    details = entry.get("details")
    kept = details if isinstance(details, dict) else {}
    shown = {name: value for name, value in kept.items() if name != "traceback"}
    return ProblemEntry.model_validate({**entry, "details": shown})


def _when(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
