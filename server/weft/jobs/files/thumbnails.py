"""Small copies of pictures, drawn by a worker when they are first asked for, and kept."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

from weft.disk_faults import told
from weft.errors import Problem, ProblemsError
from weft.workers.faults import WorkerUnavailableError
from weft.workers.protocol import Answer, AskThumbnail
from weft.workers.views import WorkerView

FOLDER_NAME = "thumbnails"
"""Where they lie in the data folder."""

AT_ONCE = 4
"""So many thumbnails are drawn at once, since the workers have other things to do."""

ANSWER_S = 30.0
"""So long a worker may take for one."""


class Drawers(Protocol):
    """The workers, as far as they are needed here; see `weft.workers.pool`."""

    @property
    def workers(self) -> tuple[WorkerView, ...]:
        """How each of them is."""
        ...

    async def ask(self, question: AskThumbnail, *, timeout_s: float = ...) -> Answer:
        """Ask one of them."""
        ...


class Thumbnails:
    """Small copies by digest and size.

    Args:
        folder: Where they are kept; made when the first is drawn. It may be emptied at any time.
        drawers: Who draws them.
    """

    def __init__(self, folder: Path, drawers: Drawers) -> None:
        self._folder = folder
        self._drawers = drawers
        self._drawn: dict[Path, asyncio.Task[None]] = {}
        self._slots = asyncio.Semaphore(AT_ONCE)

    async def path(self, digest: str, source: Path, size: int) -> Path:
        """Give the file of a small copy, a WebP.

        Args:
            digest: Digest of the picture, which names its copies.
            source: The picture.
            size: The longest edge in pixels.

        Raises:
            WorkerUnavailableError: There is none yet, and no worker is ready to draw one.
            ProblemsError: The picture is damaged; holds what the worker says of it.
            DiskFullError: There is no room.
        """
        target = self._folder / digest[:2] / f"{digest}-{size}.webp"
        if await asyncio.to_thread(target.is_file):
            return target
        if target not in self._drawn:
            if not is_ready(self._drawers.workers):
                raise WorkerUnavailableError(reason="none is ready yet")
            task = asyncio.create_task(self._draw(source, target, size))
            self._drawn[target] = task
            task.add_done_callback(lambda done: self._ended(target, done))
        # Whoever asked first may leave; the others still wait for it.
        await asyncio.shield(self._drawn[target])
        return target

    def _ended(self, target: Path, task: asyncio.Task[None]) -> None:
        del self._drawn[target]
        # Whoever waited has seen it; where everyone left, nobody needs to.
        if not task.cancelled():
            task.exception()

    async def _draw(self, source: Path, target: Path, size: int) -> None:
        part = target.with_name(f".{secrets.token_hex(8)}.part")
        try:
            with told(target):
                target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            async with self._slots:
                question = AskThumbnail(source=str(source), target=str(part), size=size)
                answer = await self._drawers.ask(question, timeout_s=ANSWER_S)
            if answer.problems:
                raise ProblemsError([Problem.from_json(problem) for problem in answer.problems])
            with told(target):
                part.replace(target)
        finally:
            part.unlink(missing_ok=True)


def sweep_thumbnails(folder: Path, has_picture: Callable[[str], bool], *, younger_than_s: float) -> int:
    """Delete the copies of pictures that are gone, and what was never finished.

    Args:
        folder: Where they are kept.
        has_picture: Tells by its digest whether there is a picture.
        younger_than_s: Files written within this time stay.

    Returns:
        How many files were deleted.
    """
    before = time.time() - younger_than_s
    swept = 0
    for path in folder.glob("*/*"):
        if not has_picture(path.name.partition("-")[0]):
            with contextlib.suppress(FileNotFoundError):
                if path.lstat().st_mtime <= before:
                    path.unlink()
                    swept += 1
    return swept


def is_ready(workers: Sequence[WorkerView]) -> bool:
    """Tell whether one of the workers is ready."""
    return any(view.state == "ready" for view in workers)
