"""Arithmetic: sums, comparisons and whole formulas."""

import ast
import math
import operator
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Annotated, ClassVar, Literal, NamedTuple

from weft.sdk import NodeError, Text, node


class NumberUndefinedError(NodeError):
    """A calculation has no finite result, such as a division by zero."""

    code: ClassVar[str] = "number-undefined"

    def __init__(self, *, calculation: str, why: str) -> None:
        super().__init__(
            f"{calculation} has no result: {why}.",
            hint="Change the numbers, or the node that makes them.",
        )


class ExpressionError(NodeError):
    """A formula cannot be read."""

    code: ClassVar[str] = "expression-unreadable"

    def __init__(self, *, expression: str, why: str) -> None:
        super().__init__(
            f"The formula {expression!r} cannot be read: {why}.",
            hint="Use a, b, c, d, numbers, + - * / // % **, brackets, pi and "
            "abs, sqrt, floor, ceil, round, log, exp, sin, cos, min, max.",
        )


class Calculated(NamedTuple):
    """What a calculation gives.

    Attributes:
        value: The exact result.
        whole: The result rounded to the nearest whole number; halves go to the even one.
    """

    value: float
    whole: int


class Division(NamedTuple):
    """What a division of whole numbers gives.

    Attributes:
        quotient: How often the divisor fits, rounded down.
        remainder: What is left; it has the sign of the divisor.
    """

    quotient: int
    remainder: int


@node("math.add", lane="inline")
def add(a: float = 0.0, b: float = 0.0) -> float:
    """Add two numbers.

    Args:
        a: First number.
        b: Second number.

    Returns:
        a + b.
    """
    return a + b


@node("math.subtract", lane="inline")
def subtract(a: float = 0.0, b: float = 0.0) -> float:
    """Take one number from another.

    Args:
        a: The number to take from.
        b: The number to take away.

    Returns:
        a - b.
    """
    return a - b


@node("math.multiply", lane="inline")
def multiply(a: float = 1.0, b: float = 1.0) -> float:
    """Multiply two numbers.

    Args:
        a: First factor.
        b: Second factor.

    Returns:
        a * b.
    """
    return a * b


@node("math.divide", lane="inline")
def divide(a: float = 1.0, b: float = 1.0) -> float:
    """Divide one number by another.

    Args:
        a: The number to divide.
        b: The number to divide by, not 0.

    Returns:
        a / b.

    Raises:
        NumberUndefinedError: `b` is 0.
    """
    if b == 0:
        raise NumberUndefinedError(calculation=f"{a} / {b}", why="nothing can be divided by 0")
    return a / b


@node("math.power", lane="inline")
def power(base: float = 2.0, exponent: float = 1.0) -> float:
    """Raise a number to a power.

    Args:
        base: The number to raise.
        exponent: The power; 0.5 is the square root.

    Returns:
        base ** exponent.

    Raises:
        NumberUndefinedError: The result is not a real, finite number.
    """
    return _finite(f"{base} ** {exponent}", lambda: math.pow(base, exponent))


@node("math.minimum", lane="inline")
def minimum(values: list[float]) -> float:
    """Choose the smallest of some numbers.

    Args:
        values: One number or more.

    Returns:
        The smallest.

    Raises:
        NumberUndefinedError: There are no numbers.
    """
    if not values:
        raise NumberUndefinedError(calculation="The minimum", why="there are no numbers")
    return min(values)


@node("math.maximum", lane="inline")
def maximum(values: list[float]) -> float:
    """Choose the largest of some numbers.

    Args:
        values: One number or more.

    Returns:
        The largest.

    Raises:
        NumberUndefinedError: There are no numbers.
    """
    if not values:
        raise NumberUndefinedError(calculation="The maximum", why="there are no numbers")
    return max(values)


@node("math.round", lane="inline")
def round_number(value: float, direction: Literal["nearest", "down", "up"] = "nearest") -> int:
    """Turn a decimal number into a whole one.

    Args:
        value: The number to round.
        direction: To the nearest whole number (halves to the even one), the next below or the next above.

    Returns:
        A whole number.

    Raises:
        NumberUndefinedError: The number is infinite or not a number.
    """
    if not math.isfinite(value):
        raise NumberUndefinedError(calculation=f"Rounding {value}", why="it is not finite")
    if direction == "down":
        return math.floor(value)
    return math.ceil(value) if direction == "up" else round(value)


@node("math.compare", lane="inline")
def compare(
    a: float = 0.0,
    b: float = 0.0,
    relation: Literal["equal", "not equal", "less", "at most", "greater", "at least"] = "equal",
) -> bool:
    """Tell whether two numbers stand in a relation.

    Args:
        a: Left number.
        b: Right number.
        relation: The claim about a and b, as in "a is at most b".

    Returns:
        True when the claim holds.
    """
    return bool(_RELATIONS[relation](a, b))


@node("math.calculate", lane="inline")
def calculate(
    expression: Annotated[str, Text(placeholder="a * 2 + b")] = "a",
    a: float = 0.0,
    b: float = 0.0,
    *,
    c: float = 0.0,
    d: float = 0.0,
) -> Calculated:
    """Work out a formula.

    Args:
        expression: A formula of a, b, c, d, numbers and pi; with + - * / // % **, brackets, and the
            functions abs, sqrt, floor, ceil, round, log, exp, sin, cos, min, max.
        a: First number.
        b: Second number.
        c: Third number.
        d: Fourth number.

    Returns:
        The result, exact and as a whole number.

    Raises:
        ExpressionError: The formula cannot be read.
        NumberUndefinedError: The formula has no finite result.
    """
    try:
        tree = ast.parse(expression.strip(), mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise ExpressionError(expression=expression, why="it is not a complete formula") from error
    names = {"a": float(a), "b": float(b), "c": float(c), "d": float(d), "pi": math.pi}
    value = _finite(expression, lambda: _evaluate(tree.body, names, expression))
    return Calculated(value=value, whole=round(value))


@node("integer.add", lane="inline")
def add_integers(a: int = 0, b: int = 0) -> int:
    """Add two whole numbers, exactly, such as an offset to a seed.

    Args:
        a: First number.
        b: Second number.

    Returns:
        a + b.
    """
    return a + b


@node("integer.subtract", lane="inline")
def subtract_integers(a: int = 0, b: int = 0) -> int:
    """Take one whole number from another.

    Args:
        a: The number to take from.
        b: The number to take away.

    Returns:
        a - b.
    """
    return a - b


@node("integer.multiply", lane="inline")
def multiply_integers(a: int = 1, b: int = 1) -> int:
    """Multiply two whole numbers.

    Args:
        a: First factor.
        b: Second factor.

    Returns:
        a * b.
    """
    return a * b


@node("integer.divide", lane="inline")
def divide_integers(a: int = 1, b: int = 1) -> Division:
    """Divide one whole number by another.

    Args:
        a: The number to divide.
        b: The number to divide by, not 0.

    Returns:
        The quotient, rounded down, and the remainder.

    Raises:
        NumberUndefinedError: `b` is 0.
    """
    if b == 0:
        raise NumberUndefinedError(calculation=f"{a} / {b}", why="nothing can be divided by 0")
    return Division(*divmod(a, b))


_RELATIONS: Mapping[str, Callable[[float, float], bool]] = MappingProxyType(
    {
        "equal": operator.eq,
        "not equal": operator.ne,
        "less": operator.lt,
        "at most": operator.le,
        "greater": operator.gt,
        "at least": operator.ge,
    }
)

_BINARY: Mapping[type[ast.operator], Callable[[float, float], float]] = MappingProxyType(
    {
        ast.Add: operator.add,
        ast.Sub: operator.sub,
        ast.Mult: operator.mul,
        ast.Div: operator.truediv,
        ast.FloorDiv: operator.floordiv,
        ast.Mod: operator.mod,
        ast.Pow: math.pow,
    }
)

_FUNCTIONS: Mapping[str, Callable[..., float]] = MappingProxyType(
    {
        "abs": abs,
        "sqrt": math.sqrt,
        "floor": math.floor,
        "ceil": math.ceil,
        "round": round,
        "log": math.log,
        "exp": math.exp,
        "sin": math.sin,
        "cos": math.cos,
        "min": min,
        "max": max,
    }
)


def _finite(calculation: str, work: Callable[[], float]) -> float:
    try:
        value = float(work())
    except (ArithmeticError, ValueError) as error:
        raise NumberUndefinedError(calculation=calculation, why=str(error)) from error
    if not math.isfinite(value):
        raise NumberUndefinedError(calculation=calculation, why="it is not finite")
    return value


def _evaluate(item: ast.expr, names: Mapping[str, float], expression: str) -> float:
    """Walk a formula; what is not listed here is refused, so no formula can reach further."""
    if (
        isinstance(item, ast.Constant)
        and isinstance(item.value, int | float)
        and not isinstance(item.value, bool)
    ):
        return float(item.value)
    if isinstance(item, ast.Name) and item.id in names:
        return names[item.id]
    if isinstance(item, ast.BinOp) and type(item.op) in _BINARY:
        left = _evaluate(item.left, names, expression)
        return _BINARY[type(item.op)](left, _evaluate(item.right, names, expression))
    if isinstance(item, ast.UnaryOp) and isinstance(item.op, ast.USub | ast.UAdd):
        value = _evaluate(item.operand, names, expression)
        return -value if isinstance(item.op, ast.USub) else value
    if isinstance(item, ast.Call):
        return _call(item, names, expression)
    raise ExpressionError(expression=expression, why=f"{ast.unparse(item)!r} is not known here")


def _call(item: ast.Call, names: Mapping[str, float], expression: str) -> float:
    name = item.func.id if isinstance(item.func, ast.Name) else ast.unparse(item.func)
    if name not in _FUNCTIONS or item.keywords:
        raise ExpressionError(expression=expression, why=f"there is no function {name}")
    arguments = [_evaluate(argument, names, expression) for argument in item.args]
    try:
        return float(_FUNCTIONS[name](*arguments))
    except TypeError as error:
        why = f"{name} does not take {len(arguments)} numbers"
        raise ExpressionError(expression=expression, why=why) from error
