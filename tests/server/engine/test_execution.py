"""A call is retried where memory ran short, refused where its result is no number, and guarded if asked."""

import asyncio
from pathlib import Path

import pytest
import torch
from server.engine.workbench import MEGABYTE, Bench, Grid, Tally, link, states
from weft.engine.cancel import CancelToken
from weft.engine.events import NodeItem
from weft.engine.execution import Executor, Order, check_finite
from weft.engine.footprint import Footprint, PeakMeter
from weft.engine.lanes import Lanes
from weft.engine.memory import MemoryRelief
from weft.engine.recipes import Recipe
from weft.engine.running import NodeRun, Stage
from weft.errors import NotFiniteError


@pytest.mark.parametrize("kind", ["hungry", "hungry_async"])
async def test_a_shortage_of_memory_is_tried_once_more(tmp_path: Path, kind: str) -> None:
    with Bench(tmp_path) as bench:
        bench.state.shortages = 1
        result = await bench.run({"node": (kind, {"needed": 5})})

    assert result.state == "succeeded"
    assert bench.calls == [f"{kind} 5", f"{kind} 5"]


@pytest.mark.parametrize("kind", ["hungry", "hungry_async"])
async def test_a_second_shortage_is_an_error_with_numbers(tmp_path: Path, kind: str) -> None:
    with Bench(tmp_path) as bench:
        bench.state.shortages = 2
        result = await bench.run({"node": (kind, {"needed": 5})})

    (problem,) = result.problems
    assert (problem.code, problem.node) == ("out-of-memory", "node")
    assert problem.details["needed_bytes"] == 5
    assert problem.details["available_bytes"] == 7
    assert bench.calls == [f"{kind} 5", f"{kind} 5"]


async def test_before_the_second_try_results_and_services_give_up_what_they_hold(tmp_path: Path) -> None:
    with Bench(tmp_path) as bench:
        await bench.run({"grid": ("grid", {"size": MEGABYTE})})
        held = bench.engine.statistics().ram_bytes
        tally = bench.engine.services.get(Tally)
        tally.held = 3 * MEGABYTE
        bench.state.shortages = 1
        await bench.run({"node": ("hungry", {"needed": held + MEGABYTE})})

    assert tally.released == [MEGABYTE]
    assert tally.held == 0
    assert bench.engine.statistics().ram_bytes < MEGABYTE


async def test_the_run_after_an_out_of_memory_error_works(tmp_path: Path) -> None:
    with Bench(tmp_path) as bench:
        bench.state.shortages = 2
        await bench.run({"node": ("hungry", {"needed": 5})})
        result = await bench.run({"node": ("hungry", {"needed": 5})})

    assert states(result) == {"node": "ran"}


async def test_a_result_that_is_not_a_number_names_the_node_and_the_output(tmp_path: Path) -> None:
    nodes = {"bad": ("nan", {}), "after": ("total", {"grid": link("bad.toy_grid")})}
    with Bench(tmp_path, disk=2**30) as bench:
        result = await bench.run(nodes)
        await bench.run(nodes)
        entries = bench.engine.statistics().ram_entries

    (problem,) = result.problems
    assert (problem.code, problem.node) == ("not-finite", "bad")
    assert "toy_grid" in problem.message
    assert states(result) == {"bad": "failed", "after": "skipped"}
    assert entries == 0


async def test_an_infinite_number_of_a_trivial_node_is_refused_too(tmp_path: Path) -> None:
    with Bench(tmp_path) as bench:
        result = await bench.run({"bad": ("divide", {})})

    assert [problem.code for problem in result.problems] == ["not-finite"]


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
@pytest.mark.parametrize("wrong", [float("nan"), float("inf"), float("-inf")])
def test_anything_not_finite_is_found_in_any_float_type(dtype: torch.dtype, wrong: float) -> None:
    tensor = torch.ones(100, dtype=dtype)
    check_finite({"out": [tensor]}, {}, "node")
    tensor[50] = wrong

    with pytest.raises(NotFiniteError, match='"out" of "node"'):
        check_finite({"out": Grid(tensor)}, {}, "node")


def test_a_sum_that_overflows_is_no_proof() -> None:
    check_finite({"out": torch.full((4,), 3e38)}, {}, "node")
    check_finite({"out": torch.full((100_000,), 60_000.0, dtype=torch.float16)}, {}, "node")


def test_opposite_infinities_are_found() -> None:
    with pytest.raises(NotFiniteError):
        check_finite({"out": torch.tensor([float("inf"), float("-inf")])}, {}, "node")


@pytest.mark.parametrize("value", [torch.ones(3, dtype=torch.int64), torch.zeros(0), True, "nan", None, 7])
def test_what_cannot_be_infinite_passes(value: object) -> None:
    check_finite({"out": value}, {}, "node")


def test_what_is_only_passed_on_is_not_read_again() -> None:
    # A mask may hold infinities on purpose; whoever made it answers for it.
    tensor = torch.tensor([float("inf")])

    check_finite({"out": [tensor]}, {"in": Grid(tensor)}, "node")


async def test_a_node_that_changes_its_input_is_found_out_by_the_guard(tmp_path: Path) -> None:
    nodes = {"grid": ("grid", {}), "spoil": ("spoil", {"grid": link("grid.toy_grid")})}
    with Bench(tmp_path, is_guarding=True) as bench:
        result = await bench.run(nodes)

    (problem,) = result.problems
    assert (problem.code, problem.node) == ("input-mutated", "spoil")
    assert "grid" in problem.message


async def test_the_guard_lets_honest_nodes_pass(tmp_path: Path) -> None:
    nodes = {
        "grid": ("grid", {}),
        "shift": ("shift", {"grid": link("grid.toy_grid")}),
        "secret": ("secret", {}),
        "reveal": ("reveal", {"secret": link("secret.toy_secret")}),
        "async": ("hungry_async", {}),
    }
    with Bench(tmp_path, is_guarding=True) as bench:
        result = await bench.run(nodes)

    assert result.state == "succeeded"


async def test_nodes_in_threads_keep_no_gradients(tmp_path: Path) -> None:
    with Bench(tmp_path) as bench:
        nodes = {"grid": ("grid", {}), "shift": ("shift", {"grid": link("grid.toy_grid")})}
        result = await bench.run(nodes, out="shift.toy_grid")
        grid = result.outputs["out"]

    assert isinstance(grid, Grid)
    assert not grid.cells_N.requires_grad


@pytest.mark.parametrize("kind", ["hungry", "hungry_async"])
async def test_what_goes_wrong_at_the_second_try_is_told_as_what_it_is(tmp_path: Path, kind: str) -> None:
    with Bench(tmp_path) as bench:
        bench.state.shortages = 1
        result = await bench.run({"node": (kind, {"needed": -1})})

    (problem,) = result.problems
    assert (problem.code, problem.details["exception"]) == ("node-failed", "ValueError")
    assert "less than nothing" in problem.message
    assert bench.calls == [f"{kind} -1", f"{kind} -1"]


@pytest.mark.parametrize("kind", ["hungry", "hungry_async"])
async def test_only_a_shortage_is_tried_again(tmp_path: Path, kind: str) -> None:
    with Bench(tmp_path) as bench:
        result = await bench.run({"node": (kind, {"needed": -1})})

    assert [problem.code for problem in result.problems] == ["node-failed"]
    assert bench.calls == [f"{kind} -1"]


@pytest.mark.parametrize("kind", ["count_up", "drip"])
async def test_a_stream_is_kept_as_the_list_of_its_items_and_told_item_by_item(
    tmp_path: Path, kind: str
) -> None:
    nodes = {"stream": (kind, {"count": 3}), "sum": ("sum", {"items": link("stream.items")})}
    with Bench(tmp_path) as bench:
        result = await bench.run(nodes, items="stream.items", sum="sum.value")
        told = [event.index for event in bench.seen(NodeItem) if isinstance(event, NodeItem)]
        again = await bench.run(nodes, items="stream.items", sum="sum.value")

    assert result.outputs == {"items": [0, 1, 2], "sum": 3}
    assert told == [0, 1, 2]
    assert states(again) == {"stream": "hit", "sum": "hit"}


def make_stage(bench: Bench) -> Stage:
    """The stage of a run that nobody watches."""
    services, loop = bench.engine.services, asyncio.get_running_loop()
    graph = bench.graph({"grid": ("grid", {})})
    return Stage(graph, services, bench.paths, "cpu", CancelToken(), lambda event: None, None, loop)


@pytest.mark.parametrize("kind", ["grid", "drip"])
async def test_a_call_tells_the_most_that_the_device_held_while_it_worked(tmp_path: Path, kind: str) -> None:
    peaks = iter((900, 40))
    with Bench(tmp_path) as bench:
        lanes = Lanes()
        meter = PeakMeter(lambda: next(peaks))
        executor = Executor(lanes, bench.cache, MemoryRelief("cpu", ()), peaks=meter)
        recipe = Recipe.of(bench.registry.definition(f"toy.{kind}"))
        order = Order(recipe, {}, NodeRun("node", make_stage(bench), {}), "key")
        outcome = await executor.execute(order)
        again = await executor.execute(order)
        lanes.close()

    assert outcome.footprint.peak_bytes == 40
    assert again.footprint == Footprint(outcome.footprint.held_bytes)
