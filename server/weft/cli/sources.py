"""Where a workflow comes from: standard input, a file, a picture that carries it, or a name."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from weft.cli.faults import FileUnreadableError, PictureWithoutWorkflowError
from weft.graph_errors import WorkflowUnknownError

if TYPE_CHECKING:
    from weft.graph.document import Document
    from weft.graph.workflows import WorkflowSource
    from weft.values import JSON

PICTURE_SUFFIXES = (".png", ".webp")
STANDARD_INPUT = "-"


@dataclass(frozen=True, slots=True)
class Source:
    """A workflow as it was found.

    Attributes:
        name: What messages and file names call it.
        document: The workflow.
        picture: The picture it was read from, if it was.
        provenance: All that the picture says about how it was made.
    """

    name: str
    document: "Document"
    picture: Path | None = None
    provenance: Mapping[str, "JSON"] = MappingProxyType({})


def read_source(subject: str, workflows: "WorkflowSource") -> Source:
    """Find and read a workflow.

    Args:
        subject: `-`, the path of a JSON file or picture, or a workflow's name. A file wins over a name.
        workflows: The workflows that have a name.

    Returns:
        The workflow and where it came from.

    Raises:
        WorkflowUnknownError: There is neither such a file nor such a name.
        FileUnreadableError: The path leads nowhere, to a folder, or to a file that is not ours to read.
        PictureWithoutWorkflowError: The picture does not say how it was made.
        PictureUnreadableError: The picture is damaged.
        ProblemsError: The document has a wrong form; every problem is in it.
    """
    if subject == STANDARD_INPUT:
        return _document("workflow", sys.stdin.buffer.read())
    path = Path(subject).expanduser()
    if path.is_file():
        data = _read(path)
        return _picture(path, data) if path.suffix.lower() in PICTURE_SUFFIXES else _document(path.stem, data)
    if subject in workflows.names():
        return Source(name=subject, document=workflows.load(subject))
    if path.is_dir():
        raise FileUnreadableError(path=subject, reason="is a folder")
    if path.suffix:
        raise FileUnreadableError(path=subject, reason="does not exist", beside=_beside(path))
    raise WorkflowUnknownError(name=subject, known=workflows.names())


def _document(name: str, data: bytes) -> Source:
    from weft.graph.document import parse_document

    return Source(name=name, document=parse_document(data))


def _picture(path: Path, data: bytes) -> Source:
    from weft.graph.document import parse_document
    from weft.pictures import read_provenance

    provenance = read_provenance(data)
    carried = None if provenance is None else provenance.get("weft")
    if provenance is None or not isinstance(carried, Mapping):
        raise PictureWithoutWorkflowError(path=str(path))
    said = provenance.get("workflow")
    return Source(
        name=said if isinstance(said, str) else path.stem,
        document=parse_document(carried),
        picture=path,
        provenance=provenance,
    )


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        reason = f"cannot be read: {(error.strerror or 'no reason given').lower()}"
        raise FileUnreadableError(path=str(path), reason=reason) from error


def _beside(path: Path) -> list[str]:
    """List the files that may have been meant: those of the same kind in the same folder."""
    if not path.parent.is_dir():
        return []
    return sorted(str(path.with_name(p.name)) for p in path.parent.iterdir() if p.suffix == path.suffix)
