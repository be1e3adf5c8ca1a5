"""What a run made, for the user to keep: pictures as files that carry their workflow, all else as values."""

import os
import re
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from weft.cli.reports import OutputReport
from weft.engine.products import has_pictures, pictures_of, plain, type_of
from weft.errors import JSON, FileUnwritableError
from weft.pictures import write_numbered
from weft.sockets import SocketType


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


def is_saved(kind: SocketType) -> bool:
    """Tell whether values of a type become files.

    Args:
        kind: The type of an output.
    """
    return not {"image", "mask"}.isdisjoint(re.findall(r"[\w.]+", str(kind)))


def refuse_unwritable(folder: Path) -> None:
    """Find out before a run whether its pictures could be saved, without making anything yet.

    Args:
        folder: Where they would go.

    Raises:
        FileUnwritableError: They could not: something else is in the way, or nobody may write there.
    """
    place = folder.absolute()
    while not os.access(place, os.F_OK):
        place = place.parent
    if not place.is_dir():
        raise FileUnwritableError(path=str(folder), reason=f"{place} is no folder")
    try:
        # A file without a name tells what no look at permissions does, such as a full quota or a share.
        with tempfile.TemporaryFile(dir=place):
            pass
    except OSError as error:
        raise FileUnwritableError(path=str(folder), reason=error.strerror or str(error)) from error


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
    if not has_pictures(value):
        return OutputReport(type=type_of(value), value=plain(value))
    # Names of workflows and outputs are free; those of files are not.
    stem = re.sub(r"[^\w.-]+", "-", f"{destination.workflow}-{name}").lstrip(".")
    pictures = pictures_of(name, value, destination.provenance)
    paths = [write_numbered(destination.folder, stem, ".png", picture.data) for picture in pictures]
    return OutputReport(type=type_of(value), paths=tuple(str(path) for path in paths))
