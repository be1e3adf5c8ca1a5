"""Ctrl-C in the middle of a run."""

import signal
import subprocess

from cli.conftest import Desk

PATIENCE_S = 200.0
"""On a busy machine, a single step may take a minute."""

# Far more steps than any test waits for.
LONG = ("--steps", "200", "--width", "256", "--height", "256")


def _wait_for(process: subprocess.Popen[str], beginning: str) -> None:
    """Read what the process says until a line begins so."""
    assert process.stderr is not None
    for line in process.stderr:
        if line.lstrip().startswith(beginning):
            return
    raise AssertionError(f"The process ended without saying {beginning}")


def test_ctrl_c_while_sampling_ends_with_130_and_keeps_what_was_finished(desk: Desk) -> None:
    process = desk.start("run", "text-to-image", *LONG)

    # The first report of progress comes when steps are being made.
    _wait_for(process, "sample  step")
    process.send_signal(signal.SIGINT)
    data, words = process.communicate(timeout=PATIENCE_S)

    assert process.returncode == 130, words
    assert data == ""
    assert "Cancelling after this step" in words
    assert "Finished and kept:" in words
    assert "Traceback" not in words
    assert desk.files("output") == set()
    assert not [name for name in desk.files("data") if name.endswith(".tmp")]

    after = desk.hear("run", "text-to-image", "--steps", "1", "--width", "256", "--height", "256", "--json")
    states = after.states()
    assert (states["checkpoint"], states["positive"], states["sample"]) == ("hit", "hit", "ran")
