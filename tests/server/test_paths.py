"""Paths name folders without touching them."""

from pathlib import Path

import pytest
from weft.paths import Paths


def test_paths_below_a_folder_all_lie_in_it_and_apart(tmp_path: Path) -> None:
    paths = Paths.below(tmp_path)

    folders = [paths.input_dir, paths.output_dir, *paths.models, paths.data_dir]
    assert len(set(folders)) == 4
    assert all(folder.parent == tmp_path for folder in folders)


def test_nothing_is_created_before_something_is_written(tmp_path: Path) -> None:
    Paths.below(tmp_path)

    assert list(tmp_path.iterdir()) == []


def test_an_asset_lies_where_its_digest_says(tmp_path: Path) -> None:
    digest = "ab" * 32

    assert Paths.below(tmp_path).asset(digest) == tmp_path / "data" / "blobs" / "ab" / digest


@pytest.mark.parametrize("digest", ["", "ab", "AB" * 32, "../" * 21 + "a", f"{'ab' * 32}\n", "gg" * 32])
def test_no_path_is_made_of_what_is_no_digest(tmp_path: Path, digest: str) -> None:
    with pytest.raises(ValueError, match="digest"):
        Paths.below(tmp_path).asset(digest)


def test_only_an_asset_that_is_there_and_no_link_is_held(tmp_path: Path) -> None:
    paths = Paths.below(tmp_path)
    held, linked, absent = "ab" * 32, "cd" * 32, "ef" * 32
    for digest in (held, linked):
        paths.asset(digest).parent.mkdir(parents=True)
    paths.asset(held).write_bytes(b"picture")
    paths.asset(linked).symlink_to(paths.asset(held))

    assert paths.holds_asset(f"asset:{held}")
    assert not any(paths.holds_asset(name) for name in (held, f"asset:{linked}", f"asset:{absent}"))
    assert not paths.holds_asset(f"asset:ab/../{held}")
