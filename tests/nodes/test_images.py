"""Pictures are loaded from and saved to their folders alone, and are laid out and compared exactly."""

import hashlib
from pathlib import Path

import numpy as np
import pytest
import torch
from weft.sdk import (
    FingerprintScope,
    Image,
    LocalRun,
    NodeError,
    Paths,
    PictureUnreadableError,
    encode_png,
    read_picture,
    read_provenance,
)
from weft_nodes import images
from weft_nodes.images import PictureMissingError, SheetError
from weft_nodes.pixels.errors import (
    PictureCountError,
    PictureIndexError,
    PictureSizeError,
    PictureTooLargeError,
)
from weft_nodes.pixels.folders import PathOutsideError


@pytest.fixture
def run(tmp_path: Path) -> LocalRun:
    """A run whose folders are all below a temporary one."""
    paths = Paths.below(tmp_path)
    paths.input_dir.mkdir()
    return LocalRun(paths=paths)


def plain(value: float, width: int = 8, height: int = 6, channels: int = 3) -> Image:
    """One grey picture."""
    return Image(torch.full((1, height, width, channels), value))


def noise(count: int = 1, channels: int = 3) -> Image:
    """Random pictures whose values are whole bytes."""
    bytes_BHWC = torch.randint(0, 256, (count, 6, 8, channels), generator=torch.Generator().manual_seed(2))
    return Image(bytes_BHWC.float() / 255)


def put(run: LocalRun, name: str, image: Image) -> Path:
    """Put a picture into the input folder."""
    path = run.paths.input_dir / name
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels_HWC = (image.pixels_BHWC[0] * 255).round().to(torch.uint8).numpy()
    path.write_bytes(encode_png(pixels_HWC))
    return path


def test_what_was_saved_is_loaded_exactly(run: LocalRun) -> None:
    image = noise()
    put(run, "folder/picture.png", image)

    loaded = images.load_image(run, "folder/picture.png")

    assert loaded.image.pixels_BHWC.equal(image.pixels_BHWC)
    assert loaded.mask.values_BHW.eq(1).all()


def test_the_mask_of_a_loaded_picture_is_its_opacity(run: LocalRun) -> None:
    image = noise(channels=4)
    put(run, "picture.png", image)

    loaded = images.load_image(run, "picture.png")

    assert loaded.image.pixels_BHWC.shape[-1] == 4
    assert loaded.mask.values_BHW.equal(image.pixels_BHWC[..., 3])


def _upload(run: LocalRun, image: Image) -> str:
    """Put a picture among the assets; give the name that an input takes."""
    data = put(run, "uploaded.png", image).read_bytes()
    digest = hashlib.sha256(data).hexdigest()
    path = run.paths.asset(digest)
    path.parent.mkdir(parents=True)
    path.write_bytes(data)
    return f"asset:{digest}"


def test_an_asset_is_loaded_by_its_digest(run: LocalRun) -> None:
    image = noise()

    loaded = images.load_image(run, _upload(run, image))

    assert loaded.image.pixels_BHWC.equal(image.pixels_BHWC)


def test_the_fingerprint_of_an_asset_is_its_name_which_is_its_content(run: LocalRun) -> None:
    scope = FingerprintScope(run.paths)
    name = _upload(run, noise())

    assert images._digest_of_picture(scope, name) == name
    assert images._digest_of_picture(scope, f"asset:{'ab' * 32}") == "missing"


@pytest.mark.parametrize("name", [f"asset:{'ab' * 32}", "asset:cat", "asset:/../cat"])
def test_an_asset_that_is_not_there_is_named(run: LocalRun, name: str) -> None:
    with pytest.raises(PictureMissingError, match="asset:"):
        images.load_image(run, name)


def test_a_picture_that_is_not_there_is_named(run: LocalRun) -> None:
    with pytest.raises(PictureMissingError, match=r"'cat\.png'"):
        images.load_image(run, "cat.png")


def test_a_truncated_picture_is_an_error(run: LocalRun) -> None:
    path = put(run, "picture.png", noise())
    path.write_bytes(path.read_bytes()[:60])

    with pytest.raises(PictureUnreadableError):
        images.load_image(run, "picture.png")


@pytest.mark.parametrize("name", ["../secret.png", "folder/../../secret.png", "/etc/passwd"])
def test_no_name_leads_out_of_the_input_folder(run: LocalRun, name: str) -> None:
    (run.paths.input_dir.parent / "secret.png").write_bytes(encode_png(np.zeros((1, 1, 3), np.uint8)))

    with pytest.raises(PathOutsideError):
        images.load_image(run, name)


def test_no_link_leads_out_of_the_input_folder(run: LocalRun) -> None:
    secret = run.paths.input_dir.parent / "secret.png"
    secret.write_bytes(encode_png(np.zeros((1, 1, 3), np.uint8)))
    (run.paths.input_dir / "harmless.png").symlink_to(secret)

    with pytest.raises(PathOutsideError):
        images.load_image(run, "harmless.png")


def test_pictures_are_listed_with_their_folders_and_other_files_are_not(run: LocalRun) -> None:
    put(run, "b.png", noise())
    put(run, "a/c.PNG", noise())
    (run.paths.input_dir / "notes.txt").write_text("no picture")

    assert list(images.pictures_by_name(run.paths)) == ["a/c.PNG", "b.png"]


def test_an_input_folder_that_does_not_exist_holds_no_pictures(tmp_path: Path) -> None:
    assert images.pictures_by_name(Paths.below(tmp_path / "nowhere")) == {}


def test_the_fingerprint_of_a_picture_is_its_content(run: LocalRun) -> None:
    digest = images._digest_of_picture
    scope = FingerprintScope(run.paths)
    put(run, "a.png", plain(0.2))
    put(run, "b.png", plain(0.2))
    first = digest(scope, "a.png")

    assert digest(scope, "b.png") == first
    put(run, "a.png", noise())
    assert digest(FingerprintScope(run.paths), "a.png") != first
    assert digest(scope, "missing.png") == "missing"


def test_a_batch_is_saved_under_the_next_free_numbers(run: LocalRun) -> None:
    first = images.save_image(run, noise(2), "cats/one")
    second = images.save_image(run, noise(1), "cats/one")

    assert first == ["cats/one-00001.png", "cats/one-00002.png"]
    assert second == ["cats/one-00003.png"]
    assert all((run.paths.output_dir / name).is_file() for name in (*first, *second))


@pytest.mark.parametrize("format", ["png", "webp"])
def test_a_saved_picture_is_exact_and_carries_its_provenance(
    run: LocalRun, format: images.PictureFormat
) -> None:
    run.note_file("starter/model", "abc")
    image = noise()

    (name,) = images.save_image(run, image, "x", format=format)

    path = run.paths.output_dir / name
    assert path.suffix == f".{format}"
    assert np.array_equal(read_picture(path), (image.pixels_BHWC[0] * 255).round().numpy())
    assert read_provenance(path) == {"files": {"starter/model": "abc"}}


def test_a_picture_saved_as_jpeg_carries_its_provenance_too(run: LocalRun) -> None:
    run.note_file("starter/model", "abc")

    (name,) = images.save_image(run, images.empty_image(5, 3, "#ff8000"), "x", format="jpeg")

    path = run.paths.output_dir / name
    assert path.suffix == ".jpeg"
    assert np.abs(read_picture(path).astype(int) - [255, 128, 0]).max() < 8
    assert read_provenance(path) == {"files": {"starter/model": "abc"}}


@pytest.mark.parametrize("name", ["", "..", "../x", "/tmp/x", "a/../../x"])
def test_nothing_is_saved_outside_the_output_folder(run: LocalRun, name: str) -> None:
    with pytest.raises(PathOutsideError):
        images.save_image(run, noise(), name)
    assert not run.paths.output_dir.exists()


def test_an_empty_picture_has_its_size_and_colour() -> None:
    image = images.empty_image(5, 3, "#ff8000")

    assert image.pixels_BHWC.shape == (1, 3, 5, 3)
    assert image.pixels_BHWC[0, 0, 0].tolist() == pytest.approx([1.0, 128 / 255, 0.0])


def test_a_picture_beyond_the_limit_is_refused() -> None:
    with pytest.raises(PictureTooLargeError):
        images.empty_image(100_000, 100_000)


def test_pictures_know_their_size() -> None:
    assert images.image_size(noise(3)) == (8, 6, 3)


@pytest.mark.parametrize(
    ("proportions", "orientation", "expected"),
    [
        ("1:1", "landscape", (1024, 1024)),
        ("16:9", "landscape", (1344, 768)),
        ("16:9", "portrait", (768, 1344)),
    ],
)
def test_a_resolution_has_the_proportions_and_the_area_asked_for(
    proportions: images.Proportions, orientation: images.Orientation, expected: tuple[int, int]
) -> None:
    assert images.choose_resolution(proportions, orientation, 1.05) == expected


def test_a_batch_taken_apart_and_joined_is_the_same() -> None:
    batch = noise(3)

    parts = images.split_images(batch)

    assert [part.pixels_BHWC.shape[0] for part in parts] == [1, 1, 1]
    assert images.batch_images(parts).pixels_BHWC.equal(batch.pixels_BHWC)


def test_only_pictures_of_one_size_make_a_batch() -> None:
    with pytest.raises(PictureSizeError, match="picture 2 is 4x4"):
        images.batch_images([plain(0.0), plain(0.0, 4, 4)])
    with pytest.raises(SheetError, match="no pictures"):
        images.batch_images([])


def test_a_batch_gets_an_alpha_channel_if_one_picture_has_it() -> None:
    batch = images.batch_images([plain(0.5), plain(0.5, channels=4)]).pixels_BHWC

    assert batch[0, ..., 3].eq(1).all()
    assert batch[1, ..., 3].eq(0.5).all()


def test_one_picture_is_picked_out_of_a_batch() -> None:
    assert images.pick_image(noise(3), 2).pixels_BHWC.equal(noise(3).pixels_BHWC[2:])
    with pytest.raises(PictureIndexError, match="picture 3 in a batch of 3"):
        images.pick_image(noise(3), 3)


def test_a_grid_shows_every_picture_of_every_batch() -> None:
    sheet = images.grid_of_images([plain(0.1), noise(2)], 3, 2, color="#000000").pixels_BHWC

    assert sheet.shape == (1, 6 + 4, 3 * 8 + 8, 3)
    assert sheet[0, 2:8, 2:10].eq(0.1).all()
    assert sheet[0, 2:8, 22:30].equal(noise(2).pixels_BHWC[1])


def test_a_grid_needs_pictures_and_a_label_for_each_or_none() -> None:
    with pytest.raises(SheetError, match="no pictures"):
        images.grid_of_images([])
    with pytest.raises(SheetError, match="1 pictures but 2 labels"):
        images.grid_of_images([plain(0.1)], labels=["a", "b"])
    labelled = images.grid_of_images([plain(0.1, 64, 64)], labels=["a circle"])
    assert labelled.pixels_BHWC.shape[1] > images.grid_of_images([plain(0.1, 64, 64)]).pixels_BHWC.shape[1]


def test_equal_pictures_do_not_differ() -> None:
    result = images.compare_images(noise(), noise())

    assert result.is_equal
    assert result.largest == result.mean == 0.0
    assert result.difference.pixels_BHWC.eq(0).all()


def test_a_difference_is_measured_and_amplified() -> None:
    changed = plain(0.5)
    changed.pixels_BHWC[0, 0, 0, 0] = 0.75

    result = images.compare_images(plain(0.5), changed, 2.0, tolerance=0.2)

    assert result.largest == 0.25
    assert result.mean == pytest.approx(0.25 / (8 * 6 * 3))
    assert result.difference.pixels_BHWC[0, 0, 0, 0] == 0.5
    assert not result.is_equal
    assert images.compare_images(plain(0.5), changed, tolerance=0.25).is_equal


def test_only_pictures_that_fit_are_compared() -> None:
    with pytest.raises(PictureSizeError):
        images.compare_images(plain(0.1), plain(0.1, 4, 4))
    with pytest.raises(PictureCountError):
        images.compare_images(noise(2), noise(3))


def test_a_batch_that_is_split_is_put_together_again() -> None:
    batch = noise(3)

    assert images.batch_images(images.split_images(batch)).pixels_BHWC.equal(batch.pixels_BHWC)


@pytest.mark.parametrize("index", [0, 1, 2])
def test_a_picked_picture_is_the_one_of_that_number(index: int) -> None:
    batch = noise(3)

    picked = images.pick_image(batch, index)

    assert picked.pixels_BHWC.equal(images.split_images(batch)[index].pixels_BHWC)


def test_a_comparison_is_the_same_from_either_side() -> None:
    a, b = noise(1), images.empty_image(8, 6, "#204060")

    there, back = images.compare_images(a, b), images.compare_images(b, a)

    assert there.difference.pixels_BHWC.equal(back.difference.pixels_BHWC)
    assert (there.largest, there.mean) == (back.largest, back.mean)
    assert 0 < there.mean < there.largest <= 1


def test_amplification_changes_what_is_shown_and_not_what_is_measured() -> None:
    a, b = images.empty_image(4, 4, "#000000"), images.empty_image(4, 4, "#010101")

    seen = images.compare_images(a, b, 100.0)

    assert float(seen.difference.pixels_BHWC.max()) == pytest.approx(100 / 255)
    assert seen.largest == pytest.approx(1 / 255)


@pytest.mark.parametrize("megapixels", [0.25, 1.0, 4.0])
@pytest.mark.parametrize("proportions", ["1:1", "3:2", "21:9"])
def test_a_portrait_is_a_landscape_on_its_side(proportions: images.Proportions, megapixels: float) -> None:
    wide = images.choose_resolution(proportions, "landscape", megapixels)
    tall = images.choose_resolution(proportions, "portrait", megapixels)

    assert (wide.width, wide.height) == (tall.height, tall.width)
    assert wide.width >= wide.height
    assert wide.width % 64 == wide.height % 64 == 0
    assert wide.width * wide.height == pytest.approx(megapixels * 1_000_000, rel=0.15)


def test_a_damaged_picture_is_called_what_the_workflow_calls_it_and_never_by_its_path(tmp_path: Path) -> None:
    run = LocalRun(paths=Paths.below(tmp_path))
    run.paths.input_dir.mkdir()
    (run.paths.input_dir / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n broken")

    with pytest.raises(PictureUnreadableError) as caught:
        images.load_image(run, "broken.png")

    assert "broken.png" in caught.value.message
    assert str(tmp_path) not in caught.value.message


def test_the_pictures_of_a_folder_are_named_as_they_are_loaded(run: LocalRun) -> None:
    for name in ("set/10.png", "set/2.png", "set/notes.png", "other.png"):
        put(run, name, noise())

    names = images.list_pictures(run, "set", "[0-9]*")

    assert names == ["set/2.png", "set/10.png"]
    assert images.load_image(run, names[0]).image.pixels_BHWC.equal(noise().pixels_BHWC)
    assert images.list_pictures(run) == ["other.png", "set/2.png", "set/10.png", "set/notes.png"]


def test_a_folder_outside_without_pictures_or_with_too_many_is_refused(run: LocalRun) -> None:
    put(run, "a.png", noise())
    put(run, "b.png", noise())

    with pytest.raises(PathOutsideError):
        images.list_pictures(run, "..")
    with pytest.raises(PictureMissingError):
        images.list_pictures(run, "none")
    with pytest.raises(NodeError, match="There are 2 pictures"):
        images.list_pictures(run, limit=1)


def test_a_folder_is_known_by_the_names_in_it(run: LocalRun) -> None:
    look = images.list_pictures.__weft_node__.outside_state  # type: ignore[attr-defined]
    put(run, "a.png", noise())
    before = look(FingerprintScope(run.paths), {"folder": ""})

    put(run, "b.png", noise())

    assert look(FingerprintScope(run.paths), {"folder": ""}) != before
