"""A picture that was made again is the same file, shows the same, or differs for a reason."""

from pathlib import Path

import numpy as np
from weft.cli.reproduction import changes_since, likeness
from weft.errors import JSON
from weft.pictures import encode_png


def _picture(path: Path, shade: int, *, note: str = "", size: int = 4) -> Path:
    path.write_bytes(encode_png(np.full((size, size, 3), shade, np.uint8), provenance={"note": note}))
    return path


def test_the_same_file_is_found_among_others(tmp_path: Path) -> None:
    original = _picture(tmp_path / "a.png", 7)
    copies = [_picture(tmp_path / "b.png", 8), _picture(tmp_path / "c.png", 7)]

    assert likeness(original, copies) == "bytes"


def test_the_same_pixels_in_another_file_are_told_apart(tmp_path: Path) -> None:
    original = _picture(tmp_path / "a.png", 7)

    assert likeness(original, [_picture(tmp_path / "b.png", 7, note="new")]) == "pixels"


def test_other_pixels_or_another_size_differ(tmp_path: Path) -> None:
    original = _picture(tmp_path / "a.png", 7)

    assert likeness(original, [_picture(tmp_path / "b.png", 8)]) == "different"
    assert likeness(original, [_picture(tmp_path / "c.png", 7, size=5)]) == "different"
    assert likeness(original, []) == "different"


def test_changed_versions_and_files_are_named() -> None:
    then: dict[str, JSON] = {
        "versions": {"torch": "2.0", "weft": "1"},
        "files": {"a.safetensors": "x", "b": "y"},
    }
    now: dict[str, JSON] = {
        "versions": {"torch": "2.1", "weft": "1"},
        "files": {"a.safetensors": "z", "b": "y"},
    }

    assert changes_since(then, now) == [
        "torch 2.0 then, 2.1 now",
        "the file a.safetensors has other contents",
    ]


def test_a_version_that_came_or_went_is_named() -> None:
    assert changes_since({"versions": {"a": "1"}}, {"versions": {"b": "2"}}) == [
        "a 1 then, missing now",
        "b missing then, 2 now",
    ]


def test_nothing_is_said_where_nothing_changed_or_is_known() -> None:
    assert changes_since({"versions": {"a": "1"}}, {"versions": {"a": "1"}}) == []
    assert changes_since({}, {"versions": {"a": "1"}}) == []
    assert changes_since({"versions": "odd"}, {"versions": {"a": "1"}}) == []
