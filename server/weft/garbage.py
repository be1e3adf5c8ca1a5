"""When Python looks for garbage: neither while a program loads nor when it ends, but all the while between.

Nearly all that is made while modules are imported stays, and what is there in the end goes with the process:
to look through it time and again takes a sixth of the time of a server that starts and ends, and a quarter of
the time of `import torch`.
"""

from __future__ import annotations

import gc


def begin_loading() -> None:
    """Look for no garbage until everything is loaded; for the program alone, whose process it is."""
    gc.disable()


def end_loading() -> None:
    """Look for garbage from now on, but never in what is there by now; nothing where nobody began to load."""
    if not gc.isenabled():
        gc.freeze()
        gc.enable()


def begin_ending() -> None:
    """Look for no garbage any more, not even once when the interpreter ends; for the program alone, too."""
    gc.disable()
    gc.freeze()
