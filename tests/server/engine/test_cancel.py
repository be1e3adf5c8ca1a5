"""The wish to stop is made once, heard by all, and never lost."""

import threading

from weft.engine.cancel import CancelToken


def test_a_token_is_not_cancelled_before_it_is() -> None:
    token = CancelToken()

    assert not token.cancelled
    token.cancel()
    assert token.cancelled


def test_every_listener_hears_it_once() -> None:
    token = CancelToken()
    heard: list[str] = []
    token.subscribe(lambda: heard.append("a"))
    token.subscribe(lambda: heard.append("b"))
    token.cancel()
    token.cancel()

    assert heard == ["a", "b"]


def test_who_comes_late_hears_it_at_once() -> None:
    token = CancelToken()
    token.cancel()
    heard: list[str] = []
    token.subscribe(lambda: heard.append("late"))

    assert heard == ["late"]


def test_who_left_hears_nothing() -> None:
    token = CancelToken()
    heard: list[str] = []
    leave = token.subscribe(lambda: heard.append("gone"))
    leave()
    leave()
    token.cancel()

    assert heard == []


def test_another_thread_may_cancel() -> None:
    token = CancelToken()
    thread = threading.Thread(target=token.cancel)
    thread.start()
    thread.join()

    assert token.cancelled
