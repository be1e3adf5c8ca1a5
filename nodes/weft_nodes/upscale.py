"""Upscalers: networks that enlarge pictures and draw what a plain enlargement would blur."""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import torch
from weft.sdk import (
    FingerprintScope,
    Image,
    ModelError,
    ModelFile,
    NodeError,
    Paths,
    Run,
    Slider,
    listing,
    node,
)

from weft_nodes.models.digests import DigestMemory
from weft_nodes.models.errors import ModelFileMissingError
from weft_nodes.models.upscaling import Tiling, Upscaler, UpscalerStore, enlarge, upscaler_traits
from weft_nodes.models.weights import single_files
from weft_nodes.pixels.conversion import check_area
from weft_nodes.pixels.resizing import resize_pixels

_FOLDER = "upscalers"


@listing("upscaler")
def upscalers_by_name(paths: Paths) -> Mapping[str, Mapping[str, str]]:
    """Name the upscalers in the `upscalers` folders of the models folders.

    Args:
        paths: Where to look.

    Returns:
        Traits by name, read from headers: how many times each enlarges; empty for what cannot be read.
    """
    return {name: _traits(path) for name, path in sorted(_upscalers(paths).items())}


def _digest_of_upscaler(run: FingerprintScope, upscaler: str) -> str:
    """Tell upscalers apart by content and by place, which handles carry."""
    path = _upscalers(run.paths).get(upscaler)
    return "missing" if path is None else f"{path} {DigestMemory.of(run.paths).file(path)}"


@node("upscaler.load", lane="io", output="upscaler", fingerprint=_digest_of_upscaler)
def load_upscaler(run: Run, upscaler: Annotated[str, ModelFile("upscaler", (_FOLDER,))]) -> Upscaler:
    """Load a network that enlarges pictures, such as Real-ESRGAN, SPAN or DAT.

    Args:
        run: The run this is part of.
        upscaler: Name of a .safetensors file in the `upscalers` folder of a models folder: an ESRGAN or
            Real-ESRGAN of either layout, a compact network of Real-ESRGAN, a SPAN, a DAT (DAT, DAT-S, DAT-2,
            DAT-light), a SwinIR (classical, lightweight, real-world, against noise or JPEG), a HAT (HAT,
            HAT-S, HAT-L), or a RealPLKSR (with or without DySample).

    Returns:
        The upscaler. Its weights are read when they are first needed.

    Raises:
        ModelFileMissingError: There is no upscaler of that name.
        ModelFileRefusedError: The file is a pickle, which could run code.
        CheckpointCorruptError: The file is damaged.
        CheckpointUnknownError: It is of no architecture, or of a variant of one, that is known here.
        CheckpointIncompleteError: It does not fill its architecture.
    """
    listed = _upscalers(run.paths)
    if upscaler not in listed:
        known = ", ".join(sorted(listed)) or "none yet"
        raise ModelFileMissingError(
            path=Path(upscaler),
            hint=f"Put the file into the {_FOLDER} folder of a models folder; known: {known}.",
        )
    path = listed[upscaler]
    upscaler_traits(path)
    digest = DigestMemory.of(run.paths).file(path)
    run.note_file(upscaler, digest)
    return Upscaler(str(path), digest)


@node("upscaler.apply", lane="device", output="image", title="Upscale by model")
def upscale_image(
    run: Run,
    image: Image,
    upscaler: Upscaler,
    *,
    tile: Annotated[int, Slider(64, 2048, step=32)] = 512,
    overlap: Annotated[int, Slider(0, 512, step=16)] = 64,
) -> Image:
    """Enlarge pictures with an upscaler, in tiles, so that memory suffices for any size.

    Args:
        run: The run this is part of.
        image: Pictures; transparency is enlarged without the network.
        upscaler: The upscaler, which decides how many times larger they become.
        tile: Side of the square tiles in pixels, 64..2048; smaller ones need less memory.
        overlap: Pixels that neighbouring tiles share, 0..512, at most half of `tile`; they are blended there,
            so that no seams show.

    Returns:
        The enlarged pictures, 0..1.

    Raises:
        NodeError: `overlap` is more than half of `tile`.
        PictureTooLargeError: The enlarged pictures have more than 512 megapixels.
        ModelError: The weights cannot be read.
    """
    if 2 * overlap > tile:
        raise NodeError(
            f"Tiles of {tile} pixels cannot overlap by {overlap}.",
            hint="Choose an overlap of at most half a tile.",
        )
    network = run.service(UpscalerStore).network(upscaler)
    # Tiles begin and end where the squares and windows do that a network reads.
    multiple = math.lcm(4, network.multiple)
    tiling = Tiling(side=max(tile // multiple, 1) * multiple, overlap=overlap // multiple * multiple)
    count, height, width, _ = image.pixels_BHWC.shape
    check_area(width * network.scale, height * network.scale, count=count)
    found = []
    for index, pixels_HWC in enumerate(image.pixels_BHWC):

        def advance(done: int, total: int, index: int = index) -> None:
            run.progress(index * total + done, count * total, message="tiles")

        x_CHW = pixels_HWC[..., :3].movedim(-1, 0)
        found.append(enlarge(network, x_CHW, tiling, advance=advance).movedim(0, -1))
    pixels_BHWC = torch.stack(found)
    if image.pixels_BHWC.shape[-1] == 4:
        size = pixels_BHWC.shape[1:3]
        alpha = image.pixels_BHWC[..., 3:].expand(-1, -1, -1, 3).cpu()
        large = resize_pixels(alpha, width=size[1], height=size[0], method="bicubic")
        pixels_BHWC = torch.cat([pixels_BHWC, large[..., :1]], dim=-1)
    return Image(pixels_BHWC.contiguous())


def _traits(path: Path) -> Mapping[str, str]:
    try:
        return upscaler_traits(path)
    except ModelError:
        return {}


def _upscalers(paths: Paths) -> Mapping[str, Path]:
    return single_files(models / _FOLDER for models in paths.models)
