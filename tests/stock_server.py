"""`weft serve` as a user starts it on a fresh machine: weft's own nodes, the starter model, nothing else."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from live_server import LiveServer

NOWHERE = "http://127.0.0.1:9"
"""A hub where nobody answers, so that no test calls the real one."""


@contextmanager
def stock_server(folder: Path) -> Iterator[LiveServer]:
    """Start a server in an empty folder, and wait until it takes jobs."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("WEFT_")}
    given = {"DATA_DIR": str(folder / "data"), "DEVICE": "cpu", "PORT": "0"}
    settings = {f"WEFT_{name}": value for name, value in given.items()}
    with (folder / "log").open("a") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "weft", "serve", "--json"],
            cwd=folder,
            env={**kept, **settings, "OMP_NUM_THREADS": "1", "HF_ENDPOINT": NOWHERE},
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
    assert process.stdout is not None
    with process, process.stdout:
        try:
            text = "".join(iter(lambda: _line_before_end(process), ""))
            assert text, (folder / "log").read_text()
            server = LiveServer(folder, process, json.loads(text + "}")["url"], None)
            server.wait_until_ready()
            yield server
        finally:
            if process.poll() is None:
                process.kill()


def _line_before_end(process: "subprocess.Popen[str]") -> str:
    """Read a line of the object that it prints; nothing where the object, or all output, ends."""
    assert process.stdout is not None
    line = process.stdout.readline()
    return "" if line == "}\n" else line
