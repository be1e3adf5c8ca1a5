"""Pictures of a folder: each is made anew under its name, and only what is new is made."""

from pathlib import Path

from PIL import Image
from workflow_runs import Desk, pictures, ran, small


def put(desk: Desk, name: str, color: str, mode: str = "RGB") -> Path:
    """Put a picture of one colour into a folder of the input folder."""
    path = desk.settings.input_dir / "batch" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new(mode, (60, 40), color).save(path)
    return path


def test_every_picture_of_the_folder_is_made_anew_and_only_once(tiny: Desk) -> None:
    put(tiny, "10.png", "red")
    put(tiny, "2.png", "blue", "RGBA")
    values = small({"folder": "batch", "pattern": "*.png"})

    first = pictures(tiny.run("pictures-of-a-folder", **values))
    again = tiny.run("pictures-of-a-folder", **values)
    put(tiny, "10.png", "green")
    changed = tiny.run("pictures-of-a-folder", **values)

    assert len(first) == 2
    assert "sample" not in ran(again)
    assert "sample" in ran(changed)
    assert pictures(changed)[0].pixels_BHWC.equal(first[0].pixels_BHWC)
    assert not pictures(changed)[1].pixels_BHWC.equal(first[1].pixels_BHWC)


def test_a_folder_without_pictures_is_one_clear_problem(tiny: Desk) -> None:
    document = tiny.workflows.load("pictures-of-a-folder")

    result = tiny.run_document(document, **small({"folder": "none"}))

    assert [problem.code for problem in result.problems] == ["picture-missing"]
