"""Reading the annotations of a node: resolving them, and finding the widget and the value classes in them."""

from __future__ import annotations

import collections.abc
import sys
import types
import typing
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Annotated, Literal, TypeVar

from weft.context import Lazy
from weft.errors import JSON, AnnotationUnsupportedError
from weft.sockets import BOOL, FLOAT, INT, JSON_TYPE, STRING, SocketType, from_annotation, without_null
from weft.values import value_type
from weft.widgets import (
    AnyOf,
    Choice,
    ColorPicker,
    ImageFile,
    Items,
    JsonEditor,
    ModelFile,
    Number,
    Options,
    SeedWidget,
    Slider,
    Text,
    Toggle,
    Widget,
)

_BUILTIN_WIDGETS: Mapping[object, Widget] = types.MappingProxyType(
    {int: Number(integer=True), float: Number(), bool: Toggle(), str: Text(), JSON: JsonEditor()}
)
_TYPES_OF_WIDGETS: Mapping[type, tuple[SocketType, ...]] = types.MappingProxyType(
    {
        Number: (INT, FLOAT),
        Slider: (INT, FLOAT),
        SeedWidget: (INT,),
        Toggle: (BOOL,),
        Text: (STRING,),
        Options: (STRING,),
        Choice: (STRING,),
        ModelFile: (STRING,),
        ImageFile: (STRING,),
        ColorPicker: (STRING,),
        JsonEditor: (JSON_TYPE,),
    }
)
_STREAMS = frozenset(
    {
        collections.abc.Iterator,
        collections.abc.AsyncIterator,
        collections.abc.Generator,
        collections.abc.AsyncGenerator,
        collections.abc.Iterable,
        collections.abc.AsyncIterable,
    }
)


def resolve(owner: Callable[..., object] | type, raw: object) -> object:
    """Evaluate one annotation in the module of its function or class.

    Args:
        owner: The function or class the annotation belongs to.
        raw: The annotation, a string where the module postpones the evaluation of annotations.

    Raises:
        AnnotationUnsupportedError: It cannot be evaluated when the module is imported.
    """
    names = typing.cast("dict[str, object]", getattr(owner, "__globals__", None) or _module_names(owner))
    holder = types.SimpleNamespace(__annotations__={"it": raw})
    try:
        return typing.get_type_hints(holder, globalns=names, include_extras=True)["it"]
    except NameError as error:
        raise AnnotationUnsupportedError(
            annotation=str(raw),
            reason=f'the name "{error.name}" does not exist when the module is imported',
            hint=f'Import "{error.name}" at the top of the module, outside of `if TYPE_CHECKING:`.',
        ) from error
    except (SyntaxError, TypeError, AttributeError) as error:
        raise AnnotationUnsupportedError(annotation=str(raw), reason=str(error)) from error


def _module_names(owner: object) -> dict[str, object]:
    module = sys.modules.get(getattr(owner, "__module__", ""))
    return vars(module) if module is not None else {}


def unwrap_lazy(annotation: object) -> tuple[object, bool]:
    """Give what a ``Lazy[T]`` (or ``Lazy[T] | None``) stands for, and whether it is one."""
    origin = typing.get_origin(annotation)
    if origin is Lazy:
        return typing.get_args(annotation)[0], True
    if origin in (typing.Union, types.UnionType):
        members = [unwrap_lazy(member) for member in typing.get_args(annotation)]
        if any(lazy for _, lazy in members):
            return typing.Union[tuple(member for member, _ in members)], True  # noqa: UP007
    return annotation, False


def unwrap_stream(annotation: object) -> object | None:
    """Give the type of the items of an ``Iterator[T]`` or its relatives; None for other annotations."""
    if typing.get_origin(annotation) not in _STREAMS:
        return None
    found: object = typing.get_args(annotation)[0]
    return found


def find_widget(annotation: object) -> Widget | None:
    """Give the widget by which values of an annotation are entered; None where only a link will do.

    Raises:
        AnnotationUnsupportedError: The widget in the annotation does not go with its type.
    """
    origin = typing.get_origin(annotation)
    arguments = typing.get_args(annotation)
    if origin is Annotated:
        widgets = [entry for entry in arguments[1:] if isinstance(entry, Widget)]
        return _adapted(widgets[-1], arguments[0]) if widgets else find_widget(arguments[0])
    if origin is Literal:
        return Options(tuple(arguments))
    if origin is list:
        item = find_widget(arguments[0])
        return None if item is None else Items(item)
    if origin in (typing.Union, types.UnionType):
        found = [widget for widget in map(find_widget, arguments) if widget is not None]
        return AnyOf(tuple(found)) if len(found) > 1 else next(iter(found), None)
    # Lists and other annotations are not hashable in general; only the builtins matter here.
    return next((widget for builtin, widget in _BUILTIN_WIDGETS.items() if builtin is annotation), None)


def _adapted(widget: Widget, annotation: object) -> Widget:
    base = without_null(from_annotation(annotation))
    name = widget.__class__.__name__
    allowed = _TYPES_OF_WIDGETS.get(widget.__class__)
    if allowed is not None and base not in allowed:
        wanted = " or ".join(str(entry) for entry in allowed)
        raise AnnotationUnsupportedError(
            annotation=f"Annotated[{base}, {name}]",
            reason=f"the widget {name} enters {wanted}, not {base}",
            hint="Use a widget for that type; on a list, put it on the items: list[Annotated[...]].",
        )
    if isinstance(widget, (Number, Slider)):
        if widget.min is not None and widget.max is not None and widget.min > widget.max:
            raise AnnotationUnsupportedError(
                annotation=str(widget),
                reason=f"its minimum {widget.min} is above its maximum {widget.max}",
                hint="Swap them.",
            )
        return replace(widget, integer=base == INT)
    return widget


def value_classes(annotation: object) -> Iterator[type]:
    """Give every class marked with @value that an annotation names."""
    if isinstance(annotation, type) and value_type(annotation) is not None:
        yield annotation
    for argument in typing.get_args(annotation):
        if not isinstance(argument, (str, TypeVar)):
            yield from value_classes(argument)
