"""A node learns from its run all that it may know, and tells it how far it is."""

import asyncio
import threading
from pathlib import Path

import numpy as np
import pytest
from server.engine.workbench import Bench, Tally
from weft.context import ServiceScope
from weft.engine.cancel import CancelToken
from weft.engine.events import Event, NodeItem, NodePreview, NodeProgress, NodeStarted
from weft.engine.running import NodeRun, Stage
from weft.engine.services import Services
from weft.errors import CancelledRunError
from weft.paths import Paths


def make_stage(folder: Path, events: list[Event]) -> Stage:
    """The stage of a run of a single node with a seed."""
    with Bench(folder) as bench:
        graph = bench.graph({"roll": ("roll", {"seed": 5})})
    paths = Paths.below(folder)
    return Stage(
        graph=graph,
        services=Services(ServiceScope(device="cpu", paths=paths)),
        paths=paths,
        device="cpu",
        cancel=CancelToken(),
        observer=events.append,
        document={"weft": 1},
        loop=asyncio.get_running_loop(),
    )


async def test_progress_estimates_what_is_left_from_the_pace_so_far(tmp_path: Path) -> None:
    events: list[Event] = []
    run = NodeRun("n", make_stage(tmp_path, events), {})
    run.progress(1, 4)
    await asyncio.sleep(0.02)
    run.progress(2, 4, message="sampling")
    run.progress(4, 4)

    first, second, last = (event for event in events if isinstance(event, NodeProgress))
    assert first.seconds_left is None
    assert second.seconds_left is not None
    assert second.seconds_left >= 0.03
    assert second.message == "sampling"
    assert last.seconds_left == 0.0


async def test_progress_that_starts_at_nothing_counts_from_there(tmp_path: Path) -> None:
    events: list[Event] = []
    run = NodeRun("n", make_stage(tmp_path, events), {})
    run.progress(0, 2)
    run.progress(0, 2)
    await asyncio.sleep(0.01)
    run.progress(1, 2)

    lefts = [event.seconds_left for event in events if isinstance(event, NodeProgress)]
    assert lefts[:2] == [None, None]
    assert lefts[2] is not None
    assert lefts[2] > 0


async def test_a_cancelled_run_stops_the_node_at_its_next_report(tmp_path: Path) -> None:
    stage = make_stage(tmp_path, [])
    run = NodeRun("n", stage, {})
    run.check_cancelled()
    stage.cancel.cancel()

    assert run.cancelled
    with pytest.raises(CancelledRunError):
        run.progress(1, 2)
    with pytest.raises(CancelledRunError):
        run.check_cancelled()


async def test_one_node_may_be_stopped_while_the_run_goes_on(tmp_path: Path) -> None:
    stage = make_stage(tmp_path, [])
    stopped, other = NodeRun("n", stage, {}), NodeRun("m", stage, {})
    stopped.stop()

    assert stopped.cancelled
    assert not other.cancelled


async def test_events_from_other_threads_arrive_on_the_event_loop_in_order(tmp_path: Path) -> None:
    events: list[Event] = []
    threads: list[int] = []
    stage = make_stage(tmp_path, events)

    def observe(event: Event) -> None:
        events.append(event)
        threads.append(threading.get_ident())

    stage.observer = observe
    run = NodeRun("n", stage, {})

    def work() -> None:
        for index in range(5):
            run.item(index, 5)

    await asyncio.to_thread(work)
    await asyncio.sleep(0)

    assert [event.index for event in events if isinstance(event, NodeItem)] == [0, 1, 2, 3, 4]
    assert set(threads) == {threading.get_ident()}


async def test_a_preview_is_passed_on(tmp_path: Path) -> None:
    events: list[Event] = []
    pixels = np.zeros((2, 2, 3), dtype=np.uint8)
    NodeRun("n", make_stage(tmp_path, events), {}).preview(pixels)

    (event,) = events
    assert isinstance(event, NodePreview)
    assert event.pixels_HWC is pixels


async def test_beginning_is_told_only_by_the_first(tmp_path: Path) -> None:
    events: list[Event] = []
    stage = make_stage(tmp_path, events)
    NodeRun("n", stage, {}, lambda: True).begin()
    NodeRun("n", stage, {}, lambda: False).begin()

    assert events == [NodeStarted("n")]


async def test_provenance_holds_the_workflow_versions_seeds_and_files(tmp_path: Path) -> None:
    run = NodeRun("n", make_stage(tmp_path, []), {"b": "2"})
    run.note_file("a", "1")

    provenance = run.provenance()
    assert provenance["weft"] == {"weft": 1}
    assert provenance["files"] == {"a": "1", "b": "2"}
    assert provenance["seeds"] == {"roll.seed": 5}
    assert isinstance(provenance["versions"], dict)
    assert provenance["versions"]["weft"]


async def test_without_a_document_the_provenance_has_none(tmp_path: Path) -> None:
    stage = make_stage(tmp_path, [])
    stage.document = None

    assert "weft" not in NodeRun("n", stage, {}).provenance()


async def test_services_are_those_of_the_worker(tmp_path: Path) -> None:
    stage = make_stage(tmp_path, [])

    assert NodeRun("n", stage, {}).service(Tally) is NodeRun("m", stage, {}).service(Tally)


async def test_progress_is_passed_on_to_those_who_follow(tmp_path: Path) -> None:
    events: list[Event] = []
    stage = make_stage(tmp_path, events)
    leader, follower = NodeRun("leader", stage, {}), NodeRun("follower", stage, {})
    leader.followers = [follower.follow]
    leader.progress(2, 4, message="m")

    assert [(e.node, e.step, e.message) for e in events if isinstance(e, NodeProgress)] == [
        ("leader", 2, "m"),
        ("follower", 2, "m"),
    ]


async def test_a_run_says_where_it_is(tmp_path: Path) -> None:
    run = NodeRun("n", make_stage(tmp_path, []), {})

    assert (run.node, run.device, run.seed_noise_device) == ("n", "cpu", "cpu")
    assert run.paths == Paths.below(tmp_path)
