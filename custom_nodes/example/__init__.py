"""An example of a pack: one node."""

from typing import Annotated

from weft.sdk import Image, Slider, node


@node("image.posterize")
def posterize(image: Image, levels: Annotated[int, Slider(2, 32)] = 4) -> Image:
    """Paint pictures with few tones.

    Args:
        image: Any pictures.
        levels: Tones of red, green and blue, 2..32.
    """
    return Image((image.pixels_BHWC * (levels - 1)).round() / (levels - 1))
