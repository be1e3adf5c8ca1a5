"""Old jobs leave the history, and with them the files that only they referred to."""

import asyncio
import os
import time
from pathlib import Path

from server.jobs.toys import settings_in, until
from weft.jobs.files.blobs import Blobs
from weft.jobs.ledger.ledger import Ledger
from weft.jobs.ledger.ledgering import LedgerThreads
from weft.jobs.records import NewJob, Outcome, Output
from weft.jobs.upkeep import YOUNG_S, Upkeep


def _finish(ledger: Ledger, name: str, digest: str) -> None:
    ledger.submit([NewJob(name, {})], most_queued=10)
    ledger.claim(name, "worker-1")
    ledger.finish(name, 1, Outcome("succeeded", (Output("image", 0, "image", digest, 1, "image/png"),)))


def _age(path: Path) -> None:
    before = time.time() - 2 * YOUNG_S
    os.utime(path, (before, before))


async def test_jobs_beyond_the_limit_go_with_their_files(tmp_path: Path) -> None:
    settings = settings_in(tmp_path, keep_jobs=1)
    ledger = Ledger.open(settings.data_dir)
    blobs = Blobs(settings.data_dir / "blobs")
    first, second, stray, young = (blobs.put(text.encode()) for text in ("first", "second", "stray", "young"))
    _finish(ledger, "job-1", first)
    _finish(ledger, "job-2", second)
    for digest in (first, second, stray):
        _age(blobs.path(digest))
    threads = LedgerThreads(ledger)

    await Upkeep(settings, threads, blobs).once()

    assert [blobs.exists(digest) for digest in (first, second, stray, young)] == [False, True, False, True]
    assert ledger.counts()["succeeded"] == 1
    await threads.close()


async def test_jobs_that_ended_long_ago_go(tmp_path: Path) -> None:
    settings = settings_in(tmp_path, keep_days=1)
    ledger = Ledger.open(settings.data_dir, clock=lambda: time.time() - 2 * 86_400)
    _finish(ledger, "job-1", "0" * 64)
    threads = LedgerThreads(ledger)

    await Upkeep(settings, threads, Blobs(settings.data_dir / "blobs")).once()

    assert ledger.counts()["succeeded"] == 0
    await threads.close()


async def test_small_copies_go_with_their_pictures(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    ledger = Ledger.open(settings.data_dir)
    blobs = Blobs(settings.data_dir / "blobs")
    kept, gone, young = blobs.put(b"kept"), "ab" * 32, "cd" * 32
    _finish(ledger, "job-1", kept)
    names = [f"{kept}-256.webp", f"{gone}-256.webp", ".0123.part", f"{young}-64.webp"]
    folder = settings.data_dir / "thumbnails" / "ab"
    folder.mkdir(parents=True)
    for name in names:
        (folder / name).write_bytes(b"webp")
        if young not in name:
            _age(folder / name)
    threads = LedgerThreads(ledger)

    await Upkeep(settings, threads, blobs).once()

    assert {path.name for path in folder.iterdir()} == {names[0], names[3]}
    await threads.close()


async def test_upkeep_begins_at_once_and_goes_on_until_it_is_cancelled(tmp_path: Path) -> None:
    settings = settings_in(tmp_path, keep_jobs=1)
    ledger = Ledger.open(settings.data_dir)
    for name in ("job-1", "job-2", "job-3"):
        _finish(ledger, name, "0" * 64)
    threads = LedgerThreads(ledger)
    keeping = asyncio.create_task(Upkeep(settings, threads, Blobs(settings.data_dir / "blobs")).run())
    await until(lambda: ledger.counts()["succeeded"] == 1)
    assert not keeping.done()

    keeping.cancel()
    await asyncio.gather(keeping, return_exceptions=True)
    await threads.close()
