"""Pictures to steer by that a network has to read: how near things are, what they are, how people stand."""

from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, ClassVar, Final, NamedTuple

import torch
from torch import Tensor
from weft.sdk import (
    FingerprintScope,
    Image,
    Mask,
    ModelError,
    ModelFile,
    NodeError,
    Paths,
    Run,
    Slider,
    listing,
    node,
    suggest,
)

from weft_nodes.models.digests import DigestMemory
from weft_nodes.models.perception import (
    FOLDER,
    Reader,
    ReaderStore,
    Task,
    find_network,
    list_networks,
    network_digest,
    read_classes,
    read_depth,
)
from weft_nodes.models.poses import Box, box_of, draw_people, read_joints
from weft_nodes.pixels.conversion import same_size

_COLOUR_BITS: Final = 8


class LabelUnknownError(NodeError):
    """A network does not know the class that is asked for."""

    code: ClassVar[str] = "label-unknown"

    def __init__(self, *, label: str, known: Sequence[str]) -> None:
        super().__init__(
            f"The network knows no {label!r}.",
            hint=suggest(label, known) or f"It knows {', '.join(known[:20])}.",
        )


class Segments(NamedTuple):
    """What a picture shows where.

    Attributes:
        image: Each class in a colour of its own.
        mask: 1 where the wanted class is; 0 everywhere where none is wanted.
        labels: Names of the classes that are there, the largest area first.
    """

    image: Image
    mask: Mask
    labels: list[str]


@listing("depth")
def depth_networks(paths: Paths) -> Mapping[str, Mapping[str, str]]:
    """Name the networks for depth in the `preprocessors` folders of the models folders.

    Args:
        paths: Where to look.

    Returns:
        Names with no traits.
    """
    return {name: {} for name in list_networks("depth", paths.models)}


@listing("segmentation")
def segmentation_networks(paths: Paths) -> Mapping[str, Mapping[str, str]]:
    """Name the networks for segmentation in the `preprocessors` folders of the models folders.

    Args:
        paths: Where to look.

    Returns:
        Names with no traits.
    """
    return {name: {} for name in list_networks("segmentation", paths.models)}


@listing("pose")
def pose_networks(paths: Paths) -> Mapping[str, Mapping[str, str]]:
    """Name the networks for poses in the `preprocessors` folders of the models folders.

    Args:
        paths: Where to look.

    Returns:
        Names with no traits.
    """
    return {name: {} for name in list_networks("pose", paths.models)}


def _digest_for_depth(run: FingerprintScope, network: str) -> str:
    return _digest(run, "depth", network)


def _digest_for_segmentation(run: FingerprintScope, network: str) -> str:
    return _digest(run, "segmentation", network)


def _digest_for_pose(run: FingerprintScope, network: str) -> str:
    return _digest(run, "pose", network)


@node("preprocess.depth", lane="device", output="image", fingerprint=_digest_for_depth)
def estimate_depth(run: Run, image: Image, network: Annotated[str, ModelFile("depth", (FOLDER,))]) -> Image:
    """Estimate how near things are, as a picture in grey where near is white.

    Args:
        run: The run this is part of.
        image: Pictures; transparency is left out.
        network: Name of a folder of transformers in the `preprocessors` folder of a models folder, such as
            Depth Anything or DPT, with its weights as safetensors.

    Returns:
        Pictures of the same size, from black for the farthest pixel to white for the nearest.

    Raises:
        ModelFileMissingError: There is no network of that name, or a file of it is missing.
        ModelFileRefusedError: The weights are a pickle, which could run code.
        CheckpointCorruptError: A file is damaged.
        CheckpointIncompleteError: Tensors are missing.
        CheckpointUnknownError: It is of no architecture that transformers has.
    """
    reader = _reader(run, "depth", network)
    found = [_checked(run, read_depth, reader, picture) for picture in image.pixels_BHWC]
    return Image(torch.stack(found)[..., None].expand(-1, -1, -1, 3).contiguous())


@node("preprocess.segmentation", lane="device", fingerprint=_digest_for_segmentation)
def segment_picture(
    run: Run, image: Image, network: Annotated[str, ModelFile("segmentation", (FOLDER,))], *, label: str = ""
) -> Segments:
    """Tell what a picture shows where: each class in a colour of its own, and a mask of one of them.

    Args:
        run: The run this is part of.
        image: Pictures; transparency is left out.
        network: Name of a folder of transformers in the `preprocessors` folder of a models folder, such as
            SegFormer or Mask2Former, with its weights as safetensors.
        label: The class that the mask selects, such as "person"; empty selects nothing.

    Returns:
        The classes as colours, by the rule of PASCAL VOC, with black for the first; the mask; the labels.

    Raises:
        LabelUnknownError: The network does not know the label.
        ModelFileMissingError: There is no network of that name, or a file of it is missing.
        ModelFileRefusedError: The weights are a pickle, which could run code.
        CheckpointCorruptError: A file is damaged.
        CheckpointIncompleteError: Tensors are missing.
        CheckpointUnknownError: It is of no architecture that transformers has.
    """
    reader = _reader(run, "segmentation", network)
    names = {name.casefold(): number for number, name in reader.labels.items()}
    wanted = label.strip().casefold()
    if wanted and wanted not in names:
        raise LabelUnknownError(label=label, known=list(reader.labels.values()))
    classes_BHW = torch.stack([_checked(run, read_classes, reader, picture) for picture in image.pixels_BHWC])
    areas = classes_BHW.flatten().bincount()
    seen = sorted((number for number in range(len(areas)) if areas[number]), key=lambda one: -int(areas[one]))
    return Segments(
        image=Image(_colours(int(areas.shape[0]))[classes_BHW]),
        mask=Mask((classes_BHW == names.get(wanted, -1)).float()),
        labels=[reader.labels.get(number, str(number)) for number in seen],
    )


@node("preprocess.pose", lane="device", output="image", fingerprint=_digest_for_pose)
def find_poses(
    run: Run,
    image: Image,
    people: Mask | None,
    *,
    network: Annotated[str, ModelFile("pose", (FOLDER,))],
    least_score: Annotated[float, Slider(0, 1)] = 0.3,
) -> Image:
    """Draw the poses of people as coloured figures on black, as OpenPose does.

    Args:
        run: The run this is part of.
        image: Pictures; transparency is left out.
        people: One mask for each person, of the size of the pictures; without them each picture shows one
            person, who fills it.
        network: Name of a folder of transformers in the `preprocessors` folder of a models folder: a ViTPose
            for the 17 joints of COCO, with its weights as safetensors.
        least_score: Joints that the network is less certain of are left out, 0..1.

    Returns:
        Pictures of the same size.

    Raises:
        PictureSizeError: The masks have another size than the pictures.
        ModelFileMissingError: There is no network of that name, or a file of it is missing.
        ModelFileRefusedError: The weights are a pickle, which could run code.
        CheckpointCorruptError: A file is damaged.
        CheckpointIncompleteError: Tensors are missing.
    """
    height, width = size = image.pixels_BHWC.shape[1], image.pixels_BHWC.shape[2]
    boxes: list[Box | None] = [Box(0, 0, width - 1, height - 1)]
    if people is not None:
        same_size(image.pixels_BHWC, people.values_BHW, names=("the picture", "the mask"))
        boxes = [box_of(mask) for mask in people.values_BHW]
    reader = _reader(run, "pose", network)
    found = []
    for picture in image.pixels_BHWC:
        run.check_cancelled()
        joints = [read_joints(reader, picture[..., :3], box) for box in boxes if box is not None]
        found.append(draw_people(joints, size, least_score=least_score))
    return Image(torch.stack(found))


def _checked(
    run: Run, read: Callable[[Reader, Tensor], Tensor], reader: Reader, picture_HWC: Tensor
) -> Tensor:
    run.check_cancelled()
    return read(reader, picture_HWC[..., :3])


def _colours(count: int) -> Tensor:
    """Spread the bits of a class over the high bits of red, green and blue, as PASCAL VOC does."""
    colours = torch.zeros(count, 3)
    for number in range(count):
        for bit in range(_COLOUR_BITS):
            for channel in range(3):
                value = (number >> (3 * bit + channel)) & 1
                colours[number, channel] += value << (_COLOUR_BITS - 1 - bit)
    return colours / 255


def _reader(run: Run, task: Task, network: str) -> Reader:
    path = find_network(task, network, run.paths.models)
    digest = network_digest(path, DigestMemory.of(run.paths))
    run.note_file(network, digest)
    return run.service(ReaderStore).reader(path, digest)


def _digest(run: FingerprintScope, task: Task, network: str) -> str:
    """Tell networks apart by content; or by what is wrong with them."""
    try:
        return network_digest(find_network(task, network, run.paths.models), DigestMemory.of(run.paths))
    except ModelError as error:
        return error.code
