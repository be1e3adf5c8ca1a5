"""The picture of a model is the file of its name beside it, and is another one when its content changes."""

import os
from pathlib import Path

import pytest
from weft.jobs.hub.model_pictures import MOST_BYTES, SUFFIXES, picture_beside


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_picture_of_the_same_name_is_found(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"ink.v1.5{suffix}"
    path.write_bytes(b"picture")

    found = picture_beside(tmp_path / "ink.v1.5.safetensors")

    assert found is not None
    assert found.path == path
    assert len(found.id) == 64


def test_a_pipeline_has_its_picture_beside_its_folder(tmp_path: Path) -> None:
    (tmp_path / "pipe").mkdir()
    (tmp_path / "pipe.png").write_bytes(b"picture")

    found = picture_beside(tmp_path / "pipe")

    assert found is not None
    assert found.path == tmp_path / "pipe.png"


def test_what_is_said_to_be_a_preview_comes_first(tmp_path: Path) -> None:
    (tmp_path / "ink.png").write_bytes(b"picture")
    (tmp_path / "ink.preview.jpg").write_bytes(b"picture")

    found = picture_beside(tmp_path / "ink.safetensors")

    assert found is not None
    assert found.path.name == "ink.preview.jpg"


def test_what_cannot_be_a_picture_is_none(tmp_path: Path) -> None:
    (tmp_path / "folder.png").mkdir()
    (tmp_path / "empty.png").touch()
    (tmp_path / "large.png").touch()
    os.truncate(tmp_path / "large.png", MOST_BYTES + 1)
    (tmp_path / "other.png").write_bytes(b"picture")

    found = [picture_beside(tmp_path / f"{name}.safetensors") for name in ("folder", "empty", "large", "ink")]

    assert found == [None] * 4


def test_another_content_is_another_picture(tmp_path: Path) -> None:
    path = tmp_path / "ink.png"
    path.write_bytes(b"picture")
    before = picture_beside(tmp_path / "ink.safetensors")
    path.write_bytes(b"another one")

    after = picture_beside(tmp_path / "ink.safetensors")

    assert before is not None
    assert after is not None
    assert before.id != after.id
