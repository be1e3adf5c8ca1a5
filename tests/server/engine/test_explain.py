"""Every node that runs says what changed since it last did."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest
from server.engine.workbench import Bench, Nodes, codes, link
from weft.engine.cancel import CancelToken
from weft.engine.explain import MOST_LINEAGES, MOST_NODES, Lineage, Lineages, explain_miss
from weft.engine.traces import UNKNOWN_COST, Cost, Snapshot, Trace

DISK = 2**30
PATIENCE_S = 20.0
BEFORE = Trace(
    fingerprint="old",
    type="toy.add",
    version=1,
    code="c1",
    outside="",
    lists="",
    values={"b": "4", "text": '"old"', "long": "#aaaa"},
    links={"a": "x.value"},
    feeds={"a": ("p1",)},
    cost=Cost(1.0, 64),
)


def now(**changes: object) -> Trace:
    """The node as it is now, with another fingerprint."""
    return replace(BEFORE, **({"fingerprint": "new"} | changes))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("after", "code", "text", "inputs"),
    [
        (now(values=BEFORE.values | {"b": "5"}), "input-changed", "b changed from 4 to 5.", ("b",)),  # type: ignore[operator]
        (
            now(values=BEFORE.values | {"b": "5", "text": '"new"'}),  # type: ignore[operator]
            "input-changed",
            'b changed from 4 to 5, text changed from "old" to "new".',
            ("b", "text"),
        ),
        (now(values=BEFORE.values | {"long": "#bbbb"}), "input-changed", "long changed.", ("long",)),  # type: ignore[operator]
        (now(values=BEFORE.values | {"c": "1"}), "input-changed", "c is new.", ("c",)),  # type: ignore[operator]
        (now(values={"b": "4", "text": '"old"'}), "input-changed", "long is gone.", ("long",)),
        (
            now(links={"a": "y.value"}, feeds={"a": ("p2",)}),
            "input-changed",
            "a changed from x.value to y.value.",
            ("a",),
        ),
        (
            now(links={}, feeds={}, values=BEFORE.values | {"a": "3"}),  # type: ignore[operator]
            "input-changed",
            "a changed from x.value to 3.",
            ("a",),
        ),
        (
            now(feeds={"a": ("p2",)}),
            "upstream-changed",
            "a comes from x.value, which changed.",
            ("a",),
        ),
        (
            now(values=BEFORE.values | {"b": "5"}, feeds={"a": ("p2",)}),  # type: ignore[operator]
            "input-changed",
            "b changed from 4 to 5, a comes from x.value, which changed.",
            ("b", "a"),
        ),
        (now(outside="changed"), "input-changed", "What it reads from outside changed.", ()),
        (now(lists="other"), "input-changed", "The way it runs over lists changed.", ()),
        (now(code="c2"), "code-changed", "The code of toy.add changed.", ()),
        (now(version=2), "version-changed", "toy.add has version 2 now; it was 1.", ()),
        (now(type="toy.plus"), "version-changed", "It is a toy.plus now; it was a toy.add.", ()),
        (BEFORE, "evicted", "Nothing changed, but its last result is no longer kept.", ()),
    ],
)
def test_the_sentence_names_what_changed(after: Trace, code: str, text: str, inputs: tuple[str, ...]) -> None:
    reason = explain_miss(BEFORE, after)

    assert (reason.code, reason.text, reason.inputs) == (code, text, inputs)


def test_what_never_ran_is_new() -> None:
    assert explain_miss(None, BEFORE).code == "first-run"


NODES: Nodes = {
    "seed": ("roll", {"seed": 7, "sides": 100}),
    "half": ("half", {"a": link("seed.value")}),
    "other": ("add", {"a": 1}),
}


async def test_a_run_explains_itself_by_the_run_before(tmp_path: Path) -> None:
    with Bench(tmp_path) as bench:
        first = await bench.run(NODES)
        second = await bench.run({**NODES, "seed": ("roll", {"seed": 8, "sides": 100})})

    assert set(codes(first).values()) == {"first-run"}
    assert second.nodes["seed"].reason.text == "seed changed from 7 to 8."
    assert second.nodes["half"].reason.text == "a comes from seed.value, which changed."
    assert codes(second)["other"] == "hit-ram"


async def test_a_new_process_explains_itself_by_the_last_one(tmp_path: Path) -> None:
    with Bench(tmp_path, disk=DISK) as first:
        await first.run(NODES, lineage="portrait")
    with Bench(tmp_path, disk=DISK) as second:
        changed = {**NODES, "seed": ("roll", {"seed": 8, "sides": 100})}
        result = await second.run(changed, lineage="portrait")
        stranger = await second.run(
            {**NODES, "seed": ("roll", {"seed": 9, "sides": 100})}, lineage="something else"
        )

    assert result.nodes["seed"].reason.text == "seed changed from 7 to 8."
    assert codes(stranger)["seed"] == "first-run"


@pytest.mark.parametrize("is_wished", [True, False])
async def test_what_finished_before_a_run_was_cancelled_is_remembered(
    tmp_path: Path, is_wished: bool
) -> None:
    def nodes(a: int) -> Nodes:
        return {"sum": ("add", {"a": a, "b": 1}), "block": ("block", {"a": link("sum.value")})}

    token = CancelToken()
    with Bench(tmp_path) as bench:
        cancelled = asyncio.create_task(bench.run(nodes(1), cancel=token, out="block.value"))
        await asyncio.to_thread(bench.state.started.wait, PATIENCE_S)
        if is_wished:
            token.cancel()
        else:
            cancelled.cancel()
        await asyncio.wait([cancelled])
        bench.state.gate.set()
        result = await bench.run(nodes(2), out="block.value")

    assert result.nodes["sum"].reason.text == "a changed from 1 to 2."
    assert result.nodes["block"].reason.text == "It has not run to its end before."


async def test_what_is_no_longer_kept_is_told(tmp_path: Path) -> None:
    with Bench(tmp_path) as bench:
        await bench.run(NODES)
        bench.cache.clear()
        result = await bench.run(NODES)

    assert set(codes(result).values()) == {"evicted"}


async def test_trivial_results_are_not_kept_between_starts_and_say_so(tmp_path: Path) -> None:
    nodes: Nodes = {"plus": ("plus", {"a": 1}), "half": ("half", {"a": link("plus.value")})}
    with Bench(tmp_path, disk=DISK) as first:
        await first.run(nodes, out="half.value")
    with Bench(tmp_path, disk=DISK) as second:
        second.cache.clear()
        result = await second.run(nodes, out="half.value")

    assert codes(result) == {"plus": "evicted", "half": "evicted"}
    assert "not kept between starts" in result.nodes["plus"].reason.text


def make_lineage(folder: Path, count: int) -> Lineage:
    """What is known after one run of so many nodes, most of them trivial."""
    with Bench(folder) as bench:
        nodes: Nodes = {f"n{index}": ("plus", {"a": index}) for index in range(count)}
        graph = bench.graph({**nodes, "costly": ("add", {"a": 1})})
    lineage = Lineage()
    snapshot = Snapshot(graph, dict.fromkeys(graph.nodes, "p"), {})
    lineage.remember(snapshot, dict.fromkeys(graph.nodes, Cost(0.5)))
    return lineage


def test_costs_are_remembered_also_over_a_run_that_reused_the_result(tmp_path: Path) -> None:
    with Bench(tmp_path) as bench:
        snapshot = Snapshot(bench.graph(NODES), {name: name for name in NODES}, {})
    lineage = Lineage()
    lineage.remember(snapshot, {"seed": Cost(2.5, 64)})
    lineage.remember(snapshot, {"seed": None})

    assert lineage.cost("seed") == Cost(2.5, 64)
    assert lineage.cost("half") is UNKNOWN_COST
    assert lineage.knows("seed")
    assert not lineage.knows("half")
    assert lineage.last("half") is None


def test_of_very_large_graphs_only_the_costly_nodes_are_stored(tmp_path: Path) -> None:
    assert len(make_lineage(tmp_path, 20).to_json()) == 21
    assert list(make_lineage(tmp_path, MOST_NODES + 1).to_json()) == ["costly"]


def test_lineages_survive_and_damage_is_forgotten(tmp_path: Path) -> None:
    known = make_lineage(tmp_path, 1)
    lineages = Lineages(tmp_path / "lineages")
    snapshot = known._snapshots["costly"]
    lineages.get("a").remember(snapshot, {"costly": Cost(0.5, 64)})
    lineages.store("a")

    assert Lineages(tmp_path / "lineages").get("a").cost("costly") == Cost(0.5, 64)
    for path in (tmp_path / "lineages").iterdir():
        path.write_bytes(path.read_bytes()[:-5])
    assert not Lineages(tmp_path / "lineages").get("a").knows("costly")
    for path in (tmp_path / "lineages").iterdir():
        path.write_text('[1, {"x": 2}]')
    assert not Lineages(tmp_path / "lineages").get("a").knows("costly")


def test_only_so_many_workflows_are_remembered_in_memory() -> None:
    lineages = Lineages(None)
    first = lineages.get("0")
    for index in range(MOST_LINEAGES):
        lineages.get(str(index + 1))
    lineages.store("0")

    assert lineages.get("0") is not first
