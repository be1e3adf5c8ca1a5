"""Pictures become files that carry their workflow; all else stays a value."""

from pathlib import Path

import numpy as np
import pytest
import torch
from weft.cli.outputs import Destination, is_saved, refuse_unwritable, save_output
from weft.errors import FileUnwritableError
from weft.pictures import read_picture, read_provenance
from weft.sockets import parse_type
from weft.values import Image, Mask


@pytest.fixture
def destination(tmp_path: Path) -> Destination:
    return Destination(tmp_path / "output", "portrait", {"weft": {"weft": 1}})


def test_a_picture_is_saved_with_its_provenance(destination: Destination) -> None:
    pixels = torch.rand(1, 4, 6, 3)

    report = save_output("image", Image(pixels), destination)

    (path,) = report.paths
    assert path.endswith("output/portrait-image-00001.png")
    assert report.type == "image"
    np.testing.assert_array_equal(read_picture(Path(path)), (pixels[0] * 255).round().byte().numpy())
    assert read_provenance(Path(path)) == {"weft": {"weft": 1}, "output": "image"}


def test_no_file_is_ever_overwritten(destination: Destination) -> None:
    image = Image(torch.zeros(1, 2, 2, 3))

    first = save_output("image", image, destination).paths
    second = save_output("image", image, destination).paths

    assert Path(first[0]).exists()
    assert second[0].endswith("portrait-image-00002.png")


def test_every_picture_of_batches_and_lists_is_a_file_of_its_own(destination: Destination) -> None:
    images = [[Image(torch.full((2, 2, 2, 3), shade))] for shade in (0.0, 1.0)]

    report = save_output("image", images, destination)

    shades = [int(read_picture(Path(path)).max()) for path in report.paths]
    assert shades == [0, 0, 255, 255]
    assert report.type == "list[list[image]]"


def test_the_same_picture_gives_the_same_bytes(destination: Destination) -> None:
    image = Image(torch.rand(1, 8, 8, 3))

    paths = [save_output("image", image, destination).paths[0] for _ in range(2)]

    assert Path(paths[0]).read_bytes() == Path(paths[1]).read_bytes()


def test_transparency_is_kept(destination: Destination) -> None:
    report = save_output("image", Image(torch.full((1, 2, 2, 4), 0.5)), destination)

    assert read_picture(Path(report.paths[0])).shape == (2, 2, 4)


def test_a_mask_is_saved_as_grey(destination: Destination) -> None:
    report = save_output("mask", Mask(torch.full((1, 2, 3), 0.2)), destination)

    assert (read_picture(Path(report.paths[0])) == 51).all()
    assert report.type == "mask"


@pytest.mark.parametrize(
    ("value", "kind"),
    [(3, "int"), (0.5, "float"), ("a", "string"), (True, "bool"), ([1, 2], "list[int]"), ({"a": 1}, "json")],
)
def test_a_plain_value_is_answered_as_it_is(value: object, kind: str, destination: Destination) -> None:
    report = save_output("number", value, destination)

    assert (report.value, report.type, report.paths) == (value, kind, ())
    assert not destination.folder.exists()


def test_what_json_cannot_hold_is_named_by_its_type(destination: Destination) -> None:
    report = save_output("thing", object(), destination)

    assert (report.value, report.type) == (None, "object")


def test_names_that_no_file_can_have_are_made_plain(tmp_path: Path) -> None:
    destination = Destination(tmp_path, "../a b: c", {})

    report = save_output("bild/größe", Image(torch.zeros(1, 2, 2, 3)), destination)

    assert Path(report.paths[0]).parent == tmp_path
    assert Path(report.paths[0]).name == "-a-b-c-bild-größe-00001.png"


def test_a_folder_that_cannot_be_written_is_reported(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")

    with pytest.raises(FileUnwritableError):
        save_output("image", Image(torch.zeros(1, 2, 2, 3)), Destination(tmp_path / "file", "w", {}))


@pytest.mark.parametrize(
    ("kind", "saved"),
    [("image", True), ("list[list[mask]]", True), ("image | null", True), ("latent", False), ("T", False)],
)
def test_pictures_are_saved_and_all_else_is_not(kind: str, saved: bool) -> None:
    assert is_saved(parse_type(kind)) == saved


def test_a_folder_that_can_be_made_is_not_made_before_it_is_needed(tmp_path: Path) -> None:
    refuse_unwritable(tmp_path / "new" / "pictures")

    assert list(tmp_path.iterdir()) == []


def test_a_file_in_the_way_is_named(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("")

    with pytest.raises(FileUnwritableError, match="taken is no folder"):
        refuse_unwritable(tmp_path / "taken" / "pictures")


@pytest.mark.skipif(not Path("/proc/self").is_dir(), reason="there is no folder that nobody may write")
def test_a_folder_that_takes_no_files_is_refused() -> None:
    with pytest.raises(FileUnwritableError, match="cannot be written"):
        refuse_unwritable(Path("/proc/self/pictures"))
