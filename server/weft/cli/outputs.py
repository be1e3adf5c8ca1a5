"""What a run made, for the user to keep: pictures as files that carry their workflow, all else as values."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from weft.cli.reports import OutputReport
from weft.engine.products import has_pictures, pictures_of, plain, type_of
from weft.errors import JSON
from weft.pictures import write_numbered


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
    if not has_pictures(value):
        return OutputReport(type=type_of(value), value=plain(value))
    # Names of workflows and outputs are free; those of files are not.
    stem = re.sub(r"[^\w.-]+", "-", f"{destination.workflow}-{name}").lstrip(".")
    pictures = pictures_of(name, value, destination.provenance)
    paths = [write_numbered(destination.folder, stem, ".png", picture.data) for picture in pictures]
    return OutputReport(type=type_of(value), paths=tuple(str(path) for path in paths))
