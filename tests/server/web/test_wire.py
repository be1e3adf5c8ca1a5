"""Jobs as the API writes them."""

import json
from dataclasses import replace

import pytest
from pydantic import ValidationError
from weft.errors import JSON
from weft.jobs.records import BatchView, Job, Output, Page
from weft.web.wire import BatchRequest, JobRequest, batch_state, job_page, job_view

JOB = Job(id="j1", number=3, owner="ann", name="draw", state="queued", created_at=1_700_000_000.5)


def test_times_are_written_with_their_zone() -> None:
    view = json.loads(job_view(JOB).model_dump_json())

    assert view["created_at"] == "2023-11-14T22:13:20.500000Z"
    assert (view["started_at"], view["finished_at"], view["seconds"]) == (None, None, None)


def test_a_place_in_the_queue_counts_from_one() -> None:
    assert job_view(JOB, 0).position == 1
    assert job_view(JOB).position is None


def test_a_file_is_a_link_and_a_value_is_itself() -> None:
    picture = Output("image", 0, "image", digest="ab" * 32, size=9, media_type="image/png", width=8, height=4)
    text = Output("notes", 0, "string", digest="cd" * 32, size=9, media_type="text/plain")
    job = replace(JOB, state="succeeded", outputs=(picture, text, Output("width", 0, "int", value=8)))

    shown, kept, value = job_view(job).outputs

    assert shown.asset is not None
    assert shown.asset.url == f"/api/assets/{'ab' * 32}"
    assert shown.asset.thumbnail_url == f"/api/assets/{'ab' * 32}/thumbnail"
    assert kept.asset is not None
    assert kept.asset.thumbnail_url is None
    assert (value.asset, value.value) == (None, 8)


def test_problems_come_without_tracebacks() -> None:
    problem: dict[str, JSON] = {
        "code": "node-failed",
        "message": "M.",
        "hint": "",
        "details": {"traceback": "secret", "a": 1},
    }

    view = job_view(replace(JOB, state="failed", problems=(problem,)))

    assert view.problems[0].details == {"a": 1}


def test_a_job_that_ended_is_no_longer_being_cancelled() -> None:
    assert job_view(replace(JOB, state="running", is_cancelling=True)).cancelling
    assert not job_view(replace(JOB, state="cancelled", is_cancelling=True)).cancelling


def test_a_page_says_where_the_next_begins() -> None:
    page = job_page(Page((JOB,), "c", 9), {"j1": 4})

    assert (page.jobs[0].position, page.next, page.total) == (5, "c", 9)


def test_a_batch_has_ended_when_all_its_jobs_have() -> None:
    counts = {"queued": 0, "running": 0, "succeeded": 2, "failed": 0, "cancelled": 1}

    assert batch_state(BatchView("b", "ann", "draw", 0.0, counts)).finished
    assert not batch_state(BatchView("b", "ann", "draw", 0.0, {**counts, "running": 1})).finished


@pytest.mark.parametrize(
    "body",
    [{}, {"name": ""}, {"name": "a\nb"}, {"name": "x", "priority": 1.5}, {"name": "x", "outputs": []}],
)
def test_a_request_that_cannot_be_meant_is_refused(body: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        JobRequest.model_validate_json(json.dumps(body), strict=True)


@pytest.mark.parametrize("vary", [{}, {"seed": []}, {"seed": 3}])
def test_a_batch_varies_something(vary: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        BatchRequest.model_validate_json(json.dumps({"name": "x", "vary": vary}), strict=True)
