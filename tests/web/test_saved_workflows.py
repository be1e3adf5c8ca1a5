"""What is saved through a server runs on the command line too, while the server works and afterwards."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from live_server import DRAW, LiveServer, live_server


def weft(server: LiveServer, *words: str) -> Any:
    """Run a command beside a server, in its folder, and give its answer."""
    folder = server.folder
    kept = {name: value for name, value in os.environ.items() if not name.startswith("WEFT_")}
    places = {"WEFT_DATA_DIR": str(folder / "data"), "WEFT_WORKFLOWS_DIRS": str(folder / "workflows")}
    done = subprocess.run(
        [sys.executable, "-m", "weft", *words, "--json"],
        cwd=folder,
        env={**kept, **places, "WEFT_DEVICE": "cpu", "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, (done.stdout, done.stderr)
    return json.loads(done.stdout)


def test_a_workflow_that_was_saved_through_the_server_runs_by_its_name(tmp_path: Path) -> None:
    with live_server(tmp_path) as server:
        assert server.call("PUT", "/api/workflows/sketch", {**DRAW, "title": "Mine"}).status == 201

        listed = {entry["name"]: entry["title"] for entry in weft(server, "workflows")["workflows"]}
        beside = weft(server, "run", "sketch", "--prompt", "a square")
        assert server.end() == 0
        afterwards = weft(server, "run", "sketch", "--prompt", "a square")

    assert listed == {"draw": "Draw something", "sketch": "Mine"}
    assert beside["outputs"].keys() == afterwards["outputs"].keys() == {"image", "width"}
