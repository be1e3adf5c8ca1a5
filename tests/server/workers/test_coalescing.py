"""Many events become few messages, and nothing that matters is lost."""

import asyncio

from server.workers.toys import until
from weft.engine.events import NodeFailed, NodeFinished, NodeItem, NodeProgress, NodeStarted, RunStarted
from weft.engine.footprint import Footprint
from weft.engine.reasons import FIRST_RUN, HIT_RAM, Reason
from weft.errors import Problem
from weft.workers.coalescing import LONGEST_DETAIL, Coalescer
from weft.workers.protocol import NodeFinish, NodeProgressed, NodesChanged

Told = list[NodesChanged | NodeProgressed]


def _coalescer() -> tuple[Coalescer, Told]:
    told: Told = []
    return Coalescer("j", 1, told.append), told


async def test_what_happens_at_once_is_told_at_once() -> None:
    coalescer, told = _coalescer()

    for node in "abc":
        coalescer.note(NodeStarted(node))
    coalescer.note(NodeFinished("d", "hit", HIT_RAM))
    await until(lambda: bool(told))

    assert told == [NodesChanged("j", 1, ("a", "b", "c"), (NodeFinish("d", "hit", "hit-ram", 0.0),))]


async def test_of_a_node_that_begins_and_ends_in_between_only_the_end_is_told() -> None:
    coalescer, told = _coalescer()

    coalescer.note(NodeStarted("a"))
    coalescer.note(NodeProgress("a", 1, 2))
    coalescer.note(NodeFinished("a", "ran", FIRST_RUN, 0.25, Footprint(12, 30)))
    coalescer.flush()

    assert told == [NodesChanged("j", 1, (), (NodeFinish("a", "ran", "first-run", 0.25, "", 12, 30),))]


async def test_of_the_progress_of_a_node_only_the_newest_is_told() -> None:
    coalescer, told = _coalescer()

    for step in range(1, 20):
        coalescer.note(NodeProgress("a", step, 20, 0.5, f"step {step}"))
    coalescer.note(NodeProgress("b", 1, 2))
    coalescer.flush()

    assert told == [
        NodeProgressed("j", 1, "a", 19, 20, 0.5, "step 19"),
        NodeProgressed("j", 1, "b", 1, 2),
    ]


async def test_a_flood_of_events_becomes_few_messages_without_losing_an_end() -> None:
    coalescer, told = _coalescer()

    for number in range(5000):
        coalescer.note(NodeStarted(f"n{number}"))
        coalescer.note(NodeFinished(f"n{number}", "ran", FIRST_RUN))
        if number % 100 == 0:
            await asyncio.sleep(0)
    coalescer.flush()

    changes = [message for message in told if isinstance(message, NodesChanged)]
    assert [finish.node for change in changes for finish in change.finished] == [f"n{n}" for n in range(5000)]
    assert [node for change in changes for node in change.started] == []


async def test_items_of_a_list_are_told_as_progress_where_their_number_is_known() -> None:
    coalescer, told = _coalescer()

    coalescer.note(NodeItem("a", 2, 4))
    coalescer.note(NodeItem("b", 2))
    coalescer.flush()

    assert told == [NodeProgressed("j", 1, "a", 3, 4)]


async def test_a_reason_names_the_inputs_it_is_about() -> None:
    coalescer, told = _coalescer()

    coalescer.note(NodeFinished("a", "ran", Reason("input-changed", "…", ("seed", "steps"))))
    coalescer.flush()

    assert isinstance(told[0], NodesChanged)
    assert told[0].finished[0].detail == "seed, steps"


async def test_a_failure_is_told_with_its_code_and_the_beginning_of_its_words() -> None:
    coalescer, told = _coalescer()

    coalescer.note(NodeFailed("a", Problem("out-of-memory", "x" * 1000, "")))
    coalescer.flush()

    assert told == [
        NodesChanged("j", 1, (), (NodeFinish("a", "failed", "out-of-memory", 0.0, "x" * LONGEST_DETAIL),))
    ]


async def test_what_the_run_itself_does_is_not_told_here() -> None:
    coalescer, told = _coalescer()

    coalescer.note(RunStarted(("a",)))
    await asyncio.sleep(0.05)
    coalescer.flush()

    assert told == []
