"""Costly things are made once, shared by threads, and forgotten in order of use."""

import threading
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest
from weft_nodes.models.shelf import Shelf


class _Thing:
    def __init__(self, size: int) -> None:
        self.size = size


def _shelf(keep: int | None = None) -> Shelf[_Thing]:
    return Shelf(lambda thing: thing.size, keep=keep)


def _fill(shelf: Shelf[_Thing], **sizes: int) -> None:
    for key, size in sizes.items():
        shelf.get(key, partial(_Thing, size))


def test_a_thing_is_made_once() -> None:
    shelf = _shelf()

    first = shelf.get("a", lambda: _Thing(1))
    second = shelf.get("a", lambda: _Thing(2))

    assert first is second


def test_threads_that_ask_at_once_share_one_making() -> None:
    shelf, made, all_here = _shelf(), [], threading.Barrier(8)

    def make() -> _Thing:
        made.append(1)
        return _Thing(1)

    def ask(_: int) -> _Thing:
        all_here.wait()
        return shelf.get("a", make)

    with ThreadPoolExecutor(8) as pool:
        things = list(pool.map(ask, range(8)))

    assert len(made) == 1
    assert len({id(thing) for thing in things}) == 1


def test_another_key_is_served_while_one_is_being_made() -> None:
    shelf, making, may_end = _shelf(), threading.Event(), threading.Event()

    def slowly() -> _Thing:
        making.set()
        may_end.wait(10)
        return _Thing(1)

    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(shelf.get, "slow", slowly)
        making.wait(10)
        quick = shelf.get("quick", lambda: _Thing(2))
        may_end.set()

        assert quick.size == 2
        assert slow.result().size == 1


def test_a_failure_reaches_the_caller_and_the_next_call_tries_again() -> None:
    shelf = _shelf()

    def fail() -> _Thing:
        raise OSError("no disk")

    with pytest.raises(OSError, match="no disk"):
        shelf.get("a", fail)

    assert shelf.get("a", lambda: _Thing(3)).size == 3


def test_beyond_its_limit_the_least_recently_used_is_forgotten() -> None:
    shelf = _shelf(keep=2)
    a = shelf.get("a", lambda: _Thing(1))
    shelf.get("b", lambda: _Thing(1))
    shelf.get("a", lambda: _Thing(1))
    shelf.get("c", lambda: _Thing(1))

    assert len(shelf) == 2
    assert shelf.get("a", lambda: _Thing(9)) is a
    assert shelf.get("b", lambda: _Thing(9)).size == 9


def test_held_bytes_add_up() -> None:
    shelf = _shelf()
    _fill(shelf, a=10, b=5)

    assert shelf.held_bytes() == 15


def test_release_forgets_no_more_than_it_needs() -> None:
    shelf = _shelf()
    _fill(shelf, a=10, b=5, c=7)

    assert shelf.release(11) == 15
    assert shelf.held_bytes() == 7


def test_release_of_more_than_there_is_frees_all_of_it() -> None:
    shelf = _shelf()
    shelf.get("a", lambda: _Thing(10))

    assert shelf.release(1000) == 10
    assert shelf.release(1000) == 0


def test_what_is_still_in_use_does_not_count_as_freed() -> None:
    shelf = _shelf()
    in_use = shelf.get("a", lambda: _Thing(10))
    shelf.get("b", lambda: _Thing(5))

    assert shelf.release(12) == 5
    assert in_use.size == 10


def test_what_only_a_cycle_holds_counts_as_freed() -> None:
    shelf = _shelf()

    def circular() -> _Thing:
        thing = _Thing(10)
        thing.__dict__["itself"] = thing
        return thing

    shelf.get("a", circular)

    assert shelf.release(1) == 10


def test_a_cleared_shelf_is_empty() -> None:
    shelf = _shelf()
    shelf.get("a", lambda: _Thing(10))
    shelf.clear()

    assert (len(shelf), shelf.held_bytes()) == (0, 0)
