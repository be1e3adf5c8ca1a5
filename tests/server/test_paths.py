"""Paths name folders without touching them."""

from pathlib import Path

from weft.paths import Paths


def test_paths_below_a_folder_all_lie_in_it_and_apart(tmp_path: Path) -> None:
    paths = Paths.below(tmp_path)

    folders = [paths.input_dir, paths.output_dir, *paths.models, paths.data_dir]
    assert len(set(folders)) == 4
    assert all(folder.parent == tmp_path for folder in folders)


def test_nothing_is_created_before_something_is_written(tmp_path: Path) -> None:
    Paths.below(tmp_path)

    assert list(tmp_path.iterdir()) == []
