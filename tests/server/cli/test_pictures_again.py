"""Running a picture: it says whether it came out the same, and what changed where it did not."""

import json
from pathlib import Path

import pytest
from cli.heard import Weft
from weft.errors import JSON
from weft.pictures import encode_png, read_picture, read_provenance


@pytest.fixture
def picture(weft: Weft, folder: Path) -> Path:
    """A picture that the toy workflow made."""
    weft("run", "draw.json", "--prompt", "a star")
    return folder / "output" / "draw-image-00001.png"


def _told(picture: Path) -> dict[str, JSON]:
    found = read_provenance(picture)
    assert found is not None
    return found


def test_a_picture_made_by_another_version_says_which(weft: Weft, picture: Path) -> None:
    told = _told(picture)
    versions = told["versions"]
    assert isinstance(versions, dict)
    older = {**told, "versions": {**versions, "torch": "1.0"}}
    picture.write_bytes(encode_png(read_picture(picture), provenance=older))

    words = weft("run", str(picture)).words

    assert f"This shows exactly what {picture} shows. Since then: torch 1.0 then, " in words


def test_a_picture_that_was_painted_over_differs(weft: Weft, picture: Path) -> None:
    pixels = read_picture(picture)
    pixels[0, 0] = 255 - pixels[0, 0]
    picture.write_bytes(encode_png(pixels, provenance=_told(picture)))

    heard = weft("run", str(picture))

    assert heard.code == 0
    assert f"This differs from {picture}.\n" in heard.words


def test_a_picture_whose_weights_were_exchanged_says_so(weft: Weft, picture: Path) -> None:
    told: dict[str, JSON] = {**_told(picture), "files": {"pen.safetensors": "another"}}
    picture.write_bytes(encode_png(255 - read_picture(picture), provenance=told))

    words = weft("run", str(picture)).words

    assert "Since then: the file pen.safetensors has other contents." in words


def test_a_renamed_picture_makes_files_under_the_name_of_its_workflow(weft: Weft, picture: Path) -> None:
    moved = picture.rename(picture.with_name("holiday.png"))

    assert weft("run", str(moved)).data.startswith("output/draw-image-00001.png\n")


def test_a_changed_picture_is_not_compared(weft: Weft, picture: Path) -> None:
    words = weft("run", str(picture), "--seed", "77").words

    assert "bit for bit" not in words
    assert "differs" not in words


def test_each_picture_of_a_list_carries_the_whole_run(weft: Weft, folder: Path) -> None:
    document = json.loads((folder / "draw.json").read_text())
    document["nodes"]["draw"]["inputs"]["seed"] = {"from": "seeds.numbers"}
    document["nodes"]["seeds"] = {"type": "list.range", "inputs": {"start": 1, "count": 3}}
    del document["inputs"]["seed"]
    (folder / "many.json").write_text(json.dumps(document))
    made = weft("run", "many.json", "--only", "image", "--json").answer["outputs"]["image"]["paths"]

    words = weft("run", made[1], "--only", "image").words

    assert len(made) == 3
    assert f"This is {made[1]} again, bit for bit." in words


def test_the_name_a_picture_gives_its_workflow_leads_nowhere_else(weft: Weft, picture: Path) -> None:
    told = {**_told(picture), "workflow": "../../elsewhere"}
    picture.write_bytes(encode_png(read_picture(picture), provenance=told))

    (line, *_) = weft("run", str(picture)).data.splitlines()

    assert Path(line).parent == Path("output")
