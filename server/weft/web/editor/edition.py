"""The files of the editor as they are served: read once, kept compressed, named by what all of them hold.

Every file has the digest of the whole edition in its address, so that a browser keeps it for ever and still
never mixes files of two editions.
"""

from __future__ import annotations

import gzip
import hashlib
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from weft.web.editor.page import PLACE, Page, read_page
from weft.web.faults import EditorMissingError

MEDIA_TYPES: Mapping[str, str] = MappingProxyType(
    {
        ".js": "text/javascript",
        ".mjs": "text/javascript",
        ".css": "text/css",
        ".json": "application/json",
        ".svg": "image/svg+xml",
        ".png": "image/png",
        ".webp": "image/webp",
        ".woff2": "font/woff2",
    }
)
"""What is served, by the end of its name; nothing else in the folder is."""

INDEX = "index.html"
ENTRY, BUNDLE = "main.js", "bundle.js"
"""What the page loads: the first of the modules, or all of them joined, as an install leaves them."""

NEEDED = (INDEX, "vendor/VERSIONS")
"""Without these there is no editor; the last comes with the third-party modules."""

JOINED = frozenset({".js", ".mjs", ".json"})
"""What a bundle is made of."""

_MODULES = frozenset({".js", ".mjs"})
_COMPRESSED = frozenset({".png", ".webp", ".woff2"})


def shipped_editor() -> Path:
    """Give the folder of the editor: inside the package, or in a source checkout."""
    packed = Path(__file__).parents[2] / "_frontend"
    return packed if packed.is_dir() else Path(__file__).parents[4] / "frontend"


@dataclass(frozen=True, slots=True)
class Part:
    """A file of the editor.

    Attributes:
        media_type: What it is.
        body: Its content, compressed by gzip where that makes it smaller.
        is_gzipped: Whether it is.
    """

    media_type: str
    body: bytes
    is_gzipped: bool

    @property
    def plain(self) -> bytes:
        """Its content as it is on disk."""
        return gzip.decompress(self.body) if self.is_gzipped else self.body


@dataclass(frozen=True, slots=True)
class Edition:
    """The editor as it is at one moment.

    Attributes:
        digest: Stands for the content of all files.
        page: The page that loads them.
        parts: The files by their paths in the folder, with `/`.
        modules: Where the modules lie that the page loads joined; they are read only if they are asked for.
    """

    digest: str
    page: Page
    parts: Mapping[str, Part]
    modules: Mapping[str, Path]


class Editor:
    """Gives the newest edition; an edit of a file is seen with the next load of the page."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._marks: tuple[tuple[str, int, int], ...] = ()
        self._edition: Edition | None = None

    def edition(self) -> Edition:
        """Give the edition that is on disk; reads the files only where one has changed.

        Raises:
            EditorMissingError: There are no files, or no third-party modules beside them.
        """
        missing = [name for name in NEEDED if not (self._folder / name).is_file()]
        if missing:
            raise EditorMissingError(folder=self._folder, missing=missing)
        with self._lock:
            marks = tuple(_marks(self._folder))
            if self._edition is None or marks != self._marks:
                self._edition, self._marks = _read(self._folder), marks
            return self._edition

    def part(self, digest: str, path: str) -> Part | None:
        """Give a file of an edition; None where there is none, or that edition is no more.

        Raises:
            EditorMissingError: As for `edition`.
        """
        edition = self._edition
        if edition is None or edition.digest != digest:
            edition = self.edition()
        if edition.digest != digest:
            return None
        module = edition.modules.get(path)
        return edition.parts.get(path) if module is None else _read_part(module, module.read_bytes())


def is_bundled(folder: Path) -> bool:
    """Tell whether the modules lie joined in a folder, and none was edited since."""
    bundle = folder / BUNDLE
    if not bundle.is_file():
        return False
    made_at = bundle.stat().st_mtime_ns
    modules = (path for name, path in _files(folder) if path.suffix in JOINED and name != BUNDLE)
    return all(path.stat().st_mtime_ns <= made_at for path in modules)


def _files(folder: Path) -> Iterator[tuple[str, Path]]:
    for path in sorted(folder.rglob("*")):
        if path.suffix in MEDIA_TYPES or path == folder / INDEX:
            yield path.relative_to(folder).as_posix(), path


def _marks(folder: Path) -> Iterator[tuple[str, int, int]]:
    for name, path in _files(folder):
        status = path.stat()
        yield name, status.st_mtime_ns, status.st_size


def _read(folder: Path) -> Edition:
    whole = hashlib.sha256()
    parts: dict[str, Part] = {}
    modules: dict[str, Path] = {}
    is_joined = is_bundled(folder)
    for name, path in _files(folder):
        if is_joined and path.suffix in _MODULES and name != BUNDLE:
            modules[name] = path
            continue
        content = path.read_bytes()
        whole.update(f"{name}\0{len(content)}\0".encode() + content)
        if name != INDEX:
            parts[name] = _read_part(path, content)
    digest = whole.hexdigest()[:16]
    html = (folder / INDEX).read_text(encoding="utf-8")
    page = read_page(html.replace(PLACE + ENTRY, PLACE + BUNDLE) if is_joined else html, digest)
    return Edition(digest, page, MappingProxyType(parts), MappingProxyType(modules))


def _read_part(path: Path, content: bytes) -> Part:
    is_gzipped = path.suffix not in _COMPRESSED
    body = gzip.compress(content, mtime=0) if is_gzipped else content
    return Part(MEDIA_TYPES[path.suffix], body, is_gzipped)
