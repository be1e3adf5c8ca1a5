"""A workflow comes from a file, a picture, a name or standard input."""

import io
import json
import sys
from pathlib import Path

import numpy as np
import pytest
from server.test_video_texts import FILMS, VIDEOS
from weft.cli.faults import FileUnreadableError, PictureWithoutWorkflowError
from weft.cli.sources import lineage_of, read_source
from weft.errors import JSON, PictureUnreadableError, ProblemsError
from weft.graph.workflows import FolderWorkflows, NoWorkflows
from weft.graph_errors import WorkflowUnknownError
from weft.pictures import encode_jpeg, encode_png, read_provenance

DOCUMENT: dict[str, JSON] = {"weft": 1, "title": "Sum", "nodes": {"a": {"type": "number.integer"}}}


def _saved(path: Path) -> Path:
    path.write_text(json.dumps(DOCUMENT))
    return path


def _picture(path: Path, provenance: dict[str, JSON] | None, *, size: int = 4) -> Path:
    pixels = np.random.default_rng(0).integers(0, 256, (size, size, 3), np.uint8)
    path.write_bytes(encode_png(pixels, provenance=provenance))
    return path


def test_a_file_is_read_and_named_after_itself(tmp_path: Path) -> None:
    path = _saved(tmp_path / "sum.json")

    source = read_source(str(path), NoWorkflows())

    assert (source.name, source.document.title, source.path, source.picture) == ("sum", "Sum", path, None)


def test_a_name_is_looked_up(tmp_path: Path) -> None:
    _saved(tmp_path / "sum.json")

    source = read_source("sum", FolderWorkflows([tmp_path]))

    assert (source.name, source.document.title, source.path) == ("sum", "Sum", None)


def test_a_file_wins_over_a_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "named").mkdir()
    (tmp_path / "named" / "sum.json").write_text('{"weft": 1, "title": "Named"}')
    _saved(tmp_path / "sum")
    monkeypatch.chdir(tmp_path)

    assert read_source("sum", FolderWorkflows([tmp_path / "named"])).document.title == "Sum"


def test_standard_input_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(json.dumps(DOCUMENT).encode())))

    assert read_source("-", NoWorkflows()).document.title == "Sum"


def test_a_picture_gives_its_workflow_and_what_else_it_says(tmp_path: Path) -> None:
    path = _picture(tmp_path / "x.png", {"weft": DOCUMENT, "workflow": "sums", "seeds": {"a.seed": 7}})

    source = read_source(str(path), NoWorkflows())

    assert (source.name, source.document.title, source.picture) == ("sums", "Sum", path)
    assert source.provenance["seeds"] == {"a.seed": 7}


def test_a_picture_that_does_not_name_its_workflow_is_named_after_itself(tmp_path: Path) -> None:
    assert read_source(str(_picture(tmp_path / "x.png", {"weft": DOCUMENT})), NoWorkflows()).name == "x"


@pytest.mark.parametrize("provenance", [None, {"files": {}}, {"weft": "text"}])
def test_a_picture_without_a_workflow_is_refused(tmp_path: Path, provenance: dict[str, JSON] | None) -> None:
    path = _picture(tmp_path / "x.png", provenance)

    with pytest.raises(PictureWithoutWorkflowError, match=r"x\.png carries no workflow"):
        read_source(str(path), NoWorkflows())


def test_a_truncated_picture_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.png"
    path.write_bytes(encode_png(np.zeros((4, 4, 3), np.uint8))[:30])

    with pytest.raises(PictureUnreadableError, match=r"x\.png"):
        read_source(str(path), NoWorkflows())


def test_a_picture_with_a_workflow_and_damaged_pixels_is_refused(tmp_path: Path) -> None:
    path = _picture(tmp_path / "x.png", {"weft": DOCUMENT}, size=64)
    path.write_bytes(path.read_bytes()[:-2000])
    assert read_provenance(path) is not None

    with pytest.raises(PictureUnreadableError, match=r"x\.png"):
        read_source(str(path), NoWorkflows())


def test_a_picture_is_known_by_what_it_holds_and_not_by_its_name(tmp_path: Path) -> None:
    path = _picture(tmp_path / "download", {"weft": DOCUMENT})

    assert read_source(str(path), NoWorkflows()).picture == path


@pytest.mark.parametrize(
    ("beginning", "kind"),
    [(b"GIF89a", "GIF"), (b"MM\0*", "TIFF"), (bytes.fromhex("1a45dfa3"), "WebM or Matroska")],
)
def test_a_file_of_another_kind_says_which_kinds_carry_workflows(
    tmp_path: Path, beginning: bytes, kind: str
) -> None:
    (tmp_path / "x").write_bytes(beginning + b"\x80\0" * 20)

    with pytest.raises(PictureWithoutWorkflowError, match=f"it is a {kind} file, and weft looks into PNG"):
        read_source(str(tmp_path / "x"), NoWorkflows())


def test_a_jpeg_gives_its_workflow_and_is_compared_with_nothing(tmp_path: Path) -> None:
    path = tmp_path / "x.jpg"
    path.write_bytes(encode_jpeg(np.zeros((4, 4, 3), np.uint8), provenance={"weft": DOCUMENT}))

    source = read_source(str(path), NoWorkflows())

    assert (source.name, source.document.title, source.path, source.picture) == ("x", "Sum", path, None)


@pytest.mark.parametrize("name", ["x.jpg", "download"])
def test_a_jpeg_without_a_workflow_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(encode_jpeg(np.zeros((4, 4, 3), np.uint8)))

    with pytest.raises(PictureWithoutWorkflowError, match=f"{name} carries no workflow"):
        read_source(str(tmp_path / name), NoWorkflows())


@pytest.mark.parametrize("name", FILMS)
def test_a_film_gives_its_workflow(name: str) -> None:
    source = read_source(str(VIDEOS / name), NoWorkflows())

    assert (source.name, source.document.title, source.picture) == ("street", "Straße", None)
    assert source.provenance["workflow"] == "street"


def test_a_film_without_a_workflow_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.mp4"
    path.write_bytes((VIDEOS / FILMS[0]).read_bytes().replace(b"weft", b"warp"))

    with pytest.raises(PictureWithoutWorkflowError, match=r"x\.mp4 carries no workflow"):
        read_source(str(path), NoWorkflows())


def test_a_film_that_breaks_off_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.mp4"
    path.write_bytes((VIDEOS / FILMS[0]).read_bytes()[:-9])

    with pytest.raises(FileUnreadableError, match="cannot be read: it is damaged"):
        read_source(str(path), NoWorkflows())


@pytest.mark.parametrize("data", [b"\x80\x04\x95" + b"\xff" * 40, b"PK\x03\x04" + b"\0" * 40, b"\0" * 40])
def test_a_file_that_is_no_text_is_no_workflow(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "x.bin").write_bytes(data)

    with pytest.raises(FileUnreadableError, match=r"x\.bin is neither JSON nor a picture that weft made"):
        read_source(str(tmp_path / "x.bin"), NoWorkflows())


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_a_document_may_be_written_in_every_encoding_of_json(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "x.json").write_bytes(json.dumps(DOCUMENT).encode(encoding))

    assert read_source(str(tmp_path / "x.json"), NoWorkflows()).document.title == "Sum"


def test_a_file_that_is_not_there_suggests_one_that_is(tmp_path: Path) -> None:
    _saved(tmp_path / "portrait.json")

    with pytest.raises(FileUnreadableError, match="does not exist") as caught:
        read_source(str(tmp_path / "portrat.json"), NoWorkflows())

    assert "portrait.json" in caught.value.hint


def test_a_path_into_nowhere_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileUnreadableError, match="does not exist"):
        read_source(str(tmp_path / "no" / "where.json"), NoWorkflows())


def test_an_unknown_name_suggests_a_known_one(tmp_path: Path) -> None:
    _saved(tmp_path / "portrait.json")

    with pytest.raises(WorkflowUnknownError) as caught:
        read_source("portrat", FolderWorkflows([tmp_path]))

    assert caught.value.hint == 'Did you mean "portrait"?'


def test_a_folder_is_no_workflow(tmp_path: Path) -> None:
    with pytest.raises(FileUnreadableError, match="is a folder"):
        read_source(str(tmp_path), NoWorkflows())


def test_a_malformed_document_is_refused_with_every_problem(tmp_path: Path) -> None:
    path = tmp_path / "bad.json"
    path.write_text('{"weft": 1, "nodes": {"a": {"typ": "x"}, "b": 3}}')

    with pytest.raises(ProblemsError) as caught:
        read_source(str(path), NoWorkflows())

    assert len(caught.value.problems) >= 3


def test_a_lineage_is_the_file_or_the_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = _saved(tmp_path / "sum.json")
    monkeypatch.chdir(tmp_path)

    assert lineage_of(read_source("sum.json", NoWorkflows())) == str(path)
    assert lineage_of(read_source("sum", FolderWorkflows([tmp_path]))) == "sum"


def test_a_file_that_the_system_does_not_give_says_why(tmp_path: Path) -> None:
    path = tmp_path / "loop.json"
    path.symlink_to(path)

    with pytest.raises(FileUnreadableError) as caught:
        read_source(str(path), NoWorkflows())

    assert str(path) in caught.value.message
