"""Whether a value is what a socket type says: one quick test per output, made once per node type."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TypeAlias

from weft.sockets import ListOf, Named, Null, SocketType, Union
from weft.values import ValueType

Test: TypeAlias = Callable[[object], bool]


def promise_of(socket: SocketType) -> Test:
    """Return what tells whether a value is of a type.

    A whole number is also a float. Type variables and JSON take anything.

    Args:
        socket: The type.

    Returns:
        The test; it costs far less than a microsecond for plain values and looks at every item of a list.
    """
    if isinstance(socket, Named):
        return _BUILTINS.get(socket.name) or _value_test(socket.name)
    if isinstance(socket, ListOf):
        test = promise_of(socket.item)
        return lambda value: isinstance(value, list) and all(map(test, value))
    if isinstance(socket, Null):
        return lambda value: value is None
    if isinstance(socket, Union):
        tests = tuple(map(promise_of, socket.members))
        return lambda value: any(test(value) for test in tests)
    return _is_anything


def _value_test(name: str) -> Test:
    """Test by name: where a pack is loaded anew, its classes are new and their names are the old ones."""

    def test(value: object) -> bool:
        found = getattr(type(value), "__weft_value__", None)
        return isinstance(found, ValueType) and (found.name == name or name in found.supertypes)

    return test


def _is_int(value: object) -> bool:
    return type(value) is int or (isinstance(value, int) and not isinstance(value, bool))


def _is_float(value: object) -> bool:
    return type(value) is float or isinstance(value, float) or _is_int(value)


def _is_bool(value: object) -> bool:
    return isinstance(value, bool)


def _is_string(value: object) -> bool:
    return isinstance(value, str)


def _is_anything(value: object) -> bool:
    return isinstance(value, object)


_BUILTINS: Mapping[str, Test] = MappingProxyType(
    {"int": _is_int, "float": _is_float, "bool": _is_bool, "string": _is_string, "json": _is_anything}
)
