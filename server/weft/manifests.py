"""Manifests of packs: what a pack is called, its version, and what it needs.

A folder pack may hold a ``weft-pack.toml`` with ``name``, ``version`` and ``requirements``, or a
``pyproject.toml`` whose ``[project]`` table says the same. weft reports what is missing and installs nothing.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from weft.plugin_errors import ManifestInvalidError

MANIFEST_NAME = "weft-pack.toml"


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a pack says of itself.

    Attributes:
        title: Its name as shown to the user.
        version: Its version; empty where it has none.
        requirements: Distributions it needs, as pip writes them.
    """

    title: str
    version: str = ""
    requirements: tuple[str, ...] = ()


def read_manifest(pack: str, folder: Path) -> Manifest:
    """Read the manifest in the folder of a pack; a pack without one is called as its folder is.

    Raises:
        ManifestInvalidError: The manifest cannot be read, or holds something of the wrong type.
    """
    own = folder / MANIFEST_NAME
    if own.is_file():
        content = _toml(pack, own)
        requirements = content.get("requirements", [])
    else:
        project = folder / "pyproject.toml"
        found = _toml(pack, project).get("project", {}) if project.is_file() else {}
        content = found if isinstance(found, dict) else {}
        requirements = content.get("dependencies", [])
    title = content.get("name", pack)
    version = content.get("version", "")
    if not isinstance(title, str) or not isinstance(version, str):
        raise ManifestInvalidError(
            pack=pack, fault="has a name or version that is not text", hint="Quote it."
        )
    if not isinstance(requirements, list) or not all(isinstance(entry, str) for entry in requirements):
        fault = "has requirements that are not a list of texts"
        raise ManifestInvalidError(pack=pack, fault=fault, hint='Write them like ["numpy>=2"].')
    return Manifest(title=title, version=version, requirements=tuple(requirements))


def _toml(pack: str, path: Path) -> Mapping[str, object]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        fault = f"has a manifest {path} that cannot be read: {error}"
        raise ManifestInvalidError(pack=pack, fault=fault, hint="Correct it and reload the pack.") from error


def missing_requirements(pack: str, requirements: Sequence[str]) -> tuple[str, ...]:
    """Give the requirements that no installed distribution satisfies, each with what is there instead.

    Raises:
        ManifestInvalidError: A requirement cannot be read.
    """
    found = (_missing(pack, entry) for entry in requirements)
    return tuple(entry for entry in found if entry is not None)


def _missing(pack: str, text: str) -> str | None:
    # Few packs need anything, and every process that loads packs would take a while to import this.
    from packaging.requirements import InvalidRequirement, Requirement

    try:
        requirement = Requirement(text)
    except InvalidRequirement as error:
        fault = f'has the requirement "{text}", which cannot be read'
        raise ManifestInvalidError(pack=pack, fault=fault, hint='Write it like "numpy>=2".') from error
    if requirement.marker is not None and not requirement.marker.evaluate():
        return None
    try:
        installed = metadata.version(requirement.name)
    except metadata.PackageNotFoundError:
        return f"{text} (not installed)"
    if requirement.specifier.contains(installed, prereleases=True):
        return None
    return f"{text} ({installed} is installed)"
