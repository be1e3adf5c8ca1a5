"""Annotations are resolved where nodes are imported, and give widgets and value classes."""

import typing
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Annotated, Literal, NamedTuple, Optional, TypeVar

import pytest
from weft.annotations import find_widget, resolve, unwrap_lazy, unwrap_stream, value_classes
from weft.context import Lazy
from weft.errors import JSON, AnnotationUnsupportedError
from weft.values import Image, Mask, value
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
    Seed,
    SeedWidget,
    Slider,
    Text,
    Toggle,
    Widget,
)

T = TypeVar("T")


@value("toy_fruit")
@dataclass(frozen=True)
class Fruit:
    """A fruit."""


def owner() -> None:
    """Stands for a node of this module."""


class Pair(NamedTuple):
    """Stands for a node's outputs."""

    image: "Image"


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("int", int),
        (int, int),
        ("Image | None", Image | None),
        ("list[Fruit]", list[Fruit]),
        ("Annotated[int, Slider(1, 5)]", Annotated[int, Slider(1, 5)]),
        ("Seed", Seed),
        ("JSON | None", Optional[JSON]),  # noqa: UP045
        ("T", T),
        (None, type(None)),
        ("None", type(None)),
    ],
)
def test_an_annotation_is_evaluated_in_its_own_module(raw: object, expected: object) -> None:
    assert resolve(owner, raw) == expected


def test_the_annotations_of_a_class_are_evaluated_in_its_module() -> None:
    assert resolve(Pair, Pair.__annotations__["image"]) is Image


def test_a_name_imported_for_type_checkers_only_is_reported_with_what_to_do() -> None:
    with pytest.raises(AnnotationUnsupportedError) as caught:
        resolve(owner, "Decimal | None")

    assert 'the name "Decimal" does not exist when the module is imported' in caught.value.message
    assert "outside of `if TYPE_CHECKING:`" in caught.value.hint
    assert not hasattr(typing, "Decimal")


@pytest.mark.parametrize("raw", ["int |", "Image.nothing", "int | 5", "list[int"])
def test_an_annotation_that_cannot_be_evaluated_is_reported_as_it_is_written(raw: str) -> None:
    with pytest.raises(AnnotationUnsupportedError) as caught:
        resolve(owner, raw)

    assert raw in caught.value.message


@pytest.mark.parametrize(
    ("annotation", "inner", "is_lazy"),
    [
        (Lazy[Image], Image, True),
        (Lazy[Image | None], Image | None, True),
        (Lazy[Image] | None, Optional[Image], True),  # noqa: UP045
        (Optional[Lazy[T]], Optional[T], True),  # type: ignore[valid-type]  # noqa: UP045
        (Image, Image, False),
        (Image | None, Image | None, False),
        (int, int, False),
    ],
)
def test_what_a_lazy_input_stands_for_is_found(annotation: object, inner: object, is_lazy: bool) -> None:
    assert unwrap_lazy(annotation) == (inner, is_lazy)


@pytest.mark.parametrize(
    ("annotation", "item"),
    [
        (Iterator[Image], Image),
        (AsyncIterator[int], int),
        (Iterable[str], str),
        (typing.Generator[Image, None, None], Image),
        (list[Image], None),
        (Image, None),
        (Callable[[], int], None),
    ],
)
def test_the_items_of_a_stream_are_found(annotation: object, item: object) -> None:
    assert unwrap_stream(annotation) == item


@pytest.mark.parametrize(
    ("annotation", "widget"),
    [
        (int, Number(integer=True)),
        (float, Number()),
        (bool, Toggle()),
        (str, Text()),
        (JSON, JsonEditor()),
        (Literal["a", "b"], Options(("a", "b"))),
        (Seed, SeedWidget()),
        (Annotated[int, Slider(1, 5)], Slider(1, 5, integer=True)),
        (Annotated[float, Slider(1, 5)], Slider(1, 5)),
        (Annotated[int, Number(min=0)], Number(min=0, integer=True)),
        (Annotated[str, Choice("samplers")], Choice("samplers")),
        (Annotated[str, ModelFile("lora")], ModelFile("lora")),
        (Annotated[str, ImageFile()], ImageFile()),
        (Annotated[str, ColorPicker()], ColorPicker()),
        (Annotated[str, Text(multiline=True)], Text(multiline=True)),
        (Annotated[int, "a note"], Number(integer=True)),
        (Annotated[int, "a note", Slider(1, 5)], Slider(1, 5, integer=True)),
        (int | None, Number(integer=True)),
        (Annotated[int | None, Slider(1, 5)], Slider(1, 5, integer=True)),
        (Annotated[int, Slider(1, 5)] | None, Slider(1, 5, integer=True)),
        (int | str, AnyOf((Number(integer=True), Text()))),
        (Image | float, Number()),
        (list[int], Items(Number(integer=True))),
        (list[list[str]], Items(Items(Text()))),
        (list[Annotated[float, Slider(0, 1)]], Items(Slider(0, 1))),
        (list[int] | None, Items(Number(integer=True))),
        (JSON | None, JsonEditor()),
        (Image, None),
        (Image | None, None),
        (list[Image], None),
        (T, None),
        (list[T], None),  # type: ignore[valid-type]
    ],
)
def test_an_annotation_gives_the_widget_that_enters_its_values(
    annotation: object, widget: Widget | None
) -> None:
    assert find_widget(annotation) == widget


@pytest.mark.parametrize(
    ("annotation", "said"),
    [
        (Annotated[str, Slider(1, 5)], "the widget Slider enters int or float, not string"),
        (Annotated[float, SeedWidget()], "the widget SeedWidget enters int, not float"),
        (Annotated[int, Toggle()], "the widget Toggle enters bool, not int"),
        (Annotated[int, Choice("samplers")], "the widget Choice enters string, not int"),
        (Annotated[Image, Text()], "the widget Text enters string, not image"),
        (Annotated[list[int], Slider(1, 5)], "the widget Slider enters int or float, not list[int]"),
        (Annotated[int, Slider(5, 1)], "its minimum 5 is above its maximum 1"),
    ],
)
def test_a_widget_that_does_not_go_with_its_type_is_refused(annotation: object, said: str) -> None:
    with pytest.raises(AnnotationUnsupportedError) as caught:
        find_widget(annotation)

    assert said in caught.value.message


@pytest.mark.parametrize(
    ("annotation", "classes"),
    [
        (Image, [Image]),
        (list[Image | Mask], [Image, Mask]),
        (Annotated[Fruit | None, "note"], [Fruit]),
        (Lazy[list[Fruit]], [Fruit]),
        (int, []),
        (Literal["Image"], []),
        (T, []),
    ],
)
def test_the_value_classes_in_an_annotation_are_found(annotation: object, classes: list[type]) -> None:
    assert list(value_classes(annotation)) == classes


def test_the_checkers_only_import_is_indeed_not_there_at_run_time() -> None:
    assert "Decimal" not in globals()
