"""What the editor exports is run as it stands: the command by a shell, the program by Python."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from live_server import LiveServer

ROOT = Path(__file__).parents[2]
TEXT = "it's \"quoted\" $HOME `true` \\ 100 %\nstraße 🖌 'JSON'\nJSON"
DOCUMENT: dict[str, Any] = {
    "weft": 1,
    "inputs": {"text": {"to": ["words.text"]}, "width": {"to": ["picture.width"]}},
    "outputs": {"said": {"from": "words.text"}, "picture": {"from": "picture.image"}},
    "nodes": {
        "words": {"type": "text.value", "version": 1, "inputs": {"text": TEXT}},
        "picture": {"type": "image.empty", "version": 1, "inputs": {"width": 8, "height": 8}},
    },
    "view": {"nodes": {"words": {"at": [0, 0]}}},
}
WRITE = """
import { curl, python } from "MODULE";
const { language, ...exported } = JSON.parse(Deno.args[0]);
console.log({ curl, python }[language](exported));
"""


def exported(language: str, server: LiveServer, name: str | None) -> str:
    """What the editor writes, written by the editor's own module."""
    module = (ROOT / "frontend" / "model" / "export.js").as_uri()
    asked = {"language": language, "origin": server.url, "document": DOCUMENT, "name": name}
    deno = Path(sys.executable).with_name("deno")
    command = [str(deno), "run", "--quiet", "--no-config", "-", json.dumps(asked)]
    source = WRITE.replace("MODULE", module)
    return subprocess.run(command, input=source, capture_output=True, text=True, check=True).stdout


@pytest.fixture(params=[None, "quick picture"], ids=["document", "saved"])
def name(request: pytest.FixtureRequest, server: LiveServer) -> str | None:
    """Nothing for a document that is sent along, or what it is saved under."""
    found: str | None = request.param
    if found is not None:
        path = f"/api/workflows/{found.replace(' ', '%20')}"
        assert server.call("PUT", path, DOCUMENT, headers={"If-None-Match": "*"}).status in {200, 201, 412}
    return found


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_the_command_runs_the_workflow_with_every_character_as_it_was(
    server: LiveServer, name: str | None
) -> None:
    command = exported("curl", server, name)

    done = subprocess.run(["sh"], input=command, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
    job = json.loads(done.stdout)
    assert job["state"] == "succeeded"
    assert {output["output"]: output["value"] for output in job["outputs"]}["said"] == TEXT


def test_the_program_runs_the_workflow_and_saves_its_pictures(
    server: LiveServer, name: str | None, tmp_path: Path
) -> None:
    program = exported("python", server, name)

    environment = os.environ | {"PYTHONIOENCODING": "utf-8"}
    command = [sys.executable, "-I", "-c", program]
    done = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, encoding="utf-8", check=False
    )

    assert done.returncode == 0, done.stderr
    assert f"said {TEXT}" in done.stdout
    assert (tmp_path / "picture-0.png").read_bytes().startswith(b"\x89PNG")


def test_what_the_server_refuses_ends_both_with_its_reason(server: LiveServer) -> None:
    refused = exported("python", server, "nobody saved this")

    done = subprocess.run([sys.executable, "-c", refused], capture_output=True, text=True, check=False)

    assert done.returncode == 1
    assert json.loads(done.stderr)["status"] == 404
