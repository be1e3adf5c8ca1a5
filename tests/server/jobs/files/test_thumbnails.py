"""A small copy is drawn once, by a worker, and never seen half."""

import asyncio
from pathlib import Path

import pytest
from weft.errors import ProblemsError
from weft.jobs.files.thumbnails import AT_ONCE, Thumbnails, is_ready
from weft.workers.faults import WorkerUnavailableError
from weft.workers.protocol import Answer, AskThumbnail, ProblemJSON
from weft.workers.views import WorkerView

DIGEST = "ab" * 32


class Easel:
    """Draws what it is asked to once it is let, as a worker in another process would."""

    def __init__(self, *states: str) -> None:
        self.states = states or ("ready",)
        self.asked: list[AskThumbnail] = []
        self.at_once = 0
        self.most_at_once = 0
        self.problem = ""
        self.is_asked = asyncio.Event()
        self.is_full = asyncio.Event()
        self.is_let = asyncio.Event()

    @property
    def workers(self) -> tuple[WorkerView, ...]:
        return tuple(WorkerView("worker", state) for state in self.states)  # type: ignore[arg-type]

    async def ask(self, question: AskThumbnail, *, timeout_s: float = 60.0) -> Answer:
        self.asked.append(question)
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        self.is_asked.set()
        if self.at_once == AT_ONCE:
            self.is_full.set()
        await self.is_let.wait()
        self.at_once -= 1
        if self.problem:
            problem: ProblemJSON = {"code": "picture-unreadable", "message": self.problem, "hint": ""}
            return Answer(1, None, (problem,))
        await asyncio.to_thread(Path(question.target).write_bytes, b"webp")
        return Answer(1, {"width": 1, "height": 1})


async def test_a_copy_is_drawn_beside_its_place_and_then_kept(tmp_path: Path) -> None:
    easel = Easel()
    easel.is_let.set()
    thumbnails = Thumbnails(tmp_path, easel)

    first = await thumbnails.path(DIGEST, tmp_path / "source", 256)
    second = await thumbnails.path(DIGEST, tmp_path / "source", 256)

    assert first == second == tmp_path / "ab" / f"{DIGEST}-256.webp"
    assert first.read_bytes() == b"webp"
    assert len(easel.asked) == 1
    assert Path(easel.asked[0].target) != first
    assert [path.name for path in first.parent.iterdir()] == [first.name]


async def test_who_asks_meanwhile_waits_for_the_same_copy(tmp_path: Path) -> None:
    easel = Easel()
    thumbnails = Thumbnails(tmp_path, easel)
    waiting = [asyncio.create_task(thumbnails.path(DIGEST, tmp_path, 64)) for _ in range(9)]
    await easel.is_asked.wait()
    # The one who asked first leaves.
    waiting[0].cancel()
    await asyncio.sleep(0)
    easel.is_let.set()

    found = await asyncio.gather(*waiting[1:])

    assert len(easel.asked) == 1
    assert len(set(found)) == 1


async def test_only_some_are_drawn_at_once(tmp_path: Path) -> None:
    easel = Easel()
    thumbnails = Thumbnails(tmp_path, easel)
    waiting = [asyncio.create_task(thumbnails.path(f"{n:02x}" * 32, tmp_path, 64)) for n in range(20)]
    await easel.is_full.wait()
    easel.is_let.set()
    await asyncio.gather(*waiting)

    assert easel.most_at_once == AT_ONCE


@pytest.mark.parametrize("states", [("starting",), ("down", "starting")])
async def test_without_a_worker_that_is_ready_nobody_waits(tmp_path: Path, states: tuple[str, ...]) -> None:
    easel = Easel(*states)

    with pytest.raises(WorkerUnavailableError):
        await Thumbnails(tmp_path, easel).path(DIGEST, tmp_path, 64)

    assert easel.asked == []


async def test_a_damaged_picture_is_told_and_leaves_nothing(tmp_path: Path) -> None:
    easel = Easel()
    easel.problem = "It is damaged."
    easel.is_let.set()
    thumbnails = Thumbnails(tmp_path, easel)

    for _ in range(2):
        with pytest.raises(ProblemsError, match="damaged"):
            await thumbnails.path(DIGEST, tmp_path / "source", 64)

    assert len(easel.asked) == 2
    assert list((tmp_path / "ab").iterdir()) == []


def test_one_worker_is_enough() -> None:
    assert is_ready([WorkerView("a", "down"), WorkerView("b", "ready")])
    assert not is_ready([])
