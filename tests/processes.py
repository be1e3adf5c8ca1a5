"""Test files spread over several processes, which are forked from one that has collected all tests.

Importing and collecting everything takes a good part of the time that all tests take, so it is done once:
the processes begin with what is imported and collected, and share its memory. Each takes the next file when
it has run one, and tells the process that it came from, which alone reports. Files with the same mark
`together` share what is dear to set up: each process begins with those of one mark and takes others when none
of them is left.
"""

import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import groupby, pairwise
from multiprocessing.connection import Connection, wait
from typing import Any, Literal

import pytest

Told = tuple[Literal["start", "report", "finish", "end"], Any]
"""What a process tells: which test begins, a report as plain data, which test is over, or that all are."""

_NUMBER_BYTES = 4


def pytest_addoption(parser: pytest.Parser) -> None:
    """Ask how many processes to use."""
    parser.addoption("--processes", type=int, default=1, help="Run test files in this many processes.")


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> bool | None:
    """Run all tests in as many processes as asked for, or leave one process to pytest."""
    count = session.config.getoption("processes")
    if count < 2 or session.testsfailed or session.config.option.collectonly:
        return None
    files = [list(tests) for _, tests in groupby(session.items, key=lambda item: item.path)]
    queues = [_queue(numbers) for numbers in _rows(files)]
    _share_nothing_that_is_written(session.config)
    runs: list[_Run] = []
    for number in range(count):
        receiver, sender = multiprocessing.Pipe()
        pid = os.fork()
        if pid == 0:
            for line in (receiver, *(run.receiver for run in runs)):
                line.close()
            _report_to(sender, session.config, number)
            begin = number % len(queues)
            _run(session, _taken(files, queues[begin:] + queues[:begin]))
            return True
        sender.close()
        runs.append(_Run(session, receiver, pid))
    for queue in queues:
        os.close(queue)
    _listen(session, runs)
    return True


def _rows(files: Sequence[Sequence[pytest.Item]]) -> list[list[int]]:
    """Give the numbers of the files that belong together, row by row; those without a mark are a row, too."""
    rows: dict[object, list[int]] = {}
    for number, tests in enumerate(files):
        mark = tests[0].get_closest_marker("together")
        rows.setdefault(mark and mark.args, []).append(number)
    return list(rows.values())


def _queue(numbers: Sequence[int]) -> int:
    """Open a pipe from which every process reads which file is next."""
    reader, writer = os.pipe()
    for number in numbers:
        os.write(writer, number.to_bytes(_NUMBER_BYTES, "big"))
    os.close(writer)
    return reader


def _taken(files: Sequence[Sequence[pytest.Item]], queues: Sequence[int]) -> Iterator[Sequence[pytest.Item]]:
    for queue in queues:
        while number := os.read(queue, _NUMBER_BYTES):
            yield files[int.from_bytes(number, "big")]


def _run(session: pytest.Session, files: Iterable[Sequence[pytest.Item]]) -> None:
    """Run tests; whatever file is next, what was set up for the session stays until its end."""
    for file in files:
        for item, following in pairwise((*file, session)):
            session.config.hook.pytest_runtest_protocol(item=item, nextitem=following)


def _share_nothing_that_is_written(config: pytest.Config) -> None:
    """Finish what the processes would write to together: buffers, and the file of captured output."""
    capture = config.pluginmanager.getplugin("capturemanager")
    if capture is not None:
        capture.stop_global_capturing()
    sys.stdout.flush()
    sys.stderr.flush()
    config._tmp_path_factory.getbasetemp()  # type: ignore[attr-defined]


def _report_to(sender: Connection, config: pytest.Config, number: int) -> None:
    """Give a forked process its own output and folder, and let it tell what it does instead of printing."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    capture = config.pluginmanager.getplugin("capturemanager")
    if capture is not None:
        capture.start_global_capturing()
        capture.suspend_global_capture()
    teller = _Teller(config, sender)
    config.pluginmanager.register(teller)
    threading.Thread(target=teller.end_when_unheard, daemon=True).start()
    temporary = config._tmp_path_factory  # type: ignore[attr-defined]
    temporary._basetemp = temporary.getbasetemp() / f"process-{number}"
    temporary._basetemp.mkdir()
    # The folders of earlier runs are removed at the end, which processes would do in each other's way.
    temporary._exit_stack.pop_all()
    # Processes that tests spawn would import the main module, which is pytest itself.
    sys.modules["__main__"] = type(sys)("__main__")


class _Teller:
    """What a forked process tells."""

    def __init__(self, config: pytest.Config, sender: Connection) -> None:
        self._config = config
        self._sender = sender
        self._is_ending = False

    def end_when_unheard(self) -> None:
        """Interrupt the tests of this process when the other one is gone or waits for its end."""
        with suppress(EOFError, OSError):
            self._sender.recv()
        if not self._is_ending:
            # To the thread of the tests, so that whatever it waits for is interrupted.
            signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)

    @pytest.hookimpl(wrapper=True)
    def pytest_sessionfinish(self) -> Generator[None]:
        self._is_ending = True
        yield
        self._tell(("end", None))

    def pytest_keyboard_interrupt(self) -> None:
        self._is_ending = True

    def pytest_runtest_logstart(self, nodeid: str, location: tuple[str, int | None, str]) -> None:
        self._tell(("start", (nodeid, location)))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        # What goes well before and after a test is of no interest, and two thirds of all reports.
        if report.when != "call" and report.passed:
            return
        data = self._config.hook.pytest_report_to_serializable(config=self._config, report=report)
        self._tell(("report", data))

    def pytest_runtest_logfinish(self, nodeid: str, location: tuple[str, int | None, str]) -> None:
        self._tell(("finish", (nodeid, location)))

    def pytest_internalerror(self, excrepr: object) -> None:
        os.write(2, f"{excrepr}\n".encode())

    def _tell(self, told: Told) -> None:
        # Nobody may be left to hear it, and then this process is interrupted anyway.
        with suppress(OSError):
            self._sender.send(told)


class _Run:
    """A forked process as seen by the one that it came from."""

    def __init__(self, session: pytest.Session, receiver: Connection, pid: int) -> None:
        self._session = session
        self._running: tuple[str, tuple[str, int | None, str]] | None = None
        self._is_done = False
        self._pid = pid
        self.receiver = receiver

    def hear(self) -> bool:
        """Pass on what the process tells next; False when it has ended."""
        hook = self._session.config.hook
        try:
            kind, told = self.receiver.recv()
        except EOFError:
            self._end()
            return False
        if kind == "report":
            report = hook.pytest_report_from_serializable(config=self._session.config, data=told)
            hook.pytest_runtest_logreport(report=report)
        elif kind == "start":
            self._running = told
            hook.pytest_runtest_logstart(nodeid=told[0], location=told[1])
        elif kind == "end":
            self._is_done = True
        else:
            self._running = None
            hook.pytest_runtest_logfinish(nodeid=told[0], location=told[1])
        return True

    def wait(self) -> None:
        """Wait for the end of the process."""
        os.waitpid(self._pid, 0)

    def _end(self) -> None:
        self.receiver.close()
        code = os.waitstatus_to_exitcode(os.waitpid(self._pid, 0)[1])
        if self._running is not None:
            nodeid, location = self._running
            text = f"The process of this test ended with {code}; the tests after it in its file were not run."
            report = pytest.TestReport(nodeid, location, {}, "failed", text, "call")
            self._session.config.hook.pytest_runtest_logreport(report=report)
        elif not self._is_done:
            self._session.shouldfail = f"a process that runs tests ended with {code} before its end"


def _listen(session: pytest.Session, runs: Sequence[_Run]) -> None:
    """Pass on what the processes tell until all have ended, or one thing told is a reason to stop."""
    left = {run.receiver: run for run in runs}
    try:
        while left:
            for receiver in wait(list(left)):
                assert isinstance(receiver, Connection)
                if not left[receiver].hear():
                    del left[receiver]
            if session.shouldfail:
                raise session.Failed(session.shouldfail)
            if session.shouldstop:
                raise session.Interrupted(session.shouldstop)
    finally:
        for run in left.values():
            run.receiver.close()
        for run in left.values():
            run.wait()
