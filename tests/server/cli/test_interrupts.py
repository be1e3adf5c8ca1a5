"""The first Ctrl-C asks, the second one ends."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest
from weft.cli.interrupts import cancel_on_interrupt
from weft.engine.cancel import CancelToken

STUBBORN = """
import os, signal, time
from weft.cli.interrupts import cancel_on_interrupt
from weft.engine.cancel import CancelToken

def clean_up():
    os.write(1, b"cleaned")

def press(text=""):
    os.kill(os.getpid(), signal.SIGINT)

announce = press if {is_hasty} else len
with cancel_on_interrupt(CancelToken(), announce=announce, clean_up=clean_up):
    press()
    press()
    time.sleep(60)
"""


def test_the_first_interrupt_cancels_and_says_so() -> None:
    token = CancelToken()
    said: list[str] = []

    with cancel_on_interrupt(token, announce=said.append, clean_up=lambda: said.append("cleaned")):
        os.kill(os.getpid(), signal.SIGINT)

    assert token.cancelled
    assert said == ["Cancelling after this step; press Ctrl-C again to stop at once."]


@pytest.fixture
def _interruptible() -> Iterator[None]:
    """Hear interrupts, also where a shell started the tests in its background, deaf to them."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("_interruptible")
def test_afterwards_an_interrupt_is_what_it_was() -> None:
    token = CancelToken()

    with cancel_on_interrupt(token, announce=lambda _: None, clean_up=lambda: None):
        pass
    with pytest.raises(KeyboardInterrupt):
        os.kill(os.getpid(), signal.SIGINT)

    assert not token.cancelled


@pytest.mark.parametrize("is_hasty", [False, True], ids=["later", "while-the-first-is-answered"])
def test_the_second_interrupt_cleans_up_and_ends_the_process(is_hasty: bool) -> None:
    program = STUBBORN.format(is_hasty=is_hasty)

    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, check=False)

    assert (ended.returncode, ended.stdout) == (130, b"cleaned")
