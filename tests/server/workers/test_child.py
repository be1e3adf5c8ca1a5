"""A worker process never outlives its server, keeps its frames to itself, and says why it cannot work."""

import asyncio
import io
import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from server.workers.toys import Workers, document, gone, is_alive, settings_below, toy, until, workers_in
from weft.workers.channel import read_frame
from weft.workers.pool import WorkerChanged, WorkerDied
from weft.workers.protocol import AskCatalog, Shutdown, WorkerStarting, encode, read_from_worker
from weft.workers.startup import Startup

SERVER = """
    import asyncio, sys
    from pathlib import Path
    from server.workers.toys import document, settings_below, toy, workers_in
    from weft.workers.protocol import JobStarted

    async def main():
        async with workers_in(settings_below(Path(sys.argv[1]))) as workers:
            heard = Path(sys.argv[1], "heard")
            stuck = toy("fault.stuck", holds_the_interpreter_once=str(heard) if len(sys.argv) > 2 else "")
            workers.start("stuck", document(["a.text"], a=stuck))
            await workers.until(lambda: bool(workers.said(JobStarted, "stuck")))
            heard.touch()
            await asyncio.sleep(0.5)
            print(workers.pool.workers[0].pid, flush=True)
            await asyncio.sleep(1000)

    asyncio.run(main())
"""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def workers(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Workers]:
    """A worker that was started in a folder with a file that is called as a library is."""
    folder = tmp_path_factory.mktemp("child")
    (folder / "pydantic.py").write_text("raise RuntimeError('not pydantic')")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        async with workers_in(settings_below(folder)) as started:
            yield started


def _start(startup: Startup) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-P", "-m", "weft.workers", startup.to_argument()]
    return subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, process_group=0
    )


def _let_go(child: subprocess.Popen[bytes]) -> None:
    for pipe in (child.stdin, child.stdout, child.stderr):
        assert pipe is not None
        pipe.close()


@pytest.mark.parametrize(
    "stuck", [(), ("holding the interpreter",)], ids=["asleep", "holding-the-interpreter"]
)
def test_a_worker_ends_with_a_server_that_is_killed(stuck: tuple[str, ...], tmp_path: Path) -> None:
    tests = str(Path(__file__).parents[2])
    server = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(SERVER), str(tmp_path), *stuck],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": tests},
    )
    assert server.stdout is not None
    with server.stdout as told:
        try:
            worker = int(told.readline())
            assert is_alive(worker)
        finally:
            server.kill()
            server.wait()

    asyncio.run(gone(worker))


def test_a_worker_ends_when_its_standard_input_does_whatever_it_does(tmp_path: Path) -> None:
    child = _start(Startup(settings_below(tmp_path), "worker-1", installed=False))
    assert child.stdin is not None
    assert child.stdout is not None
    # The first message: it is just beginning to load.
    head = child.stdout.read(len(encode(WorkerStarting("Loading the engine"))))

    child.stdin.close()

    assert b"Loading the engine" in head
    assert child.wait(60) == 0
    _let_go(child)


def test_a_worker_ends_where_its_server_died_before_it_began(tmp_path: Path) -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    child = _start(Startup(settings_below(tmp_path), "worker-1", installed=False, parent=ended.pid))

    assert child.wait(60) == 0
    _let_go(child)


def test_noise_instead_of_messages_ends_a_worker(tmp_path: Path) -> None:
    child = _start(Startup(settings_below(tmp_path), "worker-1", installed=False))

    _, log = child.communicate(b"GET / HTTP/1.1\r\n\r\n")

    assert child.returncode == 0
    assert b"out of step" in log


async def test_a_worker_that_cannot_start_says_why(tmp_path: Path) -> None:
    workers = Workers(settings_below(tmp_path, device="cuda:63"))
    await workers.pool.start()

    await workers.until(lambda: bool(workers.happened(WorkerDied)))
    await workers.pool.close()

    death = workers.happened(WorkerDied)[0]
    down = next(event.view for event in workers.happened(WorkerChanged) if event.view.state == "down")
    assert (death.exit_code, death.running) == (1, frozenset())
    assert death.log_tail[-1] == "The device cuda:63 is not available here."
    assert death.log_tail[-1] in down.phase


def test_what_is_asked_before_it_is_ready_is_answered_afterwards(tmp_path: Path) -> None:
    child = _start(Startup(settings_below(tmp_path), "worker-1", installed=False))
    assert child.stdin is not None
    assert child.stdout is not None
    child.stdin.write(encode(AskCatalog(request=4)) + encode(Shutdown()))
    child.stdin.flush()

    said = []
    assert isinstance(child.stdout, io.BufferedReader)
    while (frame := read_frame(child.stdout)) is not None:
        said.append(read_from_worker(frame.head))

    assert child.wait(60) == 0
    _let_go(child)
    assert [message.kind for message in said if message.kind != "starting"] == [
        "catalog",
        "ready",
        "catalog",
        "answer",
    ]


@pytest.mark.asyncio(loop_scope="module")
async def test_a_file_in_the_current_folder_is_not_taken_for_a_module(workers: Workers) -> None:
    assert workers.pool.workers[0].state == "ready"


@pytest.mark.asyncio(loop_scope="module")
async def test_what_nodes_print_goes_to_the_log_and_what_they_read_is_empty(
    workers: Workers, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", logger="weft.worker")

    finished = await workers.run("talk", document(["talk.heard"], talk=toy("fault.talk")))

    assert [product.value for product in finished.products] == [""]
    await until(lambda: "worker-1: a library writes" in caplog.text)
    assert "worker-1: a node prints" in caplog.text


@pytest.mark.asyncio(loop_scope="module")
async def test_ctrl_c_does_not_reach_a_worker(workers: Workers) -> None:
    pid = workers.pool.workers[0].pid
    assert pid is not None

    os.kill(pid, signal.SIGINT)
    finished = await workers.run("unmoved", document(["add.sum"], add=toy("number.add", 2)))

    assert finished.state == "succeeded"
    assert workers.happened(WorkerDied) == []


@pytest.mark.asyncio(loop_scope="module")
async def test_what_a_node_has_started_ends_with_the_worker(workers: Workers) -> None:
    finished = await workers.run("spawn", document(["spawn.pid"], spawn=toy("fault.spawn")))
    pid, worker = finished.products[0].value, workers.pool.workers[0].pid
    assert isinstance(pid, int)
    assert worker is not None
    assert is_alive(pid)

    os.kill(worker, signal.SIGKILL)

    await gone(pid)
    await workers.until(lambda: bool(workers.happened(WorkerDied)))
