"""Digests of code: what a node's source and everything it imports from its own pack looked like.

A cached result is only good while the code that made it is unchanged. The digest of a module covers its
source and that of the modules of its pack that it imports, directly or not, wherever in the file it does so.
What lies outside of the pack is not covered, nor are imports by computed names.
"""

from __future__ import annotations

import ast
import hashlib
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import ModuleType

_BLOCKS = ("body", "orelse", "finalbody", "handlers", "cases")
"""Where statements hold other statements; expressions hold none, and imports are statements."""

_MOST_REMEMBERED = 1024
_DIGEST_BYTES = 16


@dataclass(frozen=True, slots=True)
class _Source:
    digest: bytes
    imports: frozenset[str]


class CodeDigests:
    """Digests of the modules of one pack; every file is found, read and parsed once.

    Args:
        root: Name of the pack's package or only module, as it was imported.
    """

    def __init__(self, root: str) -> None:
        self._root = root
        self._sources: dict[str, _Source | None] = {}
        self._paths: dict[str, Path | None] = {}

    def digest(self, module: ModuleType) -> str:
        """Give the digest of a module of the pack, of 32 hexadecimal digits.

        A module without a file, as tests and consoles make them, is known by its name alone.
        """
        state = hashlib.blake2b(digest_size=_DIGEST_BYTES)
        start = self._relative(module.__name__)
        if start is None or self._source(start) is None:
            state.update(module.__name__.encode())
            return state.hexdigest()
        for name in sorted(self._reachable(start)):
            source = self._source(name)
            state.update(f"{name}\0".encode())
            state.update(source.digest if source is not None else bytes(_DIGEST_BYTES))
        return state.hexdigest()

    def _relative(self, name: str) -> str | None:
        """Give a module's name below the root, the root itself being empty; None outside of the pack."""
        if name == self._root:
            return ""
        prefix = f"{self._root}."
        return name.removeprefix(prefix) if name.startswith(prefix) else None

    def _reachable(self, start: str) -> set[str]:
        found = {start}
        pending = [start]
        while pending:
            source = self._source(pending.pop())
            new = source.imports - found if source is not None else frozenset()
            known = {name for name in new if self._source(name) is not None}
            found |= known
            pending.extend(known)
        return found

    def _source(self, name: str) -> _Source | None:
        if name not in self._sources:
            self._sources[name] = self._read(name)
        return self._sources[name]

    def _read(self, name: str) -> _Source | None:
        path = self._path(name)
        if path is None:
            return None
        content = path.read_bytes()
        is_package = path.name == "__init__.py"
        digest = hashlib.blake2b(content, digest_size=_DIGEST_BYTES).digest()
        return _Source(digest, frozenset(self._imports(content, name, is_package=is_package)))

    def _path(self, name: str) -> Path | None:
        if name not in self._paths:
            self._paths[name] = self._find(name)
        return self._paths[name]

    def _find(self, name: str) -> Path | None:
        module = sys.modules.get(self._root)
        file = getattr(module, "__file__", None)
        if not isinstance(file, str):
            return None
        if not hasattr(module, "__path__"):
            return Path(file) if name == "" and Path(file).is_file() else None
        folder = Path(file).parent
        base = folder.joinpath(*name.split(".")) if name else folder
        candidates = (
            (base / "__init__.py", base.with_name(f"{base.name}.py")) if name else (base / "__init__.py",)
        )
        return next((path for path in candidates if path.is_file()), None)

    def _imports(self, content: bytes, name: str, *, is_package: bool) -> Iterator[str]:
        for statement in _import_statements(content):
            if isinstance(statement, ast.Import):
                found = (self._relative(alias.name) for alias in statement.names)
                yield from self._with_parents(entry for entry in found if entry is not None)
            else:
                yield from self._with_parents(self._from_import(statement, name, is_package=is_package))

    def _from_import(self, statement: ast.ImportFrom, name: str, *, is_package: bool) -> list[str]:
        if statement.level == 0:
            base = self._relative(statement.module or "")
        else:
            parts = name.split(".") if name else []
            above = statement.level - 1 if is_package else statement.level
            inside = parts[: len(parts) - above] if above else parts
            base = ".".join([*inside, *(statement.module or "").split(".")]).strip(".")
        if base is None:
            return []
        path = self._path(base)
        if path is not None and path.name != "__init__.py":
            # It is no package, so that all names are of its own code.
            return [base]
        submodules = [f"{base}.{alias.name}".strip(".") for alias in statement.names]
        present = [entry for entry in submodules if self._path(entry) is not None]
        # `from . import part` needs the package's own code only where `part` is not a module of it.
        return present if len(present) == len(submodules) and present else [base, *present]

    @staticmethod
    def _with_parents(names: Iterator[str] | list[str]) -> Iterator[str]:
        for name in names:
            parts = name.split(".")
            yield from (".".join(parts[:count]) for count in range(1, len(parts) + 1))


@lru_cache(maxsize=_MOST_REMEMBERED)
def _import_statements(content: bytes) -> tuple[ast.Import | ast.ImportFrom, ...]:
    """Find the imports in a source, however deep; remembered by the source itself, so never out of date."""
    if b"import" not in content:
        return ()
    try:
        pending: list[ast.AST] = [ast.parse(content)]
    except (SyntaxError, ValueError):
        # A module that is never imported need not be correct.
        return ()
    found: list[ast.Import | ast.ImportFrom] = []
    while pending:
        statement = pending.pop()
        if isinstance(statement, ast.Import | ast.ImportFrom):
            found.append(statement)
        for block in _BLOCKS:
            pending.extend(getattr(statement, block, ()))
    return tuple(found)
