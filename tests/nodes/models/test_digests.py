"""A digest says what a file holds, and asking again does not read the file again."""

import os
from pathlib import Path

import pytest
from weft.sdk import Paths
from weft_nodes.models.digests import DigestMemory


def _write(path: Path, content: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def _overwrite_unseen(path: Path, content: bytes) -> None:
    """Change a file's content but neither its length nor its time: only a reader notices."""
    state = path.stat()
    with path.open("r+b") as file:
        file.write(content)
    os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns))


def test_the_same_content_has_the_same_digest_under_any_name(tmp_path: Path) -> None:
    first, second = _write(tmp_path / "a", b"weights"), _write(tmp_path / "deep" / "b", b"weights")

    assert DigestMemory().file(first) == DigestMemory().file(second)


def test_one_changed_byte_changes_the_digest(tmp_path: Path) -> None:
    path = _write(tmp_path / "a", b"weights" * 1000)
    before = DigestMemory().file(path)
    _overwrite_unseen(path, b"W")

    assert DigestMemory().file(path) != before


def test_a_digest_is_remembered_across_memories_of_one_folder(tmp_path: Path) -> None:
    path = _write(tmp_path / "a", b"weights")
    first = DigestMemory(tmp_path / "memory").file(path)
    # Not seen by the memory: the proof that the file was not read again.
    _overwrite_unseen(path, b"WEIGHTS")

    assert DigestMemory(tmp_path / "memory").file(path) == first


def test_a_file_that_was_written_again_is_read_again(tmp_path: Path) -> None:
    memory = DigestMemory(tmp_path / "memory")
    path = _write(tmp_path / "a", b"weights")
    first = memory.file(path)
    _write(path, b"other weights")

    assert memory.file(path) != first


def test_a_file_put_in_the_place_of_another_with_its_time_and_size_is_read_again(tmp_path: Path) -> None:
    memory = DigestMemory(tmp_path / "memory")
    path = _write(tmp_path / "a", b"weights")
    first = memory.file(path)
    state = path.stat()
    other = _write(tmp_path / "b", b"WEIGHTS")
    os.utime(other, ns=(state.st_atime_ns, state.st_mtime_ns))
    other.replace(path)

    assert memory.file(path) != first


def test_a_damaged_memory_costs_only_time(tmp_path: Path) -> None:
    memory = DigestMemory(tmp_path / "memory")
    path = _write(tmp_path / "a", b"weights")
    first = memory.file(path)
    for entry in (tmp_path / "memory").iterdir():
        entry.write_text("{ not json")

    assert memory.file(path) == first


def test_a_memory_that_cannot_be_written_costs_only_time(tmp_path: Path) -> None:
    blocked = _write(tmp_path / "memory", b"a file where the folder should be")
    path = _write(tmp_path / "a", b"weights")

    assert DigestMemory(blocked).file(path) == DigestMemory().file(path)


def test_nothing_is_left_behind_but_one_entry_per_file(tmp_path: Path) -> None:
    memory = DigestMemory(tmp_path / "memory")
    for name in ("a", "b", "a"):
        memory.file(_write(tmp_path / name, name.encode()))

    assert len(list((tmp_path / "memory").iterdir())) == 2


def test_the_digest_of_several_files_depends_on_labels_and_content_but_not_on_order(tmp_path: Path) -> None:
    memory = DigestMemory()
    a, b = _write(tmp_path / "a", b"1"), _write(tmp_path / "b", b"2")
    both = memory.files({"x": a, "y": b})

    assert memory.files({"y": b, "x": a}) == both
    assert memory.files({"x": b, "y": a}) != both
    assert memory.files({"x": a}) != both


def test_a_missing_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        DigestMemory().file(tmp_path / "nowhere")


def test_nodes_share_one_memory_in_the_data_directory(tmp_path: Path) -> None:
    paths = Paths.below(tmp_path)

    assert DigestMemory.of(paths) == DigestMemory(paths.data_dir / "digests")
