"""What costs little to make again and takes much room is given up first."""

from hypothesis import given
from hypothesis import strategies as st
from weft.engine.gdsf import Gdsf


def drain(order: Gdsf) -> list[str]:
    """Give up everything, one after the other."""
    gone = []
    while (key := order.victim()) is not None:
        gone.append(key)
        order.remove(key)
    return gone


def test_an_empty_order_has_no_victim() -> None:
    assert Gdsf().victim() is None


def test_the_cheap_and_large_leaves_before_the_dear_and_small() -> None:
    order = Gdsf()
    order.admit("picture", 0.1, 12_000_000)
    order.admit("latent", 10.0, 65_536)
    order.admit("prompt", 0.2, 120_000)

    assert drain(order) == ["picture", "prompt", "latent"]


def test_what_is_wanted_often_stays_longer() -> None:
    order = Gdsf()
    order.admit("once", 1.0, 100)
    order.admit("often", 1.0, 100)
    order.touch("once")
    order.touch("often")
    order.touch("often")

    assert order.victim() == "once"


def test_equal_entries_leave_in_the_order_in_which_they_were_last_wanted() -> None:
    order = Gdsf()
    for key in "abc":
        order.admit(key, 1.0, 100)
    order.touch("a")

    assert drain(order) == ["b", "c", "a"]


def test_what_was_precious_but_is_no_longer_wanted_leaves_in_the_end() -> None:
    order = Gdsf()
    order.admit("old treasure", 50.0, 100)
    steps = 0
    while "old treasure" in order:
        order.admit(f"new {steps}", 1.0, 100)
        victim = order.victim()
        assert victim is not None
        order.remove(victim)
        steps += 1
        assert steps < 1_000

    assert steps > 10


def test_a_renewed_entry_counts_with_its_new_size() -> None:
    order = Gdsf()
    order.admit("a", 1.0, 10)
    order.admit("b", 1.0, 20)
    order.admit("a", 1.0, 40)

    assert order.victim() == "a"
    assert len(order) == 2


def test_an_entry_that_took_no_time_is_still_weighed_by_its_size() -> None:
    order = Gdsf()
    order.admit("small", 0.0, 10)
    order.admit("large", 0.0, 1_000)

    assert order.victim() == "large"


def test_unknown_keys_are_let_pass() -> None:
    order = Gdsf()
    order.touch("nobody")
    order.remove("nobody")

    assert order.uses("nobody") == 0
    assert len(order) == 0


def test_many_touches_do_not_let_the_order_grow() -> None:
    order = Gdsf()
    order.admit("a", 1.0, 1)
    for _ in range(10_000):
        order.touch("a")

    assert order.uses("a") == 10_001
    assert len(order._heap) < 200


@given(st.lists(st.tuples(st.floats(0, 100), st.integers(1, 10**6)), max_size=40))
def test_every_entry_leaves_exactly_once(entries: list[tuple[float, int]]) -> None:
    order = Gdsf()
    for index, (seconds, size) in enumerate(entries):
        order.admit(str(index), seconds, size)

    assert sorted(drain(order)) == sorted(str(index) for index in range(len(entries)))
