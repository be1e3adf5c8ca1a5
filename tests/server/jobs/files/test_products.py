"""What a worker left behind becomes outputs: whole, from the job's own folder, or not at all."""

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest
from weft.jobs.files.blobs import Blobs
from weft.jobs.files.products import Spool
from weft.jobs.records import Job, Output
from weft.workers.protocol import JobFinished, Product

JOB = Job(id="../../etc", number=7, owner="local", name="", state="running", attempt=2)
PICTURE = b"\x89PNG and so on"


@pytest.fixture
def spool(tmp_path: Path) -> Spool:
    return Spool(tmp_path / "spool")


@pytest.fixture
def blobs(tmp_path: Path) -> Blobs:
    return Blobs(tmp_path / "blobs")


def _picture(folder: Path, content: bytes = PICTURE) -> Product:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "image-0.png"
    path.write_bytes(content)
    digest = hashlib.sha256(content).hexdigest()
    return Product("image", 0, "image", str(path), digest, len(content), "image/png", 3, 2)


def _finished(*products: Product) -> JobFinished:
    return JobFinished(JOB.id, 2, "succeeded", products, seconds=1.5, counts={"ran": 3})


def test_the_folder_of_a_run_is_named_by_numbers_alone(spool: Spool, tmp_path: Path) -> None:
    assert spool.folder_of(JOB) == tmp_path / "spool" / "7-2"


def test_files_become_blobs_and_values_stay_values(spool: Spool, blobs: Blobs) -> None:
    picture = _picture(spool.folder_of(JOB))
    number = Product("count", 0, "int", value=3)

    outcome = spool.take_over(JOB, _finished(picture, number), blobs)

    assert (outcome.state, outcome.seconds, outcome.counts, outcome.problems) == (
        "succeeded",
        1.5,
        {"ran": 3},
        (),
    )
    assert outcome.outputs == (
        Output("image", 0, "image", picture.digest, len(PICTURE), "image/png", 3, 2),
        Output("count", 0, "int", value=3),
    )
    assert blobs.path(picture.digest).read_bytes() == PICTURE
    assert list(spool.folder_of(JOB).iterdir()) == []


def test_a_file_that_is_not_what_it_is_said_to_be_fails_the_job(spool: Spool, blobs: Blobs) -> None:
    picture = _picture(spool.folder_of(JOB))
    Path(picture.path).write_bytes(PICTURE[:-1])

    outcome = spool.take_over(JOB, _finished(picture, Product("count", 0, "int", value=3)), blobs)

    assert (outcome.state, [problem["code"] for problem in outcome.problems]) == ("failed", ["blob-mismatch"])
    assert [output.output for output in outcome.outputs] == ["count"]
    assert not blobs.exists(picture.digest)


def test_a_file_outside_the_runs_own_folder_is_not_taken(spool: Spool, blobs: Blobs, tmp_path: Path) -> None:
    elsewhere = _picture(tmp_path / "secrets")
    roundabout = replace(elsewhere, path=f"{spool.folder_of(JOB)}/../../secrets/image-0.png")
    spool.folder_of(JOB).mkdir(parents=True)

    for product in (elsewhere, roundabout):
        outcome = spool.take_over(JOB, _finished(product), blobs)

        assert (outcome.state, outcome.outputs) == ("failed", ())
    assert Path(elsewhere.path).read_bytes() == PICTURE


def test_what_a_failed_job_made_before_is_kept(spool: Spool, blobs: Blobs) -> None:
    message = replace(_finished(_picture(spool.folder_of(JOB))), state="failed", problems=({"code": "x"},))

    outcome = spool.take_over(JOB, message, blobs)

    assert (outcome.state, outcome.problems, len(outcome.outputs)) == ("failed", ({"code": "x"},), 1)


def test_folders_of_runs_are_removed_with_all_that_is_in_them(spool: Spool, tmp_path: Path) -> None:
    later = replace(JOB, attempt=3)
    for job in (JOB, later):
        _picture(spool.folder_of(job))

    spool.remove(JOB)
    assert sorted(path.name for path in (tmp_path / "spool").iterdir()) == ["7-3"]
    spool.remove(JOB, later)
    assert list((tmp_path / "spool").iterdir()) == []


def test_a_sweep_removes_what_earlier_servers_left(spool: Spool, tmp_path: Path) -> None:
    _picture(tmp_path / "spool" / "1-1")

    spool.sweep()
    spool.sweep()

    assert not (tmp_path / "spool").exists()
