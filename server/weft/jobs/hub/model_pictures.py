"""The picture of a model: a file of the same name beside it, as those who share models put it there."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from weft.jobs.hub.gguf_header import GGUF_SUFFIX
from weft.jobs.hub.weight_files import WEIGHTS_SUFFIX

SUFFIXES = (".preview.png", ".preview.jpg", ".preview.webp", ".png", ".jpg", ".jpeg", ".webp")
"""What follows the name of the model, the most telling first."""

MOST_BYTES = 32 * 2**20
"""A larger file was meant for something else than a list of models."""


@dataclass(frozen=True, slots=True)
class ModelPicture:
    """The picture of a model.

    Attributes:
        id: Names it and its content, as far as place, size and time tell: 64 hexadecimal digits.
        path: Its file.
    """

    id: str
    path: Path


def picture_beside(model: Path) -> ModelPicture | None:
    """Find the picture of a model.

    Args:
        model: A file of weights, or the folder of a pipeline.

    Returns:
        The picture; None where there is none, or none that could be shown.
    """
    stem = model.name.removesuffix(WEIGHTS_SUFFIX).removesuffix(GGUF_SUFFIX)
    for path in (model.with_name(f"{stem}{suffix}") for suffix in SUFFIXES):
        try:
            state = path.stat()
        except OSError:
            continue
        if path.is_file() and 0 < state.st_size <= MOST_BYTES:
            told = f"{path}\0{state.st_size}\0{state.st_mtime_ns}"
            return ModelPicture(hashlib.sha256(told.encode()).hexdigest(), path)
    return None
