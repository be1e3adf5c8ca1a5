"""Pictures to steer by: the edges lie where the drawn shape has them, and plain areas show nothing."""

import math

import pytest
import torch
from torch import Tensor
from weft.sdk import Image
from weft_nodes import preprocess

SIDE = 96
CENTRE, RADIUS = 48, 28


def distances() -> Tensor:
    """How far each pixel is from the outline of the drawn circle."""
    axis = torch.arange(SIDE, dtype=torch.float32) + 0.5
    return (torch.hypot(axis[:, None] - CENTRE, axis[None] - CENTRE) - RADIUS).abs()


def circle(inside: float = 0.0, outside: float = 1.0, count: int = 1) -> Image:
    """A disc on a plain ground."""
    axis = torch.arange(SIDE, dtype=torch.float32) + 0.5
    is_inside = torch.hypot(axis[:, None] - CENTRE, axis[None] - CENTRE) < RADIUS
    grey_HW = torch.where(is_inside, inside, outside)
    return Image(grey_HW[None, ..., None].expand(count, -1, -1, 3).contiguous())


def plain(value: float) -> Image:
    """A picture of one grey."""
    return Image(torch.full((1, 32, 32, 3), value))


def bright(image: Image) -> Tensor:
    """Where the first picture is brighter than half."""
    return image.pixels_BHWC[0, ..., 0] > 0.5


def ring_is_closed(mask_HW: Tensor, *, within: float) -> bool:
    """Whether something is drawn near the outline in each of 36 directions."""
    for degrees in range(0, 360, 10):
        x = CENTRE + RADIUS * math.cos(math.radians(degrees))
        y = CENTRE + RADIUS * math.sin(math.radians(degrees))
        reach = math.ceil(within)
        rows, columns = (slice(int(at) - reach, int(at) + reach + 1) for at in (y, x))
        if not mask_HW[rows, columns].any():
            return False
    return True


@pytest.mark.parametrize(
    "node", [preprocess.find_canny_edges, preprocess.find_soft_edges, preprocess.draw_scribble]
)
@pytest.mark.parametrize("disc", [circle(0.0, 1.0), circle(1.0, 0.0)])
def test_edges_lie_where_the_outline_of_the_shape_is(node: object, disc: Image) -> None:
    assert callable(node)
    found = bright(node(disc))

    assert ring_is_closed(found, within=1.5)
    assert float(distances()[found].max()) <= 4.5
    assert bool(found[distances() < 0.5].float().mean() > 0.5)


@pytest.mark.parametrize("value", [0.0, 0.4, 1.0])
@pytest.mark.parametrize(
    "node",
    [
        preprocess.find_canny_edges,
        preprocess.find_soft_edges,
        preprocess.find_lines,
        preprocess.draw_scribble,
    ],
)
def test_a_plain_picture_has_no_edges(node: object, value: float) -> None:
    assert callable(node)

    torch.testing.assert_close(node(plain(value)).pixels_BHWC, torch.zeros(1, 32, 32, 3))


def test_canny_lines_are_thin_and_faint_edges_need_a_low_threshold() -> None:
    clear = bright(preprocess.find_canny_edges(circle()))
    faint = circle(0.45, 0.55)

    assert int(clear.sum()) < 1.3 * 2 * math.pi * RADIUS
    assert not bright(preprocess.find_canny_edges(faint)).any()
    assert ring_is_closed(bright(preprocess.find_canny_edges(faint, 20, 40)), within=1.5)


def test_the_order_of_the_thresholds_does_not_matter() -> None:
    one = preprocess.find_canny_edges(circle(0.3, 0.7), 50, 300).pixels_BHWC

    assert one.equal(preprocess.find_canny_edges(circle(0.3, 0.7), 300, 50).pixels_BHWC)


@pytest.mark.parametrize("radius", [1.0, 2.0, 5.0])
def test_a_soft_edge_is_as_bright_as_the_step_is_high(radius: float) -> None:
    step = torch.zeros(1, 64, 64, 3)
    step[:, :, 32:] = 0.5

    found = preprocess.find_soft_edges(Image(step), radius, 1.0).pixels_BHWC[0, 32, :, 0]

    assert abs(float(found.max()) - 0.5) < 0.04
    assert int(found.argmax()) in (31, 32)


def test_dark_lines_of_a_drawing_are_white_and_light_ones_are_not() -> None:
    drawing = torch.full((1, 64, 64, 3), 0.8)
    drawing[:, 30:33] = 0.1
    drawing[:, :, 10:13] = 1.0

    found = preprocess.find_lines(Image(drawing)).pixels_BHWC[0, ..., 0]

    assert bool((found[30:33, 20:] > 0.9).all())
    assert float(found[5, 9:14].max()) < 0.2


@pytest.mark.parametrize("width", [1, 5, 11])
def test_a_scribble_is_as_wide_as_its_pen(width: int) -> None:
    half = torch.zeros(1, 64, 64, 3)
    half[:, :, 32:] = 1.0

    found = bright(preprocess.draw_scribble(Image(half), width))

    assert int(found[32].sum()) == width


def test_specks_are_no_outlines() -> None:
    dotted = circle().pixels_BHWC.clone()
    dotted[:, 4:6, 4:6] = 0.0

    found = bright(preprocess.draw_scribble(Image(dotted)))

    assert not found[:10, :10].any()
    assert ring_is_closed(found, within=1.5)


def test_a_threshold_parts_light_from_dark() -> None:
    inside = circle(0.2, 0.3).pixels_BHWC[0, ..., 0] < 0.25

    assert bright(preprocess.threshold_picture(circle(0.2, 0.3), 0.25)).equal(~inside)
    assert bright(preprocess.threshold_picture(circle(0.2, 0.3), method="otsu")).equal(~inside)
    assert bright(preprocess.threshold_picture(circle(0.2, 0.3), method="otsu", is_inverted=True)).equal(
        inside
    )
    assert not bright(preprocess.threshold_picture(circle(0.2, 0.3))).any()


def test_a_local_threshold_reads_writing_under_uneven_light() -> None:
    page = torch.linspace(0.3, 1.0, 96).expand(1, 96, 96)[..., None].repeat(1, 1, 1, 3)
    page[:, 40:44] *= 0.6

    found = bright(preprocess.threshold_picture(Image(page), method="local"))

    assert not found[40:44].any()
    assert bool(found[:20].all())


def test_a_coarse_tile_keeps_the_means_and_loses_what_is_fine() -> None:
    stripes = torch.zeros(1, 64, 64, 3)
    stripes[:, :, ::2] = 1.0

    found = preprocess.coarsen_picture(Image(stripes), 4.0).pixels_BHWC

    torch.testing.assert_close(found, torch.full_like(found, 0.5))
    assert preprocess.coarsen_picture(Image(stripes), 1.0).pixels_BHWC.equal(stripes)


def test_normals_of_a_flat_scene_face_the_viewer() -> None:
    found = preprocess.normals_of_depth(plain(0.5)).pixels_BHWC

    torch.testing.assert_close(found, torch.tensor([0.5, 0.5, 1.0]).expand_as(found))


def test_normals_of_a_slope_lean_away_from_what_is_near() -> None:
    nearer_right = torch.linspace(0, 1, 64).expand(1, 64, 64)[..., None].repeat(1, 1, 1, 3)
    nearer_down = nearer_right.transpose(1, 2)

    right = preprocess.normals_of_depth(Image(nearer_right), 100.0).pixels_BHWC[0, 32, 32]
    down = preprocess.normals_of_depth(Image(nearer_down.contiguous()), 100.0).pixels_BHWC[0, 32, 32]

    # A depth of the whole width over the whole width is a slope of 45 degrees.
    lean = 0.5 - 0.5 * math.sqrt(0.5)
    torch.testing.assert_close(right, torch.tensor([lean, 0.5, 1 - lean]), atol=0.01, rtol=0)
    torch.testing.assert_close(down, torch.tensor([0.5, 1 - lean, 1 - lean]), atol=0.01, rtol=0)


@pytest.mark.parametrize(
    "node",
    [
        preprocess.find_canny_edges,
        preprocess.find_soft_edges,
        preprocess.find_lines,
        preprocess.draw_scribble,
        preprocess.threshold_picture,
        preprocess.coarsen_picture,
        preprocess.normals_of_depth,
    ],
)
def test_every_picture_of_a_batch_is_read_on_its_own_and_transparency_is_paper(node: object) -> None:
    assert callable(node)
    clear = torch.cat([torch.rand(1, 32, 48, 3), torch.zeros(1, 32, 48, 1)], dim=-1)
    solid = torch.cat([circle().pixels_BHWC[:, 16:48, :48], torch.ones(1, 32, 48, 1)], dim=-1)

    both = node(Image(torch.cat([clear, solid]))).pixels_BHWC

    assert both.shape == (2, 32, 48, 3)
    assert both.dtype == torch.float32
    torch.testing.assert_close(both[:1], node(Image(torch.ones(1, 32, 48, 3))).pixels_BHWC)
    torch.testing.assert_close(both[1:], node(Image(solid[..., :3].contiguous())).pixels_BHWC)
