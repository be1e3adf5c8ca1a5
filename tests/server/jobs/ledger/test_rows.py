"""Rows and records say the same, and a job's event tells where it is."""

import dataclasses
from pathlib import Path

from ledger_steps import digest, new_job, opened, picture
from sqlalchemy import insert, select
from weft.jobs.ledger.rows import (
    JOB_COLUMNS,
    events_of,
    insert_events,
    job_event,
    job_of,
    row_of,
)
from weft.jobs.ledger.rows import (
    new_job as made_of,
)
from weft.jobs.ledger.schema import events, jobs
from weft.jobs.records import Job, NewEvent, Output

FULL = new_job(
    "one",
    owner="ann",
    name="portrait",
    inputs={"prompt": "ein Kreis ⚪", "seeds": [1, 2]},
    targets=("image",),
    priority=-3,
    affinity=("a", "b"),
    batch="batch",
    retry_of="zero",
)


def test_a_job_is_made_of_all_columns_but_those_of_its_request() -> None:
    fields = {field.name for field in dataclasses.fields(Job)} - {"outputs"}

    assert {column.name for column in JOB_COLUMNS} == fields


def test_a_row_gives_the_job_that_was_submitted(tmp_path: Path) -> None:
    with opened(tmp_path) as ledger, ledger._database.write() as connection:
        for place, new in enumerate((FULL, new_job("two"))):
            connection.execute(insert(jobs).values(**row_of(new, place=place, now=5.0)))
            row = connection.execute(select(*JOB_COLUMNS).where(jobs.c.id == new.id)).mappings().one()

            assert job_of(row) == made_of(new, number=row["number"], now=5.0)


def test_a_job_that_waits_is_told_briefly() -> None:
    event = job_event(made_of(FULL, number=7, now=5.0))

    assert event == NewEvent(
        "job",
        {
            "id": "one",
            "number": 7,
            "state": "queued",
            "attempt": 0,
            "name": "portrait",
            "priority": -3,
            "batch": "batch",
        },
        owner="ann",
        job="one",
    )


def test_a_job_that_is_asked_to_stop_says_so() -> None:
    job = dataclasses.replace(made_of(FULL, number=7, now=5.0), state="running", is_cancelling=True)

    assert job_event(job).data["is_cancelling"] is True


def test_a_final_job_tells_what_it_made() -> None:
    made = (picture(digest(1)), Output("count", 1, "int", value=3))
    job = dataclasses.replace(
        made_of(FULL, number=7, now=5.0), state="succeeded", outputs=made, counts={"ran": 2}, seconds=1.5
    )

    data = job_event(job).data

    assert (data["counts"], data["seconds"]) == ({"ran": 2}, 1.5)
    assert data["outputs"] == [
        {
            "output": "image",
            "index": 0,
            "type": "image",
            "digest": digest(1),
            "size": 3,
            "media_type": "image/png",
            "width": 8,
            "height": 8,
        },
        {"output": "count", "index": 1, "type": "int", "value": 3},
    ]


def test_events_are_read_as_they_were_written(tmp_path: Path) -> None:
    new = [NewEvent("nodes", {"started": ["a"]}, owner="ann", job="one"), NewEvent("queue", {"paused": True})]
    with opened(tmp_path) as ledger, ledger._database.write() as connection:
        told = insert_events(connection, new, 5.0)

        assert events_of(connection.execute(select(events)).mappings()) == told
        assert [(event.number, event.at, event.type) for event in told] == [
            (1, 5.0, "nodes"),
            (2, 5.0, "queue"),
        ]
        assert insert_events(connection, [], 6.0) == []
