"""Signatures give inputs and outputs, and every fault of a function is found at once."""

import inspect
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Annotated, Any, NamedTuple, TypeVar

import pytest
from weft.context import Lazy, Run
from weft.schema import MISSING, Advice, Listed, Traits
from weft.signature import Declared, Signature, SignatureReader, is_coroutine, is_generator, output_name
from weft.sockets import parse_type
from weft.values import Image, Mask
from weft.widgets import ModelFile, Seed, SeedWidget, Slider, Text, Widget

T = TypeVar("T")
U = TypeVar("U")


class Parts(NamedTuple):
    """Parts of a picture.

    Attributes:
        image: The colours.
        masks: One for each object.
    """

    image: Image
    masks: list[Mask]


class Empty(NamedTuple):
    """Nothing at all."""


def read(function: Callable[..., object], **options: Any) -> Signature:
    """Read a function that must have no fault."""
    reader = SignatureReader(function, Declared(**options))
    signature = reader.read()
    assert reader.faults == []
    return signature


def faults(function: Callable[..., object], **options: Any) -> list[str]:
    """Give the faults of a function as lines."""
    reader = SignatureReader(function, Declared(**options))
    reader.read()
    return [str(fault) for fault in reader.faults]


def test_each_parameter_becomes_an_input_in_order() -> None:
    def _add(a: int, b: float = 0.5, *, label: str = "sum") -> float:
        return a + b

    inputs = read(_add).inputs

    assert [(entry.name, str(entry.type), entry.required) for entry in inputs] == [
        ("a", "int", True),
        ("b", "float", False),
        ("label", "string", False),
    ]
    assert [entry.default for entry in inputs] == [MISSING, 0.5, "sum"]


def test_an_optional_parameter_without_a_default_is_not_required() -> None:
    def _mix(a: Image, mask: Mask | None, steps: int | None) -> Image:
        return a

    entry, mask, steps = read(_mix).inputs

    assert (entry.required, mask.required, steps.required) == (True, False, False)
    assert (mask.default, steps.default) == (None, None)


def test_a_parameter_annotated_run_is_no_input() -> None:
    def _sample(run: Run, steps: int) -> Image: ...  # type: ignore[empty-body]

    signature = read(_sample)

    assert signature.run_parameter == "run"
    assert [entry.name for entry in signature.inputs] == ["steps"]


def test_a_function_without_run_has_no_run_parameter() -> None:
    def _double(x: int) -> int:
        return 2 * x

    assert read(_double).run_parameter is None


def test_a_tuple_as_default_stands_for_a_list() -> None:
    def _join(parts: list[str] = ("a", "b")) -> str:  # type: ignore[assignment]
        return "".join(parts)

    assert read(_join).inputs[0].default == ["a", "b"]


def test_lazy_inputs_of_async_functions_are_marked() -> None:
    async def _pick(first: Lazy[Image], second: Lazy[Image] | None = None) -> Image:
        return await first

    first, second = read(_pick).inputs

    assert (first.lazy, str(first.type), first.required) == (True, "image", True)
    assert (second.lazy, str(second.type), second.required) == (True, "image | null", False)


def test_widgets_come_from_the_annotations() -> None:
    def _sample(
        steps: Annotated[int, Slider(1, 9)], seed: Seed, text: Annotated[str, Text(multiline=True)]
    ) -> int:
        return 0

    expected: list[Widget] = [Slider(1, 9, integer=True), SeedWidget(), Text(multiline=True)]
    assert [entry.widget for entry in read(_sample).inputs] == expected


def test_the_documentation_of_parameters_and_output_comes_from_the_docstring() -> None:
    def blend(a: Image, b: Image) -> Image:
        """Mix two pictures.

        Args:
            a: The first.
            b: The second
                of the two.

        Returns:
            The mixture.
        """
        return a

    signature = read(blend)

    assert [entry.doc for entry in signature.inputs] == ["The first.", "The second of the two."]
    assert signature.outputs[0].doc == "The mixture."
    assert signature.doc.summary == "Mix two pictures."


def test_the_fields_of_a_named_tuple_are_the_outputs() -> None:
    def _split(image: Image) -> Parts: ...  # type: ignore[empty-body]

    outputs = read(_split).outputs

    assert [(entry.name, str(entry.type), entry.doc) for entry in outputs] == [
        ("image", "image", "The colours."),
        ("masks", "list[mask]", "One for each object."),
    ]


def test_returns_by_name_goes_before_the_attributes_of_the_named_tuple() -> None:
    def split(image: Image) -> Parts:
        """Take apart.

        Args:
            image: The whole.

        Returns:
            image: Better words.
        """
        raise NotImplementedError

    assert [entry.doc for entry in read(split).outputs] == ["Better words.", "One for each object."]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("image", "image"),
        ("list[image]", "images"),
        ("image | null", "image"),
        ("list[sigmas]", "sigmas"),
        ("int", "value"),
        ("list[int]", "values"),
        ("$T", "value"),
        ("list[$T]", "values"),
        ("image | mask", "value"),
        ("json", "value"),
    ],
)
def test_the_only_output_is_named_after_its_value(text: str, name: str) -> None:
    assert output_name(parse_type(text)) == name


def test_the_only_output_can_be_named() -> None:
    def _length(items: list[T]) -> int:
        return len(items)

    assert read(_length, output="length").outputs[0].name == "length"


def test_a_function_that_returns_none_has_no_outputs() -> None:
    def _save(image: Image) -> None: ...

    assert read(_save).outputs == ()


def test_a_generator_streams_the_items_of_a_list() -> None:
    def _frames(image: Image) -> Iterator[Image]:
        yield image

    signature = read(_frames)

    assert signature.streams
    assert [(entry.name, str(entry.type)) for entry in signature.outputs] == [("images", "list[image]")]


def test_an_async_generator_streams_too() -> None:
    async def _count(to: int) -> AsyncIterator[int]:
        for number in range(to):
            yield number

    signature = read(_count)

    assert signature.streams
    assert str(signature.outputs[0].type) == "list[int]"
    assert is_coroutine(_count)
    assert is_generator(_count)


def test_type_variables_become_socket_variables() -> None:
    def _switch(first: T, second: T | None, rest: list[U]) -> T:
        return first

    signature = read(_switch)

    assert [str(entry.type) for entry in signature.inputs] == ["$T", "$T | null", "list[$U]"]
    assert str(signature.outputs[0].type) == "$T"


def test_the_value_classes_of_inputs_and_outputs_are_noted_once() -> None:
    def _split(image: Image, again: Image) -> Parts: ...  # type: ignore[empty-body]

    assert read(_split).values == (Image, Mask)


def test_traits_are_attached_to_their_inputs_and_outputs() -> None:
    accepts: dict[str, Traits] = {"image": {"space": "$S"}}
    gives: dict[str, Traits] = {"image": {"space": "$S", "family": Listed("file", "family")}}

    def _decode(image: Image, file: Annotated[str, ModelFile("vae")]) -> Image:
        return image

    signature = read(_decode, accepts=accepts, gives=gives)

    assert signature.inputs[0].traits == {"space": "$S"}
    assert signature.inputs[1].traits == {}
    assert signature.outputs[0].traits == gives["image"]


def test_advice_is_attached_to_the_number_it_is_about() -> None:
    advice = Advice(4, "image", "speed", "fast", "is fast", "Take 4.")

    def _hasten(image: Image, steps: int = 20) -> Image:
        return image

    signature = read(_hasten, advises={"steps": [advice]})

    assert [entry.advice for entry in signature.inputs] == [(), (advice,)]


def _no_annotation(x) -> int:  # type: ignore[no-untyped-def]  # noqa: ANN001
    return 0


def _any_number(*args: int, **rest: int) -> int:
    return 0


def _positional(x: int, /) -> int:
    return x


def _two_runs(a: Run, b: Run) -> int:
    return 0


def _unknown_type(x: bytes) -> int:
    return 0


def _type_checking(x: "Decimal") -> int:  # type: ignore[name-defined]  # noqa: F821
    return 0


def _default_outside(steps: Annotated[int, Slider(1, 9)] = 10) -> int:
    return 0


def _default_of_wrong_type(steps: int = 2.5) -> int:  # type: ignore[assignment]
    return 0


def _default_of_a_value(image: Image = 5) -> Image:  # type: ignore[assignment]
    return image


def _widget_mismatch(x: Annotated[str, Slider(0, 1)]) -> int:
    return 0


def _lazy_in_sync(x: Lazy[int]) -> int:
    return 0


async def _lazy_with_default(x: Lazy[int] = 5) -> int:  # type: ignore[assignment]
    return 0


def _no_return(x: int):  # type: ignore[no-untyped-def]  # noqa: ANN202
    return 0


def _plain_tuple(x: int) -> tuple[int, int]:
    return x, x


def _bare_tuple(x: int) -> tuple:  # type: ignore[type-arg]
    return x, x


def _empty_tuple(x: int) -> Empty:
    return Empty()


def _unknown_output(x: int) -> bytes:
    return b""


def _unknown_variable(x: list[T]) -> U: ...  # type: ignore[empty-body,type-var]


def _yields_unsaid(x: int) -> list[int]:  # type: ignore[misc]
    yield x


def _says_iterator(x: int) -> Iterator[int]:
    return iter([x])


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (_no_annotation, 'parameter "x" has no annotation'),
        (_any_number, 'parameter "args" takes any number of arguments'),
        (_any_number, 'parameter "rest" takes any number of arguments'),
        (_positional, 'parameter "x" cannot be passed by name'),
        (_two_runs, 'parameter "b" is a second Run'),
        (_unknown_type, 'parameter "x" has the annotation bytes, which has no socket type'),
        (_type_checking, 'parameter "x" has the annotation Decimal'),
        (_default_outside, 'parameter "steps" has a default that is 10, but must lie between 1 and 9'),
        (_default_of_wrong_type, 'parameter "steps" has a default that is 2.5, but must be a whole number'),
        (_default_of_a_value, 'parameter "image" has a default that is 5, but takes a link'),
        (_widget_mismatch, 'parameter "x" has the annotation Annotated[string, Slider]'),
        (_lazy_in_sync, 'parameter "x" is Lazy, but the function is not async'),
        (_lazy_with_default, 'parameter "x" is Lazy and has a default'),
        (_no_return, "it has no return annotation"),
        (_plain_tuple, "it returns a plain tuple"),
        (_bare_tuple, "it returns a plain tuple"),
        (_empty_tuple, "it returns a NamedTuple without fields"),
        (_unknown_output, "its output has the annotation bytes"),
        (_unknown_variable, 'gives "value" the type variable U, which no input has'),
        (_yields_unsaid, "it yields, but is not annotated so"),
        (_says_iterator, "is annotated as an iterator, but does not yield"),
    ],
)
def test_a_fault_names_the_parameter_and_what_is_wrong(function: Callable[..., object], said: str) -> None:
    assert any(said in line for line in faults(function))
    assert all(line.endswith((".", "?")) for line in faults(function))


def test_all_faults_of_a_function_are_found_at_once() -> None:
    def _bad(a, b: bytes, c: int = 2.5, *rest: int) -> tuple[int, int]:  # type: ignore[no-untyped-def, assignment]  # noqa: ANN001
        return 0, 0

    assert len(faults(_bad)) == 5


def test_a_public_function_must_document_itself() -> None:
    def silent(x: int) -> int:
        return x

    assert faults(silent) == ["it has no docstring. Say in a first sentence what the caller gets."]


def test_a_public_function_must_document_every_parameter_but_the_run() -> None:
    def half(run: Run, x: int, y: int) -> int:
        """Do something.

        Args:
            x: The first.
        """
        return x

    assert faults(half) == ['parameter "y" is not documented. Add a line `y: ...` under `Args:`.']


def test_a_private_function_need_not_be_documented() -> None:
    def _silent(x: int) -> int:
        return x

    assert faults(_silent) == []


def test_documentation_of_what_does_not_exist_is_a_fault_with_a_suggestion() -> None:
    def _blend(amount: float) -> float:
        """Mix.

        Args:
            amuont: Misspelt.
        """
        return amount

    assert faults(_blend) == [
        'parameter "amuont" is documented, but does not exist. Did you mean "amount"?',
    ]


def test_naming_one_output_of_several_is_a_fault() -> None:
    def _split(image: Image) -> Parts: ...  # type: ignore[empty-body]

    assert "it has several outputs, but `output=` names one. Remove `output=`." in faults(_split, output="x")


def test_a_malformed_output_name_is_a_fault() -> None:
    def _double(x: int) -> int:
        return x

    assert faults(_double, output="My Output") != []


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"accepts": {"imag": {"f": "x"}}}, 'parameter "imag" is in `accepts`, but is not an input'),
        ({"gives": {"imag": {"f": "x"}}}, 'parameter "imag" is in `gives`, but is not an output'),
        ({"gives": {"image": {"f": "$F"}}}, "it gives the trait $F, which nothing accepts"),
        (
            {"accepts": {"image": {"f": "$F"}}, "gives": {"image": {"f": "$F + $G"}}},
            "it gives the trait $G, which nothing accepts",
        ),
        ({"gives": {"image": {"f": Listed("image", "f")}}}, 'parameter "image" is asked for a listed trait'),
        (
            {"gives": {"image": {"f": Listed("nothing", "f")}}},
            'parameter "nothing" is asked for a listed trait',
        ),
        ({"accepts": {"image": {"f": Listed("name", "f")}}}, 'parameter "name" is asked for a listed trait'),
        ({"advises": {"image": []}}, 'parameter "image" is in `advises`, but takes no number and no text'),
        ({"advises": {"nam": []}}, 'parameter "nam" is in `advises`, but takes no number'),
        (
            {"advises": {"size": [Advice(1, "imag", "f", "x", "", "")]}},
            'parameter "imag" is named by `advises`',
        ),
        (
            {"advises": {"size": [Advice(1, "image", "f", "x", "", "", beside="it")]}},
            'parameter "it" is named by `advises`',
        ),
    ],
)
def test_traits_must_name_inputs_outputs_and_listings_that_exist(options: dict[str, Any], said: str) -> None:
    def _pass(image: Image, name: str, size: int = 1) -> Image:
        return image

    assert any(said in line for line in faults(_pass, **options))


def test_reading_leaves_the_function_as_it_was() -> None:
    def _double(x: int) -> int:
        return 2 * x

    before = inspect.signature(_double)
    read(_double)

    assert inspect.signature(_double) == before
    assert _double(4) == 8
