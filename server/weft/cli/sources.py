"""Where a workflow comes from: standard input, a file, a picture or film that carries it, or a name."""

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, BinaryIO

from weft.cli.faults import FileUnreadableError, PictureWithoutWorkflowError
from weft.graph_errors import WorkflowUnknownError
from weft.picture_texts import TextUnreadableError, read_text
from weft.video_texts import is_video, read_video_text

if TYPE_CHECKING:
    from weft.foreign.conversion import Conversion
    from weft.graph.document import Document
    from weft.graph.workflows import WorkflowSource
    from weft.values import JSON

JPEG = b"\xff\xd8\xff"
PICTURE_SUFFIXES = (".png", ".jpg", ".jpeg", ".webp")
OTHER_FILES = MappingProxyType(
    {
        b"GIF8": "GIF",
        b"BM": "BMP",
        b"II*\0": "TIFF",
        b"MM\0*": "TIFF",
        b"\x1a\x45\xdf\xa3": "WebM or Matroska",
    }
)
"""How files of pictures and films begin in which nobody keeps workflows."""
STANDARD_INPUT = "-"
FOREIGN_TEXTS = ("workflow", "prompt")
"""What ComfyUI calls the texts in its pictures; the first one has places too."""


@dataclass(frozen=True, slots=True)
class Source:
    """A workflow as it was found.

    Attributes:
        name: What messages and file names call it.
        document: The workflow.
        path: The file it was read from; None for a name and for standard input.
        picture: That file again, where it is a picture that can be compared; a JPEG lost some of its own.
        provenance: All that the picture says about how it was made.
        conversion: What became of its nodes, where it is a workflow of ComfyUI.
    """

    name: str
    document: "Document"
    path: Path | None = None
    picture: Path | None = None
    provenance: Mapping[str, "JSON"] = field(default_factory=dict)
    conversion: "Conversion | None" = None


def read_source(subject: str, workflows: "WorkflowSource", *, packs: Sequence[Path] = ()) -> Source:
    """Find and read a workflow.

    Args:
        subject: `-`, the path of a JSON file, picture or MP4 film, or a workflow's name. A file wins over a
            name.
        workflows: The workflows that have a name.
        packs: Folders of packs, which may say what becomes of nodes of ComfyUI.

    Returns:
        The workflow and where it came from. A workflow of ComfyUI is taken over.

    Raises:
        WorkflowUnknownError: There is neither such a file nor such a name.
        FileUnreadableError: The path leads nowhere, to a folder, or to a file that is not ours to read.
        PictureWithoutWorkflowError: The picture or film does not say how it was made.
        PictureUnreadableError: The picture is damaged, be it only in its pixels.
        ForeignUnreadableError: It is a damaged workflow of ComfyUI.
        ProblemsError: The document has a wrong form; every problem is in it.
    """
    if subject == STANDARD_INPUT:
        return _document("workflow", sys.stdin.buffer.read(), packs)
    path = Path(subject).expanduser()
    if path.is_file():
        with _opened(path) as file:
            beginning = file.read(12)
            if is_video(beginning):
                return _film(path, file)
            if path.suffix.lower() in PICTURE_SUFFIXES or _is_picture(beginning):
                return _picture(path, packs, is_exact=not beginning.startswith(JPEG))
            data = beginning + file.read()
        _refuse_binary(path, data)
        return _document(path.stem, data, packs, path)
    if subject in workflows.names():
        return Source(name=subject, document=workflows.load(subject))
    if path.is_dir():
        raise FileUnreadableError(path=subject, reason="is a folder")
    if path.suffix:
        raise FileUnreadableError(path=subject, reason="does not exist", beside=_beside(path))
    raise WorkflowUnknownError(name=subject, known=workflows.names())


def lineage_of(source: Source) -> str:
    """Name the workflow whose earlier runs tell why a node runs again.

    Args:
        source: The workflow.

    Returns:
        The path of its file, or its name where it has none.
    """
    return str(source.path.resolve()) if source.path is not None else source.name


def _document(name: str, data: str | bytes, packs: Sequence[Path], path: Path | None = None) -> Source:
    """Read a workflow, and take it over where it is one of ComfyUI."""
    from weft.graph.document import parse_document, read_json

    tree = read_json(data)
    if isinstance(tree, Mapping) and "weft" not in tree:
        from weft.foreign.conversion import convert, is_foreign
        from weft.foreign.rule_book import load_rule_book

        if is_foreign(tree):
            found = convert(tree, load_rule_book(packs))
            return Source(name, found.document, path=path, conversion=found)
    return Source(name, parse_document(tree if isinstance(tree, Mapping) else data), path=path)


def _picture(path: Path, packs: Sequence[Path], *, is_exact: bool) -> Source:
    from weft.pictures import read_picture, read_provenance

    # What is damaged cannot be compared with what is made of it, and a run may take minutes.
    read_picture(path)
    provenance = read_provenance(path)
    for key in FOREIGN_TEXTS if provenance is None else ():
        with _opened(path) as file:
            text = read_text(file, key)
        if text is not None:
            return _document(path.stem, text, packs, path)
    return _made(path, provenance, picture=path if is_exact else None)


def _film(path: Path, file: BinaryIO) -> Source:
    from weft.pictures import parse_provenance

    try:
        text = read_video_text(file)
    except TextUnreadableError as error:
        raise FileUnreadableError(path=str(path), reason=f"cannot be read: {error}") from error
    return _made(path, None if text is None else parse_provenance(text))


def _made(path: Path, provenance: "dict[str, JSON] | None", *, picture: Path | None = None) -> Source:
    """Give the workflow that a file was made with."""
    from weft.graph.document import parse_document

    carried = None if provenance is None else provenance.get("weft")
    if provenance is None or not isinstance(carried, Mapping):
        raise PictureWithoutWorkflowError(path=str(path))
    said = provenance.get("workflow")
    return Source(
        name=said if isinstance(said, str) else path.stem,
        document=parse_document(carried),
        path=path,
        picture=picture,
        provenance=provenance,
    )


def _is_picture(beginning: bytes) -> bool:
    is_webp = beginning.startswith(b"RIFF") and beginning[8:] == b"WEBP"
    return is_webp or beginning.startswith((b"\x89PNG", JPEG))


def _refuse_binary(path: Path, data: bytes) -> None:
    """Refuse a file that is no text.

    Raises:
        PictureWithoutWorkflowError: It is a picture or film that weft cannot have made.
        FileUnreadableError: It is anything else.
    """
    for beginning, kind in OTHER_FILES.items():
        if data.startswith(beginning):
            raise PictureWithoutWorkflowError(path=str(path), kind=kind)
    try:
        is_text = "\0" not in data.decode(json.detect_encoding(data))
    except UnicodeDecodeError:
        is_text = False
    if not is_text:
        raise FileUnreadableError(path=str(path), reason="is neither JSON nor a picture that weft made")


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    try:
        with path.open("rb") as file:
            yield file
    except OSError as error:
        reason = f"cannot be read: {(error.strerror or 'no reason given').lower()}"
        raise FileUnreadableError(path=str(path), reason=reason) from error


def _beside(path: Path) -> list[str]:
    """List the files that may have been meant: those of the same kind in the same folder."""
    if not path.parent.is_dir():
        return []
    return sorted(str(path.with_name(p.name)) for p in path.parent.iterdir() if p.suffix == path.suffix)
