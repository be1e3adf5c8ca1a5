"""A job knows who feeds it, who waits for it, and when nobody wants its values any more."""

import asyncio
from pathlib import Path

import pytest
from server.engine.workbench import Bench, Nodes, link
from weft.engine.jobs import Job, UpstreamLostError
from weft.engine.recipes import Recipe

DIAMOND: Nodes = {
    "top": ("number", {}),
    "left": ("add", {"a": link("top.value"), "b": link("top.value")}),
    "right": ("plus", {"a": link("top.value")}),
    "end": ("sum", {"items": [link("left.value"), 3, link("right.value")]}),
}


def make_jobs(folder: Path, nodes: Nodes) -> dict[str, Job]:
    """The connected jobs of a graph."""
    with Bench(folder) as bench:
        graph = bench.graph(nodes)
        jobs = {
            name: Job(node, Recipe.of(bench.registry.definition(node.type)), name)
            for name, node in graph.nodes.items()
        }
    for job in jobs.values():
        job.connect(jobs)
    return jobs


def test_sources_are_found_each_once(tmp_path: Path) -> None:
    jobs = make_jobs(tmp_path, DIAMOND)

    assert jobs["left"].sources == (jobs["top"],)
    assert jobs["end"].sources == (jobs["left"], jobs["right"])
    assert jobs["top"].readers_left == 2


def test_values_stay_until_the_last_reader_lets_go(tmp_path: Path) -> None:
    jobs = make_jobs(tmp_path, DIAMOND)
    jobs["top"].outputs = {"value": 1}
    jobs["left"].let_go()
    assert jobs["top"].outputs is not None
    jobs["right"].let_go()

    assert jobs["top"].outputs is None


def test_the_values_of_a_target_stay_to_the_end(tmp_path: Path) -> None:
    jobs = make_jobs(tmp_path, DIAMOND)
    jobs["top"].is_target = True
    jobs["top"].outputs = {"value": 1}
    jobs["left"].let_go()
    jobs["right"].let_go()

    assert jobs["top"].outputs == {"value": 1}


def test_lazy_sources_are_not_waited_for_but_keep_their_values(tmp_path: Path) -> None:
    nodes: Nodes = {
        "yes": ("number", {}),
        "both": ("number", {}),
        "switch": (
            "switch",
            {"condition": True, "when_true": link("yes.value"), "when_false": [link("both.value"), 1]},
        ),
    }
    jobs = make_jobs(tmp_path, nodes)

    # The list maps, so how often the switch runs must be known before: that input is not lazy.
    assert jobs["switch"].lazy_sources == (jobs["yes"],)
    assert jobs["switch"].sources == (jobs["both"],)
    assert jobs["yes"].readers_left == 1
    assert jobs["switch"].lazy_feeds("when_true", jobs) == (jobs["yes"],)


def test_readers_wait_until_they_are_taken(tmp_path: Path) -> None:
    jobs = make_jobs(tmp_path, DIAMOND)
    jobs["end"].wait_for(jobs["left"])
    jobs["end"].wait_for(jobs["right"])

    assert jobs["end"].pending == 2
    assert list(jobs["left"].take_readers()) == [jobs["end"]]
    assert list(jobs["left"].take_readers()) == []


def test_trivial_nodes_are_quick_unless_they_map(tmp_path: Path) -> None:
    jobs = make_jobs(tmp_path, {"one": ("plus", {"a": 1}), "many": ("plus", {"a": [1, 2]})})

    assert jobs["one"].is_quick
    assert not jobs["many"].is_quick


def test_files_of_all_inputs_come_together(tmp_path: Path) -> None:
    jobs = make_jobs(tmp_path, DIAMOND)
    assert jobs["end"].input_files() == {}
    jobs["left"].files = {"a": "1"}
    assert jobs["end"].input_files() == {"a": "1"}
    jobs["right"].files = {"b": "2"}

    assert jobs["end"].input_files() == {"a": "1", "b": "2"}


async def test_waking_lets_all_who_wait_go_on(tmp_path: Path) -> None:
    job = make_jobs(tmp_path, DIAMOND)["top"]
    loop = asyncio.get_running_loop()
    left = loop.create_future()
    left.cancel()
    job.waiters = [loop.create_future(), left, loop.create_future()]
    waiting = list(job.waiters)
    job.wake()

    assert waiting[0].done()
    assert waiting[2].done()
    assert job.waiters is None


async def test_waking_with_an_error_raises_it(tmp_path: Path) -> None:
    job = make_jobs(tmp_path, DIAMOND)["top"]
    waiter = asyncio.get_running_loop().create_future()
    job.waiters = [waiter]
    job.wake(UpstreamLostError("bad"))

    with pytest.raises(UpstreamLostError, match="bad"):
        await waiter
