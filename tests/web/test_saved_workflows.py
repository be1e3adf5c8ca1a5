"""What is saved through a server runs on the command line too, while the server works and afterwards."""

import os
from pathlib import Path
from typing import Any

import pytest
from cli.heard import hear
from live_server import DRAW, LiveServer, live_server


def weft(server: LiveServer, *words: str) -> Any:
    """Carry out a command beside a server, in its folder, and give its answer.

    The process of the tests is as strange to the server as any other.
    """
    folder = server.folder
    places = {"WEFT_DATA_DIR": folder / "data", "WEFT_WORKFLOWS_DIRS": folder / "workflows"}
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        for name in [name for name in os.environ if name.startswith("WEFT_")]:
            patch.delenv(name)
        for name, value in {**places, "WEFT_DEVICE": "cpu"}.items():
            patch.setenv(name, str(value))
        heard = hear(*words, "--json")
    assert heard.code == 0, heard
    return heard.answer


def test_a_workflow_that_was_saved_through_the_server_runs_by_its_name(tmp_path: Path) -> None:
    with live_server(tmp_path) as server:
        assert server.call("PUT", "/api/workflows/sketch", {**DRAW, "title": "Mine"}).status == 201

        listed = {entry["name"]: entry["title"] for entry in weft(server, "workflows")["workflows"]}
        beside = weft(server, "run", "sketch", "--prompt", "a square")
        assert server.end() == 0
        afterwards = weft(server, "run", "sketch", "--prompt", "a square")

    assert listed == {"draw": "Draw something", "sketch": "Mine"}
    assert beside["outputs"].keys() == afterwards["outputs"].keys() == {"image", "width"}
