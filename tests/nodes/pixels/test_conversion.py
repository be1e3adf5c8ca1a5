"""Pictures survive the way through bytes, and only what fits together is joined."""

import numpy as np
import pytest
import torch
from weft.sdk import Image, Mask
from weft_nodes.pixels.conversion import (
    bytes_of,
    check_area,
    image_of,
    same_channels,
    same_count,
    same_size,
    size_of,
    weights_of,
    with_alpha,
)
from weft_nodes.pixels.errors import PictureCountError, PictureSizeError, PictureTooLargeError


def test_bytes_to_a_picture_and_back_is_exact() -> None:
    bytes_HWC = np.arange(256, dtype=np.uint8).reshape(8, 8, 4)

    (back,) = bytes_of(image_of(bytes_HWC))

    assert np.array_equal(back, bytes_HWC)


def test_values_beyond_the_range_are_cut_off_and_others_rounded() -> None:
    pixels = torch.tensor([-0.5, 1.5, 0.5, 0.001, 0.002, 1.0]).reshape(1, 1, 2, 3)

    (written,) = bytes_of(Image(pixels))

    assert written.ravel().tolist() == [0, 255, 128, 0, 1, 255]


def test_a_batch_gives_one_array_for_each_picture() -> None:
    assert [array.shape for array in bytes_of(Image(torch.rand(3, 4, 5, 3)))] == [(4, 5, 3)] * 3


def test_the_size_is_written_as_width_by_height() -> None:
    assert size_of(torch.zeros(1, 4, 6, 3)) == "6x4"
    assert size_of(torch.zeros(1, 4, 6)) == "6x4"


def test_sizes_that_nobody_means_are_refused() -> None:
    check_area(16384, 16384)

    with pytest.raises(PictureTooLargeError, match="512 megapixels"):
        check_area(16384, 16384, count=2)


def test_a_picture_and_its_mask_must_be_equally_large() -> None:
    same_size(torch.zeros(1, 4, 6, 3), torch.zeros(2, 4, 6), names=("image", "mask"))

    with pytest.raises(PictureSizeError, match="image is 6x4 pixels, but mask is 4x6"):
        same_size(torch.zeros(1, 4, 6, 3), torch.zeros(1, 6, 4), names=("image", "mask"))


def test_a_single_picture_joins_every_picture_of_a_batch() -> None:
    one, many = same_count(torch.ones(1, 2, 2), torch.zeros(3, 2, 2), names=("a", "b"))

    assert one.shape == many.shape == (3, 2, 2)


def test_batches_of_different_lengths_do_not_join() -> None:
    with pytest.raises(PictureCountError, match="a holds 2 pictures, but b holds 3"):
        same_count(torch.ones(2, 2, 2), torch.zeros(3, 2, 2), names=("a", "b"))


def test_an_added_alpha_channel_is_opaque() -> None:
    with_it = with_alpha(torch.zeros(1, 2, 2, 3))

    assert with_it.shape == (1, 2, 2, 4)
    assert with_it[..., 3].eq(1).all()
    assert with_alpha(with_it) is with_it


def test_both_pictures_get_an_alpha_channel_if_one_has_it() -> None:
    first, second = same_channels(torch.zeros(1, 2, 2, 3), torch.zeros(1, 2, 2, 4))

    assert first.shape == second.shape == (1, 2, 2, 4)


def test_a_mask_weighs_every_channel_alike() -> None:
    weights = weights_of(Mask(torch.full((1, 2, 2), 0.5)))

    assert (torch.ones(1, 2, 2, 3) * weights).eq(0.5).all()
