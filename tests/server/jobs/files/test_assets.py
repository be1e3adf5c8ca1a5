"""Uploads become assets whole or leave nothing, and each is known to its owners alone."""

import asyncio
import hashlib
import io
import tracemalloc
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from ledger_steps import new_job
from PIL import Image
from pydantic import ByteSize
from weft.jobs.faults import AssetUnknownError, JobUnknownError
from weft.jobs.files.assets import Assets, plain_name
from weft.jobs.files.blobs import Blobs
from weft.jobs.files.file_faults import (
    AssetKeptError,
    AssetPlainError,
    UploadRefusedError,
    UploadTooLargeError,
)
from weft.jobs.ledger.ledger import Ledger
from weft.jobs.records import Outcome, Output
from weft.settings import Settings


def a_picture(color: str = "red", size: tuple[int, int] = (30, 20), format: str = "PNG") -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", size, color).save(buffer, format)
    return buffer.getvalue()


async def in_pieces(data: bytes, piece: int = 100) -> AsyncIterator[bytes]:
    for start in range(0, len(data), piece):
        yield data[start : start + piece]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path / "data", max_upload_bytes=ByteSize(20_000), max_upload_pixels=10_000)


@pytest.fixture
def blobs(tmp_path: Path) -> Blobs:
    return Blobs(tmp_path / "data" / "blobs")


@pytest.fixture
def assets(settings: Settings, ledger: Ledger, blobs: Blobs) -> Assets:
    return Assets(settings, ledger, blobs)


def left_behind(settings: Settings) -> list[Path]:
    return [path for path in settings.data_dir.glob("arrivals/*") if path.is_file()]


def make(ledger: Ledger, blobs: Blobs, data: bytes, job: str = "job", owner: str = "local") -> str:
    """Have a job make a picture, and give its digest."""
    digest = blobs.put(data)
    ledger.submit([replace(new_job(job), owner=owner)], most_queued=10)
    claimed = ledger.claim(job, "worker-1")
    assert claimed is not None
    output = Output("image", 0, "image", digest, len(data), "image/png", 30, 20)
    ledger.finish(job, claimed.attempt, Outcome("succeeded", (output,)))
    return digest


async def test_an_upload_is_kept_by_its_digest(assets: Assets, settings: Settings) -> None:
    data = a_picture()

    asset, is_new = await assets.upload(in_pieces(data), owner="ann", name="cat.png")

    assert is_new
    assert asset.digest == hashlib.sha256(data).hexdigest()
    assert (asset.media_type, asset.width, asset.height, asset.size) == ("image/png", 30, 20, len(data))
    assert assets.path(asset.digest).read_bytes() == data
    assert await assets.find(asset.digest, "ann") == asset
    assert left_behind(settings) == []


async def test_the_same_bytes_again_are_the_same_asset(assets: Assets) -> None:
    first, _ = await assets.upload(in_pieces(a_picture()), owner="ann", name="first")
    second, is_new = await assets.upload(in_pieces(a_picture(), 7), owner="ann", name="second")

    assert (second, is_new) == (first, False)


async def test_many_uploads_of_the_same_bytes_at_once_are_one(assets: Assets, settings: Settings) -> None:
    found = await asyncio.gather(*(assets.upload(in_pieces(a_picture(), 31), owner="ann") for _ in range(12)))

    assert sum(is_new for _, is_new in found) == 1
    assert len({asset.digest for asset, _ in found}) == 1
    assert left_behind(settings) == []


@pytest.mark.parametrize("data", [b"", b"<svg/>", a_picture()[:20], a_picture(format="GIF"), bytes(5000)])
async def test_what_is_no_picture_leaves_nothing(assets: Assets, settings: Settings, data: bytes) -> None:
    with pytest.raises(UploadRefusedError):
        await assets.upload(in_pieces(data), owner="ann")

    assert left_behind(settings) == []
    with pytest.raises(AssetUnknownError):
        await assets.find(hashlib.sha256(data).hexdigest(), None)


async def test_too_many_bytes_are_refused_before_the_last_has_come(
    assets: Assets, settings: Settings
) -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while True:
            sent += 1000
            yield bytes(1000)

    with pytest.raises(UploadTooLargeError, match="20000 bytes"):
        await assets.upload(endless(), owner="ann")

    assert sent <= 21_000
    assert left_behind(settings) == []


async def test_too_many_pixels_are_refused(assets: Assets) -> None:
    with pytest.raises(UploadTooLargeError, match="200 x 100 pixels"):
        await assets.upload(in_pieces(a_picture(size=(200, 100))), owner="ann")


async def test_a_large_upload_is_never_in_memory_as_a_whole(
    tmp_path: Path, ledger: Ledger, blobs: Blobs
) -> None:
    settings = Settings(data_dir=tmp_path / "data", max_upload_bytes=ByteSize(64 * 2**20))
    assets = Assets(settings, ledger, blobs)
    head = a_picture()

    async def large() -> AsyncIterator[bytes]:
        yield head
        for _ in range(48):
            yield bytes(2**20)

    tracemalloc.start()
    asset, _ = await assets.upload(large(), owner="ann")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert asset.size == len(head) + 48 * 2**20
    assert peak < 12 * 2**20


async def test_an_upload_that_breaks_off_leaves_nothing(assets: Assets, settings: Settings) -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield a_picture()
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        await assets.upload(broken(), owner="ann")

    assert left_behind(settings) == []


async def test_what_a_dead_server_was_receiving_is_cleared_away(
    assets: Assets, settings: Settings, ledger: Ledger, blobs: Blobs
) -> None:
    await assets.upload(in_pieces(a_picture()), owner="ann")
    (settings.data_dir / "arrivals" / "half.part").write_bytes(b"half")

    Assets(settings, ledger, blobs)

    assert left_behind(settings) == []


async def test_others_do_not_know_of_ones_assets(assets: Assets) -> None:
    asset, _ = await assets.upload(in_pieces(a_picture()), owner="ann")

    with pytest.raises(AssetUnknownError):
        await assets.find(asset.digest, "bob")
    with pytest.raises(AssetUnknownError):
        await assets.delete(asset.digest, "bob")
    assert (await assets.page("bob")).total == 0
    assert (await assets.page(None)).total == 1


async def test_what_a_job_made_cannot_be_deleted_by_itself(
    assets: Assets, ledger: Ledger, blobs: Blobs
) -> None:
    digest = make(ledger, blobs, a_picture())

    with pytest.raises(AssetKeptError):
        await assets.delete(digest, "local")


async def test_a_deleted_upload_stays_what_a_job_made(assets: Assets, ledger: Ledger, blobs: Blobs) -> None:
    digest = make(ledger, blobs, a_picture(), owner="ann")
    await assets.upload(in_pieces(a_picture()), owner="ann")
    await assets.delete(digest, "ann")

    found = await assets.find(digest, "ann")
    seen_by_all = await assets.find(digest, None)

    assert (found.kind, found.media_type, found.width) == ("output", "image/png", 30)
    assert seen_by_all.owner == "ann"
    with pytest.raises(AssetUnknownError):
        await assets.find(digest, "bob")


async def test_the_assets_of_a_job_are_listed_for_its_owner(
    assets: Assets, ledger: Ledger, blobs: Blobs
) -> None:
    digest = make(ledger, blobs, a_picture(), job="anns", owner="ann")

    assert [asset.digest for asset in (await assets.of_job("anns", "ann")).assets] == [digest]
    assert [asset.digest for asset in (await assets.of_job("anns", None)).assets] == [digest]
    assert (await assets.of_job("anns", "bob")).assets == ()
    with pytest.raises(JobUnknownError):
        await assets.of_job("nobodys", "ann")


async def test_a_picture_without_a_workflow_says_so(assets: Assets) -> None:
    asset, _ = await assets.upload(in_pieces(a_picture(format="JPEG")), owner="ann")

    with pytest.raises(AssetPlainError):
        await assets.workflow(asset.digest)


async def test_a_file_that_is_gone_is_told_as_such(assets: Assets, blobs: Blobs) -> None:
    asset, _ = await assets.upload(in_pieces(a_picture()), owner="ann")
    blobs.delete(asset.digest)

    with pytest.raises(AssetUnknownError):
        assets.path(asset.digest)


@pytest.mark.parametrize("digest", ["", "ab", "../" * 20, "AB" * 32, "ab" * 33, "asset:" + "ab" * 32])
async def test_what_is_no_digest_is_unknown(assets: Assets, digest: str) -> None:
    with pytest.raises(AssetUnknownError):
        await assets.find(digest, None)


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("cat.png", "cat.png"),
        ("C:\\Users\\ann\\cat.png", "cat.png"),
        ("../../etc/passwd", "passwd"),
        ("a\0b\r\nc\x1b[31m", "abc[31m"),
        ("\u202egnp.tac", "gnp.tac"),
        ("x" * 1000, "x" * 200),
        ("folder/", ""),
        ("", ""),
    ],
)
def test_names_are_shown_without_paths_and_signs_that_cannot_be_seen(name: str, plain: str) -> None:
    assert plain_name(name) == plain
