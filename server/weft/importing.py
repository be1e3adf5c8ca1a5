"""Importing packs: under names of their own, from source, and without leaving a trace on failure.

A folder pack becomes ``weft_custom_nodes.<pack>``; sys.path is untouched. Importing it again gives it a name
with a count, ``weft_custom_nodes.<pack>@2``, so that runs under way keep the old modules whole, late imports
included. Bytecode is never used: its freshness is judged by size and whole seconds, which misses quick edits.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import CodeType, ModuleType

NAMESPACE = "weft_custom_nodes"


class FreshLoader(SourceFileLoader):
    """Loads modules from their source, whatever bytecode lies beside it, and writes none."""

    def get_code(self, fullname: str) -> CodeType:
        """Compile the source as it is now."""
        path = self.get_filename(fullname)
        code: CodeType = self.source_to_code(self.get_data(path), path)
        return code


class FreshFinder(MetaPathFinder):
    """Finds the modules of one package, to be loaded from their source.

    Args:
        package: Name of the package; modules outside of it are left to others.
    """

    def __init__(self, package: str) -> None:
        self.package = package

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Find a module as Python does, but with a `FreshLoader`."""
        if fullname != self.package and not fullname.startswith(f"{self.package}."):
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is not None and type(spec.loader) is SourceFileLoader:
            spec.loader = FreshLoader(spec.loader.name, spec.loader.path)
            spec.cached = None
        return spec


def modules_below(root: str) -> dict[str, ModuleType]:
    """Give the imported modules of a package, itself included, by name."""
    prefix = f"{root}."
    return {name: found for name, found in sys.modules.items() if name == root or name.startswith(prefix)}


def _forget(root: str) -> None:
    for name in modules_below(root):
        del sys.modules[name]


@contextmanager
def folder_pack(pack: str, path: Path) -> Iterator[str]:
    """Import a folder with an ``__init__.py``, or a single file, as a pack; forget it where the body fails.

    Args:
        pack: Name of the pack.
        path: The folder or file.

    Yields:
        Name of its top module.

    Raises:
        Exception: Whatever the pack raises when it is imported.
    """
    root = _free_name(f"{NAMESPACE}.{pack}")
    if not any(isinstance(finder, FreshFinder) and finder.package == NAMESPACE for finder in sys.meta_path):
        sys.meta_path.insert(0, FreshFinder(NAMESPACE))
    # Python looks the parent of a package up, even for `from . import part`.
    sys.modules.setdefault(NAMESPACE, _namespace())
    importlib.invalidate_caches()
    file = path / "__init__.py" if path.is_dir() else path
    loader = FreshLoader(root, str(file))
    folders = [str(path)] if path.is_dir() else None
    spec = spec_from_file_location(root, file, loader=loader, submodule_search_locations=folders)
    if spec is None:
        raise ImportError(f"{file} is not a Python file.")
    module = module_from_spec(spec)
    sys.modules[root] = module
    try:
        loader.exec_module(module)
        yield root
    except BaseException:
        _forget(root)
        raise


def _namespace() -> ModuleType:
    module = ModuleType(NAMESPACE)
    module.__path__ = []
    return module


def _free_name(base: str) -> str:
    name, count = base, 1
    while name in sys.modules:
        count += 1
        name = f"{base}@{count}"
    return name


@contextmanager
def installed_pack(module: str, *, again: bool) -> Iterator[str]:
    """Import an installed package; restore what was there before where the body fails.

    Args:
        module: Name of the module to import.
        again: Whether to import it anew from source even if it is imported already.

    Yields:
        Name of its top package.

    Raises:
        Exception: Whatever the package raises when it is imported.
    """
    root = module.partition(".")[0]
    before = modules_below(root)
    finder = FreshFinder(root)
    if again:
        _forget(root)
        importlib.invalidate_caches()
        sys.meta_path.insert(0, finder)
    try:
        importlib.import_module(module)
        yield root
    except BaseException:
        if again:
            _forget(root)
            sys.modules.update(before)
        raise
    finally:
        if again:
            sys.meta_path.remove(finder)
