"""What a job made, handed over: pictures as files in its spool folder, all else as values."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path

from weft.engine.products import has_pictures, pictures_of, plain, type_of
from weft.errors import JSON, FileError, Problem
from weft.pictures import write_atomically
from weft.workers.protocol import Product


def deliver(
    outputs: Mapping[str, object], spool: Path, provenance: Mapping[str, JSON]
) -> tuple[tuple[Product, ...], tuple[Problem, ...]]:
    """Write what a job made.

    Args:
        outputs: The values by name of output.
        spool: Folder for the pictures; made where it is missing.
        provenance: How they were made; every picture carries it.

    Returns:
        What was made, and why some of it could not be written. Of an output that could not, nothing is
        returned.
    """
    products: list[Product] = []
    problems: list[Problem] = []
    for number, (name, value) in enumerate(outputs.items()):
        if not has_pictures(value):
            products.append(Product(name, 0, type_of(value), value=plain(value)))
            continue
        try:
            products.extend(_written(name, value, spool / f"{number:04d}", provenance))
        except FileError as error:
            problems.append(error.problem())
    return tuple(products), tuple(problems)


def _written(name: str, value: object, stem: Path, provenance: Mapping[str, JSON]) -> Iterator[Product]:
    kind = type_of(value)
    for index, picture in enumerate(pictures_of(name, value, provenance)):
        path = stem.with_name(f"{stem.name}-{index:05d}.png")
        write_atomically(path, picture.data)
        yield Product(
            name,
            index,
            kind,
            path=str(path),
            digest=hashlib.sha256(picture.data).hexdigest(),
            size=len(picture.data),
            media_type="image/png",
            width=picture.width,
            height=picture.height,
        )
