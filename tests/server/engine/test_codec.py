"""A value survives being written down, and equal values have equal digests."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from weft.engine.codec import (
    Encoded,
    NotReadableError,
    NotStorableError,
    decode,
    digest,
    encode,
    held_bytes,
    key_of,
    size_bytes,
    storages_of,
    tensors_of,
    to_device,
)
from weft.errors import JSON
from weft.values import canonical_json


def trees(numbers: st.SearchStrategy[float]) -> st.SearchStrategy[JSON]:
    """JSON values of every shape with such numbers in them."""
    return st.recursive(
        st.none() | st.booleans() | st.integers() | numbers | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=12,
    )


json_values = trees(st.floats(allow_nan=False))
# Canonical text has no infinity.
writable_values = trees(st.floats(allow_nan=False, allow_infinity=False))


@dataclass(frozen=True, slots=True, eq=False)
class Grid:
    """A value with a tensor in it."""

    name: str
    cells: torch.Tensor


@dataclass(frozen=True, slots=True)
class Box:
    """A value that holds others."""

    grids: tuple[Grid, ...]
    notes: Mapping[str, object]


@dataclass
class Mutable:
    """Not a value: it can change."""

    count: int = 0


def roundtrip(value: object) -> object:
    """Write a value down and read it again."""
    return decode(encode(value))


@given(json_values)
def test_every_json_value_is_read_as_it_was_written(value: object) -> None:
    assert roundtrip(value) == value
    assert digest(roundtrip(value)) == digest(value)


@pytest.mark.parametrize("number", [float("inf"), float("-inf"), -0.0, 1e308, 2**80])
def test_numbers_that_json_cannot_write_survive(number: float) -> None:
    assert repr(roundtrip(number)) == repr(number)


def test_not_a_number_survives() -> None:
    assert repr(roundtrip([float("nan")])) == "[nan]"


@pytest.mark.parametrize(
    "dtype", [torch.float32, torch.float16, torch.bfloat16, torch.int64, torch.uint8, torch.bool]
)
def test_tensors_of_every_type_survive_bit_for_bit(dtype: torch.dtype) -> None:
    tensor = (torch.arange(6).reshape(2, 3) * 0.7).to(dtype)

    back = roundtrip(tensor)

    assert isinstance(back, torch.Tensor)
    assert back.dtype == dtype
    assert torch.equal(back, tensor)


def test_scalars_and_empty_tensors_survive() -> None:
    back = roundtrip([torch.tensor(3.5), torch.zeros(0, 4)])

    assert isinstance(back, list)
    assert back[0].item() == 3.5
    assert back[1].shape == (0, 4)
    assert digest(back) == digest([torch.tensor(3.5), torch.zeros(0, 4)])


def test_nested_values_keep_their_classes() -> None:
    box = Box((Grid("a", torch.ones(2)), Grid("b", torch.zeros(1))), MappingProxyType({"k": (1, None)}))

    back = roundtrip(box)

    assert isinstance(back, Box)
    assert back.grids[0].name == "a"
    assert torch.equal(back.grids[0].cells, torch.ones(2))
    assert back.notes == {"k": (1, None)}
    assert digest(back) == digest(box)


def test_a_tensor_that_is_named_twice_is_written_once_and_shared_again() -> None:
    tensor = torch.ones(4)

    encoded = encode([tensor, tensor])
    back = decode(encoded)

    assert len(encoded.tensors) == 1
    assert isinstance(back, list)
    assert back[0] is back[1]


def test_writing_copies_so_that_the_stored_tensors_share_nothing() -> None:
    base = torch.arange(10.0)

    encoded = encode([base[:5], base[5:]])

    addresses = {tensor.untyped_storage().data_ptr() for tensor in encoded.tensors.values()}
    assert len(addresses) == 2
    assert base.untyped_storage().data_ptr() not in addresses


@pytest.mark.parametrize("value", [object(), Mutable(), {1, 2}, b"bytes", Grid, lambda: None])
def test_what_has_no_content_to_write_is_refused_by_name(value: object) -> None:
    with pytest.raises(NotStorableError) as write:
        encode({"x": [value]})
    with pytest.raises(NotStorableError):
        digest(value)

    assert type(value).__qualname__ in write.value.message


def test_differences_that_matter_change_the_digest() -> None:
    values: list[object] = [
        1, 1.0, True, "1", None, [1], (1,), [1, 1], [[1], 1], {"a": 1}, {"b": 1}, "", [], (), {},
        torch.ones(2), torch.ones(2, 1), torch.ones(2, dtype=torch.float64), torch.zeros(2),
        Grid("a", torch.ones(2)), Grid("b", torch.ones(2)), ["ab", "c"], ["a", "bc"],
    ]  # fmt: skip

    assert len({digest(value) for value in values}) == len(values)


def test_differences_that_do_not_matter_leave_the_digest() -> None:
    rows = torch.arange(6.0).reshape(2, 3)

    assert digest({"a": 1, "b": 2}) == digest({"b": 2, "a": 1})
    assert digest(rows.t()) == digest(rows.t().contiguous())
    assert digest(torch.arange(10.0)[2:4]) == digest(torch.tensor([2.0, 3.0]))


def test_a_view_weighs_as_much_as_the_memory_it_keeps_alive() -> None:
    base = torch.zeros(1_000)

    assert sum(storages_of([base[:1], base[500:]]).values()) == 4_000
    assert held_bytes(["a text", base[:1], {"b": base}]) == 4_000


def test_size_counts_tensors_exactly_and_the_rest_roughly() -> None:
    grid = Grid("x" * 100, torch.zeros(256))

    assert 1_024 + 100 < size_bytes(grid) < 1_024 + 600


def test_a_value_that_is_already_on_the_device_is_not_copied() -> None:
    box = Box((Grid("a", torch.ones(2)),), {"k": [1, torch.ones(1)]})

    assert to_device(box, "cpu") is box


def test_moving_to_a_device_moves_every_tensor_and_changes_nothing_else() -> None:
    box = Box((Grid("a", torch.ones(2)),), {"k": [1, (torch.ones(1),)]})

    moved = to_device(box, "meta")

    assert isinstance(moved, Box)
    assert moved.grids[0].cells.device.type == "meta"
    assert moved.grids[0].name == "a"
    assert box.grids[0].cells.device.type == "cpu"


def test_a_class_that_is_not_loaded_is_not_imported_to_read_a_value() -> None:
    stored = Encoded({"value": "antigravity:Grid", "fields": {}}, {})

    with pytest.raises(NotReadableError, match="antigravity"):
        decode(stored)


@pytest.mark.parametrize("name", ["builtins:list", "os:system", "weft.engine.codec:Missing"])
def test_only_frozen_dataclasses_are_built_from_stored_data(name: str) -> None:
    with pytest.raises(NotReadableError):
        decode(Encoded({"value": name, "fields": {}}, {}))


def test_a_value_whose_class_has_other_fields_now_is_not_readable() -> None:
    encoded = encode(Grid("a", torch.ones(1)))
    assert isinstance(encoded.structure, dict)
    fields = encoded.structure["fields"]
    assert isinstance(fields, dict)
    fields["gone"] = 1

    with pytest.raises(NotReadableError, match="gone"):
        decode(encoded)


def test_a_missing_tensor_is_not_readable() -> None:
    with pytest.raises(NotReadableError, match="missing"):
        decode(Encoded({"tensor": "0", "on": "host"}, {}))


def test_an_unknown_structure_is_not_readable() -> None:
    with pytest.raises(NotReadableError, match="surprise"):
        decode(Encoded({"surprise": 1}, {}))


@given(st.lists(st.text(), max_size=4), st.lists(st.text(), max_size=4))
def test_keys_differ_wherever_their_parts_differ(left: list[str], right: list[str]) -> None:
    assert (key_of(*left) == key_of(*right)) == (left == right)


@given(writable_values, writable_values)
def test_digests_agree_with_canonical_text_on_what_is_equal(left: JSON, right: JSON) -> None:
    assert (digest(left) == digest(right)) == (canonical_json(left) == canonical_json(right))


def test_what_cannot_be_looked_into_stays_where_it_is() -> None:
    strange = object()

    moved = to_device([strange, torch.ones(1)], "meta")

    assert isinstance(moved, list)
    assert moved[0] is strange
    assert moved[1].device.type == "meta"


def test_a_tensor_with_a_history_is_written_without_it() -> None:
    grown = torch.ones(3, requires_grad=True) * 2

    back = roundtrip(grown)

    assert isinstance(back, torch.Tensor)
    assert not back.requires_grad
    assert digest(grown) == digest(torch.full((3,), 2.0))


def test_every_tensor_is_found_once_per_place_and_in_a_stable_order() -> None:
    first, second, third = (torch.full((1,), float(number)) for number in range(3))
    box = Box((Grid("a", first), Grid("b", second)), {"k": [third, (first,)]})

    assert [float(tensor) for tensor in tensors_of([box, object(), "x"])] == [0.0, 1.0, 2.0, 0.0]
