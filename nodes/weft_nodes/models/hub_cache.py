"""Models that other programs have fetched from Hugging Face already, in the cache they all share.

Nothing here ever goes to the network. Where the cache lies is told by the variables that its own library
knows; the library says which snapshot the main branch of a repository was, when it was last fetched.
https://huggingface.co/docs/huggingface_hub/guides/manage-cache
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from weft_nodes.models.errors import ModelFileMissingError

INDEX: Final = "model_index.json"
"""The file by which a repository is known to hold a model in the diffusers layout."""

_PREFIX: Final = "models--"
_REPOSITORY: Final = re.compile(r"[\w.-]+/[\w.-]+")


def cache_folder(environment: Mapping[str, str]) -> Path:
    """Return where the cache lies, whether or not it is there.

    Args:
        environment: Such as `os.environ`; HF_HUB_CACHE, HF_HOME and XDG_CACHE_HOME are looked at, in turn.
    """
    if environment.get("HF_HUB_CACHE"):
        return Path(environment["HF_HUB_CACHE"]).expanduser()
    caches = Path(environment.get("XDG_CACHE_HOME") or "~/.cache")
    home = Path(environment.get("HF_HOME") or caches / "huggingface")
    return home.expanduser() / "hub"


def cached_models(cache: Path) -> Mapping[str, Path]:
    """List the models in the diffusers layout that a cache holds.

    Args:
        cache: As `cache_folder` gives it.

    Returns:
        Folders by the name of the repository, such as "owner/model"; not all of their files need to be there.
    """
    found = {}
    for folder in sorted(cache.glob(f"{_PREFIX}*")) if cache.is_dir() else ():
        name = folder.name.removeprefix(_PREFIX).replace("--", "/")
        snapshot = _snapshot(name, cache) if is_repository(name) else None
        if snapshot is not None:
            found[name] = snapshot
    return found


def is_repository(name: str) -> bool:
    """Tell whether a name is written as that of a repository of the hub."""
    return _REPOSITORY.fullmatch(name) is not None


def find_listed(name: str, listed: Mapping[str, Path], kind: str) -> Path:
    """Return the path of a listed model.

    Args:
        name: One of those listed, or what somebody took for one.
        listed: Paths by name, repositories of the cache among them.
        kind: What they are called, such as "checkpoints".

    Raises:
        ModelFileMissingError: It is not listed; says how to fetch what is written like a repository.
    """
    if name not in listed:
        fetch = f"Fetch it with `hf download {name}`. " if is_repository(name) else ""
        known = ", ".join(listed) or "none yet"
        raise ModelFileMissingError(path=Path(name), hint=f"{fetch}There are these {kind}: {known}.")
    return listed[name]


def _snapshot(name: str, cache: Path) -> Path | None:
    from huggingface_hub import try_to_load_from_cache
    from huggingface_hub.errors import HFValidationError

    try:
        index = try_to_load_from_cache(name, INDEX, cache_dir=cache)
    except HFValidationError:
        return None
    # It is remembered, too, that a repository lacks a file.
    return Path(index).parent if isinstance(index, str) else None
