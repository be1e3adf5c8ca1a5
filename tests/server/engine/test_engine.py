"""The engine as its users meet it: what runs, what is reused, what is told."""

import asyncio
from pathlib import Path
from random import Random
from typing import Any

import pytest
from server.engine.workbench import Bench, Grid, Nodes, Tally, codes, link, states
from weft.engine.engine import Engine, resolve_device
from weft.engine.events import NodeFinished, NodeProgress, NodeStarted, RunFinished, RunStarted
from weft.graph_errors import NodeUnknownError
from weft.settings import Settings

DISK = 2**30

CHAIN = {
    "number": ("number", {"value": 3}),
    "add": ("add", {"a": link("number.value"), "b": 4}),
    "half": ("half", {"a": link("add.value")}),
}


async def test_a_graph_gives_its_outputs_by_name(tmp_path: Path) -> None:
    with Bench(tmp_path) as bench:
        result = await bench.run(CHAIN, sum="add.value", half="half.value")

    assert result.state == "succeeded"
    assert result.outputs == {"sum": 7, "half": 3}
    assert result.problems == ()
    assert states(result) == {"number": "ran", "add": "ran", "half": "ran"}


async def test_events_tell_the_run_in_order(tmp_path: Path) -> None:
    with Bench(tmp_path) as bench:
        await bench.run(CHAIN, half="half.value")

    assert bench.events[0] == RunStarted(("number", "add", "half"))
    assert isinstance(bench.events[-1], RunFinished)
    told = [
        (type(event).__name__, event.node)
        for event in bench.events
        if isinstance(event, NodeStarted | NodeFinished)
    ]
    assert told == [
        ("NodeStarted", "number"),
        ("NodeFinished", "number"),
        ("NodeStarted", "add"),
        ("NodeFinished", "add"),
        ("NodeStarted", "half"),
        ("NodeFinished", "half"),
    ]


async def test_the_same_graph_again_calls_nothing(tmp_path: Path) -> None:
    with Bench(tmp_path) as bench:
        first = await bench.run(CHAIN, half="half.value")
        assert len(bench.calls) == 3

        second = await bench.run(CHAIN, half="half.value")

    assert bench.calls == []
    assert second.outputs == first.outputs
    assert set(states(second).values()) == {"hit"}
    assert set(codes(second).values()) == {"hit-ram"}


async def test_node_ids_titles_and_order_do_not_count(tmp_path: Path) -> None:
    renamed = {
        "z": ("half", {"a": link("y.value")}),
        "y": ("add", {"a": link("x.value"), "b": 4}),
        "x": ("number", {"value": 3}),
    }
    with Bench(tmp_path) as bench:
        await bench.run(CHAIN, half="half.value")
        bench.calls.clear()
        bench.state.calls.clear()

        result = await bench.run(renamed, half="z.value")

    assert bench.calls == []
    assert result.outputs == {"half": 3}


async def test_a_changed_value_runs_only_what_follows(tmp_path: Path) -> None:
    nodes = {
        "left": ("add", {"a": 1}),
        "right": ("add", {"a": 10}),
        "both": ("add", {"a": link("left.value"), "b": link("right.value")}),
    }
    with Bench(tmp_path) as bench:
        await bench.run(nodes, out="both.value")
        bench.state.calls.clear()

        result = await bench.run(nodes | {"right": ("add", {"a": 20})}, out="both.value")

    assert bench.calls == ["add 20 1", "add 2 21"]
    assert states(result) == {"left": "hit", "right": "ran", "both": "ran"}


async def test_undo_runs_nothing(tmp_path: Path) -> None:
    changed = CHAIN | {"number": ("number", {"value": 99})}
    with Bench(tmp_path) as bench:
        first = await bench.run(CHAIN, half="half.value")
        await bench.run(changed, half="half.value")
        bench.state.calls.clear()

        undone = await bench.run(CHAIN, half="half.value")

    assert bench.calls == []
    assert undone.outputs == first.outputs


async def test_a_second_process_runs_nothing(tmp_path: Path) -> None:
    with Bench(tmp_path, disk=DISK) as first:
        expected = (await first.run(CHAIN, half="half.value")).outputs
    with Bench(tmp_path, disk=DISK) as second:
        result = await second.run(CHAIN, half="half.value")

    assert second.calls == []
    assert result.outputs == expected
    assert codes(result) == {"number": "not-needed", "add": "hit-disk", "half": "hit-disk"}


async def test_a_second_process_runs_nothing_for_a_trivial_target_either(tmp_path: Path) -> None:
    nodes = {"a": ("number", {"value": 1}), "b": ("plus", {"a": link("a.value")})}
    with Bench(tmp_path, disk=DISK) as first:
        await first.run(nodes, out="b.value")
    with Bench(tmp_path, disk=DISK) as second:
        result = await second.run(nodes, out="b.value")

    assert second.calls == []
    assert result.outputs == {"out": 2}


async def test_a_second_process_with_a_new_seed_runs_only_what_hangs_on_it(tmp_path: Path) -> None:
    def nodes(seed: int) -> Nodes:
        return {
            "weights": ("weights", {"name": "model"}),
            "noise": ("noise", {"seed": seed}),
            "shift": ("shift", {"grid": link("noise.toy_grid")}),
            "total": ("total", {"grid": link("shift.toy_grid")}),
            "size": ("add", {"a": link("weights.value")}),
        }

    with Bench(tmp_path, disk=DISK) as first:
        await first.run(nodes(7), total="total.value", size="size.value")
    with Bench(tmp_path, disk=DISK) as second:
        result = await second.run(nodes(8), total="total.value", size="size.value")

    assert second.calls == ["noise 8", "shift 1.0", "total"]
    assert result.nodes["noise"].reason.text == "seed changed from 7 to 8."
    assert result.nodes["shift"].reason.code == "upstream-changed"
    assert result.nodes["weights"].state == "hit"


async def test_tensors_come_back_from_disk_bit_for_bit(tmp_path: Path) -> None:
    nodes = {"noise": ("noise", {"seed": 5})}
    with Bench(tmp_path, disk=DISK) as first:
        before = (await first.run(nodes, out="noise.toy_grid")).outputs["out"]
    with Bench(tmp_path, disk=DISK) as second:
        after = (await second.run(nodes, out="noise.toy_grid")).outputs["out"]

    assert second.calls == []
    assert isinstance(before, Grid)
    assert isinstance(after, Grid)
    assert before.cells_N.equal(after.cells_N)


async def test_only_what_is_wanted_runs(tmp_path: Path) -> None:
    with Bench(tmp_path) as bench:
        graph = bench.graph(CHAIN, sum="add.value", half="half.value")
        by_output = await bench.engine.run(graph, wanted=["sum"])
        assert bench.calls == ["number 3", "add 3 4"]
        by_node = await bench.engine.run(graph, wanted=["half"])

    assert by_output.outputs == {"sum": 7}
    assert set(by_output.nodes) == {"number", "add"}
    assert by_node.outputs == {"half": 3}


async def test_a_wanted_node_gives_all_its_outputs(tmp_path: Path) -> None:
    with Bench(tmp_path) as bench:
        graph = bench.graph({"split": ("split", {"a": 7})}, low="split.low")
        result = await bench.engine.run(graph, wanted=["split"])

    assert result.outputs == {"split.low": 3, "split.high": 4}


async def test_a_graph_without_outputs_gives_what_its_last_nodes_make(tmp_path: Path) -> None:
    with Bench(tmp_path) as bench:
        result = await bench.run(CHAIN)

    assert result.outputs == {"half.value": 3}


async def test_wanting_what_does_not_exist_is_refused(tmp_path: Path) -> None:
    with Bench(tmp_path) as bench:
        graph = bench.graph(CHAIN, half="half.value")
        with pytest.raises(NodeUnknownError, match="haf"):
            await bench.engine.run(graph, wanted=["haf"])


async def test_several_runs_at_once_share_one_engine(tmp_path: Path) -> None:
    with Bench(tmp_path) as bench:
        graphs = [bench.graph({"add": ("add", {"a": index})}, out="add.value") for index in range(20)]
        results = await asyncio.gather(*(bench.engine.run(graph) for graph in graphs))

    assert [result.outputs["out"] for result in results] == [index + 1 for index in range(20)]


async def test_files_that_were_used_are_told_even_where_the_result_was_reused(tmp_path: Path) -> None:
    nodes = {
        "weights": ("weights", {"name": "model"}),
        "add": ("add", {"a": link("weights.value")}),
        "plus": ("plus", {"a": link("add.value")}),
        "save": ("save", {"a": link("plus.value")}),
    }
    files = {"model.safetensors": "digest of model"}
    with Bench(tmp_path, disk=DISK) as first:
        assert (await first.run(nodes)).files == files
        assert first.state.saved[0]["files"] == files
        assert (await first.run(nodes)).files == files
    with Bench(tmp_path, disk=DISK) as second:
        result = await second.run(nodes | {"plus": ("plus", {"a": link("add.value"), "b": 5})})

    assert second.calls == ["plus 6 5", "save 11"]
    assert second.state.saved[0]["files"] == files
    assert result.files == files


async def test_what_is_saved_carries_the_document_the_versions_and_the_seeds(tmp_path: Path) -> None:
    nodes = {"roll": ("roll", {"seed": 11}), "save": ("save", {"a": link("roll.value")})}
    with Bench(tmp_path) as bench:
        await bench.run(nodes)
        saved = bench.state.saved[0]

    assert isinstance(saved["weft"], dict)
    assert saved["weft"]["nodes"] is not None
    assert saved["seeds"] == {"roll.seed": 11}
    assert isinstance(saved["versions"], dict)
    assert set(saved["versions"]) == {"weft", "torch", "python"}


async def test_a_full_disk_leaves_the_run_its_result_and_a_warning(tmp_path: Path) -> None:
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    with Bench(tmp_path, disk=DISK) as bench:
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, hard))
        try:
            result = await bench.run({"grid": ("grid", {"size": 50_000})}, out="grid.toy_grid")
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        again = await bench.run({"grid": ("grid", {"size": 50_000})}, out="grid.toy_grid")

    assert result.state == "succeeded"
    assert [(problem.code, problem.severity) for problem in result.problems] == [("disk-full", "warning")]
    assert again.problems == ()
    assert bench.state.count("grid") == 1
    assert bench.leftovers() == []


async def test_an_entry_that_was_damaged_on_disk_is_computed_again(tmp_path: Path) -> None:
    nodes = {"noise": ("noise", {"seed": 5}), "shift": ("shift", {"grid": link("noise.toy_grid")})}
    with Bench(tmp_path, disk=DISK) as first:
        await first.run(nodes, out="shift.toy_grid")
    for path in (tmp_path / "cache" / "tensors").rglob("*.safetensors"):
        path.write_bytes(path.read_bytes()[:-3])

    with Bench(tmp_path, disk=DISK) as second:
        result = await second.run(nodes, out="shift.toy_grid")
        statistics = second.engine.statistics()

    assert second.calls == ["noise 5", "shift 1.0"]
    assert result.state == "succeeded"
    assert statistics.damaged == 2


async def test_what_cannot_be_written_to_disk_is_reused_in_memory(tmp_path: Path) -> None:
    nodes = {"secret": ("secret", {}), "reveal": ("reveal", {"secret": link("secret.toy_secret")})}
    with Bench(tmp_path, disk=DISK) as bench:
        first = await bench.run(nodes, out="reveal.value")
        await bench.run(nodes, out="reveal.value")
        unstorable = bench.engine.statistics().unstorable

    assert bench.calls == ["secret x", "reveal"]
    assert first.problems == ()
    assert unstorable == 1


async def test_services_are_made_once_and_closed_with_the_engine(tmp_path: Path) -> None:
    with Bench(tmp_path) as bench:
        await bench.run({"a": ("hungry", {"needed": 1}), "b": ("hungry", {"needed": 2})})
        tally = bench.engine.services.get(Tally)
        assert tally.closed == 0

    assert tally.closed == 1


async def test_a_following_run_hears_of_the_progress_of_the_work_it_shares(tmp_path: Path) -> None:
    with Bench(tmp_path) as bench:
        graph = bench.graph({"block": ("block", {"a": 1})}, out="block.value")
        heard: list[object] = []
        progressed = asyncio.Event()

        def hear(event: object) -> None:
            heard.append(event)
            if isinstance(event, NodeProgress):
                progressed.set()

        first = asyncio.create_task(bench.engine.run(graph))
        await asyncio.to_thread(bench.state.started.wait, 20)
        second = asyncio.create_task(bench.engine.run(graph, observer=hear))
        await asyncio.wait_for(progressed.wait(), 20)
        bench.state.gate.set()
        results = await asyncio.gather(first, second)

    assert bench.calls == ["block 1"]
    assert [result.outputs["out"] for result in results] == [1, 1]
    assert codes(results[1]) == {"block": "same-work"}


async def test_the_engine_opens_as_the_settings_say(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    settings = Settings(data_dir=tmp_path / "data", device="cpu")
    with Engine.open(bench.registry, settings) as engine:
        result = await engine.run(bench.graph(CHAIN, half="half.value"))

    assert engine.device == "cpu"
    assert result.outputs == {"half": 3}
    assert list((tmp_path / "data" / "cache" / "results").rglob("*.json"))
    bench.engine.close()


def test_a_device_is_taken_as_named() -> None:
    assert resolve_device("cpu") == "cpu"
    assert resolve_device("cuda") == "cuda:0"
    assert resolve_device("cuda:1") == "cuda:1"
    assert resolve_device("auto") in {"cpu", "cuda:0", "mps"}


def random_graph(random: Random, size: int) -> dict[str, tuple[Any, ...]]:
    """Nodes of several lanes, each fed by some of those before it."""
    nodes: dict[str, tuple[Any, ...]] = {}
    for index in range(size):

        def pick() -> object:
            earlier = list(nodes)
            return link(f"{random.choice(earlier)}.value") if earlier and random.random() < 0.8 else index  # noqa: B023

        kind = random.choice(["number", "add", "plus", "half", "sum"])
        choices: dict[str, dict[str, object]] = {
            "number": {"value": random.randrange(50)},
            "add": {"a": pick(), "b": pick()},
            "plus": {"a": pick(), "b": pick()},
            "half": {"a": pick()},
            "sum": {"items": [pick() for _ in range(random.randrange(1, 4))]},
        }
        nodes[f"n{index}"] = (kind, choices[kind])
    return nodes


def evaluate(nodes: dict[str, tuple[Any, ...]]) -> dict[str, int]:
    """What the nodes of a graph give, computed without any engine."""
    found: dict[str, int] = {}

    def read(value: Any) -> int:
        return found[value["from"].split(".")[0]] if isinstance(value, dict) else value

    for name, (kind, inputs) in nodes.items():
        if kind == "number":
            found[name] = inputs["value"]
        elif kind == "half":
            found[name] = read(inputs["a"]) // 2
        elif kind == "sum":
            found[name] = sum(read(item) for item in inputs["items"])
        else:
            found[name] = read(inputs["a"]) + read(inputs["b"])
    return found


def below(nodes: dict[str, tuple[Any, ...]], start: str) -> set[str]:
    """A node and all that it feeds, however far."""
    found = {start}
    for name, (_, inputs) in nodes.items():
        if any(f"'{above}.value'" in repr(inputs) for above in found):
            found.add(name)
    return found


@pytest.mark.parametrize("seed", range(12))
async def test_any_graph_gives_what_its_functions_give_and_reruns_no_more_than_what_changed(
    tmp_path: Path, seed: int
) -> None:
    random = Random(seed)
    nodes = random_graph(random, 40)
    outputs = {f"o{name}": f"{name}.value" for name in nodes}
    changed = random.choice([name for name, (kind, _) in nodes.items() if kind == "number"] or ["n0"])
    edited = {**nodes, changed: ("number", {"value": 1_000 + seed})}
    with Bench(tmp_path, disk=DISK) as bench:
        first = await bench.engine.run(bench.graph(nodes, **outputs))
        second = await bench.engine.run(bench.graph(edited, **outputs))

    assert first.outputs == {f"o{name}": value for name, value in evaluate(nodes).items()}
    assert second.outputs == {f"o{name}": value for name, value in evaluate(edited).items()}
    assert {name for name, state in states(second).items() if state == "ran"} <= below(edited, changed)
    with Bench(tmp_path, disk=DISK) as bench:
        third = await bench.engine.run(bench.graph(nodes, **outputs))

    assert bench.calls == []
    assert third.outputs == first.outputs


async def test_a_trivial_node_may_note_files_too(tmp_path: Path) -> None:
    nodes = {
        "weights": ("weights_inline", {"name": "model"}),
        "add": ("add", {"a": link("weights.value")}),
    }
    with Bench(tmp_path) as bench:
        first = await bench.run(nodes, out="add.value")
        second = await bench.run(nodes, out="add.value")

    assert first.files == second.files == {"model.safetensors": "digest of model"}
    assert second.nodes["add"].state == "hit"
