"""Socket types read and write themselves, and connect exactly by the published rules."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, Optional, TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st
from weft.errors import JSON, AnnotationUnsupportedError, SocketTypeUnreadableError
from weft.sockets import (
    BOOL,
    FLOAT,
    INT,
    JSON_TYPE,
    MAX_NESTING,
    NULL,
    STRING,
    ListOf,
    Named,
    SocketType,
    Union,
    Variable,
    common,
    fits,
    from_annotation,
    is_optional,
    members_of,
    parse_type,
    substitute,
    union,
    variables_in,
    without_null,
)
from weft.values import Image, Mask, value

CASES: list[dict[str, Any]] = json.loads(
    (Path(__file__).parents[1] / "connection_cases.json").read_text(encoding="utf-8")
)
SHAPES = {"square": ("rectangle", "shape"), "rectangle": ("shape",)}

T = TypeVar("T")
Bounded = TypeVar("Bounded", bound=int)

names = st.sampled_from(["int", "float", "string", "image", "mask", "square", "rectangle", "shape"])
atoms = names.map(Named) | st.just(NULL) | st.sampled_from("TU").map(Variable)
socket_types: st.SearchStrategy[SocketType] = st.recursive(
    atoms,
    lambda inner: (
        inner.map(ListOf) | st.lists(inner, min_size=1, max_size=3).map(lambda found: union(*found))
    ),
    max_leaves=6,
)
known_types: st.SearchStrategy[SocketType] = socket_types.filter(lambda found: not variables_in(found))


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['source']} -> {case['target']}")
def test_every_case_of_the_published_table_is_decided_as_it_says(case: dict[str, Any]) -> None:
    supertypes = {name: tuple(above) for name, above in case.get("supertypes", {}).items()}

    fit = fits(parse_type(case["source"]), parse_type(case["target"]), supertypes)

    assert fit.verdict == case["verdict"], case["why"]
    assert {name: str(bound) for name, bound in fit.bindings.items()} == case.get("bindings", {})
    assert fit.ok is (case["verdict"] != "no")


def test_the_table_has_enough_cases_and_no_case_twice() -> None:
    pairs = [(case["source"], case["target"]) for case in CASES]
    refusals = [case for case in CASES if case["verdict"] == "no"]

    assert len(CASES) >= 60
    assert len(refusals) >= 20
    assert len(set(pairs)) == len(pairs)


def test_the_table_shows_every_verdict() -> None:
    verdicts = {case["verdict"] for case in CASES}

    assert verdicts == {
        "same", "subtype", "int-to-float", "optional", "wrap", "map", "union", "variable", "no",
    }  # fmt: skip


def test_every_decision_gives_a_sentence() -> None:
    for case in CASES:
        fit = fits(parse_type(case["source"]), parse_type(case["target"]), SHAPES)

        assert fit.reason.endswith("."), case
        is_named = case["source"] in fit.reason or case["target"] in fit.reason
        assert is_named or fit.verdict == "int-to-float", case


@given(socket_types)
def test_every_type_fits_itself(found: SocketType) -> None:
    assert fits(found, found, SHAPES).verdict == "same"


@given(socket_types)
def test_a_type_read_from_its_text_is_the_same_type(found: SocketType) -> None:
    assert parse_type(str(found)) == found


@given(known_types, known_types, known_types)
def test_a_union_fits_directly_only_where_each_of_its_members_does(
    first: SocketType, second: SocketType, target: SocketType
) -> None:
    direct = {"same", "subtype", "int-to-float", "optional", "union"}
    joined = union(first, second)

    if fits(joined, target, SHAPES).verdict in direct:
        assert all(fits(member, target, SHAPES).verdict in direct for member in members_of(joined))


@given(known_types, known_types)
def test_what_fits_a_member_fits_the_union(source: SocketType, target: SocketType) -> None:
    if fits(source, target, SHAPES).ok:
        assert fits(source, union(target, Named("other")), SHAPES).ok


@given(known_types)
def test_any_type_can_become_optional(found: SocketType) -> None:
    assert fits(found, union(found, NULL), SHAPES).ok


@given(known_types)
def test_nothing_that_may_be_null_feeds_what_may_not(found: SocketType) -> None:
    source = union(found, NULL)
    target = without_null(found)

    if target != NULL and not isinstance(target, ListOf):
        assert not is_optional(target)
        assert fits(source, target, SHAPES).verdict == "no"


@given(known_types, known_types)
def test_a_variable_takes_any_source_and_stands_for_it(source: SocketType, other: SocketType) -> None:
    fit = fits(source, Variable("T"), SHAPES)

    assert fit.ok
    assert substitute(Variable("T"), fit.bindings or {"T": other}) in (source, other)


@given(known_types, socket_types)
def test_the_edge_still_stands_when_the_bound_variables_are_put_in(
    source: SocketType, target: SocketType
) -> None:
    fit = fits(source, target, SHAPES)

    if fit.ok:
        bound = substitute(target, {"T": Named("image"), "U": Named("image"), **fit.bindings})
        assert fits(source, bound, SHAPES).ok


@given(known_types, known_types)
def test_a_common_type_is_one_of_the_two_and_takes_both(first: SocketType, second: SocketType) -> None:
    found = common(first, second, SHAPES)

    if found is not None:
        assert found in (first, second)
        assert fits(first, found, SHAPES).ok
        assert fits(second, found, SHAPES).ok


def test_the_common_type_of_an_int_and_a_float_is_float_in_either_order() -> None:
    assert common(INT, FLOAT, {}) == FLOAT
    assert common(FLOAT, INT, {}) == FLOAT


def test_unrelated_types_have_no_common_type() -> None:
    assert common(Named("image"), Named("mask"), {}) is None


@given(st.lists(socket_types, min_size=1, max_size=4), st.randoms())
def test_unions_do_not_depend_on_the_order_or_grouping_of_their_members(
    members: list[SocketType], random: Any
) -> None:
    shuffled = list(members)
    random.shuffle(shuffled)

    assert union(*members) == union(*shuffled) == union(union(*members[:1]), *shuffled)


def test_a_union_lists_null_last_and_drops_duplicates() -> None:
    assert str(union(NULL, Named("mask"), Named("image"), Named("mask"))) == "image | mask | null"


def test_a_union_of_one_is_that_one() -> None:
    assert union(INT, INT) == INT


def test_a_union_of_nothing_is_refused() -> None:
    with pytest.raises(SocketTypeUnreadableError):
        union()


def test_removing_null_from_null_leaves_null() -> None:
    assert without_null(NULL) == NULL
    assert without_null(union(INT, NULL)) == INT


def test_variables_are_found_at_every_depth_and_replaced_where_bound() -> None:
    found = parse_type("list[$A | list[$B]] | $C")

    assert variables_in(found) == {"A", "B", "C"}
    assert str(substitute(found, {"A": INT, "C": NULL})) == "list[int | list[$B]] | null"


@pytest.mark.parametrize(
    "text",
    ["", " ", "|", "int |", "| int", "list", "list[", "list[int", "list[]", "]", "int]", "int int",
     "list[int]]", "$", "int & float", "list[int]x", "1nt", "int,float"],
)  # fmt: skip
def test_text_that_is_not_a_type_is_refused_with_the_text_quoted(text: str) -> None:
    with pytest.raises(SocketTypeUnreadableError) as caught:
        parse_type(text)

    assert f'"{text}"' in caught.value.message


@given(st.text(alphabet="int[]|$ lsabc_.:", max_size=30))
def test_reading_any_text_gives_a_type_or_the_one_error(text: str) -> None:
    try:
        found = parse_type(text)
    except SocketTypeUnreadableError:
        return

    assert parse_type(str(found)) == found


def test_lists_nest_only_so_deep() -> None:
    deep = "list[" * MAX_NESTING + "int" + "]" * MAX_NESTING

    assert str(parse_type(deep)) == deep
    with pytest.raises(SocketTypeUnreadableError, match="too deeply"):
        parse_type(f"list[{deep}]")


def test_text_of_thousands_of_brackets_is_refused_and_not_a_crash() -> None:
    with pytest.raises(SocketTypeUnreadableError):
        parse_type("list[" * 100_000)


def test_names_of_packs_may_stand_in_types() -> None:
    assert parse_type("list[pack:thing | null]") == ListOf(Union((Named("pack:thing"), NULL)))


@value("toy_animal")
@dataclass(frozen=True)
class Animal:
    """An animal."""


class Unmarked:
    """Not a value."""


@pytest.mark.parametrize(
    ("annotation", "expected"),
    [
        (int, INT),
        (float, FLOAT),
        (bool, BOOL),
        (str, STRING),
        (JSON, JSON_TYPE),
        (None, NULL),
        (type(None), NULL),
        (Literal["a", "b"], STRING),
        (Image, Named("image")),
        (Animal, Named("toy_animal")),
        (list[int], ListOf(INT)),
        (list[list[Image]], ListOf(ListOf(Named("image")))),
        (Image | None, union(Named("image"), NULL)),
        (Optional[Image], union(Named("image"), NULL)),  # noqa: UP045
        (Image | Mask, union(Named("image"), Named("mask"))),
        (JSON | None, union(JSON_TYPE, NULL)),
        (list[JSON], ListOf(JSON_TYPE)),
        (Annotated[int, "note"], INT),
        (Annotated[Image | None, "note"], union(Named("image"), NULL)),
        (list[Annotated[float, "note"]], ListOf(FLOAT)),
        (T, Variable("T")),
        (list[T], ListOf(Variable("T"))),  # type: ignore[valid-type]
    ],
)
def test_an_annotation_gives_its_socket_type(annotation: object, expected: SocketType) -> None:
    assert from_annotation(annotation) == expected


@pytest.mark.parametrize(
    ("annotation", "said"),
    [
        (Unmarked, "Unmarked, which has no socket type, because that class is not marked with @value"),
        (list, "its item type is missing"),
        (dict[str, int], "dict[str, int]"),
        (tuple[int, int], "tuple[int, int]"),
        (Any, "Any"),
        (object, "object"),
        (bytes, "bytes"),
        (complex, "complex"),
        (Literal[1, 2], "only strings can be choices"),
        (Bounded, "no bounds or constraints"),
        (list[Unmarked], "Unmarked"),
        (int | bytes, "bytes"),
    ],
)
def test_an_annotation_without_a_socket_type_says_what_it_is_and_what_to_do(
    annotation: object, said: str
) -> None:
    with pytest.raises(AnnotationUnsupportedError) as caught:
        from_annotation(annotation)

    assert said in caught.value.message
    assert caught.value.hint.endswith(".")
