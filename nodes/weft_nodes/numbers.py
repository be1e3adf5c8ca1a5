"""Numbers, truth values and seeds, held in one place and used in many."""

import random
from typing import ClassVar

from weft.sdk import NodeError, Seed, node


class RangeEmptyError(NodeError):
    """A number is to be drawn from a range that holds none."""

    code: ClassVar[str] = "range-empty"

    def __init__(self, *, lowest: int, highest: int) -> None:
        super().__init__(
            f"There is no whole number from {lowest} to {highest}.",
            hint="Make highest at least as large as lowest.",
        )


@node("number.integer", lane="inline")
def integer(value: int = 0) -> int:
    """Hold a whole number, to be used in several places.

    Args:
        value: The number.

    Returns:
        The number.
    """
    return value


@node("number.decimal", lane="inline")
def decimal(value: float = 0.0) -> float:
    """Hold a decimal number, to be used in several places.

    Args:
        value: The number.

    Returns:
        The number.
    """
    return value


@node("seed.value", lane="inline", output="seed", title="Seed")
def seed_value(seed: Seed = 0) -> int:
    """Hold a seed, so that several nodes draw the same noise.

    Args:
        seed: Any whole number from 0; the same seed gives the same picture.

    Returns:
        The seed.
    """
    return seed


@node("integer.random", lane="inline")
def random_integer(seed: Seed = 0, lowest: int = 0, highest: int = 100) -> int:
    """Draw a whole number that depends on nothing but the seed.

    Args:
        seed: The same seed draws the same number.
        lowest: Smallest number that can be drawn.
        highest: Largest number that can be drawn.

    Returns:
        A number from `lowest` to `highest`, both included.

    Raises:
        RangeEmptyError: `highest` is below `lowest`.
    """
    if highest < lowest:
        raise RangeEmptyError(lowest=lowest, highest=highest)
    return random.Random(seed).randint(lowest, highest)


@node("logic.value", lane="inline")
def truth_value(value: bool = True) -> bool:
    """Hold a yes or no, to be used in several places.

    Args:
        value: Yes (true) or no (false).

    Returns:
        The same.
    """
    return value


@node("logic.not", lane="inline")
def logical_not(value: bool) -> bool:
    """Turn yes into no and no into yes.

    Args:
        value: Yes or no.

    Returns:
        The opposite.
    """
    return not value


@node("logic.all", lane="inline")
def logical_all(values: list[bool]) -> bool:
    """Tell whether everything holds.

    Args:
        values: Any number of yes and no.

    Returns:
        True when none is no; true for an empty list.
    """
    return all(values)


@node("logic.any", lane="inline")
def logical_any(values: list[bool]) -> bool:
    """Tell whether anything holds.

    Args:
        values: Any number of yes and no.

    Returns:
        True when at least one is yes; false for an empty list.
    """
    return any(values)
