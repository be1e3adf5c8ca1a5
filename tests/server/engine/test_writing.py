"""What is to be written is written in order, in the background, and a failure ends nothing."""

import threading
import time
import weakref
from functools import partial

from weft.engine.writing import BackgroundWriter


def make_writer() -> tuple[BackgroundWriter, list[Exception]]:
    """A writer, and the list of its failures."""
    failures: list[Exception] = []
    return BackgroundWriter(failures.append), failures


def test_jobs_are_done_in_order_on_another_thread() -> None:
    writer, _ = make_writer()
    done: list[tuple[int, int]] = []
    for index in range(20):
        writer.submit(lambda index=index: done.append((index, threading.get_ident())))  # type: ignore[misc]
    writer.flush()

    assert [index for index, _ in done] == list(range(20))
    assert {thread for _, thread in done} != {threading.get_ident()}
    writer.close()


def test_flushing_an_idle_writer_returns() -> None:
    writer, _ = make_writer()
    writer.flush()
    writer.close()


def test_a_job_that_fails_is_reported_and_the_next_is_done() -> None:
    writer, failures = make_writer()
    done: list[str] = []

    def fail() -> None:
        raise OSError("no")

    writer.submit(fail)
    writer.submit(lambda: done.append("next"))
    writer.close()

    assert [str(failure) for failure in failures] == ["no"]
    assert done == ["next"]


def test_closing_does_what_is_left_and_a_later_job_starts_anew() -> None:
    writer, _ = make_writer()
    done: list[int] = []
    writer.submit(lambda: done.append(1))
    writer.close()
    writer.submit(lambda: done.append(2))
    writer.close()
    writer.close()

    assert done == [1, 2]


def test_what_was_written_is_let_go_though_nothing_else_comes() -> None:
    writer, _ = make_writer()
    value = {"much"}
    held = weakref.ref(value)

    writer.submit(partial(value.discard, "much"))
    del value
    give_up = time.monotonic() + 20
    while held() is not None and time.monotonic() < give_up:
        time.sleep(0.001)

    assert held() is None
    writer.close()
