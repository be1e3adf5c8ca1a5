"""Pictures made to steer by: edges, lines, scribbles, flat areas, coarse tiles and normals.

All of it is classical picture processing: it needs no model files, and gives the same picture everywhere.
"""

import math
from collections.abc import Callable
from typing import Annotated, Any, Literal, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from weft.sdk import Image, Number, Slider, Toggle, node

from weft_nodes.pixels.filters import blur_planes
from weft_nodes.pixels.resizing import resize_pixels

Plane: TypeAlias = NDArray[np.float32]
"""Grey values 0..1 (height, width)."""

ThresholdMethod: TypeAlias = Literal["fixed", "otsu", "local"]
"""How the level between black and white is found."""

_LARGEST_GRADIENT = 1000


@node("preprocess.canny")
def find_canny_edges(
    image: Image,
    low: Annotated[float, Slider(0, _LARGEST_GRADIENT, step=1)] = 100.0,
    high: Annotated[float, Slider(0, _LARGEST_GRADIENT, step=1)] = 200.0,
    *,
    blur: Annotated[float, Slider(0, 10, step=0.1)] = 0.0,
) -> Image:
    """Find edges as white lines one pixel wide on black, by the method of Canny.

    Args:
        image: Pictures; what is transparent counts as white.
        low: Edges this steep are kept where they lead on from one above `high`, 0..1000. A clear edge from
            black to white has about 1000.
        high: Edges this steep are always kept, 0..1000. Lower values show more.
        blur: Radius in pixels by which the picture is blurred before, 0..10; more leaves out fine texture.

    Returns:
        Pictures of the same size.
    """
    import cv2

    least, most = sorted((low, high))
    return _each(image, lambda grey: _plane(cv2.Canny(_bytes(_blurred(grey, blur)), least, most)))


@node("preprocess.soft_edge")
def find_soft_edges(
    image: Image,
    radius: Annotated[float, Slider(0.5, 20, step=0.5)] = 2.0,
    strength: Annotated[float, Slider(0, 10, step=0.1)] = 1.5,
) -> Image:
    """Find edges as soft white lines on black, the brighter the larger the step at the edge.

    Args:
        image: Pictures; what is transparent counts as white.
        radius: Softness of the lines in pixels, 0.5..20; a larger one leaves out fine texture.
        strength: Brightness of the lines, 0..10; at 1 an edge from black to white is white.

    Returns:
        Pictures of the same size.
    """
    # A blurred step of height 1 rises by this much from pixel to pixel, as Scharr's filter sees it.
    steepest = (math.erf(1.5 / (radius * math.sqrt(2))) + math.erf(0.5 / (radius * math.sqrt(2)))) / 4

    def soften(grey: Plane) -> Plane:
        across, down = _slopes(_blurred(grey, radius))
        return np.asarray(np.hypot(across, down) * (strength / steepest), np.float32)

    return _each(image, soften)


@node("preprocess.line")
def find_lines(
    image: Image,
    radius: Annotated[float, Slider(1, 40, step=0.5)] = 6.0,
    strength: Annotated[float, Slider(0, 20, step=0.1)] = 3.0,
) -> Image:
    """Find dark lines, such as those of a drawing, as white lines on black.

    Args:
        image: Pictures; what is transparent counts as white.
        radius: How far around a pixel its surroundings reach, in pixels, 1..40: a little more than the width
            of the lines.
        strength: How much of the difference to the surroundings is shown, 0..20.

    Returns:
        Pictures of the same size; plain areas are black, light or dark.
    """
    return _each(image, lambda grey: (_blurred(grey, radius) - grey) * np.float32(strength))


@node("preprocess.scribble")
def draw_scribble(
    image: Image,
    width: Annotated[int, Slider(1, 32)] = 5,
    detail: Annotated[float, Slider(0, 1)] = 0.5,
) -> Image:
    """Draw the outlines of things with a thick white pen on black, as one scribbles.

    Args:
        image: Pictures; what is transparent counts as white.
        width: Width of the pen in pixels, 1..32.
        detail: How much is drawn: 0 the clearest outlines alone, 1 faint ones as well.

    Returns:
        Pictures of the same size, black and white.
    """
    import cv2

    high = 400.0 * (1 - detail) + 40.0 * detail
    pen = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (width, width))

    def scribble(grey: Plane) -> Plane:
        edges = np.asarray(cv2.Canny(_bytes(_blurred(grey, 1.5)), high / 2, high), np.uint8)
        return _plane(cv2.dilate(_without_specks(edges, 4 * width), pen))

    return _each(image, scribble)


@node("preprocess.threshold")
def threshold_picture(
    image: Image,
    level: Annotated[float, Slider(0, 1)] = 0.5,
    method: ThresholdMethod = "fixed",
    *,
    is_inverted: Annotated[bool, Toggle()] = False,
) -> Image:
    """Make every pixel black or white.

    Args:
        image: Pictures; what is transparent counts as white.
        level: The lightness from which pixels are white, 0..1; only "fixed" asks for it.
        method: fixed: one level for all; otsu: the level that parts each picture best; local: what is
            darker by a tenth than its surroundings is black, for writing under uneven light.
        is_inverted: Whether black and white change places.

    Returns:
        Pictures of the same size, black and white.
    """
    import cv2

    def part(grey: Plane) -> Plane:
        if method == "fixed":
            white = grey >= np.float32(level)
        elif method == "otsu":
            found, _ = cv2.threshold(_bytes(grey), 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU)
            white = _bytes(grey) > found
        else:
            white = grey >= _blurred(grey, max(2.0, min(grey.shape) / 16)) * np.float32(0.9)
        return np.asarray(white != is_inverted, np.float32)

    return _each(image, part)


@node("preprocess.tile")
def coarsen_picture(
    image: Image,
    factor: Annotated[float, Slider(1, 16, step=0.5)] = 4.0,
    blur: Annotated[float, Slider(0, 20, step=0.5)] = 0.0,
) -> Image:
    """Take away what is fine, as control networks for tiles want it, which put it there again.

    Args:
        image: Pictures; what is transparent counts as white.
        factor: How many times smaller the picture becomes before it is made large again, 1..16; at 1 nothing
            is lost.
        blur: Radius in pixels of a blur after it, 0..20.

    Returns:
        Pictures of the same size.
    """
    pixels_BHWC = _opaque(image)
    _, height, width, _ = pixels_BHWC.shape
    size = max(1, round(width / factor)), max(1, round(height / factor))
    small = resize_pixels(pixels_BHWC, width=size[0], height=size[1], method="area")
    large = resize_pixels(small, width=width, height=height, method="bicubic")
    return Image(blur_planes(large.movedim(-1, 1), blur).movedim(1, -1).clamp(0, 1).contiguous())


@node("preprocess.normals")
def normals_of_depth(
    depth: Image,
    strength: Annotated[float, Number(0.01, 1000)] = 10.0,
    *,
    blur: Annotated[float, Slider(0, 10, step=0.1)] = 1.0,
) -> Image:
    """Turn a picture of depth into one of surface normals.

    Args:
        depth: Pictures of depth in grey, where near is bright.
        strength: Depth of the scene from black to white, in hundredths of its longer side, 0.01..1000;
            more makes slopes steeper.
        blur: Radius in pixels by which the depth is smoothed before, 0..10.

    Returns:
        Pictures of the same size: red leans to the right, green upwards, and blue faces the viewer, so what
        is flat is #8080ff.
    """

    def normals(grey: Plane) -> NDArray[np.float32]:
        across, down = _slopes(_blurred(grey, blur) * np.float32(strength / 100 * max(grey.shape)))
        # What comes nearer to the right turns its face to the left; pictures count downwards, normals up.
        vectors_HWC = np.stack([-across, down, np.ones_like(grey)], axis=-1)
        length = np.linalg.norm(vectors_HWC, axis=-1, keepdims=True)
        return np.asarray(vectors_HWC / length / 2 + 0.5, np.float32)

    return _each(depth, normals)


def _each(image: Image, work: Callable[[Plane], NDArray[np.float32]]) -> Image:
    """Do the work on the lightness of each picture; one grey plane becomes three equal ones."""
    weights = torch.tensor([0.299, 0.587, 0.114])
    greys_BHW = (_opaque(image).cpu() * weights).sum(-1)
    found = [torch.from_numpy(np.ascontiguousarray(work(grey.numpy()))) for grey in greys_BHW]
    pixels = torch.stack(found).clamp(0, 1)
    pixels_BHWC = pixels if pixels.ndim == 4 else pixels[..., None].expand(-1, -1, -1, 3)
    return Image(pixels_BHWC.contiguous())


def _opaque(image: Image) -> torch.Tensor:
    """Lay pictures on white paper."""
    pixels_BHWC = image.pixels_BHWC
    if pixels_BHWC.shape[-1] == 3:
        return pixels_BHWC
    alpha = pixels_BHWC[..., 3:]
    return pixels_BHWC[..., :3] * alpha + (1 - alpha)


def _bytes(grey: Plane) -> NDArray[np.uint8]:
    return (grey * 255).round().clip(0, 255).astype(np.uint8)


def _blurred(grey: Plane, radius: float) -> Plane:
    import cv2

    if radius == 0:
        return grey
    return np.asarray(cv2.GaussianBlur(grey, (0, 0), radius, borderType=cv2.BORDER_REPLICATE), np.float32)


def _slopes(grey: Plane) -> tuple[Plane, Plane]:
    """How much lighter it becomes from pixel to pixel, to the right and downwards."""
    import cv2

    across, down = (
        cv2.Scharr(grey, cv2.CV_32F, dx, 1 - dx, borderType=cv2.BORDER_REPLICATE) for dx in (1, 0)
    )
    # Scharr's weights add up to 32.
    return np.asarray(across, np.float32) / np.float32(32), np.asarray(down, np.float32) / np.float32(32)


def _plane(grey_bytes: NDArray[np.integer[Any] | np.floating[Any]]) -> Plane:
    return np.asarray(grey_bytes, np.float32) / np.float32(255)


def _without_specks(edges: NDArray[np.uint8], least_pixels: int) -> NDArray[np.uint8]:
    """Leave out lines that are too short to be an outline."""
    import cv2

    _, labels, statistics, _ = cv2.connectedComponentsWithStats(edges, connectivity=8)
    is_long = statistics[:, cv2.CC_STAT_AREA] >= least_pixels
    is_long[0] = False
    return np.where(is_long[labels], np.uint8(255), np.uint8(0))
