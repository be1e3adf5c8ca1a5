"""Between rows of the tables and the records that stand for them; and the event that tells of a job."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict

from sqlalchemy import Connection, RowMapping, bindparam, insert, select

from weft.errors import JSON
from weft.jobs.ledger.schema import events, jobs, outputs
from weft.jobs.records import FINAL_STATES, Event, Job, NewEvent, NewJob, Output

JOB_COLUMNS = tuple(
    column for column in jobs.columns if column.name not in {"idempotency_key", "place", "request_digest"}
)
"""The columns that make a `Job`."""

# Statements that run for every job are built once: building costs more than running.
_ADD_EVENTS = insert(events).returning(events.c.number, sort_by_parameter_order=True)
_OUTPUTS_OF = (
    select(outputs)
    .where(outputs.c.job.in_(bindparam("numbers", expanding=True)))
    .order_by(outputs.c.job, outputs.c.place)
)


def job_of(row: RowMapping, made: Sequence[Output] = ()) -> Job:
    """Make a job of its row.

    Args:
        row: The `JOB_COLUMNS` of one job; its request's digest may stand among them.
        made: Its outputs.
    """
    fields = dict(row)
    fields.pop("request_digest", None)
    targets = fields.pop("targets")
    return Job(
        targets=None if targets is None else tuple(targets),
        affinity=tuple(fields.pop("affinity")),
        problems=tuple(fields.pop("problems")),
        outputs=tuple(made),
        **fields,
    )


def jobs_of(connection: Connection, rows: Sequence[RowMapping]) -> list[Job]:
    """Make jobs of their rows, with their outputs, in the same order."""
    made: dict[int, list[Output]] = {row["number"]: [] for row in rows if row["state"] in FINAL_STATES}
    if made:
        for row in connection.execute(_OUTPUTS_OF, {"numbers": list(made)}).mappings():
            fields = dict(row)
            del fields["place"]
            made[fields.pop("job")].append(Output(**fields))
    return [job_of(row, made.get(row["number"], ())) for row in rows]


def row_of(new: NewJob, *, place: int, now: float) -> dict[str, object]:
    """Make the row of a job that is submitted.

    Args:
        new: The job.
        place: Its place among those submitted with it.
        now: Unix time.
    """
    return {
        "id": new.id,
        "owner": new.owner,
        "name": new.name,
        "state": "queued",
        "priority": new.priority,
        "inputs": dict(new.inputs),
        "targets": None if new.targets is None else list(new.targets),
        "affinity": list(new.affinity),
        "attempt": 0,
        "deaths": 0,
        "passed_over": 0,
        "is_cancelling": False,
        "batch": new.batch,
        "retry_of": new.retry_of,
        "worker": "",
        "created_at": now,
        "counts": {},
        "problems": [],
        "idempotency_key": new.idempotency_key or None,
        "place": place,
        "request_digest": new.request_digest,
    }


def new_job(new: NewJob, *, number: int, now: float) -> Job:
    """Make the job that `row_of` makes the row of."""
    return Job(
        id=new.id,
        number=number,
        owner=new.owner,
        name=new.name,
        state="queued",
        priority=new.priority,
        inputs=new.inputs,
        targets=new.targets,
        affinity=new.affinity,
        batch=new.batch,
        retry_of=new.retry_of,
        created_at=now,
    )


def output_rows(number: int, made: Sequence[Output]) -> list[dict[str, object]]:
    """Make the rows of what a job made.

    Args:
        number: Number of the job.
        made: What it made, in order.
    """
    return [{"job": number, "place": place, **asdict(output)} for place, output in enumerate(made)]


def job_event(job: Job) -> NewEvent:
    """Tell where a job is now; with what it made and what went wrong, once it is final."""
    data: dict[str, JSON] = {
        "id": job.id,
        "number": job.number,
        "state": job.state,
        "attempt": job.attempt,
        "name": job.name,
        "priority": job.priority,
        "batch": job.batch,
    }
    if job.is_cancelling:
        data["is_cancelling"] = True
    if job.problems:
        data["problems"] = [dict(problem) for problem in job.problems]
    if job.is_final:
        data["counts"] = dict(job.counts)
        data["seconds"] = job.seconds
        data["outputs"] = [_output_json(output) for output in job.outputs]
    return NewEvent("job", data, owner=job.owner, job=job.id)


def insert_events(connection: Connection, new: Sequence[NewEvent], now: float) -> list[Event]:
    """Write events, and give them with their numbers.

    Args:
        connection: One within a transaction.
        new: What happened, in order.
        now: Unix time.
    """
    if not new:
        return []
    rows = [{"at": now, "type": e.type, "owner": e.owner, "job": e.job, "data": dict(e.data)} for e in new]
    numbers = connection.scalars(_ADD_EVENTS, rows).all()
    return [
        Event(number, now, e.type, e.data, owner=e.owner, job=e.job)
        for number, e in zip(numbers, new, strict=True)
    ]


def events_of(rows: Iterable[RowMapping]) -> list[Event]:
    """Make events of their rows."""
    return [Event(**row) for row in rows]


def _output_json(output: Output) -> JSON:
    """Give an output with the fields that say something: those of a blob, or a value."""
    fields: dict[str, JSON] = asdict(output)
    if output.digest:
        del fields["value"]
        return fields
    return {name: fields[name] for name in ("output", "index", "type", "value")}
