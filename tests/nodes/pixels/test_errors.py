"""Picture errors say what does not fit and how to repair it."""

import pytest
from weft.sdk import NodeError
from weft_nodes.pixels.errors import (
    ColorError,
    PictureAreaError,
    PictureCountError,
    PictureIndexError,
    PictureSizeError,
    PictureTooLargeError,
)

ALL: tuple[NodeError, ...] = (
    ColorError(color="redd"),
    PictureAreaError(area="9x9", size="8x8"),
    PictureCountError(first="a", first_count=2, second="b", second_count=3),
    PictureIndexError(index=4, count=2),
    PictureSizeError(first="a", first_size="1x2", second="b", second_size="3x4"),
    PictureTooLargeError(size="99999x99999", most_megapixels=512),
)


@pytest.mark.parametrize("error", ALL, ids=lambda error: error.code)
def test_every_picture_error_has_a_sentence_and_a_hint(error: NodeError) -> None:
    assert str(error).endswith(".")
    assert error.hint.endswith(".")


def test_codes_are_kept_apart() -> None:
    assert len({error.code for error in ALL}) == len(ALL)


def test_a_size_error_names_both_sides_and_both_sizes() -> None:
    error = PictureSizeError(first="below", first_size="64x32", second="mask", second_size="32x32")

    assert str(error) == "below is 64x32 pixels, but mask is 32x32."
