"""Seamless texture: what leaves a tile at one edge comes in at the opposite one."""

from weft.sdk import Image
from workflow_runs import Desk, picture, size, small


def step_at(image: Image, *, axis: int) -> float:
    """How much greater the step across the outer edge is than those inside."""
    pixels = image.pixels_BHWC
    inside = pixels.diff(dim=axis).abs().mean()
    ends = pixels.select(axis, 0) - pixels.select(axis, -1)
    return float(ends.abs().mean() / inside)


def test_opposite_edges_continue_each_other_where_asked_and_tiles_lie_without_a_gap(stocked: Desk) -> None:
    result = stocked.run("seamless-texture", **small())
    across = picture(stocked.run("seamless-texture", **small({"down": False})))

    both, tiled = picture(result), picture(result, "tiled")
    assert step_at(both, axis=1) < 1.5
    assert step_at(both, axis=2) < 1.5
    assert step_at(across, axis=2) < 1.5 < step_at(across, axis=1)
    assert size(tiled) == (256, 256, 1)
    assert tiled.pixels_BHWC[:, 128:, 128:].equal(both.pixels_BHWC)
