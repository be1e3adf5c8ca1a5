"""A run starts what can start, stops what must stop, and leaves nothing behind."""

import asyncio
import threading
import time
from pathlib import Path

import pytest
from server.engine.workbench import Bench, Nodes, codes, link, states
from weft.engine.cancel import CancelToken
from weft.engine.events import NodeFailed, NodeFinished, NodeStarted, RunFinished
from weft.engine.results import RunResult
from weft.graph.structure import Graph, GraphNode, Source

PATIENCE_S = 20.0


def make_chain(bench: Bench, length: int, kind: str = "toy.plus") -> Graph:
    """A chain of additions, made directly so that the test is about the engine alone."""
    schema = bench.registry.definition(kind).schema
    nodes = {"n0": GraphNode("n0", kind, 1, {"a": 0, "b": 1}, {}, {}, (), schema)}
    for index in range(1, length):
        links = {"a": Source(f"n{index - 1}", "value")}
        nodes[f"n{index}"] = GraphNode(f"n{index}", kind, 1, {"b": 1}, links, {}, (), schema)
    return Graph(nodes, {"out": Source(f"n{length - 1}", "value")}, tuple(nodes))


async def cancel_when_started(bench: Bench, run: "asyncio.Task[RunResult]", token: CancelToken) -> RunResult:
    """Cancel a run as soon as its waiting node has begun."""
    await asyncio.to_thread(bench.state.started.wait, PATIENCE_S)
    token.cancel()
    return await asyncio.wait_for(run, PATIENCE_S)


async def test_a_chain_of_ten_thousand_nodes_runs(tmp_path: Path) -> None:
    with Bench(tmp_path) as bench:
        graph = make_chain(bench, 10_000)
        result = await bench.engine.run(graph)
        again = await bench.engine.run(graph)

    assert result.outputs == {"out": 10_000}
    assert len(bench.state.calls) == 10_000
    assert again.outputs == {"out": 10_000}


async def test_a_long_chain_of_nodes_in_threads_runs(tmp_path: Path) -> None:
    with Bench(tmp_path) as bench:
        result = await bench.engine.run(make_chain(bench, 300, "toy.add"))

    assert result.outputs == {"out": 300}


async def test_a_failure_at_the_head_of_a_long_chain_skips_all_of_it(tmp_path: Path) -> None:
    with Bench(tmp_path) as bench:
        chain = make_chain(bench, 5_000)
        fail = bench.registry.definition("toy.fail_inline").schema
        nodes = dict(chain.nodes) | {
            "n0": GraphNode("n0", "toy.fail_inline", 1, {"a": 0}, {}, {}, (), fail),
        }
        result = await bench.engine.run(Graph(nodes, chain.outputs, chain.order))

    assert result.state == "failed"
    assert list(states(result).values()).count("skipped") == 4_999


async def test_the_event_loop_stays_responsive_during_many_trivial_nodes(tmp_path: Path) -> None:
    with Bench(tmp_path) as bench:
        turns = 0

        async def count_turns() -> None:
            nonlocal turns
            while True:
                turns += 1
                await asyncio.sleep(0)

        counter = asyncio.create_task(count_turns())
        await bench.engine.run(make_chain(bench, 5_000))
        counter.cancel()

    assert turns > 10


async def test_independent_nodes_run_at_the_same_time(tmp_path: Path) -> None:
    # Each waits for the other: only both at once can finish.
    with Bench(tmp_path) as bench:
        result = await bench.run({"a": ("meet", {"a": 1}), "b": ("meet_device", {"a": 2})})

    assert states(result) == {"a": "ran", "b": "ran"}


async def test_nodes_run_in_the_lane_they_ask_for(tmp_path: Path) -> None:
    kinds = ("thread", "thread_device", "thread_io", "thread_inline")
    with Bench(tmp_path) as bench:
        result = await bench.run({kind: (kind, {}) for kind in kinds})

    names = [str(result.outputs[f"{kind}.text"]).split("_")[0] for kind in kinds]
    assert names == ["weft-cpu", "weft-device", "weft-io", threading.current_thread().name]


async def test_a_failure_stops_only_what_depends_on_it(tmp_path: Path) -> None:
    nodes = {
        "bad": ("fail", {"a": 5}),
        "after": ("add", {"a": link("bad.value")}),
        "later": ("plus", {"a": link("after.value")}),
        "good": ("add", {"a": 1}),
        "fine": ("half", {"a": link("good.value")}),
    }
    with Bench(tmp_path) as bench:
        result = await bench.run(nodes, bad="later.value", fine="fine.value")

    assert result.state == "failed"
    assert states(result) == {
        "bad": "failed",
        "after": "skipped",
        "later": "skipped",
        "good": "ran",
        "fine": "ran",
    }
    assert result.outputs == {"fine": 1}
    assert result.nodes["later"].reason.code == "upstream-failed"
    assert "bad" in result.nodes["later"].reason.text


async def test_every_node_ends_with_exactly_one_event(tmp_path: Path) -> None:
    nodes = {
        "bad": ("fail", {}),
        "after": ("add", {"a": link("bad.value"), "b": link("good.value")}),
        "good": ("number", {"value": 1}),
        "more": ("half", {"a": link("good.value")}),
    }
    with Bench(tmp_path) as bench:
        await bench.run(nodes)
        ended = [event.node for event in bench.events if isinstance(event, NodeFinished | NodeFailed)]

    assert sorted(ended) == sorted(nodes)
    assert bench.events[-1] == bench.seen(RunFinished)[0]


@pytest.mark.parametrize(
    ("kind", "code", "word"),
    [
        ("fail", "node-failed", "ValueError: no 0"),
        ("fail_async", "node-failed", "ValueError: async no"),
        ("fail_inline", "node-failed", "KeyError"),
        ("break", "toy-broke", "It broke."),
        ("exhausted", "node-failed", "StopIteration"),
        ("lie", "result-shape", "int"),
        ("exit", "node-failed", "SystemExit(3)"),
        ("exit_inline", "node-failed", "SystemExit(3)"),
        ("exit_async", "node-failed", "SystemExit(3)"),
    ],
)
async def test_what_a_node_raises_becomes_a_problem(tmp_path: Path, kind: str, code: str, word: str) -> None:
    with Bench(tmp_path) as bench:
        result = await asyncio.wait_for(bench.run({"node": (kind, {})}), PATIENCE_S)

    (problem,) = result.problems
    assert (problem.code, problem.node, problem.severity) == (code, "node", "error")
    assert word in problem.message
    assert problem.hint
    assert result.nodes["node"].problem == problem


@pytest.mark.parametrize("kind", ["exit", "exit_inline", "exit_async"])
async def test_an_item_that_wants_to_end_the_program_fails_like_any_other(tmp_path: Path, kind: str) -> None:
    nodes = {"range": ("range", {"count": 2}), "node": (kind, {"a": link("range.items")})}
    with Bench(tmp_path) as bench:
        result = await asyncio.wait_for(bench.run(nodes), PATIENCE_S)

    (problem,) = result.problems
    assert (problem.code, problem.node) == ("node-failed", "node")
    assert "item" in problem.details


async def test_the_problem_of_a_foreign_exception_carries_its_traceback(tmp_path: Path) -> None:
    with Bench(tmp_path) as bench:
        result = await bench.run({"node": ("fail", {})})

    details = result.problems[0].details
    assert details["exception"] == "ValueError"
    assert "workbench.py" in str(details["traceback"])


async def test_a_failed_result_is_not_kept(tmp_path: Path) -> None:
    with Bench(tmp_path, disk=2**30) as bench:
        await bench.run({"node": ("fail_at", {"a": 1, "bad": 1})})
        await bench.run({"node": ("fail_at", {"a": 1, "bad": 1})})

    assert bench.calls == ["fail_at 1", "fail_at 1"]


@pytest.mark.parametrize("kind", ["block", "doze", "sleep"])
async def test_a_cancelled_run_ends_within_a_step(tmp_path: Path, kind: str) -> None:
    token = CancelToken()
    nodes = {
        "before": ("add", {"a": 1}),
        "wait": (kind, {"a": link("before.value")}),
        "after": ("half", {"a": link("wait.value")}),
    }
    with Bench(tmp_path) as bench:
        run = asyncio.create_task(bench.run(nodes, cancel=token))
        result = await cancel_when_started(bench, run, token)
        alive = len(asyncio.all_tasks())

    assert result.state == "cancelled"
    assert states(result) == {"before": "ran", "wait": "cancelled", "after": "cancelled"}
    assert alive == 1
    assert "half" not in " ".join(bench.state.calls)


async def test_what_was_finished_before_the_cancel_is_kept(tmp_path: Path) -> None:
    token = CancelToken()
    nodes = {"before": ("add", {"a": 1}), "wait": ("block", {"a": link("before.value")})}
    with Bench(tmp_path, disk=2**30) as bench:
        await cancel_when_started(bench, asyncio.create_task(bench.run(nodes, cancel=token)), token)
        bench.state.gate.set()
        result = await bench.run(nodes)

    assert states(result) == {"before": "hit", "wait": "ran"}
    assert bench.leftovers() == []


async def test_a_run_that_is_cancelled_before_it_starts_runs_nothing(tmp_path: Path) -> None:
    token = CancelToken()
    token.cancel()
    with Bench(tmp_path) as bench:
        result = await bench.run({"a": ("number", {}), "b": ("add", {"a": link("a.value")})}, cancel=token)

    assert result.state == "cancelled"
    assert set(states(result).values()) == {"cancelled"}
    assert bench.calls == []


async def test_cancelling_during_many_trivial_nodes_stops_them(tmp_path: Path) -> None:
    token = CancelToken()
    with Bench(tmp_path) as bench:
        seen = 0

        def observe(event: object) -> None:
            nonlocal seen
            seen += isinstance(event, NodeStarted)
            if seen == 50:
                token.cancel()

        result = await bench.engine.run(make_chain(bench, 5_000), observer=observe, cancel=token)

    assert result.state == "cancelled"
    assert len(bench.calls) == 50


async def test_when_the_caller_is_cancelled_the_threads_end_first(tmp_path: Path) -> None:
    with Bench(tmp_path) as bench:
        run = asyncio.create_task(bench.run({"wait": ("block", {})}))
        await asyncio.to_thread(bench.state.started.wait, PATIENCE_S)
        run.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asyncio.wait_for(run, PATIENCE_S)
        # A free device and processor lane prove that nothing of the cancelled run goes on.
        result = await bench.run({"add": ("add", {"a": 1})})

    assert result.state == "succeeded"


async def test_the_next_run_after_a_cancelled_one_works(tmp_path: Path) -> None:
    token = CancelToken()
    with Bench(tmp_path) as bench:
        nodes = {"wait": ("doze", {"a": 3})}
        await cancel_when_started(bench, asyncio.create_task(bench.run(nodes, cancel=token)), token)
        bench.state.gate.set()
        result = await bench.run(nodes)

    assert result.outputs == {"wait.value": 3}


async def test_an_impure_node_runs_every_time(tmp_path: Path) -> None:
    with Bench(tmp_path) as bench:
        await bench.run({"clock": ("clock", {})})
        result = await bench.run({"clock": ("clock", {})})

    assert bench.calls == ["clock", "clock"]
    assert codes(result) == {"clock": "impure"}


async def test_behind_an_impure_node_nothing_runs_where_its_value_is_the_same(tmp_path: Path) -> None:
    nodes = {"clock": ("clock", {}), "add": ("add", {"a": link("clock.value")})}
    with Bench(tmp_path) as bench:
        await bench.run(nodes)
        same = await bench.run(nodes)
        bench.state.clock = 9
        other = await bench.run(nodes)

    assert bench.calls == ["clock", "add 0 1", "clock", "clock", "add 9 1"]
    assert codes(same)["add"] == "equal-inputs"
    assert codes(other)["add"] == "upstream-changed"


async def test_a_change_that_makes_no_difference_stops_where_it_makes_none(tmp_path: Path) -> None:
    def nodes(start: int) -> Nodes:
        return {
            "start": ("number", {"value": start}),
            "half": ("half", {"a": link("start.value")}),
            "add": ("add", {"a": link("half.value")}),
            "last": ("half", {"a": link("add.value")}),
        }

    with Bench(tmp_path) as bench:
        await bench.run(nodes(6), out="last.value")
        bench.state.calls.clear()
        result = await bench.run(nodes(7), out="last.value")

    assert bench.calls == ["number 7", "half 7"]
    assert codes(result) == {
        "start": "input-changed",
        "half": "upstream-changed",
        "add": "equal-inputs",
        "last": "equal-inputs",
    }


async def test_tensors_that_come_out_equal_stop_the_wave_too(tmp_path: Path) -> None:
    def nodes(fill: float) -> Nodes:
        return {
            "grid": ("grid", {"fill": fill}),
            "clamp": ("clamp", {"grid": link("grid.toy_grid")}),
            "total": ("total", {"grid": link("clamp.toy_grid")}),
        }

    with Bench(tmp_path) as bench:
        await bench.run(nodes(2.0), out="total.value")
        bench.state.calls.clear()
        result = await bench.run(nodes(3.0), out="total.value")

    assert bench.calls == ["grid 4 3.0", "clamp"]
    assert codes(result)["total"] == "equal-inputs"


async def test_a_switch_runs_only_the_branch_it_takes(tmp_path: Path) -> None:
    nodes = {
        "yes": ("add", {"a": 1}),
        "no": ("add", {"a": 100}),
        "switch": (
            "switch",
            {"condition": True, "when_true": link("yes.value"), "when_false": link("no.value")},
        ),
    }
    with Bench(tmp_path) as bench:
        result = await bench.run(nodes, out="switch.value")

    assert result.outputs == {"out": 2}
    assert bench.calls == ["switch True", "add 1 1"]
    assert codes(result)["no"] == "not-needed"


async def test_a_lazy_literal_is_there_at_once(tmp_path: Path) -> None:
    nodes = {"switch": ("switch", {"condition": False, "when_true": 1, "when_false": 2})}
    with Bench(tmp_path) as bench:
        result = await bench.run(nodes, out="switch.value")

    assert result.outputs == {"out": 2}


async def test_lazy_branches_may_hang_on_each_other(tmp_path: Path) -> None:
    def switch(condition: bool, when_true: str, when_false: str) -> tuple[str, object]:
        inputs = {"condition": condition, "when_true": link(when_true), "when_false": link(when_false)}
        return "switch", inputs

    nodes = {
        "one": ("add", {"a": 1}),
        "inner": switch(True, "one.value", "bad.value"),
        "bad": ("fail", {}),
        "outer": switch(False, "bad.value", "inner.value"),
        "again": switch(True, "inner.value", "outer.value"),
        "sum": ("add", {"a": link("outer.value"), "b": link("again.value")}),
    }
    with Bench(tmp_path) as bench:
        result = await bench.run(nodes, out="sum.value")

    assert result.outputs == {"out": 4}
    assert codes(result)["bad"] == "not-needed"


async def test_a_lazy_branch_that_fails_skips_who_awaits_it(tmp_path: Path) -> None:
    nodes = {
        "bad": ("fail", {}),
        "switch": ("switch", {"condition": True, "when_true": link("bad.value"), "when_false": 2}),
        "after": ("add", {"a": link("switch.value")}),
    }
    with Bench(tmp_path) as bench:
        result = await bench.run(nodes, out="after.value")

    assert states(result) == {"bad": "failed", "switch": "skipped", "after": "skipped"}
    assert [problem.node for problem in result.problems] == ["bad"]
    assert "bad" in result.nodes["switch"].reason.text


async def test_a_condition_may_change_back_without_running_anything(tmp_path: Path) -> None:
    def nodes(condition: bool) -> Nodes:
        inputs = {
            "condition": condition,
            "when_true": link("yes.value"),
            "when_false": link("no.value"),
        }
        return {"yes": ("add", {"a": 1}), "no": ("add", {"a": 100}), "switch": ("switch", inputs)}

    with Bench(tmp_path) as bench:
        for condition in (True, False):
            await bench.run(nodes(condition), out="switch.value")
        bench.state.calls.clear()
        result = await bench.run(nodes(True), out="switch.value")

    assert bench.calls == []
    assert result.outputs == {"out": 2}


async def test_the_same_work_in_two_runs_is_done_once(tmp_path: Path) -> None:
    with Bench(tmp_path) as bench:
        graph = bench.graph({"wait": ("doze", {"a": 4})}, out="wait.value")
        runs = [asyncio.create_task(bench.engine.run(graph)) for _ in range(5)]
        await asyncio.to_thread(bench.state.started.wait, PATIENCE_S)
        bench.state.gate.set()
        results = await asyncio.gather(*runs)

    assert bench.calls == ["doze 4"]
    assert [result.outputs["out"] for result in results] == [4] * 5
    assert sorted(state for result in results for state in states(result).values()) == ["hit"] * 4 + ["ran"]


async def test_the_same_work_twice_in_one_run_is_done_once(tmp_path: Path) -> None:
    nodes = {
        "a": ("roll", {"seed": 3}),
        "b": ("roll", {"seed": 3}),
        "sum": ("add", {"a": link("a.value"), "b": link("b.value")}),
    }
    with Bench(tmp_path) as bench:
        result = await bench.run(nodes, out="sum.value")

    assert bench.state.count("roll") == 1
    assert result.outputs == {"out": 6}


async def test_when_the_run_that_computes_is_cancelled_a_waiting_one_takes_over(tmp_path: Path) -> None:
    token = CancelToken()
    with Bench(tmp_path) as bench:
        graph = bench.graph({"wait": ("block", {"a": 4})}, out="wait.value")
        first = asyncio.create_task(bench.engine.run(graph, cancel=token))
        await asyncio.to_thread(bench.state.started.wait, PATIENCE_S)
        second = asyncio.create_task(bench.engine.run(graph))
        await asyncio.sleep(0.02)
        bench.state.started.clear()
        token.cancel()
        cancelled = await asyncio.wait_for(first, PATIENCE_S)
        await asyncio.to_thread(bench.state.started.wait, PATIENCE_S)
        bench.state.gate.set()
        result = await asyncio.wait_for(second, PATIENCE_S)

    assert cancelled.state == "cancelled"
    assert result.outputs == {"out": 4}
    assert bench.calls == ["block 4", "block 4"]


async def test_values_nobody_wants_any_more_are_let_go(tmp_path: Path) -> None:
    # Nothing fits into the cache, so only the run itself could hold the tensors.
    nodes: dict[str, tuple[object, ...]] = {"shift0": ("grid", {"size": 1_000})}
    for index in range(1, 12):
        nodes[f"shift{index}"] = ("shift", {"grid": link(f"shift{index - 1}.toy_grid"), "by": index})
    held: list[int] = []

    def count(event: object) -> None:
        if isinstance(event, NodeFinished):
            # A thread that has handed over a result holds it until it gets to run on, which may take a while
            # on a busy machine; the run itself stands still in here, and what it holds it does not let go.
            give_up = time.monotonic() + PATIENCE_S
            while (alive := bench.state.alive()) > 2 and time.monotonic() < give_up:
                time.sleep(0.001)
            held.append(alive)

    with Bench(tmp_path, ram=0) as bench:
        await bench.engine.run(bench.graph(nodes, out="shift11.toy_grid"), observer=count)

    # What was just made, and what it was made from.
    assert max(held) == 2


async def test_a_node_that_works_reports_how_long_it_took(tmp_path: Path) -> None:
    with Bench(tmp_path) as bench:
        bench.state.gate.set()
        started = time.perf_counter()
        result = await bench.run({"block": ("block", {})})
        passed = time.perf_counter() - started

    assert 0 < result.nodes["block"].seconds <= passed
    assert result.seconds <= passed


async def test_lists_that_would_run_a_node_too_often_are_refused_before_any_run(tmp_path: Path) -> None:
    nodes = {
        "left": ("range", {"count": 100_000}),
        "right": ("range", {"count": 100_000}),
        "add": ("add", {"a": link("left.items"), "b": link("right.items")}),
    }
    with Bench(tmp_path) as bench:
        result = await asyncio.wait_for(bench.run(nodes, out="add.value"), PATIENCE_S)

    (problem,) = result.problems
    assert (problem.code, problem.node) == ("too-many-runs", "add")
    assert "a (100,000 items) and b (100,000 items)" in problem.message
    assert problem.details["runs"] == 10**10
    assert bench.state.count("add") == 0
