"""Draws scenes: every shape is a polygon, rendered once per radius with smooth edges and then pasted."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image, ImageDraw

from weft_nodes.starter.scenes import PICTURE_SIZE, Background, Colour, Placed, Scene, Shape, Thing

Point = tuple[float, float]

_SUPERSAMPLING = 8
_REACH = 1.1
_LEAST_RIM = 4.0
_RIM_SHARE = 0.34
_EDGE_CONTRAST = 24.0


def draw_scene(scene: Scene, *, is_outlined: bool = False) -> npt.NDArray[np.uint8]:
    """Draw a scene.

    Args:
        scene: What to draw.
        is_outlined: Whether shapes are drawn by their outline alone, with the background inside.

    Returns:
        An array of shape (128, 128, 3), 0..255.
    """
    picture = np.empty((PICTURE_SIZE, PICTURE_SIZE, 3), np.float32)
    picture[:] = scene.background.rgb
    for placed in scene.objects:
        render = outline_stencil if is_outlined else stencil
        _paste(picture, placed, render(placed.thing.shape, placed.radius))
    return np.rint(picture).astype(np.uint8)


def draw_batch(scenes: Sequence[Scene], *, is_outlined: bool = False) -> torch.Tensor:
    """Draw scenes as the VAE takes them: shape (B, 3, 128, 128), float32, -1..1."""
    return _to_tensor([draw_scene(scene, is_outlined=is_outlined) for scene in scenes])


def draw_edges(scene: Scene) -> npt.NDArray[np.bool_]:
    """Draw where the colours of a scene change, as an edge detector finds it: lines of a pixel or two.

    Returns:
        An array of shape (128, 128).
    """
    colours = draw_scene(scene).astype(np.float32)
    edges = np.zeros(colours.shape[:2], np.bool_)
    edges[:, 1:] |= np.linalg.norm(np.diff(colours, axis=1), axis=2) > _EDGE_CONTRAST
    edges[1:] |= np.linalg.norm(np.diff(colours, axis=0), axis=2) > _EDGE_CONTRAST
    return edges


def draw_collages(rng: np.random.Generator, count: int, edge: int) -> torch.Tensor:
    """Draw pictures strewn with overlapping objects, which teach a VAE more than mostly empty scenes do.

    Args:
        rng: Decides everything in them.
        count: How many pictures.
        edge: Their edge in pixels, at least 1.

    Returns:
        Shape (count, 3, edge, edge), float32, -1..1.
    """
    pictures = []
    for _ in range(count):
        picture = np.empty((edge, edge, 3), np.float32)
        picture[:] = tuple(Background)[rng.integers(len(Background))].rgb
        for _ in range(max(1, edge * edge // 2000)):
            thing = Thing(tuple(Shape)[rng.integers(len(Shape))], tuple(Colour)[rng.integers(len(Colour))])
            x, y = (int(place) for place in rng.integers(0, edge, 2))
            placed = Placed(thing, x, y, int(rng.integers(12, 29)))
            _paste(picture, placed, stencil(thing.shape, placed.radius))
        pictures.append(np.rint(picture).astype(np.uint8))
    return _to_tensor(pictures)


def _to_tensor(pictures: Sequence[npt.NDArray[np.uint8]]) -> torch.Tensor:
    return torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2).float().div(127.5).sub(1)


@lru_cache(maxsize=1024)
def stencil(shape: Shape, radius: int) -> npt.NDArray[np.float32]:
    """Render the coverage of a shape, 0..1, in a square whose middle pixel is the shape's centre.

    Args:
        shape: What to render.
        radius: Radius in pixels, at least 2.

    Returns:
        An array that must not be written to, of shape (edge, edge); the edge is odd and leaves some room.
    """
    edge = 2 * math.ceil(_REACH * radius) + 3
    image = Image.new("L", (edge * _SUPERSAMPLING, edge * _SUPERSAMPLING))
    pen = ImageDraw.Draw(image)
    for outline, fill in ((_outline(shape), 255), (_hole(shape), 0)):
        if outline:
            middle = edge * _SUPERSAMPLING / 2 - 0.5
            scale = radius * _SUPERSAMPLING
            pen.polygon([(middle + scale * x, middle + scale * y) for x, y in outline], fill=fill)
    cells = np.asarray(image, np.float32).reshape(edge, _SUPERSAMPLING, edge, _SUPERSAMPLING)
    coverage: npt.NDArray[np.float32] = cells.mean((1, 3)) / 255
    coverage.setflags(write=False)
    return coverage


@lru_cache(maxsize=1024)
def outline_stencil(shape: Shape, radius: int) -> npt.NDArray[np.float32]:
    """Render the rim of a shape, as `stencil` renders all of it.

    Returns:
        An array that must not be written to, of the same shape.
    """
    whole = stencil(shape, radius)
    width = max(_LEAST_RIM, _RIM_SHARE * radius)
    reach = math.ceil(width)
    padded = np.pad(whole, reach)
    rows, columns = whole.shape
    inside = np.min(
        [
            padded[reach + dy : reach + dy + rows, reach + dx : reach + dx + columns]
            for dy in range(-reach, reach + 1)
            for dx in range(-reach, reach + 1)
            if math.hypot(dx, dy) <= width
        ],
        axis=0,
    )
    rim: npt.NDArray[np.float32] = whole - inside
    rim.setflags(write=False)
    return rim


def _paste(picture: npt.NDArray[np.float32], placed: Placed, coverage: npt.NDArray[np.float32]) -> None:
    half = coverage.shape[0] // 2
    left, top = placed.x - half, placed.y - half
    inside_x = slice(max(0, -left), min(coverage.shape[1], picture.shape[1] - left))
    inside_y = slice(max(0, -top), min(coverage.shape[0], picture.shape[0] - top))
    alpha = coverage[inside_y, inside_x, None]
    window = picture[top + inside_y.start : top + inside_y.stop, left + inside_x.start : left + inside_x.stop]
    window += alpha * (np.asarray(placed.thing.colour.rgb, np.float32) - window)


def _outline(shape: Shape) -> list[Point]:
    """Return the corners of a shape about its centre; y grows downwards, the radius is about 1."""
    match shape:
        case Shape.CIRCLE | Shape.RING:
            return _regular(96, 1.0)
        case Shape.SQUARE:
            return [(-0.86, -0.86), (0.86, -0.86), (0.86, 0.86), (-0.86, 0.86)]
        case Shape.TRIANGLE:
            return [(0.0, -0.95), (1.0, 0.8), (-1.0, 0.8)]
        case Shape.DIAMOND:
            return [(0.0, -1.0), (0.78, 0.0), (0.0, 1.0), (-0.78, 0.0)]
        case Shape.STAR:
            radii = (1.08, 0.45)
            return [_polar(math.pi * step / 5, radii[step % 2]) for step in range(10)]
        case Shape.CROSS:
            return _cross(1.0, 0.34)
        case Shape.HEART:
            return _heart(96)


def _hole(shape: Shape) -> list[Point]:
    return _regular(96, 0.55) if shape is Shape.RING else []


def _polar(angle: float, radius: float) -> Point:
    """Return the point at an angle clockwise from straight up."""
    return radius * math.sin(angle), -radius * math.cos(angle)


def _regular(corners: int, radius: float) -> list[Point]:
    return [_polar(2 * math.pi * step / corners, radius) for step in range(corners)]


def _cross(arm: float, half: float) -> list[Point]:
    quarter = [(half, -arm), (half, -half), (arm, -half)]
    turns: list[list[Point]] = [quarter]
    for _ in range(3):
        turns.append([(-y, x) for x, y in turns[-1]])
    return [point for turn in turns for point in turn]


def _heart(corners: int) -> list[Point]:
    """Return the curve x = 16 sin^3 t, y = 13 cos t - 5 cos 2t - 2 cos 3t - cos 4t with radius 1."""
    points = []
    for step in range(corners):
        t = 2 * math.pi * step / corners
        x = 16 * math.sin(t) ** 3
        y = 13 * math.cos(t) - 5 * math.cos(2 * t) - 2 * math.cos(3 * t) - math.cos(4 * t)
        points.append((x / 16, -(y + 2.5) / 15.5))
    return points
