"""A tier holds its byte budget, counts shared memory once, and hands on what it gives up."""

import torch
from hypothesis import given
from hypothesis import strategies as st
from weft.engine.tiers import Entry, Tier, make_entry, slowest


def entry(size: int, seconds: float = 1.0) -> Entry:
    """A result with one tensor of so many bytes."""
    return make_entry({"out": torch.zeros(size, dtype=torch.uint8)}, seconds, {}, persist=True)


def make_tier(budget: int) -> tuple[Tier, list[str]]:
    """A tier, and the list of what it gives up."""
    gone: list[str] = []
    return Tier(budget, lambda key, _: gone.append(key)), gone


def test_what_was_put_is_found() -> None:
    tier, _ = make_tier(10_000)
    result = entry(100)
    tier.put("a", result)

    assert tier.get("a") is result
    assert tier.get("b") is None
    assert "a" in tier
    assert len(tier) == 1


def test_over_budget_the_cheapest_to_lose_is_handed_on() -> None:
    tier, gone = make_tier(5_000)
    tier.put("dear", entry(2_000, seconds=10.0))
    tier.put("cheap", entry(2_000, seconds=0.1))
    tier.put("middle", entry(2_000, seconds=1.0))

    assert gone == ["cheap"]
    assert tier.held_bytes <= 5_000
    assert tier.evictions == 1


def test_a_result_larger_than_the_budget_is_handed_on_at_once_and_displaces_nothing() -> None:
    tier, gone = make_tier(5_000)
    tier.put("small", entry(1_000))
    tier.put("huge", entry(50_000, seconds=1_000.0))

    assert gone == ["huge"]
    assert "small" in tier


def test_a_budget_of_nothing_holds_nothing() -> None:
    tier, gone = make_tier(0)
    tier.put("a", entry(1))

    assert gone == ["a"]
    assert tier.held_bytes == 0


def test_memory_that_two_results_share_counts_once_and_until_both_are_gone() -> None:
    tier, _ = make_tier(10**6)
    shared = torch.zeros(10_000, dtype=torch.uint8)
    first = make_entry({"out": shared}, 1.0, {}, persist=True)
    second = make_entry({"again": shared[:10]}, 1.0, {}, persist=True)
    tier.put("first", first)
    alone = tier.held_bytes

    tier.put("second", second)

    assert tier.held_bytes == alone + second.plain
    tier.remove("first")
    assert tier.held_bytes == second.plain + 10_000
    tier.remove("second")
    assert tier.held_bytes == 0


def test_a_replaced_result_no_longer_counts() -> None:
    tier, gone = make_tier(10**6)
    tier.put("a", entry(1_000))
    tier.put("a", entry(10))

    assert tier.held_bytes < 1_000
    assert gone == []


def test_shrinking_gives_up_until_the_target_and_says_how_much() -> None:
    tier, gone = make_tier(10**6)
    for index in range(5):
        tier.put(str(index), entry(1_000))
    before = tier.held_bytes

    freed = tier.shrink(2_500)

    assert freed == before - tier.held_bytes
    assert tier.held_bytes <= 2_500
    assert gone == ["0", "1", "2"]


def test_clearing_hands_on_nothing() -> None:
    tier, gone = make_tier(10**6)
    tier.put("a", entry(1_000))
    tier.clear()

    assert (len(tier), tier.held_bytes, gone) == (0, 0, [])


def test_plain_results_weigh_little_and_have_no_memory_blocks() -> None:
    plain = make_entry({"value": 3, "text": "abc"}, 0.0, {}, persist=False)

    assert plain.storages == {}
    assert plain.size < 500
    assert not plain.on_device


def test_a_result_with_a_tensor_elsewhere_counts_as_on_the_device() -> None:
    away = make_entry({"out": torch.zeros(3, device="meta")}, 1.0, {}, persist=True)

    assert away.on_device
    assert away.was_on_device


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(1, 3_000)), max_size=60))
def test_whatever_is_put_the_budget_holds_and_the_count_is_exact(puts: list[tuple[int, int]]) -> None:
    tier, _ = make_tier(6_000)
    for key, size in puts:
        tier.put(str(key), entry(size))

    assert tier.held_bytes <= 6_000
    tier.shrink(0)
    assert tier.held_bytes == 0


def test_the_slowest_tier_is_the_one_furthest_away() -> None:
    assert slowest(["device", "ram", "disk"]) == "disk"
    assert slowest(["device", "ram"]) == "ram"
    assert slowest(["device", "device"]) == "device"
    assert slowest([]) == "ram"


@given(
    st.lists(
        st.tuples(st.sampled_from(["put", "remove", "get"]), st.integers(0, 5), st.integers(0, 2)),
        max_size=40,
    )
)
def test_shared_memory_counts_once_whatever_comes_and_goes(steps: list[tuple[str, int, int]]) -> None:
    blocks = [torch.zeros(1_000 * (index + 1), dtype=torch.uint8) for index in range(3)]
    held: dict[str, Entry] = {}
    tier = Tier(10**6, lambda key, _: held.__delitem__(key))
    for action, key, block in steps:
        name = str(key)
        if action == "put":
            held[name] = make_entry({"out": blocks[block][key:]}, 1.0, {}, persist=True)
            tier.put(name, held[name])
        elif action == "remove":
            assert tier.remove(name) is held.pop(name, None)
        else:
            assert tier.get(name) is held.get(name)
    shared = {place: size for found in held.values() for place, size in found.storages.items()}

    assert tier.held_bytes == sum(found.plain for found in held.values()) + sum(shared.values())
    assert len(tier) == len(held)
