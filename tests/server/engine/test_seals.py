"""A node that changes what it is given fails, and nobody is given what it has changed."""

from pathlib import Path

import pytest
import torch
from server.engine.workbench import Bench, link, states
from weft.engine.seals import InputMutatedError, Seals

SPOILERS = ["spoil", "spoil_inline", "spoil_async"]


@pytest.mark.parametrize("kind", SPOILERS)
async def test_a_node_that_changes_a_tensor_fails_and_is_named(tmp_path: Path, kind: str) -> None:
    nodes = {"grid": ("grid", {}), "bad": (kind, {"grid": link("grid.toy_grid")})}
    with Bench(tmp_path) as bench:
        result = await bench.run(nodes)

    (problem,) = result.problems
    assert (problem.code, problem.node) == ("input-mutated", "bad")
    assert f"toy.{kind}" in problem.message
    assert "grid" in problem.message


@pytest.mark.parametrize("kind", SPOILERS)
async def test_a_changed_value_is_no_output_of_the_run(tmp_path: Path, kind: str) -> None:
    nodes = {"grid": ("grid", {}), "bad": (kind, {"grid": link("grid.toy_grid")})}
    with Bench(tmp_path) as bench:
        result = await bench.run(nodes, grid="grid.toy_grid", bad=_output_of(kind))

    assert result.state == "failed"
    assert result.outputs == {}


@pytest.mark.parametrize("disk", [0, 2**30])
@pytest.mark.parametrize("kind", SPOILERS)
async def test_a_later_run_never_sees_a_changed_value(tmp_path: Path, kind: str, disk: int) -> None:
    grid = ("grid", {"fill": 1.0})
    spoilt = {"grid": grid, "bad": (kind, {"grid": link("grid.toy_grid")})}
    honest = {"grid": grid, "total": ("total", {"grid": link("grid.toy_grid")})}
    with Bench(tmp_path, disk=disk) as bench:
        await bench.run(spoilt, grid="grid.toy_grid", bad=_output_of(kind))
        result = await bench.run(honest, total="total.value")
    with Bench(tmp_path, disk=disk) as bench:
        again = await bench.run(honest, total="total.value")

    assert result.outputs == again.outputs == {"total": 4.0}


@pytest.mark.parametrize("kind", SPOILERS)
async def test_a_node_that_starts_after_the_change_has_no_result(tmp_path: Path, kind: str) -> None:
    nodes = {
        "grid": ("grid", {"fill": 1.0}),
        "pass": ("pass", {"value": link("grid.toy_grid")}),
        "bad": (kind, {"grid": link("grid.toy_grid")}),
        "doze": ("doze", {"steps": 10}),
        "shift": ("shift_late", {"grid": link("pass.value"), "after": link("doze.value")}),
    }
    with Bench(tmp_path) as bench:
        result = await bench.run(nodes, bad=_output_of(kind), late="shift.toy_grid")

    assert states(result)["bad"] == "failed"
    # Where it starts before the other is done, it is told that its input was changed.
    assert states(result)["shift"] in {"skipped", "failed"}
    assert result.outputs == {}


@pytest.mark.parametrize("kind", ["extend", "extend_inline"])
async def test_a_node_that_appends_to_its_list_changes_nothing_for_others(tmp_path: Path, kind: str) -> None:
    nodes = {
        "range": ("range", {"count": 3}),
        "bad": (kind, {"items": link("range.items")}),
        "sum": ("sum", {"items": link("range.items")}),
    }
    with Bench(tmp_path) as bench:
        first = await bench.run(nodes, bad="bad.value", items="range.items")
        result = await bench.run(nodes, bad="bad.value", sum="sum.value", items="range.items")

    assert first.outputs == {"bad": 4, "items": [0, 1, 2]}
    assert result.outputs == {"bad": 4, "items": [0, 1, 2], "sum": 3}


async def test_an_entered_list_is_lent_as_a_copy_too(tmp_path: Path) -> None:
    with Bench(tmp_path) as bench:
        graph = bench.graph({"bad": ("extend", {"items": [1, 2]})})
        await bench.engine.run(graph)

    assert graph.nodes["bad"].values == {"items": [1, 2]}


def test_a_value_that_was_changed_before_the_call_makes_a_victim() -> None:
    seals = Seals()
    tensor = torch.zeros(3)
    seals.note({"out": [tensor]})
    tensor.add_(1)

    with pytest.raises(InputMutatedError, match=r'What "toy.add" was given had been changed') as caught:
        seals.take("toy.add", {"a": tensor, "b": 5})
    assert caught.value.storages == {("cpu", tensor.untyped_storage().data_ptr())}


def test_a_change_through_a_view_is_a_change() -> None:
    seals = Seals()
    tensor = torch.zeros(3)
    seal = seals.take("toy.add", {"a": tensor})
    tensor[1:].fill_(2)

    with pytest.raises(InputMutatedError, match=r'"toy.add" changed what it was given: a'):
        seals.check("toy.add", seal)


def test_what_is_new_in_a_result_may_have_been_built_in_place() -> None:
    seals = Seals()
    tensor = torch.zeros(3).add_(1).mul_(2)
    seals.note({"out": tensor})

    seals.check("toy.add", seals.take("toy.add", {"a": tensor}))


def test_a_tensor_of_inference_mode_is_let_pass() -> None:
    with torch.inference_mode():
        tensor = torch.zeros(3)
    seals = Seals()
    seals.note({"out": tensor})

    seals.check("toy.add", seals.take("toy.add", {"a": tensor}))


def _output_of(kind: str) -> str:
    return "bad.toy_grid" if kind == "spoil" else "bad.value"
