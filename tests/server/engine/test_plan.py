"""A plan says what a run would do, and then the run does just that."""

from pathlib import Path

from server.engine.workbench import Bench, Nodes, link
from weft.engine.plan import Plan

DISK = 2**30
CHAIN: Nodes = {
    "number": ("number", {"value": 3}),
    "add": ("add", {"a": link("number.value"), "b": 4}),
    "half": ("half", {"a": link("add.value")}),
}


async def plan_of(bench: Bench, nodes: Nodes, **outputs: str) -> Plan:
    """The plan of a graph."""
    return await bench.engine.plan(bench.graph(nodes, **outputs))


def actions(plan: Plan) -> dict[str, str]:
    """What would be done with each node."""
    return {step.id: step.action for step in plan.steps}


async def test_at_first_everything_would_run_and_nothing_does(tmp_path: Path) -> None:
    with Bench(tmp_path) as bench:
        plan = await plan_of(bench, CHAIN, out="half.value")

    assert actions(plan) == {"number": "run", "add": "run", "half": "run"}
    assert {step.reason.code for step in plan.steps} == {"first-run"}
    assert {step.seconds_last for step in plan.steps} == {None}
    assert bench.calls == []


async def test_after_a_run_everything_would_be_reused(tmp_path: Path) -> None:
    with Bench(tmp_path) as bench:
        await bench.run(CHAIN, out="half.value")
        plan = await plan_of(bench, CHAIN, out="half.value")

    assert set(actions(plan).values()) == {"hit"}
    assert {step.reason.code for step in plan.steps} == {"hit-ram"}


async def test_after_a_change_only_what_follows_would_run(tmp_path: Path) -> None:
    with Bench(tmp_path) as bench:
        await bench.run(CHAIN, out="half.value")
        changed = {**CHAIN, "add": ("add", {"a": link("number.value"), "b": 5})}
        plan = await plan_of(bench, changed, out="half.value")

    assert actions(plan) == {"number": "hit", "add": "run", "half": "run"}
    assert [step.reason.text for step in plan.steps] == [
        "Its result was still in memory.",
        "b changed from 4 to 5.",
        "a comes from add.value, which changed.",
    ]


async def test_a_plan_tells_how_long_it_took_last_time(tmp_path: Path) -> None:
    with Bench(tmp_path, disk=DISK) as bench:
        bench.state.gate.set()
        result = await bench.run({"block": ("block", {"a": 1})})
    with Bench(tmp_path, disk=DISK) as bench:
        plan = await plan_of(bench, {"block": ("block", {"a": 2})})

    (step,) = plan.steps
    assert step.action == "run"
    assert step.seconds_last == result.nodes["block"].seconds
    assert plan.seconds == step.seconds_last
    assert step.reason.text == "a changed from 1 to 2."


async def test_a_plan_tells_what_the_results_held_last_time(tmp_path: Path) -> None:
    def nodes(by: float) -> Nodes:
        shift = ("shift", {"grid": link("grid.toy_grid"), "by": by})
        return {"grid": ("grid", {"size": 8}), "shift": shift}

    with Bench(tmp_path, disk=DISK) as bench:
        await bench.run(nodes(1.0))
    with Bench(tmp_path, disk=DISK) as bench:
        plan = await plan_of(bench, nodes(2.0))

    assert [(step.action, step.held_bytes_last) for step in plan.steps] == [("hit", 32), ("run", 32)]
    assert plan.held_bytes == 32


async def test_what_feeds_only_reused_nodes_is_not_needed(tmp_path: Path) -> None:
    with Bench(tmp_path, disk=DISK) as bench:
        await bench.run(CHAIN, out="half.value")
    with Bench(tmp_path, disk=DISK) as bench:
        plan = await plan_of(bench, CHAIN, out="half.value")

    assert [step.reason.code for step in plan.steps] == ["not-needed", "hit-disk", "hit-disk"]


async def test_what_hangs_on_an_impure_node_is_unknown(tmp_path: Path) -> None:
    nodes: Nodes = {"clock": ("clock", {}), "add": ("add", {"a": link("clock.value")})}
    with Bench(tmp_path) as bench:
        await bench.run(nodes, out="add.value")
        plan = await plan_of(bench, nodes, out="add.value")

    assert actions(plan) == {"clock": "run", "add": "unknown"}
    assert plan.steps[0].reason.code == "impure"


async def test_what_only_a_lazy_input_may_ask_for_is_unknown(tmp_path: Path) -> None:
    nodes: Nodes = {
        "deep": ("add", {"a": 1}),
        "yes": ("add", {"a": link("deep.value")}),
        "sure": ("add", {"a": 5}),
        "switch": (
            "switch",
            {"condition": True, "when_true": link("yes.value"), "when_false": link("sure.value")},
        ),
        "end": ("add", {"a": link("switch.value"), "b": link("sure.value")}),
    }
    with Bench(tmp_path) as bench:
        plan = await plan_of(bench, nodes, out="end.value")

    assert actions(plan) == {
        "deep": "unknown",
        "yes": "unknown",
        "sure": "run",
        "switch": "run",
        "end": "run",
    }


async def test_a_mapped_node_with_a_new_item_would_run(tmp_path: Path) -> None:
    def nodes(text: str) -> Nodes:
        return {"words": ("words", {"text": text}), "shout": ("shout", {"text": link("words.items")})}

    with Bench(tmp_path) as bench:
        await bench.run(nodes("a b"), out="shout.text")
        same = await plan_of(bench, nodes("a b"), out="shout.text")
        more = await plan_of(bench, nodes("a b c"), out="shout.text")

    assert actions(same) == {"words": "hit", "shout": "hit"}
    assert actions(more) == {"words": "run", "shout": "run"}


async def test_only_what_is_wanted_is_planned(tmp_path: Path) -> None:
    with Bench(tmp_path) as bench:
        graph = bench.graph(CHAIN, sum="add.value", half="half.value")
        plan = await bench.engine.plan(graph, wanted=["sum"])

    assert [step.id for step in plan.steps] == ["number", "add"]


async def test_a_plan_is_json(tmp_path: Path) -> None:
    with Bench(tmp_path) as bench:
        sent = (await plan_of(bench, {"add": ("add", {"a": 1})})).to_json()

    reason = {"code": "first-run", "text": "It has not run to its end before.", "inputs": []}
    assert sent == {
        "steps": [
            {"node": "add", "action": "run", "reason": reason, "seconds_last": None, "held_bytes_last": None}
        ],
        "seconds": 0.0,
        "held_bytes": 0,
    }


async def test_a_long_chain_is_planned_too(tmp_path: Path) -> None:
    nodes: dict[str, tuple[object, ...]] = {"n0": ("plus", {"a": 0})}
    for index in range(1, 3_000):
        nodes[f"n{index}"] = ("plus", {"a": link(f"n{index - 1}.value")})
    with Bench(tmp_path) as bench:
        plan = await plan_of(bench, nodes, out="n2999.value")

    assert len(plan.steps) == 3_000
