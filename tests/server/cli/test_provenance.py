"""What a picture says about how it was made is the same for the same run."""

from pathlib import Path

from weft.cli.arguments import Options
from weft.cli.preparation import Prepared, prepare
from weft.cli.provenance import provenance_of
from weft.cli.session import open_session
from weft.cli.sources import read_source
from weft.values import canonical_json


def _prepared(**given: str) -> Prepared:
    options = Options("run", "draw.json", given=given)
    session = open_session(options)
    return prepare(read_source("draw.json", session.workflows), options, session)


def test_the_document_is_told_as_it_was_run(folder: Path) -> None:
    prepared = _prepared(prompt="a star")

    told = provenance_of(prepared.document, prepared.graph, workflow="draw", files={})

    assert told["weft"] == prepared.document.to_json()
    assert told["workflow"] == "draw"


def test_seeds_are_told_also_where_they_are_defaults(folder: Path) -> None:
    (folder / "draw.json").write_text((folder / "draw.json").read_text().replace(', "seed": 3', ""))
    prepared = _prepared()

    told = provenance_of(prepared.document, prepared.graph, workflow="draw", files={})

    assert told["seeds"] == {"draw.seed": 0}


def test_the_order_of_files_does_not_matter(folder: Path) -> None:
    prepared = _prepared()

    told = [
        provenance_of(prepared.document, prepared.graph, workflow="draw", files=files)
        for files in ({"a": "1", "b": "2"}, {"b": "2", "a": "1"})
    ]

    assert list(told[0]["files"]) == list(told[1]["files"]) == ["a", "b"]  # type: ignore[arg-type]
    assert canonical_json(told[0]) == canonical_json(told[1])


def test_versions_of_what_computes_are_told(folder: Path) -> None:
    prepared = _prepared()

    versions = provenance_of(prepared.document, prepared.graph, workflow="draw", files={})["versions"]

    assert isinstance(versions, dict)
    assert set(versions) == {"weft", "torch", "python"}
