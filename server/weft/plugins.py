"""Plugins: finding packs, loading them, and loading one again after it was edited.

A pack is an installed package with the entry point ``weft.nodes``, or a folder or file in a ``custom_nodes``
folder. A pack that cannot be loaded is reported with its traceback and hurts nothing else.
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import re
import traceback
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib import metadata
from pathlib import Path

from weft import importing
from weft.errors import JSON, Problem, WeftError
from weft.importing import folder_pack, installed_pack, modules_below
from weft.manifests import Manifest, missing_requirements, read_manifest
from weft.packs import PackContents, collect
from weft.plugin_errors import (
    ManifestInvalidError,
    NameClashError,
    PackBrokenError,
    PackNotReloadableError,
    PackUnknownError,
    RequirementMissingError,
)
from weft.registry import Registry
from weft.settings import Settings

ENTRY_POINTS = "weft.nodes"
BUILTIN_PACKAGE = "weft_nodes"
_PACK_NAME = re.compile(r"[A-Za-z0-9_-]+")
_OWN_FILES = (__file__, importing.__file__, contextlib.__file__)


@dataclass(frozen=True, slots=True)
class PackSource:
    """Where a pack comes from.

    Attributes:
        name: Its name, which namespaces its node types.
        path: Its folder or file; for an installed package, None.
        module: The module that the entry point names; for a folder or file, empty.
    """

    name: str
    path: Path | None = None
    module: str = ""

    @property
    def is_builtin(self) -> bool:
        """Whether it is weft's own pack, whose node types have no prefix."""
        return self.module.partition(".")[0] == BUILTIN_PACKAGE

    @property
    def prefix(self) -> str:
        """What stands before the names of its node types."""
        return "" if self.is_builtin else f"{self.name}:"

    def __str__(self) -> str:
        """Say where it lies."""
        return str(self.path) if self.path is not None else f"the installed package {self.module}"


@dataclass(frozen=True, slots=True)
class PackReport:
    """How the loading of a pack went.

    Attributes:
        name: Name of the pack.
        path: Where it comes from.
        ok: Whether it is loaded as it stands now.
        error: Why it is not.
        traceback: The traceback of that, empty where there is none to show.
        nodes: Its node types that can be used; after a failed reload, those of its last good version.
        title: Its name as shown to the user.
        version: Its version, empty where it has none.
    """

    name: str
    path: str
    ok: bool
    error: Problem | None = None
    traceback: str = ""
    nodes: tuple[str, ...] = ()
    title: str = ""
    version: str = ""

    def to_json(self) -> dict[str, JSON]:
        """Give the report as a JSON object."""
        return {
            "name": self.name,
            "path": self.path,
            "ok": self.ok,
            "error": None if self.error is None else self.error.to_json(),
            "traceback": self.traceback,
            "nodes": list(self.nodes),
            "title": self.title,
            "version": self.version,
        }


@dataclass(frozen=True, slots=True)
class Loaded:
    """All packs as they were loaded.

    Attributes:
        registry: What they offer.
        reports: One report for each pack found, in the order of loading.
        folders: The ``custom_nodes`` folders that were searched.
        installed: Whether installed packages were searched too.
        stamps: A text for each pack but weft's own that changes with its files.
    """

    registry: Registry
    reports: tuple[PackReport, ...]
    folders: tuple[Path, ...] = ()
    installed: bool = True
    stamps: Mapping[str, str] = field(default_factory=dict)

    def report(self, pack: str) -> PackReport | None:
        """Give the report of a pack; None where there is no such pack."""
        return next((found for found in self.reports if found.name == pack), None)


def load(settings: Settings, *, installed: bool = True) -> Loaded:
    """Load all packs: installed ones first, then those in the ``custom_nodes`` folders, by name.

    Args:
        settings: Says which folders to search.
        installed: Whether to load installed packages, weft's own nodes among them.
    """
    folders = settings.custom_nodes_dirs
    registry = Registry(settings.paths)
    reports: list[PackReport] = []
    taken: dict[str, PackSource] = {}
    stamps: dict[str, str] = {}
    for source in _sources(folders, installed=installed):
        if source.name in taken:
            clash = NameClashError(
                kind="pack", name=source.name, first=str(taken[source.name]), second=str(source)
            )
            reports.append(_failure(source, clash))
            continue
        taken[source.name] = source
        if not source.is_builtin:
            stamps[source.name] = _stamp(source)
        registry, report = _load_pack(source, registry, again=False)
        reports.append(report)
    return Loaded(registry, tuple(reports), folders, installed, stamps)


def reload(loaded: Loaded, pack: str) -> Loaded:
    """Load one pack again as it stands now, submodules included; also one that was added or removed since.

    The old registry stays valid for runs under way. Where the pack cannot be loaded, its old version stays
    in use and the report says why.

    Args:
        loaded: The packs as they were loaded before.
        pack: Name of the pack.

    Returns:
        The packs as they are loaded now.

    Raises:
        PackUnknownError: There is no such pack, nor was there one.
        PackNotReloadableError: The pack is weft's own.
    """
    sources = _sources(loaded.folders, installed=loaded.installed)
    source = next((found for found in sources if found.name == pack), None)
    before = loaded.report(pack)
    if source is None and before is None:
        raise PackUnknownError(name=pack, known=(found.name for found in loaded.reports))
    if source is None:
        rest = tuple(found for found in loaded.reports if found.name != pack)
        return replace(loaded, registry=loaded.registry.without_pack(pack), reports=rest)
    if source.is_builtin:
        raise PackNotReloadableError(name=pack)
    registry, report = _load_pack(source, loaded.registry, again=True)
    if not report.ok and before is not None:
        report = replace(report, nodes=before.nodes)
    if before is None:
        return replace(loaded, registry=registry, reports=(*loaded.reports, report))
    reports = tuple(report if found is before else found for found in loaded.reports)
    return replace(loaded, registry=registry, reports=reports)


def reload_changed(loaded: Loaded) -> Loaded:
    """Load the packs again that are new, gone, changed or broken; weft's own stay as they are.

    Args:
        loaded: The packs as they were loaded before.

    Returns:
        The packs as they are loaded now; the same object where nothing changed.
    """
    sources = _sources(loaded.folders, installed=loaded.installed)
    # Where two packs have one name, the first is the one that counts, as it is when they are loaded.
    present = {source.name: _stamp(source) for source in reversed(sources) if not source.is_builtin}
    for name in dict.fromkeys((*loaded.stamps, *present)):
        known = loaded.report(name)
        if known is None or not known.ok or present.get(name) != loaded.stamps.get(name):
            loaded = reload(loaded, name)
    return loaded if present == loaded.stamps else replace(loaded, stamps=present)


def _stamp(source: PackSource) -> str:
    """Give a text that changes when a file of a pack is edited."""
    states: list[tuple[str, int, int]] = []
    for place in _places(source):
        for file in [place] if place.is_file() else sorted(place.rglob("*")):
            if file.is_file() and "__pycache__" not in file.parts:
                state = file.stat()
                states.append((str(file), state.st_mtime_ns, state.st_size))
    return repr(states)


def _places(source: PackSource) -> list[Path]:
    """Give the file or the folders that a pack lies in."""
    if source.path is not None:
        return [source.path]
    spec = importlib.util.find_spec(source.module.partition(".")[0])
    if spec is None:
        return []
    folders = spec.submodule_search_locations or ([spec.origin] if spec.origin else [])
    return [Path(folder) for folder in folders]


def _sources(folders: Iterable[Path], *, installed: bool) -> list[PackSource]:
    found: list[PackSource] = []
    if installed:
        points = metadata.entry_points(group=ENTRY_POINTS)
        packages = {PackSource(point.name, module=point.module) for point in points}
        found.extend(sorted(packages, key=lambda source: (not source.is_builtin, source.name)))
    # Absolute, since modules import their parts late; once each, since two settings may mean one folder.
    for folder in dict.fromkeys(folder.absolute() for folder in folders):
        found.extend(_folder_sources(folder))
    return found


def _folder_sources(folder: Path) -> Iterator[PackSource]:
    entries = sorted(folder.iterdir()) if folder.is_dir() else []
    for entry in entries:
        if entry.name.startswith((".", "_")):
            continue
        if entry.is_dir() and any(entry.glob("*.py")):
            yield PackSource(entry.name, path=entry)
        elif entry.is_file() and entry.suffix == ".py":
            yield PackSource(entry.stem, path=entry)


def _load_pack(source: PackSource, registry: Registry, *, again: bool) -> tuple[Registry, PackReport]:
    try:
        manifest = _manifest(source)
        with _imported(source, again=again) as root:
            failures = _import_node_modules(source, root)
            contents = _collected(source, root)
            registry = registry.replace_pack(contents)
    except (Exception, SystemExit) as error:  # noqa: BLE001
        # A pack is foreign code: whatever it raises, or even that it exits, must hurt nothing else.
        return registry, _failure(source, error)
    report = PackReport(
        name=source.name,
        path=str(source),
        ok=True,
        nodes=tuple(sorted(contents.nodes)),
        title=manifest.title,
        version=manifest.version,
    )
    if not failures:
        return registry, report
    first = _failure(source, failures[0])
    return registry, replace(
        report, ok=False, error=first.error, traceback="\n".join(map(_traceback, failures))
    )


def _manifest(source: PackSource) -> Manifest:
    if not _PACK_NAME.fullmatch(source.name):
        hint = "Rename it, using letters, digits, _ and - only."
        raise ManifestInvalidError(
            pack=source.name, fault="has a name that cannot namespace nodes", hint=hint
        )
    if source.path is None:
        version = metadata.version("weft") if source.is_builtin else ""
        return Manifest(title=source.name, version=version)
    if source.path.is_file():
        return Manifest(title=source.name)
    if not (source.path / "__init__.py").is_file():
        fault = f"has no __init__.py in {source.path}"
        raise ManifestInvalidError(pack=source.name, fault=fault, hint="Add one, or remove the folder.")
    manifest = read_manifest(source.name, source.path)
    missing = missing_requirements(source.name, manifest.requirements)
    if missing:
        raise RequirementMissingError(pack=source.name, missing=missing)
    return manifest


def _imported(source: PackSource, *, again: bool) -> contextlib.AbstractContextManager[str]:
    if source.path is not None:
        return folder_pack(source.name, source.path)
    return installed_pack(source.module, again=again)


def _import_node_modules(source: PackSource, root: str) -> Sequence[BaseException]:
    """Import the modules that an installed package lists as `NODE_MODULES`; give what failed.

    One broken module of a large package shall not take its other nodes away.
    """
    package = modules_below(root).get(source.module or root)
    failures: list[BaseException] = []
    for name in getattr(package, "NODE_MODULES", ()):
        try:
            importlib.import_module(f"{source.module or root}.{name}")
        except (Exception, SystemExit) as error:  # noqa: BLE001
            # See _load_pack: a pack is foreign code.
            failures.append(error)
    return failures


def _collected(source: PackSource, root: str) -> PackContents:
    modules = modules_below(root)
    return collect(source.name, root, [modules[name] for name in sorted(modules)], prefix=source.prefix)


def _failure(source: PackSource, error: BaseException) -> PackReport:
    known = error
    if not isinstance(known, WeftError):
        known = PackBrokenError(pack=source.name, cause=error, place=_place(source, error))
    return PackReport(
        name=source.name,
        path=str(source),
        ok=False,
        error=known.problem(),
        traceback=_traceback(error),
        title=source.name,
    )


def _place(source: PackSource, error: BaseException) -> str:
    """Name in brackets the last line of a pack's own files that was reached; empty where there is none."""
    if source.path is None or isinstance(error, SyntaxError):
        # A syntax error says itself where it is.
        return ""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if Path(frame.filename).is_relative_to(source.path)]
    return f" ({own[-1].filename}, line {own[-1].lineno})" if own else ""


def _traceback(error: BaseException) -> str:
    """Write the traceback from the pack's own frames on; those of the import before them help nobody."""
    frame = error.__traceback__
    while frame is not None:
        file = frame.tb_frame.f_code.co_filename
        if not file.startswith("<frozen importlib") and file not in _OWN_FILES:
            break
        frame = frame.tb_next
    return "".join(traceback.format_exception(type(error), error, frame))
