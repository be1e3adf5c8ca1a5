"""A worker process is started, spoken to, heard, and killed, and its log is cut into lines."""

import asyncio
import logging
from pathlib import Path

import pytest
from server.workers.toys import is_alive, settings_below
from weft.workers.local import KEPT_LINES, LONGEST_LINE, LocalWorker
from weft.workers.protocol import AskCatalog, CancelJob, WorkerStarting
from weft.workers.startup import Startup


async def test_a_worker_is_started_heard_and_killed(tmp_path: Path) -> None:
    worker = await LocalWorker.start(Startup(settings_below(tmp_path), "worker-1", installed=False))
    first = await worker.receive()
    assert is_alive(worker.pid)

    worker.kill()
    code = await worker.wait()
    while await worker.receive() is not None:
        continue
    worker.send(AskCatalog(request=1))
    worker.kill()
    worker.close()

    assert first is not None
    assert isinstance(first[0], WorkerStarting)
    assert code == -9


async def test_a_worker_that_was_not_started_cannot_be_spoken_to() -> None:
    with pytest.raises(RuntimeError, match="was not started"):
        LocalWorker("worker-1").send(CancelJob("j"))


async def test_what_it_writes_is_logged_line_by_line(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="weft.worker")
    worker = LocalWorker("worker-1")

    for piece in (b"one\ntw", b"o\r50%\r\xff100%\n\n", b"unfinished"):
        worker.pipe_data_received(2, piece)
    worker.pipe_connection_lost(2, None)

    assert worker.log_tail == ("one", "two", "50%", "\N{REPLACEMENT CHARACTER}100%", "unfinished")
    assert caplog.messages[0] == "worker-1: one"
    assert {record.worker for record in caplog.records} == {"worker-1"}  # type: ignore[attr-defined]


async def test_only_the_last_lines_are_kept_and_long_ones_are_cut() -> None:
    worker = LocalWorker("worker-1")

    worker.pipe_data_received(2, b"".join(b"%d\n" % number for number in range(1000)))
    worker.pipe_data_received(2, b"x" * (LONGEST_LINE * 2 + 5))
    worker.pipe_data_received(2, b"\n")

    assert len(worker.log_tail) == KEPT_LINES
    assert [len(line) for line in worker.log_tail[-3:]] == [LONGEST_LINE, LONGEST_LINE, 5]
    assert worker.log_tail[-4] == "999"


async def test_a_process_that_cannot_be_started_is_an_error_of_the_system(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.executable", str(tmp_path / "python"))

    with pytest.raises(OSError, match="No such file"):
        await asyncio.wait_for(LocalWorker.start(Startup(settings_below(tmp_path), "worker-1")), 60)
