"""Latents have the size their pictures ask for, and changes keep what they do not name."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
import torch
from tiny_runs import load_tiny, tiny_paths
from weft.sdk import Image, LocalRun, Mask
from weft_nodes import latents
from weft_nodes.checkpoints import LoadedCheckpoint
from weft_nodes.diffusion.values import Latent
from weft_nodes.latents import LatentIndexError, LatentShapeError, LatentSizeError, LatentSpaceError
from weft_nodes.models.errors import LatentMismatchError
from weft_nodes.pixels.errors import PictureTooLargeError


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalRun]:
    """A run with tiny checkpoints."""
    found = LocalRun(paths=tiny_paths(tmp_path_factory.mktemp("latents")))
    yield found
    found.close()


@pytest.fixture(scope="module")
def checkpoint(run: LocalRun) -> LoadedCheckpoint:
    """The tiny checkpoint."""
    return load_tiny(run)


def made(count: int = 1, *, seed: int = 0, space: str = "starter", masked: bool = False) -> Latent:
    """Random latents of pictures of 64 x 48 pixels."""
    samples = torch.randn(count, 4, 6, 8, generator=torch.Generator().manual_seed(seed))
    mask = torch.zeros(count, 1, 6, 8) if masked else None
    if mask is not None:
        mask[..., :4] = 1
    return Latent(samples, space, mask)


def test_an_empty_latent_is_eight_times_smaller_than_its_picture(checkpoint: LoadedCheckpoint) -> None:
    latent = latents.empty_latent(checkpoint.model, 64, 48, batch_size=3)

    assert latent.samples_BChw.shape == (3, 4, 6, 8)
    assert latent.samples_BChw.eq(0).all()
    assert latent.space == "starter"


def test_a_size_that_does_not_divide_is_an_error_that_names_one_that_does(
    checkpoint: LoadedCheckpoint,
) -> None:
    with pytest.raises(LatentSizeError, match="multiples of 8") as caught:
        latents.empty_latent(checkpoint.model, 100, 64)
    assert caught.value.hint == "Use 96x64."


def test_far_too_many_pictures_are_refused(checkpoint: LoadedCheckpoint) -> None:
    with pytest.raises(PictureTooLargeError):
        latents.empty_latent(checkpoint.model, 16384, 16384, batch_size=100)


def test_pictures_are_encoded_and_decoded_at_their_size(run: LocalRun, checkpoint: LoadedCheckpoint) -> None:
    image = Image(torch.rand(2, 48, 64, 3))

    latent = latents.encode_latent(run, image, checkpoint.vae)
    decoded = latents.decode_latent(run, latent, checkpoint.vae)

    assert latent.samples_BChw.shape == (2, 4, 6, 8)
    assert decoded.pixels_BHWC.shape == (2, 48, 64, 3)


def test_a_picture_does_not_depend_on_its_batch(run: LocalRun, checkpoint: LoadedCheckpoint) -> None:
    both = latents.decode_latent(run, made(2), checkpoint.vae).pixels_BHWC

    alone = latents.decode_latent(run, latents.pick_latent(made(2), 1), checkpoint.vae).pixels_BHWC

    assert alone.equal(both[1:])


def test_a_picture_that_fits_into_one_tile_is_decoded_as_without_tiles(
    run: LocalRun, checkpoint: LoadedCheckpoint
) -> None:
    tiled = latents.decode_latent(run, made(), checkpoint.vae, tile=64)

    torch.testing.assert_close(
        tiled.pixels_BHWC, latents.decode_latent(run, made(), checkpoint.vae).pixels_BHWC
    )


def test_tiles_cover_a_larger_picture(run: LocalRun, checkpoint: LoadedCheckpoint) -> None:
    latent = latents.scale_latent(made(), 3.0)

    tiled = latents.decode_latent(run, latent, checkpoint.vae, tile=64)

    assert tiled.pixels_BHWC.shape == (1, 144, 192, 3)


def test_a_latent_of_another_model_is_not_decoded(run: LocalRun, checkpoint: LoadedCheckpoint) -> None:
    with pytest.raises(LatentMismatchError, match="'sdxl'"):
        latents.decode_latent(run, made(space="sdxl"), checkpoint.vae)


def test_a_resized_latent_has_the_size_of_the_new_picture() -> None:
    resized = latents.resize_latent(made(masked=True), 128, 96)

    assert latents.latent_size(resized) == (128, 96, 1)
    assert resized.mask_B1hw is not None
    assert resized.mask_B1hw.shape == (1, 1, 12, 16)
    with pytest.raises(LatentSizeError):
        latents.resize_latent(made(), 100, 96)


def test_nearest_neighbours_repeat_every_value() -> None:
    doubled = latents.scale_latent(made(), 2.0, "nearest")

    assert doubled.samples_BChw[..., ::2, ::2].equal(made().samples_BChw)
    assert doubled.samples_BChw[..., 1::2, 1::2].equal(made().samples_BChw)


def test_scaling_rounds_to_whole_latent_pixels() -> None:
    assert latents.latent_size(latents.scale_latent(made(), 1.3)) == (80, 64, 1)
    with pytest.raises(PictureTooLargeError):
        latents.scale_latent(Latent(torch.zeros(1, 4, 1, 1).expand(1, 4, 1000, 1000), "sd"), 8.0)


def test_the_size_of_a_latent_of_an_unknown_space_is_not_guessed() -> None:
    with pytest.raises(LatentSpaceError, match="'nowhere'"):
        latents.latent_size(made(space="nowhere"))


def test_a_blend_goes_from_one_latent_to_the_other() -> None:
    a, b = made(seed=1), made(seed=2)

    assert latents.blend_latents(a, b, 0.0).samples_BChw.equal(a.samples_BChw)
    assert latents.blend_latents(a, b, 1.0).samples_BChw.equal(b.samples_BChw)
    torch.testing.assert_close(
        latents.blend_latents(a, b, 0.5).samples_BChw, (a.samples_BChw + b.samples_BChw) / 2
    )


def test_latents_that_do_not_fit_are_not_joined() -> None:
    with pytest.raises(LatentShapeError, match=r"\(starter\), the other 1x4x6x8 \(sdxl\)"):
        latents.blend_latents(made(), made(space="sdxl"))
    with pytest.raises(LatentShapeError):
        latents.composite_latents(made(1), made(2), Mask(torch.ones(1, 48, 64)))


def test_a_composite_takes_the_selected_part_from_the_foreground() -> None:
    mask = Mask(torch.zeros(1, 48, 64))
    mask.values_BHW[:, :, 32:] = 1

    result = latents.composite_latents(made(seed=1), made(seed=2), mask).samples_BChw

    assert result[..., :4].equal(made(seed=1).samples_BChw[..., :4])
    torch.testing.assert_close(result[..., 4:], made(seed=2).samples_BChw[..., 4:])


def test_a_mask_covers_each_latent_pixel_by_its_share() -> None:
    mask = Mask(torch.zeros(1, 48, 64))
    mask.values_BHW[:, :, :12] = 1

    masked = latents.mask_latent(made(2), mask)

    assert masked.mask_B1hw is not None
    assert masked.mask_B1hw[0, 0, 0].tolist() == [1.0, 0.5, 0, 0, 0, 0, 0, 0]
    assert masked.samples_BChw.equal(made(2).samples_BChw)


def test_a_mask_grows_and_fades_in_latent_pixels() -> None:
    mask = Mask(torch.zeros(1, 48, 64))
    mask.values_BHW[:, 16:24, 24:32] = 1

    grown = latents.mask_latent(made(), mask, grow=1).mask_B1hw
    faded = latents.mask_latent(made(), mask, grow=1, feather=1.0).mask_B1hw

    assert grown is not None
    assert faded is not None
    assert grown[0, 0, 2].tolist() == [0, 0, 1, 1, 1, 0, 0, 0]
    assert 0 < float(faded[0, 0, 2, 5]) < float(faded[0, 0, 2, 4]) < float(faded[0, 0, 2, 3]) < 1


def test_a_gradual_mask_stays_so_through_other_changes() -> None:
    masked = latents.mask_latent(made(2), Mask(torch.full((1, 48, 64), 0.5)), gradual=True)

    changed = latents.scale_latent(latents.repeat_latent(latents.pick_latent(masked, 1), 2), 2.0)

    assert changed.is_mask_gradual
    assert not latents.mask_latent(masked, Mask(torch.ones(1, 8, 8))).is_mask_gradual


def test_what_a_mask_keeps_changes_its_size_and_count_with_the_latent() -> None:
    noisy = replace(made(masked=True), original_BChw=torch.ones(1, 4, 6, 8))

    changed = latents.repeat_latent(latents.scale_latent(noisy, 2.0), 3)

    assert changed.original_BChw is not None
    torch.testing.assert_close(changed.original_BChw, torch.ones(3, 4, 12, 16))


@pytest.mark.parametrize(("left", "top"), [(0, 0), (16, 8), (48, 40), (20, 15)])
def test_a_pasted_latent_lies_at_its_place_and_nowhere_else(left: int, top: int) -> None:
    small = Latent(torch.full((1, 4, 3, 4), 9.0), "starter")

    pasted = latents.paste_latent(made(2), small, left, top).samples_BChw

    is_new = torch.zeros(6, 8, dtype=torch.bool)
    is_new[top // 8 : top // 8 + 3, left // 8 : left // 8 + 4] = True
    assert pasted[..., is_new].eq(9.0).all()
    assert pasted[..., ~is_new].equal(made(2).samples_BChw[..., ~is_new])


def test_a_pasted_latent_fades_in_from_the_edges_that_lie_inside() -> None:
    background, foreground = (
        Latent(torch.zeros(1, 4, 6, 8), "starter"),
        Latent(torch.ones(1, 4, 6, 5), "starter"),
    )

    pasted = latents.paste_latent(background, foreground, 0, 0, feather=1).samples_BChw

    assert pasted[0, 0, 0].tolist() == [1, 1, 1, 1, 0.5, 0, 0, 0]
    assert pasted[0, 0, 5].tolist() == pasted[0, 0, 0].tolist()


def test_a_latent_is_pasted_inside_and_among_its_like() -> None:
    with pytest.raises(LatentShapeError):
        latents.paste_latent(made(), made(space="sdxl"))
    with pytest.raises(LatentShapeError):
        latents.paste_latent(made(2), made(3))
    with pytest.raises(LatentShapeError, match="8, 0"):
        latents.paste_latent(made(), made(), 64, 0)


def test_there_is_one_mask_or_one_per_latent() -> None:
    assert latents.mask_latent(made(2), Mask(torch.ones(2, 8, 8))).mask_B1hw is not None
    with pytest.raises(LatentShapeError, match="batch of 3 masks"):
        latents.mask_latent(made(2), Mask(torch.ones(3, 8, 8)))


def test_a_repeated_latent_keeps_its_masks_and_gets_noise_for_each_copy() -> None:
    repeated = latents.repeat_latent(latents.pick_latent(made(2, masked=True), 1), 3)

    assert repeated.batch_size == 3
    assert repeated.indices is None
    assert latents.repeat_latent(made(2, masked=True), 2).mask_B1hw.shape == (4, 1, 6, 8)  # type: ignore[union-attr]


def test_a_picked_latent_remembers_its_place() -> None:
    picked = latents.pick_latent(made(3), 2)

    assert picked.samples_BChw.equal(made(3).samples_BChw[2:])
    assert picked.indices == (2,)
    with pytest.raises(LatentIndexError, match="latent 3 in a batch of 3"):
        latents.pick_latent(made(3), 3)


@pytest.mark.parametrize("amount", [0.0, 0.3, 1.0])
def test_a_blend_is_the_same_from_the_other_side(amount: float) -> None:
    a, b = torch.randn(2, 1, 4, 3, 5)

    there = latents.blend_latents(Latent(a, "sd"), Latent(b, "sd"), amount)

    back = latents.blend_latents(Latent(b, "sd"), Latent(a, "sd"), 1 - amount)
    torch.testing.assert_close(there.samples_BChw, back.samples_BChw)


def test_a_composite_and_its_counterpart_make_up_both_latents() -> None:
    a, b = torch.randn(2, 1, 4, 4, 4)
    mask = torch.rand(1, 32, 32)

    one = latents.composite_latents(Latent(a, "sd"), Latent(b, "sd"), Mask(mask))

    other = latents.composite_latents(Latent(b, "sd"), Latent(a, "sd"), Mask(mask))
    torch.testing.assert_close(one.samples_BChw + other.samples_BChw, a + b)


def test_a_latent_of_another_space_is_not_blended_though_its_shape_fits() -> None:
    samples = torch.zeros(1, 4, 4, 4)

    with pytest.raises(LatentShapeError) as caught:
        latents.blend_latents(Latent(samples, "sd"), Latent(samples, "sdxl"))

    assert "(sd)" in caught.value.message
    assert "(sdxl)" in caught.value.message
    assert "latent.resize" in caught.value.hint


@pytest.mark.parametrize("index", [0, 1, 2])
def test_every_copy_of_a_repeated_latent_is_the_latent(index: int) -> None:
    latent = Latent(torch.randn(1, 4, 4, 4), "sd")

    copy = latents.pick_latent(latents.repeat_latent(latent, 3), index)

    assert copy.samples_BChw.equal(latent.samples_BChw)


@pytest.mark.parametrize("factor", [0.25, 2.0, 3.0])
def test_a_constant_latent_stays_constant_at_every_size(factor: float) -> None:
    latent = Latent(torch.full((1, 4, 8, 8), 0.7), "sd")

    scaled = latents.scale_latent(latent, factor)

    torch.testing.assert_close(scaled.samples_BChw, torch.full((1, 4, int(8 * factor), int(8 * factor)), 0.7))


def test_a_mask_is_scaled_with_its_latent() -> None:
    masked = latents.mask_latent(Latent(torch.zeros(1, 4, 4, 4), "sd"), Mask(torch.ones(1, 32, 32)))

    scaled = latents.scale_latent(masked, 2.0)

    assert scaled.mask_B1hw is not None
    assert scaled.mask_B1hw.shape == (1, 1, 8, 8)
    assert scaled.mask_B1hw.eq(1).all()
