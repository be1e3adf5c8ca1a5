"""Lists: making them, taking them apart, and counting.

A list that is fed to an input for a single value runs the node once for each item.
"""

import math
from collections.abc import Callable
from decimal import Decimal
from typing import Annotated, ClassVar, TypeVar

from weft.sdk import NodeError, Number, Text, node

Item = TypeVar("Item")
Value = TypeVar("Value", int, float, Decimal)
_LONGEST = 100_000


class ItemMissingError(NodeError):
    """A list has no item at the asked place."""

    code: ClassVar[str] = "item-missing"

    def __init__(self, *, index: int, length: int) -> None:
        super().__init__(
            f"There is no item {index} in a list of {length}.",
            hint="Count from 0 at the front, or from -1 at the back.",
        )


class RangeError(NodeError):
    """A range of numbers does not go anywhere."""

    code: ClassVar[str] = "range-empty-step"

    def __init__(self) -> None:
        super().__init__("The step of a range is 0.", hint="Choose a step such as 1 or -1.")


class NumbersError(NodeError):
    """A text with numbers and ranges cannot be read."""

    code: ClassVar[str] = "numbers-unreadable"

    def __init__(self, *, part: str, wanted: str) -> None:
        super().__init__(
            f"{part} is not {wanted}.",
            hint="Write numbers and ranges with commas between them, such as 1..5, 8, 10..30:10; "
            f"a list has at most {_LONGEST:,}.",
        )


@node("list.make", lane="inline", output="items")
def make_list(
    first: list[Item],
    second: list[Item] | None = None,
    third: list[Item] | None = None,
    *,
    fourth: list[Item] | None = None,
    fifth: list[Item] | None = None,
    sixth: list[Item] | None = None,
) -> list[Item]:
    """Make one list of single values or of other lists, in their order.

    Args:
        first: A value or a list.
        second: A value or a list, or nothing.
        third: A value or a list, or nothing.
        fourth: A value or a list, or nothing.
        fifth: A value or a list, or nothing.
        sixth: A value or a list, or nothing.

    Returns:
        Every value, in order.
    """
    parts = (first, second, third, fourth, fifth, sixth)
    return [item for part in parts if part is not None for item in part]


@node("list.range", lane="inline", output="numbers")
def make_range(start: int = 0, count: Annotated[int, Number(0, _LONGEST)] = 4, step: int = 1) -> list[int]:
    """Count, for example to give several seeds.

    Args:
        start: First number.
        count: How many numbers, 0..100,000.
        step: From one number to the next; negative counts down.

    Returns:
        The numbers start, start + step, start + 2 * step and so on.

    Raises:
        RangeError: `step` is 0 and there is more than one number.
    """
    if step == 0 and count > 1:
        raise RangeError
    return [start + index * step for index in range(count)]


@node("list.steps", lane="inline", output="numbers")
def make_steps(
    first: float = 0.0, last: float = 1.0, count: Annotated[int, Number(1, _LONGEST)] = 5
) -> list[float]:
    """Go from one number to another in even steps, for example to try several guidance scales.

    Args:
        first: First number.
        last: Last number; left out when there is just one.
        count: How many numbers, 1..100,000.

    Returns:
        The numbers, both ends included.
    """
    if count == 1:
        return [first]
    return [first + (last - first) * index / (count - 1) for index in range(count)]


@node("list.repeat", lane="inline", output="items")
def repeat_item(item: Item, count: Annotated[int, Number(0, _LONGEST)] = 2) -> list[Item]:
    """Repeat one value.

    Args:
        item: Any value.
        count: How often, 0..100,000.

    Returns:
        A list with the value `count` times.
    """
    return [item] * count


@node("list.item", lane="inline", output="item")
def take_item(items: list[Item], index: int = 0) -> Item:
    """Take one value out of a list.

    Args:
        items: Any list.
        index: Place in the list, from 0 at the front or from -1 at the back.

    Returns:
        The value at that place.

    Raises:
        ItemMissingError: The list is shorter.
    """
    if not -len(items) <= index < len(items):
        raise ItemMissingError(index=index, length=len(items))
    return items[index]


@node("list.length", lane="inline", output="length")
def count_items(items: list[Item]) -> int:
    """Count the values of a list.

    Args:
        items: Any list.

    Returns:
        How many values it has.
    """
    return len(items)


@node("list.slice", lane="inline", output="items")
def slice_list(
    items: list[Item], start: int = 0, count: Annotated[int, Number(0, _LONGEST)] = 1
) -> list[Item]:
    """Take neighbouring values out of a list.

    Args:
        items: Any list.
        start: First place to take, from 0 at the front or from -1 at the back.
        count: How many values; fewer are given where the list ends before.

    Returns:
        The values in their order.
    """
    first = max(0, start + len(items)) if start < 0 else start
    return items[first : first + count]


@node("list.reverse", lane="inline", output="items")
def reverse_list(items: list[Item]) -> list[Item]:
    """Turn a list around.

    Args:
        items: Any list.

    Returns:
        The last value first.
    """
    return items[::-1]


@node("list.integers", lane="inline", output="numbers")
def read_integers(text: Annotated[str, Text(placeholder="1..5, 8, 10..30:10")]) -> list[int]:
    """Write a list of whole numbers as a text, for example to try several numbers of steps.

    Args:
        text: Numbers and ranges with commas or lines between them: 1..5 counts from 1 to 5, both included,
            and 10..30:10 goes in steps of 10. 5..1 counts down.

    Returns:
        The numbers in their order, at most 100,000.

    Raises:
        NumbersError: A part is no number and no range, or there are too many.
    """
    found: list[int] = []
    for part in _parts(text):
        try:
            start, end, step = _range_of(part, int)
        except ValueError:
            raise NumbersError(part=part, wanted="a whole number or a range of them") from None
        found += [start + index * step for index in range((end - start) // step + 1)]
    return _few(found)


@node("list.numbers", lane="inline", output="numbers")
def read_numbers(text: Annotated[str, Text(placeholder="1, 2.5, 4..6:0.5")]) -> list[float]:
    """Write a list of numbers as a text, for example to try several guidance scales.

    Args:
        text: Numbers and ranges with commas or lines between them: 4..6:0.5 goes from 4 to 6 in steps of 0.5,
            both ends included where a step meets them; without a step it goes in steps of 1.

    Returns:
        The numbers in their order, at most 100,000.

    Raises:
        NumbersError: A part is no number and no range, or there are too many.
    """
    found: list[float] = []
    for part in _parts(text):
        try:
            start, end, step = _range_of(part, _decimal)
        except (ValueError, ArithmeticError):
            raise NumbersError(part=part, wanted="a number or a range of them") from None
        # Decimal numbers meet the end of 0..1:0.1, which binary ones miss.
        found += [float(start + index * step) for index in range(int((end - start) / step) + 1)]
    return _few(found)


def _parts(text: str) -> list[str]:
    return [part.strip() for part in text.replace("\n", ",").split(",") if part.strip()]


def _range_of(part: str, read: Callable[[str], Value]) -> tuple[Value, Value, Value]:
    """Read a number or a range as its ends and its step, which leads from one to the other."""
    ends, colon, step = part.partition(":")
    first, dots, last = ends.partition("..")
    if colon and not dots:
        raise ValueError(part)
    start, end = read(first), read(last if dots else first)
    width = abs(read(step)) if colon else read("1")
    if not width or abs(end - start) > width * _LONGEST:
        raise ValueError(part)
    return start, end, width if end >= start else -width


def _decimal(text: str) -> Decimal:
    """Read a number that a float can hold."""
    if not math.isfinite(float(text)):
        raise ValueError(text)
    return Decimal(text)


def _few(numbers: list[Value]) -> list[Value]:
    if len(numbers) > _LONGEST:
        raise NumbersError(part=f"A list of {len(numbers):,} numbers", wanted=f"one of at most {_LONGEST:,}")
    return numbers
