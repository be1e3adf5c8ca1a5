"""What a pack adds to the editor: the modules in its folder `web`, which the page loads beside its own."""

from __future__ import annotations

from pathlib import Path

from weft.web.editor.edition import MEDIA_TYPES

FOLDER = "web"
"""Folder of a pack whose files the server gives out; nothing else of a pack is."""

ADDRESS = "/api/packs/{name}/web/{file}"


def pack_modules(name: str, path: str) -> tuple[str, ...]:
    """List the addresses of the modules that the editor loads for a pack: those directly in its folder.

    Args:
        name: Name of the pack.
        path: Where the pack comes from; one that is no folder adds nothing.
    """
    folder = Path(path) / FOLDER
    if not Path(path).is_absolute() or not folder.is_dir():
        return ()
    found = sorted(entry.name for entry in folder.glob("*.js") if entry.is_file())
    return tuple(ADDRESS.format(name=name, file=file) for file in found)


def find_pack_file(path: str, file: str) -> tuple[Path, str] | None:
    """Find a file that a pack adds to the editor.

    Args:
        path: Where the pack comes from.
        file: Its path in the pack's folder, with `/`.

    Returns:
        The file and its media type; None where there is none, it is of a kind that is not given out, or the
        name or a link leads elsewhere.
    """
    media_type = MEDIA_TYPES.get(Path(file).suffix)
    if media_type is None or not Path(path).is_absolute():
        return None
    folder = (Path(path) / FOLDER).resolve()
    found = (folder / file).resolve()
    is_inside = found.is_relative_to(folder) and found.is_file()
    return (found, media_type) if is_inside else None
