"""A worker that dies is replaced, the sooner the healthier it was."""

from pathlib import Path

import pytest
from server.workers.toys import settings_below, until
from weft.errors import JSON
from weft.settings import Settings
from weft.workers.faults import WorkerUnavailableError
from weft.workers.post import FIRST_DELAY_S, HEALTHY_S, LONGEST_DELAY_S, BackOff, Post, ending_in_words
from weft.workers.protocol import AskCatalog, RunJob
from weft.workers.startup import Startup
from weft.workers.views import WorkerChanged, WorkerDied, WorkerEvent


class Notes:
    """Takes down what a post tells; cannot make anything of a catalogue."""

    def __init__(self) -> None:
        self.events: list[WorkerEvent] = []

    def event(self, event: WorkerEvent) -> None:
        """Take an event down."""
        self.events.append(event)

    def published(self, catalog: dict[str, JSON]) -> None:
        """Hear of a catalogue."""
        raise KeyError(len(catalog))


def test_each_failure_doubles_the_delay_up_to_a_limit() -> None:
    back_off = BackOff()

    delays = [back_off.delay_s(ready_s=0) for _ in range(9)]

    assert delays == [0.5, 1, 2, 4, 8, 16, 30, 30, 30]
    assert (delays[0], delays[-1]) == (FIRST_DELAY_S, LONGEST_DELAY_S)


def test_a_minute_of_health_begins_the_delays_anew() -> None:
    back_off = BackOff()
    for _ in range(5):
        back_off.delay_s(ready_s=HEALTHY_S - 1)

    assert [back_off.delay_s(ready_s=HEALTHY_S), back_off.delay_s(ready_s=0)] == [0.5, 1]


@pytest.mark.parametrize(
    ("exit_code", "lines", "said"),
    [
        (-9, ("a", "b"), "Ended by SIGKILL"),
        (-11, (), "Ended by SIGSEGV"),
        (3, ("a", "No such device."), "Ended with exit code 3: No such device."),
        (0, (), "Ended with exit code 0"),
        (None, ("No memory",), "Could not be started: No memory"),
    ],
)
def test_the_end_of_a_process_is_put_into_words(
    exit_code: int | None, lines: tuple[str, ...], said: str
) -> None:
    assert ending_in_words(exit_code, lines) == said


async def test_a_post_without_a_worker_takes_neither_jobs_nor_questions() -> None:
    notes = Notes()
    post = Post(Startup(Settings(), "worker-1"), notes)

    with pytest.raises(WorkerUnavailableError, match="worker-1 is down"):
        post.run(RunJob("j", 1, {}, "/spool"), ())
    with pytest.raises(WorkerUnavailableError, match="worker-1 is down"):
        await post.ask(AskCatalog())
    post.cancel("j")
    post.kill()

    assert notes.events == []
    assert post.view.running == frozenset()


async def test_a_process_that_the_system_refuses_to_start_is_tried_again_later(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    notes = Notes()
    post = Post(Startup(Settings(), "worker-1"), notes)
    monkeypatch.setattr("sys.executable", "/nowhere/python")

    post.open()
    await until(lambda: any(isinstance(event, WorkerDied) for event in notes.events))
    await post.close()

    (death,) = [event for event in notes.events if isinstance(event, WorkerDied)]
    assert death.exit_code is None
    assert "/nowhere/python" in death.log_tail[0]
    states = [event.view.phase for event in notes.events if isinstance(event, WorkerChanged)]
    assert states[-1] == "Closed"


async def test_a_worker_that_says_what_cannot_be_heard_is_replaced(tmp_path: Path) -> None:
    notes = Notes()
    post = Post(Startup(settings_below(tmp_path), "worker-1", installed=False), notes)

    post.open()
    await until(lambda: any(isinstance(event, WorkerDied) for event in notes.events))
    await post.close()

    (death,) = [event for event in notes.events if isinstance(event, WorkerDied)]
    assert death.exit_code == -9
