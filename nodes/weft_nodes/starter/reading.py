"""Reads a picture of coloured shapes back with plain image processing; nothing in it is learned.

The background is the median of the picture's rim. What differs from it falls apart into connected regions;
each region's colour is the nearest one of the palette, and its shape and radius are those of the stencil that
covers it best.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple, TypeVar

import cv2
import numpy as np
import numpy.typing as npt

from weft_nodes.starter.drawing import stencil
from weft_nodes.starter.scenes import Background, Colour, Relation, Shape, Size

_RIM = 5
_LEAST_CONTRAST = 40.0
_LEAST_AREA = 60
_LEAST_MATCH = 0.7
_EXTENT_ROOM = 0.2
_RADII = range(8, 36)
_SHIFTS = tuple((dy, dx) for dy in (-1, 0, 1) for dx in (-1, 0, 1))

_Pixels = npt.NDArray[np.float32]
_Paint = TypeVar("_Paint", Colour, Background)


@dataclass(frozen=True, slots=True)
class Seen:
    """An object found in a picture.

    Attributes:
        shape: The best-fitting shape, or None where none fits well.
        colour: The nearest colour of the palette.
        radius: Radius of the best-fitting stencil in pixels.
        x: Middle of the object from the left edge, in pixels.
        y: Middle of the object from the top edge, in pixels.
        match: How well the stencil covers the object, 0..1.
        hole: Share of what the object encloses that shows the background, 0..1.
    """

    shape: Shape | None
    colour: Colour
    radius: int
    x: float
    y: float
    match: float
    hole: float = 0.0

    @property
    def size(self) -> Size:
        """The size word whose radii are nearest."""
        return min(Size, key=lambda size: abs(sum(size.radii) / 2 - self.radius))

    def relation_to(self, other: Seen) -> Relation:
        """Say where this object stands, seen from another one, along the axis that parts them more."""
        step_x, step_y = self.x - other.x, self.y - other.y
        if abs(step_x) > abs(step_y):
            return Relation.LEFT if step_x < 0 else Relation.RIGHT
        return Relation.ABOVE if step_y < 0 else Relation.BELOW


@dataclass(frozen=True, slots=True)
class Reading:
    """What a picture shows: its background, and its objects from left to right."""

    background: Background
    objects: tuple[Seen, ...]


def read_picture(picture: npt.NDArray[np.uint8]) -> Reading:
    """Read a picture of shape (height, width, 3), 0..255."""
    pixels, ground, regions = _taken_apart(picture)
    names, areas = np.unique(regions[regions > 0], return_counts=True)
    objects = [
        _read_region(pixels, ground, regions == name)
        for name, area in zip(names, areas, strict=True)
        if area >= _LEAST_AREA
    ]
    return Reading(_nearest(Background, ground), tuple(sorted(objects, key=lambda seen: seen.x)))


def fill_holes(picture: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """Paint over what objects enclose, so that an outline is read as the shape whose rim it is.

    Returns:
        A picture of the same shape; each hole has the median colour of what encloses it.
    """
    pixels, _, regions = _taken_apart(picture)
    filled = picture.copy()
    for name in np.unique(regions[regions > 0]):
        region = regions == name
        filled[_holes(region)] = np.rint(np.median(pixels[region], axis=0))
    return filled


def label_regions(mask: npt.NDArray[np.bool_]) -> npt.NDArray[np.int32]:
    """Number the connected regions of a mask; pixels that touch at a corner belong together.

    Returns:
        An array of the mask's shape: 0 outside, else a number that is the same all over a region.
    """
    _, labels = cv2.connectedComponents(mask.astype(np.uint8), connectivity=8)
    return np.asarray(labels, np.int32)


def _taken_apart(picture: npt.NDArray[np.uint8]) -> tuple[_Pixels, _Pixels, npt.NDArray[np.int32]]:
    """Return the pixels of a picture, the colour of its background, and the numbers of its regions."""
    pixels = picture.astype(np.float32)
    rim = np.concatenate([part.reshape(-1, 3) for part in (pixels[:_RIM], pixels[-_RIM:], pixels[:, :_RIM])])
    ground = np.median(rim, axis=0).astype(np.float32)
    contrast = np.linalg.norm(pixels - ground, axis=2)
    return pixels, ground, label_regions(contrast > _LEAST_CONTRAST)


def _read_region(pixels: _Pixels, ground: _Pixels, region: npt.NDArray[np.bool_]) -> Seen:
    contrast = np.linalg.norm(pixels - ground, axis=2)
    # The edge of a region is a blend with the background; its strongest part is the paint itself.
    strongest = region & (contrast >= 0.75 * np.quantile(contrast[region], 0.9))
    paint = np.median(pixels[strongest], axis=0).astype(np.float32)
    direction = paint - ground
    coverage = np.clip((pixels - ground) @ direction / (direction @ direction), 0, 1) * _grown(region)
    rows, columns = np.flatnonzero((coverage > 0.5).any(1)), np.flatnonzero((coverage > 0.5).any(0))
    middle_y, middle_x = (rows[0] + rows[-1]) / 2, (columns[0] + columns[-1]) / 2
    extent = (int(rows[-1] - rows[0]) + 1, int(columns[-1] - columns[0]) + 1)
    padded = np.pad(coverage, len(stencil(Shape.CIRCLE, _RADII[-1])))
    fits = (
        (_match(padded, (middle_y, middle_x), shape, radius), shape, radius)
        for shape, radius in _near(extent)
    )
    match, shape, radius = max(fits, key=lambda fit: fit[0], default=(0.0, None, max(extent) // 2))
    fitting = shape if match >= _LEAST_MATCH else None
    hole = int(_holes(region).sum())
    share = hole / (hole + int(region.sum()))
    return Seen(fitting, _nearest(Colour, paint), radius, middle_x, middle_y, match, share)


def _holes(region: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Return the pixels that a region encloses: no way leads from the picture's rim to them."""
    # Numbered from the rim inwards, all that is outside touches the frame of pixels around the picture.
    outside = label_regions(np.pad(~region, 1, constant_values=True))
    holes: npt.NDArray[np.bool_] = ((outside != outside[0, 0]) & (outside > 0))[1:-1, 1:-1]
    return holes


def _near(extent: tuple[int, int]) -> Iterable[tuple[Shape, int]]:
    """List the stencils about as high and as wide as a region, which alone can cover it well."""
    room = max(3.0, _EXTENT_ROOM * max(extent))
    for shape in Shape:
        for radius in _RADII:
            box = _box(shape, radius)
            if max(abs(box.height - extent[0]), abs(box.width - extent[1])) <= room:
                yield shape, radius


class _Box(NamedTuple):
    """The rows and columns of a stencil that are covered by more than half."""

    height: int
    width: int
    middle_y: float
    middle_x: float


@cache
def _box(shape: Shape, radius: int) -> _Box:
    solid = stencil(shape, radius) > 0.5
    rows, columns = np.flatnonzero(solid.any(1)), np.flatnonzero(solid.any(0))
    return _Box(len(rows), len(columns), float(rows[0] + rows[-1]) / 2, float(columns[0] + columns[-1]) / 2)


def _match(padded: _Pixels, middle: tuple[float, float], shape: Shape, radius: int) -> float:
    """Return the best overlap (intersection over union) of a stencil laid over a region within a pixel.

    Args:
        padded: How much of each pixel the region covers, with room for the largest stencil on every side.
        middle: Middle of the region in the picture.
        shape: Shape of the stencil.
        radius: Radius of the stencil.
    """
    mould, box = stencil(shape, radius), _box(shape, radius)
    room, edge = len(stencil(Shape.CIRCLE, _RADII[-1])), len(mould)
    top, left = room + round(middle[0] - box.middle_y), room + round(middle[1] - box.middle_x)
    total = float(padded.sum() + mould.sum())
    best = 0.0
    for dy, dx in _SHIFTS:
        y, x = top + dy, left + dx
        shared = float(np.minimum(padded[y : y + edge, x : x + edge], mould).sum())
        best = max(best, shared / (total - shared))
    return best


def _grown(region: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    padded = np.pad(region, 1)
    height, width = region.shape
    windows = [padded[dy : dy + height, dx : dx + width] for dy in range(3) for dx in range(3)]
    grown: npt.NDArray[np.bool_] = np.any(windows, axis=0)
    return grown


def _nearest(palette: type[_Paint], colour: _Pixels) -> _Paint:
    return min(palette, key=lambda paint: float(np.square(np.subtract(paint.rgb, colour)).sum()))
