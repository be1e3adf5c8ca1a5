"""Poses of people: where joints lie in a picture, and the coloured figure that control networks read."""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple, cast

import numpy as np
import torch
from torch import Tensor

from weft_nodes.models.perception import Reader

_ROOM: Final = 1.25
# Joints of COCO by their place in the figure of OpenPose; its second one, the neck, lies between shoulders.
_ORDER: Final = (0, 5, 6, 8, 10, 5, 7, 9, 12, 14, 16, 11, 13, 15, 2, 1, 4, 3)
_NECK: Final = 1
_SHOULDERS: Final = (5, 6)
_LIMBS: Final = (
    *((1, 2), (1, 5), (2, 3), (3, 4), (5, 6), (6, 7), (1, 8), (8, 9), (9, 10)),
    *((1, 11), (11, 12), (12, 13), (1, 0), (0, 14), (14, 16), (0, 15), (15, 17)),
)
_COLOURS: Final = (
    *((255, 0, 0), (255, 85, 0), (255, 170, 0), (255, 255, 0), (170, 255, 0), (85, 255, 0)),
    *((0, 255, 0), (0, 255, 85), (0, 255, 170), (0, 255, 255), (0, 170, 255), (0, 85, 255)),
    *((0, 0, 255), (85, 0, 255), (170, 0, 255), (255, 0, 255), (255, 0, 170), (255, 0, 85)),
)


class Box(NamedTuple):
    """Where a person is, in pixels.

    Attributes:
        left: Left edge.
        top: Upper edge.
        width: From the first to the last column.
        height: From the first to the last row.
    """

    left: float
    top: float
    width: float
    height: float

    def with_room(self, proportion: float) -> "Box":
        """Widen it about its middle to the proportion of width to height that is read, and by a quarter."""
        width, height = max(self.width, self.height * proportion), max(self.height, self.width / proportion)
        width, height = width * _ROOM, height * _ROOM
        left, top = self.left + (self.width - width) / 2, self.top + (self.height - height) / 2
        return Box(left, top, width, height)


def box_of(mask_HW: Tensor) -> Box | None:
    """Find the box of what a mask selects; None where it selects nothing."""
    rows, columns = (mask_HW > 0.5).any(1).nonzero(), (mask_HW > 0.5).any(0).nonzero()
    if not len(rows):
        return None
    top, left = float(rows[0]), float(columns[0])
    return Box(left, top, float(columns[-1]) - left, float(rows[-1]) - top)


def read_joints(reader: Reader, picture_HW3: Tensor, box: Box) -> Tensor:
    """Find the joints of one person.

    Args:
        reader: A network for poses that was trained on the joints of COCO.
        picture_HW3: A picture, 0..1.
        box: Where the person is.

    Returns:
        Column, row and certainty 0..1 of the 17 joints [17, 3], float32, on the CPU.
    """
    network = cast("Any", reader.network)
    height, width = network.config.backbone_config.image_size
    area = box.with_room(width / height)
    pixels_3HW = cut_out(picture_HW3.detach().cpu(), area, (height, width)).movedim(-1, 0)
    mean, spread = (torch.tensor(reader.processor.to_dict()[f"image_{name}"]) for name in ("mean", "std"))
    normal_1CHW = ((pixels_3HW - mean[:, None, None]) / spread[:, None, None])[None].float()
    options = {}
    device = next(reader.network.parameters()).device
    if network.config.backbone_config.num_experts > 1:
        # Networks for several sets of joints are asked for those of COCO.
        options["dataset_index"] = torch.zeros(1, dtype=torch.long, device=device)
    with torch.no_grad():
        heat_NHW = network(normal_1CHW.to(device), **options).heatmaps[0].float().cpu()
    return peaks(heat_NHW, area)


def cut_out(picture_HW3: Tensor, area: Box, size_hw: tuple[int, int]) -> Tensor:
    """Cut an area out of a picture and bring it to a size; what lies beyond the picture is black."""
    import cv2

    across, down = (
        (side - 1) / length for side, length in ((size_hw[1], area.width), (size_hw[0], area.height))
    )
    move = np.array([[across, 0, -area.left * across], [0, down, -area.top * down]], np.float32)
    cut = cv2.warpAffine(picture_HW3.numpy(), move, (size_hw[1], size_hw[0]), flags=cv2.INTER_LINEAR)
    return torch.from_numpy(np.asarray(cut, np.float32))


def peaks(heat_NHW: Tensor, area: Box) -> Tensor:
    """Find the brightest place of each map, to a quarter of its pixels.

    Args:
        heat_NHW: One map per joint over the area.
        area: Where the area lies in the picture.

    Returns:
        Column, row and brightness of each [N, 3].
    """
    count, height, width = heat_NHW.shape
    bright_N, place_N = heat_NHW.flatten(1).max(1)
    found = []
    for index in range(count):
        row, column = divmod(int(place_N[index]), width)
        heat = heat_NHW[index]
        x, y = column + _lean(heat[row], column), row + _lean(heat[:, column], row)
        x, y = x / (width - 1) * area.width + area.left, y / (height - 1) * area.height + area.top
        found.append([x, y, float(bright_N[index])])
    return torch.tensor(found)


def draw_people(people: Sequence[Tensor], size_hw: tuple[int, int], *, least_score: float) -> Tensor:
    """Draw people as the figures of OpenPose: limbs and joints in their colours, on black.

    Args:
        people: The joints of each; see `read_joints`.
        size_hw: Height and width of the picture.
        least_score: Joints that are less certain are left out, with their limbs.

    Returns:
        The picture [H, W, 3], 0..1.
    """
    import cv2

    canvas = np.zeros((*size_hw, 3), np.uint8)
    thick = max(1, round(min(size_hw) / 128))
    figures = [_figure(joints, least_score) for joints in people]
    for figure in figures:
        for (start, end), colour in zip(_LIMBS, _COLOURS, strict=False):
            if figure[start] and figure[end]:
                cv2.line(canvas, figure[start], figure[end], colour, 2 * thick, cv2.LINE_AA)
    # Limbs are darker than joints, which lie above them.
    canvas = np.asarray(canvas * 0.6, np.uint8)
    for figure in figures:
        for joint, colour in zip(figure, _COLOURS, strict=True):
            if joint:
                cv2.circle(canvas, joint, thick, colour, -1, cv2.LINE_AA)
    return torch.from_numpy(canvas.astype(np.float32)) / 255


def _figure(joints_N3: Tensor, least_score: float) -> list[tuple[int, int] | tuple[()]]:
    """Bring the joints into the order of the figure; one that is not seen is empty."""
    places: list[tuple[int, int] | tuple[()]] = []
    for index, joint in enumerate(_ORDER):
        seen = joints_N3[[*_SHOULDERS]] if index == _NECK else joints_N3[joint][None]
        x, y = (round(float(value)) for value in seen[:, :2].mean(0))
        places.append((x, y) if float(seen[:, 2].min()) >= least_score else ())
    return places


def _lean(line: Tensor, at: int) -> float:
    """Tell to which side the brighter neighbour lies, a quarter of a pixel."""
    if not 0 < at < len(line) - 1:
        return 0.0
    return 0.25 * float(torch.sign(line[at + 1] - line[at - 1]))
