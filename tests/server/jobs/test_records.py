"""What is known of a job is a value that nothing changes."""

import dataclasses

import pytest
from weft.jobs.records import FINAL_STATES, BatchView, Job


@pytest.mark.parametrize("state", ["queued", "running", "succeeded", "failed", "cancelled"])
def test_a_job_is_final_where_nothing_will_happen_to_it(state: str) -> None:
    job = Job("one", 1, "ann", "portrait", state)  # type: ignore[arg-type]

    assert job.is_final == (state in FINAL_STATES) == (state not in {"queued", "running"})


def test_a_job_cannot_be_changed() -> None:
    job = Job("one", 1, "ann", "portrait", "queued")

    with pytest.raises(dataclasses.FrozenInstanceError):
        job.state = "running"  # type: ignore[misc]


@pytest.mark.parametrize(
    ("counts", "is_final"),
    [({"queued": 1}, False), ({"running": 1, "failed": 2}, False), ({"succeeded": 2, "queued": 0}, True)],
)
def test_a_batch_is_final_with_its_last_job(counts: dict[str, int], is_final: bool) -> None:
    assert BatchView("b", "ann", "portrait", 1.0, counts).is_final == is_final
