"""The decorator leaves functions as they are and records what they say, or refuses with every fault."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple, TypeVar

import pytest
from weft.context import FingerprintScope, Lazy, LocalRun, Run
from weft.errors import JSON, NodeDefinitionError
from weft.node import NodeDefinition, choices, listing, node
from weft.paths import Paths
from weft.schema import NodeSchema
from weft.values import Image, Mask
from weft.widgets import ImageFile, Slider

if TYPE_CHECKING:
    from decimal import Decimal

T = TypeVar("T")


def definition_of(function: object) -> NodeDefinition:
    """Give what the decorator recorded."""
    found = getattr(function, "__weft_node__", None)
    assert isinstance(found, NodeDefinition)
    return found


@node("math.scale", output="product")
def scale(run: Run, number: float, factor: Annotated[float, Slider(0, 10)] = 2.0) -> float:
    """Multiply a number.

    The factor is limited, as factors should be.

    Args:
        number: What is multiplied.
        factor: What it is multiplied with, 0..10.

    Returns:
        The product.
    """
    run.progress(1, 1)
    return number * factor


class Halves(NamedTuple):
    """Two halves."""

    left: list[int]
    right: list[int]


@node("list.halve")
def _halve(numbers: list[int]) -> Halves:
    middle = len(numbers) // 2
    return Halves(numbers[:middle], numbers[middle:])


@node("flow.pick")
async def _pick(first: Lazy[T], second: Lazy[T], *, use_second: bool = False) -> T:
    return await (second if use_second else first)


@node("number.count", lane="io")
def _count(to: int) -> Iterator[int]:
    yield from range(to)


def _file_state(scope: FingerprintScope, name: str) -> str:
    return scope.file_digest(scope.paths.input_dir / name)


@node("file.read", fingerprint=_file_state, pure=False, sink=True)
def _read(run: Run, name: Annotated[str, ImageFile()], limit: int = 5) -> str:
    return (run.paths.input_dir / name).read_text()[:limit]


def test_a_node_is_still_the_function_it_was() -> None:
    run = LocalRun()

    assert scale(run, 3.0) == 6.0
    assert scale.__name__ == "scale"
    assert definition_of(scale).function is scale
    assert run.steps == [(1, 1, "")]


def test_a_nodes_schema_says_all_that_its_signature_and_docstring_say() -> None:
    schema = definition_of(scale).schema

    assert (schema.type, schema.version, schema.title, schema.category) == ("math.scale", 1, "Scale", "math")
    assert schema.summary == "Multiply a number."
    assert schema.doc.startswith("Multiply a number.\n\nThe factor is limited")
    assert [(entry.name, entry.doc) for entry in schema.inputs] == [
        ("number", "What is multiplied."),
        ("factor", "What it is multiplied with, 0..10."),
    ]
    assert [(entry.name, entry.doc) for entry in schema.outputs] == [("product", "The product.")]
    assert definition_of(scale).run_parameter == "run"


def test_what_is_not_said_has_its_default() -> None:
    schema = definition_of(scale).schema

    assert (schema.pure, schema.lane, schema.sink, schema.is_async, schema.streams) == (
        True, "cpu", False, False, False,
    )  # fmt: skip
    assert (schema.has_fingerprint, schema.pack, schema.code_digest) == (False, "", "")


def test_the_kinds_of_function_are_told_apart() -> None:
    assert definition_of(_pick).schema.is_async
    assert definition_of(_pick).schema.lane == "inline"
    assert definition_of(_count).schema.streams
    assert definition_of(_count).schema.lane == "io"
    assert [entry.lazy for entry in definition_of(_pick).schema.inputs] == [True, True, False]
    assert asyncio.run(_pick(Lazy.of(1), Lazy.of(2), use_second=True)) == 2
    assert list(_count(3)) == [0, 1, 2]


def test_a_named_tuple_gives_several_outputs() -> None:
    outputs = definition_of(_halve).schema.outputs

    assert [(entry.name, str(entry.type)) for entry in outputs] == [
        ("left", "list[int]"),
        ("right", "list[int]"),
    ]
    assert _halve([1, 2, 3]) == ([1], [2, 3])


def test_a_title_is_made_from_the_functions_name_or_given() -> None:
    @node("list.take_half", title="Half of it")
    def _take_half(numbers: list[int]) -> list[int]:
        return numbers

    @node("list.take_third")
    def _take_third_part(numbers: list[int]) -> list[int]:
        return numbers

    assert definition_of(_take_half).schema.title == "Half of it"
    assert definition_of(_take_third_part).schema.title == "Take third part"


@pytest.mark.parametrize("function", [scale, _halve, _pick, _count, _read])
def test_every_nodes_schema_travels_as_json(function: object) -> None:
    schema = definition_of(function).schema

    assert NodeSchema.from_json(schema.to_json()) == schema


def test_the_json_schema_of_a_definition_is_that_of_its_values() -> None:
    properties = definition_of(scale).json_schema()["properties"]

    assert isinstance(properties, dict)
    assert list(properties) == ["number", "factor"]


def test_a_fingerprint_is_asked_with_just_the_values_it_names(tmp_path: Path) -> None:
    paths = Paths.below(tmp_path)
    paths.input_dir.mkdir()
    (paths.input_dir / "a.txt").write_text("hello")
    scope = FingerprintScope(paths)
    definition = definition_of(_read)

    state = definition.outside_state(scope, {"name": "a.txt", "limit": 5})

    assert definition.schema.has_fingerprint
    assert state == scope.file_digest(paths.input_dir / "a.txt")


def test_a_fingerprint_may_take_every_value(tmp_path: Path) -> None:
    def everything(_scope: FingerprintScope, **values: JSON) -> str:
        return str(sorted(values))

    @node("file.all", fingerprint=everything)
    def _all(a: int, b: int) -> int:
        return a + b

    scope = FingerprintScope(Paths.below(tmp_path))
    assert definition_of(_all).outside_state(scope, {"a": 1, "b": 2}) == "['a', 'b']"


def test_a_node_without_a_fingerprint_has_no_outside_state(tmp_path: Path) -> None:
    assert definition_of(scale).outside_state(FingerprintScope(Paths.below(tmp_path)), {}) is None


def test_versions_come_with_a_migration_from_each_older_one() -> None:
    @node("image.fit", 3, migrations={1: lambda inputs: inputs, 2: lambda inputs: {**inputs, "pad": 0}})
    def _fit(image: Image, pad: int = 0) -> Image:
        return image

    definition = definition_of(_fit)

    assert definition.schema.version == 3
    assert definition.migrations[2]({"x": 1}) == {"x": 1, "pad": 0}


def test_choices_and_listings_are_recorded_and_stay_functions() -> None:
    @choices("moods")
    def moods() -> Sequence[str]:
        return ["calm", "bright"]

    @listing("sound")
    def sounds(paths: Paths) -> Mapping[str, Mapping[str, str]]:
        return {"bell": {"key": "c"}}

    assert moods() == ["calm", "bright"]
    assert moods.__weft_choices__.name == "moods"  # type: ignore[attr-defined]
    assert sounds(Paths.below(Path())) == {"bell": {"key": "c"}}
    assert sounds.__weft_listing__.name == "sound"  # type: ignore[attr-defined]


def _fault(**options: Any) -> str:
    arguments = {"type": "image.same", **options}

    with pytest.raises(NodeDefinitionError) as caught:

        @node(**arguments)
        def _same(image: Image, size: int = 1, mask: Mask | None = None) -> Image:
            return image

    return caught.value.message


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"type": "same"}, 'the node type "same". Name it `area.verb`'),
        ({"type": "Image.same"}, 'the node type "Image.same"'),
        ({"type": "pack:image.same"}, 'the node type "pack:image.same"'),
        ({"type": ""}, 'the node type ""'),
        ({"version": 0}, "has the version 0"),
        ({"version": True}, "has the version True"),
        ({"version": "1"}, "has the version '1'"),
        ({"version": 3}, "has version 3, but no migration from 1, 2"),
        ({"version": 3, "migrations": {1: dict}}, "no migration from 2"),
        ({"version": 2, "migrations": {1: dict, 2: dict}}, "has a migration from 2, but only version 2"),
        ({"migrations": {0: dict}}, "has a migration from 0"),
        ({"lane": "gpu"}, 'has the lane "gpu". Use one of inline, cpu, device, io'),
        ({"output": "My Image"}, 'names its output "My Image"'),
        ({"pur": True}, 'has the option "pur", which does not exist. Did you mean "pure"?'),
        ({"fingerprint": lambda: ""}, "has a fingerprint without parameters"),
        ({"fingerprint": lambda scope, sise: ""}, 'parameter "sise" is asked for by the fingerprint'),
        ({"fingerprint": lambda scope, mask: ""}, 'parameter "mask" is asked for by the fingerprint'),
        ({"accepts": {"imag": {}}}, 'parameter "imag" is in `accepts`'),
    ],
)
def test_what_the_decorator_is_told_wrongly_is_refused(options: dict[str, Any], said: str) -> None:
    message = _fault(**options)

    assert said in message
    assert message.startswith(f"{__name__}._fault.<locals>._same cannot become a node:")


def test_hints_are_kept_for_the_traits_that_inputs_accept() -> None:
    @node(
        "area.same",
        accepts={"value": {"family": "$F"}},
        hints={"family": "Use one family.", "space": "Use one space."},
    )
    def _same(value: int) -> int:
        return value

    assert definition_of(_same).schema.hints == {"family": "Use one family."}


def test_all_faults_of_decorator_signature_and_docstring_are_reported_at_once() -> None:
    with pytest.raises(NodeDefinitionError) as caught:

        @node("Bad", 2, lane="gpu")  # type: ignore[arg-type]
        def bad(a: bytes, b: Decimal, c: Annotated[int, Slider(1, 2)] = 3) -> int:
            """Do it.

            Args:
                a: First.
            """
            return 0

    assert len(caught.value.faults) == 8
    assert {fault.parameter for fault in caught.value.faults} == {None, "a", "b", "c"}


def test_a_class_imported_for_type_checkers_only_is_reported_with_the_way_out() -> None:
    with pytest.raises(NodeDefinitionError) as caught:

        @node("math.exact")
        def _exact(number: Decimal) -> int:
            return 0

    assert caught.value.faults[0].parameter == "number"
    assert "TYPE_CHECKING" in caught.value.faults[0].hint
