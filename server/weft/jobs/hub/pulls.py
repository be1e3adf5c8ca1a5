"""Downloads of models: each goes on where it was interrupted, by the network or by the end of the server."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

from weft.disk_faults import told
from weft.errors import WeftError
from weft.jobs.files.file_faults import HubUnreachableError, PullUnknownError, WeightsRefusedError
from weft.jobs.hub.hub import Download, Hub, Snapshot
from weft.jobs.hub.pull_choice import INDEX, PullRequest, choose_files
from weft.jobs.hub.pull_store import Pull, PullFile, PullState, PullStore, pull_id, size_of

AT_ONCE = 2
MOST_RECORDS = 100
"""So many downloads that have ended are remembered."""

MOST_TRIES = 5
"""So often in a row a connection may break without a single byte having come."""

LONGEST_INDEX_BYTES = 2**20

_LOGGER = logging.getLogger(__name__)


class Pulls:
    """The downloads into one models folder.

    Args:
        hub: Where the models come from; `close` closes it.
        models: The models folder; made when the first download begins.
        arrived: Called when new models are there.
        retry_s: Seconds before the second try after a connection broke; doubled from try to try.
    """

    def __init__(
        self, hub: Hub, models: Path, *, arrived: Callable[[], Awaitable[None]], retry_s: float = 1.0
    ) -> None:
        self._hub = hub
        self._store = PullStore(models)
        self._arrived = arrived
        self._retry_s = retry_s
        self._pulls: dict[str, Pull] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._slots = asyncio.Semaphore(AT_ONCE)

    async def start(self) -> None:
        """Read what an earlier server knew, and go on with what it had begun."""
        for pull in await asyncio.to_thread(self._store.recorded):
            self._pulls[pull.id] = pull
            if not pull.is_final:
                self._go_on(pull.id)

    async def close(self) -> None:
        """Interrupt all downloads; the next `start` goes on with them."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._hub.close()

    async def begin(self, request: PullRequest) -> Pull:
        """Begin a download, or go on with one that was interrupted or failed.

        Args:
            request: What to load.

        Returns:
            The download; the one under way where the same is being loaded already.

        Raises:
            ModelNameError: A name could lead elsewhere.
            WeightsRefusedError: A pickle is asked for.
            FileUnwritableError: The models folder cannot be written.
        """
        request.check()
        known = self._pulls.get(pull_id(request))
        if known is not None and not known.is_final:
            return known
        pull = Pull(pull_id(request), request, "queued", created_at=time.time())
        self._pulls[pull.id] = pull
        await asyncio.to_thread(self._store.record, pull)
        self._go_on(pull.id)
        return pull

    def all(self) -> tuple[Pull, ...]:
        """List the downloads, the newest first."""
        return tuple(sorted(self._pulls.values(), key=lambda pull: pull.created_at, reverse=True))

    def get(self, id: str) -> Pull:
        """Give a download.

        Raises:
            PullUnknownError: There is none of that id.
        """
        found = self._pulls.get(id)
        if found is None:
            raise PullUnknownError(pull=id[:80])
        return found

    async def cancel(self, id: str) -> Pull:
        """Stop a download and delete what was loaded of it; forget one that has ended.

        Returns:
            The download as it was left.

        Raises:
            PullUnknownError: There is none of that id.
        """
        self.get(id)
        task = self._tasks.get(id)
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        pull = self._pulls[id]
        if not pull.is_final:
            return await self._end(id, "cancelled")
        del self._pulls[id]
        await asyncio.to_thread(self._store.forget, pull)
        return pull

    def digests(self) -> dict[str, str]:
        """Give the SHA-256 of the files that were loaded, by their path within the models folder."""
        done = (pull for pull in self._pulls.values() if pull.state == "succeeded")
        return {file.target: file.digest for pull in done for file in pull.files if len(file.digest) == 64}

    def _go_on(self, id: str) -> None:
        task = asyncio.create_task(self._run(id), name=f"weft-pull-{id}")
        self._tasks[id] = task
        task.add_done_callback(lambda _: self._tasks.pop(id, None))

    async def _run(self, id: str) -> None:
        try:
            async with self._slots:
                self._pulls[id] = replace(self._pulls[id], state="running", problems=())
                await self._plan(id)
                for place in range(len(self._pulls[id].files)):
                    await self._load(id, place)
                await asyncio.to_thread(self._store.put_in_place, self._pulls[id])
            # Whoever sees that it succeeded finds the new models.
            await self._arrived()
            await self._end(id, "succeeded")
        except WeftError as error:
            await self._end(id, "failed", error)
        except Exception:
            # Nobody awaits this task, so a mistake of ours would leave the download running for ever.
            _LOGGER.exception("The download %s broke off.", id)
            fault = WeftError("The download broke off.", hint="The server's log says why; begin it again.")
            await self._end(id, "failed", fault)

    async def _plan(self, id: str) -> None:
        """Find out what is to be loaded; a download that goes on keeps to the commit that it began with."""
        pull = self._pulls[id]
        snapshot = await self._hub.snapshot(pull.request.repo, pull.commit or pull.request.revision)
        index = None
        if INDEX in snapshot.files and not pull.request.files:
            index = await self._read_index(snapshot)
        files = []
        for wanted in choose_files(pull.request, snapshot, index):
            there = snapshot.files.get(wanted.path)
            size, digest = (None, "") if there is None else (there.size, there.digest)
            files.append(PullFile(wanted.path, wanted.target, size, digest))
        pull = replace(pull, commit=snapshot.commit, files=tuple(files))
        await asyncio.to_thread(self._store.prepare, pull)
        self._pulls[id] = replace(pull, loaded_bytes=await asyncio.to_thread(self._store.loaded_bytes, pull))

    async def _read_index(self, snapshot: Snapshot) -> dict[str, object]:
        data = bytearray()
        async with self._hub.download(snapshot, INDEX, 0) as download:
            async for piece in download.pieces:
                data += piece
                if len(data) > LONGEST_INDEX_BYTES:
                    raise WeightsRefusedError(name=INDEX, reason="is too long")
        try:
            found = json.loads(data)
        except (ValueError, RecursionError) as error:
            raise WeightsRefusedError(name=INDEX, reason="is not JSON") from error
        if not isinstance(found, dict):
            raise WeightsRefusedError(name=INDEX, reason="names no parts")
        return found

    async def _load(self, id: str, place: int) -> None:
        """Load one file, however often the connection breaks, while something still comes."""
        pull = self._pulls[id]
        if await asyncio.to_thread(self._store.is_loaded, pull, place):
            return
        part = self._store.part(pull, place)
        tries = 0
        while True:
            before = size_of(part)
            try:
                await self._load_rest(id, place, part)
                break
            except HubUnreachableError:
                tries = tries + 1 if size_of(part) <= before else 1
                if tries >= MOST_TRIES:
                    raise
                await asyncio.sleep(self._retry_s * 2 ** (tries - 1))
        await asyncio.to_thread(self._store.accept, self._pulls[id], place)

    async def _load_rest(self, id: str, place: int, part: Path) -> None:
        pull = self._pulls[id]
        file = pull.files[place]
        # Where the size is not known, nobody could tell whether what is there is the beginning or the whole.
        start = size_of(part) if file.size is not None else 0
        if start and start == file.size:
            return
        if start > (file.size or 0):
            start = 0
        snapshot = Snapshot(pull.request.repo, pull.commit, {})
        async with self._hub.download(snapshot, file.path, start) as download:
            file = _completed(file, download)
            files = (*pull.files[:place], file, *pull.files[place + 1 :])
            self._pulls[id] = replace(self._pulls[id], files=files)
            size = await self._write(id, file, download, part)
        if file.size is not None and size < file.size:
            raise HubUnreachableError(host=pull.request.repo, reason="the connection broke")

    async def _write(self, id: str, file: PullFile, download: Download, part: Path) -> int:
        """Write what comes behind what is there, and give the size that the file has then."""
        size, needed = download.start, file.size or 0
        with told(part, needed):
            target = await asyncio.to_thread(part.open, "rb+" if size else "wb")
        with target:
            target.seek(size)
            there = await asyncio.to_thread(self._store.loaded_bytes, self._pulls[id])
            async for piece in download.pieces:
                size += len(piece)
                if file.size is not None and size > file.size:
                    raise WeightsRefusedError(name=file.path, reason="is longer than the hub says")
                with told(part, needed):
                    await asyncio.to_thread(target.write, piece)
                there += len(piece)
                self._pulls[id] = replace(self._pulls[id], loaded_bytes=there)
        return size

    async def _end(self, id: str, state: PullState, error: WeftError | None = None) -> Pull:
        """Write down how a download ended, and only then tell anybody."""
        problems = () if error is None else (error.problem().to_json(),)
        pull = replace(self._pulls[id], state=state, finished_at=time.time(), problems=problems)
        try:
            await asyncio.to_thread(self._store.record, pull)
            # What a failed one has loaded stays, so that it need not be loaded again.
            if state != "failed":
                await asyncio.to_thread(self._store.clear, pull)
        except WeftError as fault:
            _LOGGER.warning("The end of the download %s could not be written down: %s", id, fault)
        self._pulls[id] = pull
        for old in [other for other in self.all() if other.is_final][MOST_RECORDS:]:
            del self._pulls[old.id]
            await asyncio.to_thread(self._store.forget, old)
        return pull


def _completed(file: PullFile, download: Download) -> PullFile:
    """Add to what is known of a file what the hub said when it was asked for it.

    Raises:
        WeightsRefusedError: It contradicts what was known.
    """
    size = download.size if file.size is None else file.size
    is_contradiction = len(download.digest) == len(file.digest) and download.digest != file.digest
    if is_contradiction or (download.size is not None and download.size != size):
        raise WeightsRefusedError(name=file.path, reason="is another file than the hub said before")
    return replace(file, size=size, digest=file.digest or download.digest)
