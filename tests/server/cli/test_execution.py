"""One run of the engine in this process."""

import io
from pathlib import Path

import pytest
import torch
from weft.cli.arguments import Options
from weft.cli.execution import compute, foresee, open_engine
from weft.cli.faults import DeviceUnavailableError
from weft.cli.preparation import Prepared, prepare
from weft.cli.session import Session, open_session
from weft.cli.sources import read_source
from weft.cli.terminal import Terminal
from weft.values import Image


def _prepared(options: Options) -> tuple[Prepared, Session]:
    session = open_session(options)
    return prepare(read_source("draw.json", session.workflows), options, session), session


def test_a_run_gives_outputs_and_tells_its_progress(folder: Path) -> None:
    options = Options("run", "draw.json")
    words = io.StringIO()

    prepared, session = _prepared(options)
    result = compute(prepared, options, session, terminal=Terminal(io.StringIO(), words), lineage="x")

    assert result.state == "succeeded"
    assert isinstance(result.outputs["image"], Image)
    assert "✓ draw" in words.getvalue()


def test_a_plan_runs_nothing_and_knows_what_was_run(folder: Path) -> None:
    options = Options("run", "draw.json", as_json=True)
    prepared, session = _prepared(options)

    before = foresee(prepared, options, session, lineage="x")
    compute(prepared, options, session, terminal=Terminal(io.StringIO(), io.StringIO()), lineage="x")
    after = foresee(prepared, options, session, lineage="x")

    assert {step.action for step in before.steps} == {"run"}
    assert {step.action for step in after.steps} == {"hit"}


def test_an_engine_without_cache_keeps_nothing_on_disk(folder: Path) -> None:
    options = Options("run", "draw.json", use_cache=False)
    prepared, session = _prepared(options)

    with open_engine(prepared, options, session) as engine:
        assert not engine.cache.has_disk

    assert not (folder / "data").exists()


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has the device")
def test_a_device_that_is_not_there_is_refused(folder: Path) -> None:
    options = Options("run", "draw.json", device="cuda")
    prepared, session = _prepared(options)

    with pytest.raises(DeviceUnavailableError, match="no device cuda:0"):
        open_engine(prepared, options, session)
