"""A blob is whole and durable before anything may refer to it, and nothing half-written is ever seen."""

import errno
import hashlib
import os
import stat
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from weft.errors import DiskFullError, FileUnwritableError
from weft.jobs.faults import BlobMismatchError, BlobUnknownError
from weft.jobs.files.blobs import Blobs

DATA = b"a picture"
DIGEST = hashlib.sha256(DATA).hexdigest()
HOUR_S = 3600.0


@pytest.fixture
def blobs(tmp_path: Path) -> Blobs:
    return Blobs(tmp_path / "blobs")


def _files(blobs: Blobs) -> list[str]:
    return sorted(path.name for path in blobs._files())


def _source(tmp_path: Path, data: bytes = DATA) -> Path:
    path = tmp_path / "spooled.png"
    path.write_bytes(data)
    return path


def _age(path: Path, seconds: float) -> None:
    status = path.stat()
    os.utime(path, (status.st_atime - seconds, status.st_mtime - seconds))


def _failing(code: int) -> Callable[..., None]:
    def fail(*_: object) -> None:
        raise OSError(code, os.strerror(code))

    return fail


def test_bytes_are_read_back_by_their_digest(blobs: Blobs) -> None:
    assert blobs.put(DATA) == DIGEST
    assert blobs.exists(DIGEST)
    assert blobs.path(DIGEST).read_bytes() == DATA
    with blobs.open(DIGEST) as file:
        assert file.read() == DATA


def test_a_blob_lies_below_the_first_letters_of_its_digest(blobs: Blobs, tmp_path: Path) -> None:
    blobs.put(DATA)

    assert blobs.path(DIGEST) == tmp_path / "blobs" / DIGEST[:2] / DIGEST


def test_equal_bytes_are_kept_once(blobs: Blobs) -> None:
    blobs.put(DATA)
    blobs.put(DATA)

    assert _files(blobs) == [DIGEST]


def test_a_file_is_moved_into_the_store(blobs: Blobs, tmp_path: Path) -> None:
    source = _source(tmp_path)
    inode = source.stat().st_ino

    blobs.adopt(source, DIGEST, len(DATA))

    assert not source.exists()
    assert blobs.path(DIGEST).stat().st_ino == inode
    assert _files(blobs) == [DIGEST]


def test_a_file_whose_content_is_there_already_is_deleted(blobs: Blobs, tmp_path: Path) -> None:
    blobs.put(DATA)

    blobs.adopt(_source(tmp_path), DIGEST, len(DATA))

    assert not (tmp_path / "spooled.png").exists()
    assert _files(blobs) == [DIGEST]


@pytest.mark.parametrize(
    ("data", "size"), [(b"another", len(DATA)), (DATA, len(DATA) - 1), (DATA[:-1], len(DATA))]
)
def test_a_file_that_is_not_what_it_is_said_to_be_is_refused_and_left(
    blobs: Blobs, tmp_path: Path, data: bytes, size: int
) -> None:
    source = _source(tmp_path, data)

    with pytest.raises(BlobMismatchError):
        blobs.adopt(source, DIGEST, size)

    assert source.read_bytes() == data
    assert _files(blobs) == []


def test_a_link_is_never_taken_for_a_file(blobs: Blobs, tmp_path: Path) -> None:
    link = tmp_path / "link.png"
    link.symlink_to(_source(tmp_path))

    with pytest.raises(BlobMismatchError):
        blobs.adopt(link, DIGEST, len(DATA))


def test_a_link_planted_in_the_store_leads_nowhere(blobs: Blobs, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("secret")
    place = tmp_path / "blobs" / DIGEST[:2] / DIGEST
    place.parent.mkdir()
    place.symlink_to(secret)

    assert not blobs.exists(DIGEST)
    for read in (blobs.path, blobs.open):
        with pytest.raises(BlobUnknownError):
            read(DIGEST)
    blobs.put(DATA)
    assert blobs.path(DIGEST).read_bytes() == DATA
    assert secret.read_text() == "secret"


@pytest.mark.parametrize("name", ["", "../../secret", "a" * 63, "A" * 64, "a" * 64 + "\n", "/etc/passwd"])
def test_only_a_digest_names_a_blob(blobs: Blobs, name: str, tmp_path: Path) -> None:
    assert not blobs.exists(name)
    for use in (blobs.path, blobs.open, blobs.delete):
        with pytest.raises(BlobUnknownError):
            use(name)
    with pytest.raises(BlobUnknownError):
        blobs.adopt(_source(tmp_path), name, len(DATA))


def test_a_file_of_another_file_system_is_copied(
    blobs: Blobs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = _source(tmp_path)
    move = Path.replace

    def refuse(path: Path, target: Path) -> Path:
        if path == source:
            raise OSError(errno.EXDEV, "another file system")
        return move(path, target)

    monkeypatch.setattr(Path, "replace", refuse)
    blobs.adopt(source, DIGEST, len(DATA))

    assert not source.exists()
    assert blobs.path(DIGEST).read_bytes() == DATA
    assert _files(blobs) == [DIGEST]


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG])
def test_a_full_disk_is_told_and_nothing_is_left_behind(
    blobs: Blobs, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    with monkeypatch.context() as full:
        full.setattr(os, "fsync", _failing(code))
        with pytest.raises(DiskFullError) as caught:
            blobs.put(DATA)
        assert caught.value.details["needed_bytes"] == len(DATA)
        assert _files(blobs) == []
        assert not blobs.exists(DIGEST)

    assert blobs.put(DATA) == DIGEST


def test_a_disk_that_fails_is_told_and_nothing_is_left_behind(
    blobs: Blobs, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(os, "fsync", _failing(errno.EIO))

    with pytest.raises(FileUnwritableError):
        blobs.put(DATA)
    with pytest.raises(FileUnwritableError):
        blobs.adopt(_source(tmp_path), DIGEST, len(DATA))

    assert _files(blobs) == []


def test_a_missing_file_cannot_be_adopted(blobs: Blobs, tmp_path: Path) -> None:
    with pytest.raises(BlobMismatchError):
        blobs.adopt(tmp_path / "missing", DIGEST, 1)


@pytest.mark.parametrize("is_adopted", [True, False])
def test_content_reaches_the_disk_before_its_name_and_the_name_before_it_is_used(
    blobs: Blobs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_adopted: bool
) -> None:
    steps: list[str] = []
    synchronise, move = os.fsync, Path.replace

    def note_fsync(handle: int) -> None:
        steps.append("folder" if stat.S_ISDIR(os.fstat(handle).st_mode) else "content")
        synchronise(handle)

    def note_replace(path: Path, target: Path) -> Path:
        steps.append("name")
        return move(path, target)

    monkeypatch.setattr(os, "fsync", note_fsync)
    monkeypatch.setattr(Path, "replace", note_replace)
    if is_adopted:
        blobs.adopt(_source(tmp_path), DIGEST, len(DATA))
    else:
        blobs.put(DATA)

    # The first folder is the one that the blob's own folder was made in.
    assert steps == ["content", "folder", "name", "folder"]


def test_a_deleted_blob_is_gone(blobs: Blobs) -> None:
    blobs.put(DATA)

    blobs.delete(DIGEST)
    blobs.delete(DIGEST)

    assert not blobs.exists(DIGEST)


def test_a_damaged_blob_is_replaced_when_it_is_stored_again(blobs: Blobs) -> None:
    blobs.put(DATA)
    blobs.path(DIGEST).write_bytes(DATA[:3])

    blobs.put(DATA)

    assert blobs.path(DIGEST).read_bytes() == DATA


def test_the_sweep_deletes_what_is_old_and_nobody_refers_to(blobs: Blobs) -> None:
    digests = [blobs.put(data) for data in (b"used", b"unused", b"young")]
    for digest in digests[:2]:
        _age(blobs.path(digest), 2 * HOUR_S)

    swept = blobs.sweep({digests[0]}, HOUR_S)

    assert swept == 1
    assert [blobs.exists(digest) for digest in digests] == [True, False, True]


def test_the_sweep_deletes_what_was_left_half_written(blobs: Blobs, tmp_path: Path) -> None:
    left = tmp_path / "blobs" / "incoming" / "tmpabc"
    left.write_bytes(b"half")
    _age(left, 2 * HOUR_S)

    assert blobs.sweep(set(), HOUR_S) == 1
    assert _files(blobs) == []


def test_storing_a_blob_again_saves_it_from_the_sweep(blobs: Blobs, tmp_path: Path) -> None:
    for store in (lambda: blobs.put(DATA), lambda: blobs.adopt(_source(tmp_path), DIGEST, len(DATA))):
        blobs.put(DATA)
        _age(blobs.path(DIGEST), 2 * HOUR_S)

        store()

        assert blobs.sweep(set(), HOUR_S) == 0


def test_a_file_that_was_written_long_ago_is_new_once_it_is_adopted(blobs: Blobs, tmp_path: Path) -> None:
    source = _source(tmp_path)
    _age(source, 2 * HOUR_S)

    blobs.adopt(source, DIGEST, len(DATA))

    assert blobs.sweep(set(), HOUR_S) == 0


def test_many_threads_may_store_the_same_blob(blobs: Blobs) -> None:
    found: list[str] = []
    threads = [threading.Thread(target=lambda: found.append(blobs.put(DATA))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert found == [DIGEST] * 8
    assert _files(blobs) == [DIGEST]


def test_a_folder_that_cannot_be_made_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")

    with pytest.raises(FileUnwritableError):
        Blobs(tmp_path / "file" / "blobs")
