"""What a run made, for the user to keep: pictures as files that carry their workflow, all else as values."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from weft.cli.reports import OutputReport
from weft.errors import JSON
from weft.pictures import encode_png, write_numbered
from weft.values import Image, Mask, value_type

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Destination:
    """Where the pictures of one run go and what they carry.

    Attributes:
        folder: The folder; made when the first picture is saved.
        workflow: The first part of every file name.
        provenance: How the pictures were made.
    """

    folder: Path
    workflow: str
    provenance: Mapping[str, JSON]


def save_output(name: str, value: object, destination: Destination) -> OutputReport:
    """Save one output of a run.

    Args:
        name: The output's name; the second part of every file name.
        value: Its value, a list where the workflow mapped over one.
        destination: Where pictures go.

    Returns:
        The files it became, in order, or the value where it is no picture.

    Raises:
        FileUnwritableError: The folder cannot be written.
        DiskFullError: There is no room; nothing partial is left.
    """
    frames = _frames(value)
    if frames:
        carried: dict[str, JSON] = {**destination.provenance, "output": name}
        # Names of workflows and outputs are free; those of files are not.
        stem = re.sub(r"[^\w.-]+", "-", f"{destination.workflow}-{name}").lstrip(".")
        paths = [_save(frame, stem, destination.folder, carried) for frame in frames]
        return OutputReport(type=_type_of(value), paths=tuple(str(path) for path in paths))
    return OutputReport(type=_type_of(value), value=_plain(value))


def _save(pixels_HWC: "NDArray[np.uint8]", stem: str, folder: Path, carried: Mapping[str, JSON]) -> Path:
    return write_numbered(folder, stem, ".png", encode_png(pixels_HWC, provenance=carried))


def _frames(item: object) -> "list[NDArray[np.uint8]]":
    """Cut pictures and masks, also in lists, into single pictures of bytes, height x width x channels."""
    if isinstance(item, list | tuple):
        return [frame for part in item for frame in _frames(part)]
    if isinstance(item, Mask):
        return _frames(Image(item.values_BHW[..., None].expand(-1, -1, -1, 3)))
    if not isinstance(item, Image):
        return []
    bytes_BHWC = item.pixels_BHWC.detach().cpu().clamp(0, 1).mul(255).round()
    return list(bytes_BHWC.numpy().astype("uint8"))


def _type_of(value: object) -> str:
    if isinstance(value, list | tuple):
        kinds = sorted({_type_of(item) for item in value})
        return f"list[{' | '.join(kinds)}]"
    names = {bool: "bool", int: "int", float: "float", str: "string", type(None): "null", dict: "json"}
    known = value_type(type(value))
    return known.name if known is not None else names.get(type(value), type(value).__name__)


def _plain(value: object) -> JSON:
    """Give a value as JSON; null for one that JSON cannot hold, such as a latent."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value if isinstance(value, bool | int | float | str) else None
