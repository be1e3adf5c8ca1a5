"""Files that workflows name: within the folders of weft, and never outside."""

import re
from pathlib import Path
from typing import ClassVar

from weft.sdk import NodeError

_NUMBER = re.compile(r"(\d+)", re.ASCII)


class PathOutsideError(NodeError):
    """A name leads out of the folder it belongs to."""

    code: ClassVar[str] = "path-outside"

    def __init__(self, *, name: str, folder: str) -> None:
        super().__init__(
            f"The name {name!r} does not lie within the {folder} folder.",
            hint="Use a plain name, or a folder and a name such as portraits/first.",
        )


def contained(folder: Path, name: str, *, called: str) -> Path:
    """Follow a name within a folder; links and dots that lead out of it are refused.

    Args:
        folder: The folder, whether or not it is there.
        name: Name of a file or folder in it.
        called: What the folder is called in the error.

    Returns:
        The path, without links in it; there may be nothing.

    Raises:
        PathOutsideError: The name leads out of the folder.
    """
    root = folder.resolve()
    path = (root / name).resolve()
    if not path.is_relative_to(root):
        raise PathOutsideError(name=name, folder=called)
    return path


def files_below(folder: Path, suffixes: tuple[str, ...]) -> list[str]:
    """Name the files of some kinds in a folder and the folders below it; links that lead out do not count.

    Args:
        folder: The folder, whether or not it is there.
        suffixes: Endings of names in small letters, such as ".png".

    Returns:
        Names relative to the folder, in natural order: 2.png before 10.png.
    """
    root = folder.resolve()
    files = root.rglob("*") if root.is_dir() else ()
    return sorted(
        (
            path.relative_to(root).as_posix()
            for path in files
            if path.suffix.lower() in suffixes and path.is_file() and path.resolve().is_relative_to(root)
        ),
        key=_natural,
    )


def _natural(name: str) -> tuple[list[tuple[str, int]], str]:
    """Order digits by the number they write, and what differs in nothing else by its letters."""
    parts = _NUMBER.split(name.casefold())
    return [*zip(parts[::2], [*(int(part) for part in parts[1::2]), -1], strict=True)], name
