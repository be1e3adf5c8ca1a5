"""A workflow comes from a file, a picture, a name or standard input."""

import io
import json
import sys
from pathlib import Path

import numpy as np
import pytest
from weft.cli.faults import FileUnreadableError, PictureWithoutWorkflowError
from weft.cli.sources import lineage_of, read_source
from weft.errors import JSON, PictureUnreadableError, ProblemsError
from weft.graph.workflows import FolderWorkflows, NoWorkflows
from weft.graph_errors import WorkflowUnknownError
from weft.pictures import encode_png

DOCUMENT: dict[str, JSON] = {"weft": 1, "title": "Sum", "nodes": {"a": {"type": "number.integer"}}}


def _saved(path: Path) -> Path:
    path.write_text(json.dumps(DOCUMENT))
    return path


def _picture(path: Path, provenance: dict[str, JSON] | None) -> Path:
    path.write_bytes(encode_png(np.zeros((4, 4, 3), np.uint8), provenance=provenance))
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
