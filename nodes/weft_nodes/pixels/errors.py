"""What can be wrong with pictures and masks that are to be joined.

NodeError
├── ColorError              color-unreadable      a colour is not written as #rrggbb
├── PictureSizeError        picture-size          two pictures should have one size and have not
├── PictureCountError       picture-count         two batches should have one length and have not
├── PictureAreaError        picture-area          an area leaves the picture
├── PictureIndexError       picture-index         a batch has no picture of that number
└── PictureTooLargeError    picture-too-large     a picture would have more pixels than anyone means
"""

from typing import ClassVar

from weft.sdk import NodeError


class ColorError(NodeError):
    """A colour is not written as #rgb, #rrggbb or #rrggbbaa."""

    code: ClassVar[str] = "color-unreadable"

    def __init__(self, *, color: str) -> None:
        super().__init__(
            f"{color!r} is not a colour.",
            hint="Write it as #rrggbb, for example #ff8800 for orange.",
        )


class PictureSizeError(NodeError):
    """Two pictures or masks that belong together differ in size."""

    code: ClassVar[str] = "picture-size"

    def __init__(self, *, first: str, first_size: str, second: str, second_size: str) -> None:
        super().__init__(
            f"{first} is {first_size} pixels, but {second} is {second_size}.",
            hint="Bring them to one size with image.resize or mask.resize.",
        )


class PictureCountError(NodeError):
    """Two batches that belong together differ in length, and neither is a single picture."""

    code: ClassVar[str] = "picture-count"

    def __init__(self, *, first: str, first_count: int, second: str, second_count: int) -> None:
        super().__init__(
            f"{first} holds {first_count} pictures, but {second} holds {second_count}.",
            hint="Give one picture, or as many as the other side has.",
        )


class PictureAreaError(NodeError):
    """An area does not lie within the picture it is taken from."""

    code: ClassVar[str] = "picture-area"

    def __init__(self, *, area: str, size: str) -> None:
        super().__init__(
            f"The area {area} does not lie within a picture of {size} pixels.",
            hint="Choose a smaller area, or add room around the picture with image.pad.",
        )


class PictureIndexError(NodeError):
    """A batch has no picture of that number."""

    code: ClassVar[str] = "picture-index"

    def __init__(self, *, index: int, count: int) -> None:
        super().__init__(
            f"There is no picture {index} in a batch of {count}.",
            hint="Count from 0.",
        )


class PictureTooLargeError(NodeError):
    """A picture would have more pixels than the limit."""

    code: ClassVar[str] = "picture-too-large"

    def __init__(self, *, size: str, most_megapixels: int) -> None:
        super().__init__(
            f"A picture of {size} pixels is beyond the limit of {most_megapixels} megapixels.",
            hint="Choose a smaller width and height, a smaller factor, or fewer pictures.",
        )
