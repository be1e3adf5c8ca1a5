"""Files that are mapped: writing into one is seen, replacing or deleting it hurts nobody."""

import os
from pathlib import Path

from weft_nodes.models.mapped import MappedFiles


def watched(path: Path) -> MappedFiles:
    path.write_bytes(b"weights")
    files = MappedFiles()
    files.watch([path])
    return files


def test_a_file_that_nobody_wrote_into_is_as_it_was(tmp_path: Path) -> None:
    assert not watched(tmp_path / "a").overwritten()
    assert not MappedFiles().overwritten()


def test_writing_into_a_file_is_seen_once(tmp_path: Path) -> None:
    files = watched(tmp_path / "a")
    (tmp_path / "a").write_bytes(b"others and more")

    assert files.overwritten()
    assert not files.overwritten()


def test_writing_as_many_bytes_is_seen_by_the_time(tmp_path: Path) -> None:
    files = watched(tmp_path / "a")
    os.utime(tmp_path / "a", ns=(0, 0))

    assert files.overwritten()


def test_a_file_that_was_replaced_or_deleted_leaves_its_bytes_to_who_mapped_them(tmp_path: Path) -> None:
    replaced, deleted = watched(tmp_path / "a"), watched(tmp_path / "b")
    (tmp_path / "new").write_bytes(b"others")
    (tmp_path / "new").replace(tmp_path / "a")
    (tmp_path / "b").unlink()

    assert not replaced.overwritten()
    assert not deleted.overwritten()


def test_a_file_that_is_not_there_is_not_watched(tmp_path: Path) -> None:
    files = MappedFiles()
    files.watch([tmp_path / "missing"])
    (tmp_path / "missing").write_bytes(b"now")

    assert not files.overwritten()
