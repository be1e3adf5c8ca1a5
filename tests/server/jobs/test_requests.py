"""What makes two requests the same, and ids that sort by time."""

import re
from dataclasses import replace

import pytest
from weft.jobs.requests import Request, new_id

REQUEST = Request(document={"weft": 1, "nodes": {}}, inputs={"seed": 7, "prompt": "a red circle"})


def test_the_order_of_keys_makes_no_difference() -> None:
    turned = Request(document={"nodes": {}, "weft": 1}, inputs={"prompt": "a red circle", "seed": 7})

    assert turned.digest() == REQUEST.digest()


@pytest.mark.parametrize("other", [{"id": "mine"}, {"idempotency_key": "k"}, {"owner": "somebody"}])
def test_who_asks_and_under_what_id_or_key_makes_no_difference(other: dict[str, str]) -> None:
    assert replace(REQUEST, **other).digest() == REQUEST.digest()  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "other",
    [
        {"document": {"weft": 1, "nodes": {"a": {"type": "x"}}}},
        {"name": "portrait"},
        {"inputs": {"seed": 8, "prompt": "a red circle"}},
        {"inputs": {"seed": 7.0, "prompt": "a red circle"}},
        {"targets": ("image",)},
        {"targets": ()},
        {"priority": 1},
        {"retry_of": "another"},
    ],
)
def test_whatever_is_asked_for_makes_a_difference(other: dict[str, object]) -> None:
    assert replace(REQUEST, **other).digest() != REQUEST.digest()  # type: ignore[arg-type]


def test_the_variations_of_a_batch_make_a_difference() -> None:
    assert len({REQUEST.digest(), REQUEST.digest([{"seed": 1}]), REQUEST.digest([{"seed": 2}])}) == 3


def test_ids_sort_by_the_time_at_which_they_were_made() -> None:
    times = [0.0, 0.001, 1_700_000_000.0, 1_700_000_000.5, 4_000_000_000.0]

    made = [new_id(now) for now in times]

    assert made == sorted(made)


def test_an_id_has_the_layout_of_a_uuid_of_version_seven() -> None:
    assert re.fullmatch(r"[0-9a-f]{12}7[0-9a-f]{3}[89ab][0-9a-f]{15}", new_id())


def test_ids_of_one_moment_differ() -> None:
    assert len({new_id(1.0) for _ in range(1000)}) == 1000
