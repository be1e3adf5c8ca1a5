"""Many jobs of one workflow: the sets of inputs of a batch."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from typing import Literal, TypeAlias

from weft.errors import JSON, WeftError

Combine: TypeAlias = Literal["zip", "product"]
"""How lists of values become sets of inputs: the first of each, then the second …; or each with each."""


class BatchInvalidError(WeftError):
    """The lists of values of a batch do not make sets of inputs."""

    code = "batch-invalid"

    def __init__(self, *, fault: str, hint: str, lengths: Mapping[str, int] | None = None) -> None:
        super().__init__(f"{fault}.", hint=hint, details={"lengths": dict(lengths or {})})


def combine_inputs(
    vary: Mapping[str, Sequence[JSON]], combine: Combine, *, most: int
) -> list[dict[str, JSON]]:
    """Make the sets of inputs of a batch.

    Args:
        vary: Values by name of the input.
        combine: How they are combined.
        most: A batch has so many jobs at most.

    Returns:
        The values that vary, for each job; with `product`, those of the last input change fastest.

    Raises:
        BatchInvalidError: Nothing varies, a list is empty, the lists of a zip differ in length, or there
            would be too many jobs.
    """
    lengths = {name: len(values) for name, values in vary.items()}
    if not lengths or 0 in lengths.values():
        raise BatchInvalidError(
            fault="A batch needs at least one value for each input that varies",
            hint="Give `vary` a list of values for an input, or submit a single job.",
            lengths=lengths,
        )
    if combine == "zip" and len(set(lengths.values())) > 1:
        listed = ", ".join(f'"{name}" has {length}' for name, length in lengths.items())
        raise BatchInvalidError(
            fault=f"Inputs that vary together must have equally many values, but {listed}",
            hint='Make the lists equally long, or combine each with each by "product".',
            lengths=lengths,
        )
    count = math.prod(lengths.values()) if combine == "product" else next(iter(lengths.values()))
    if count > most:
        raise BatchInvalidError(
            fault=f"The batch has {count:,} jobs, but at most {most:,} may wait",
            hint="Submit it in parts.",
            lengths=lengths,
        )
    rows = itertools.product(*vary.values()) if combine == "product" else zip(*vary.values(), strict=True)
    return [dict(zip(vary, row, strict=True)) for row in rows]
