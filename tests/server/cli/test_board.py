"""The state of a run follows its events."""

import pytest
from weft.cli.board import Board, RunningNode, line_of
from weft.engine.events import NodeFailed, NodeFinished, NodeItem, NodeProgress, NodeStarted, RunStarted
from weft.engine.footprint import Footprint
from weft.engine.reasons import FIRST_RUN, HIT_DISK, NOT_NEEDED, Reason
from weft.errors import Problem

PROBLEM = Problem(code="node-failed", message="m", hint="h")


class Clock:
    """A clock that stands still until it is set."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_node_runs_from_its_start_to_its_end() -> None:
    board = Board(Clock())

    board.take(NodeStarted("a"))
    assert list(board.running) == ["a"]
    board.take(NodeFinished("a", "ran", FIRST_RUN, 1.0))

    assert board.running == {}
    assert board.ended == {"ran": 1}


def test_progress_is_remembered_for_its_node() -> None:
    board = Board(Clock())

    board.take(NodeStarted("a"))
    board.take(NodeStarted("b"))
    board.take(NodeProgress("a", 3, 20, 4.2, "warm"))

    assert board.running["a"] == RunningNode("a", 100.0, 3, 20, seconds_left=4.2, message="warm")
    assert board.running["b"].total == 0


def test_progress_of_a_node_that_never_said_it_started_is_taken() -> None:
    board = Board(Clock())

    board.take(NodeProgress("a", 1, 2))

    assert board.running["a"].step == 1


def test_items_that_are_done_are_counted() -> None:
    board = Board(Clock())

    board.take(NodeStarted("a"))
    board.take(NodeItem("a", 4, 6))
    board.take(NodeItem("a", 0, 6))

    assert (board.running["a"].items, board.running["a"].items_total) == (2, 6)


def test_a_failed_node_counts_as_ended() -> None:
    board = Board(Clock())

    board.take(NodeStarted("a"))
    board.take(NodeFailed("a", PROBLEM))

    assert (board.running, board.ended) == ({}, {"failed": 1})


def test_the_summary_counts_nodes_and_time() -> None:
    clock = Clock()
    board = Board(clock)

    board.take(RunStarted(("a", "b", "c", "d")))
    board.take(NodeFinished("a", "hit", HIT_DISK))
    board.take(NodeFailed("b", PROBLEM))
    clock.now += 4.25

    assert board.summary() == "2 of 4 nodes, 1 reused, 1 failed, 4.2 s"


def test_what_nobody_needed_is_not_counted_as_reused() -> None:
    board = Board(Clock())

    board.take(RunStarted(("a", "b")))
    board.take(NodeFinished("a", "hit", HIT_DISK))
    board.take(NodeFinished("b", "hit", NOT_NEEDED))

    assert board.summary() == "2 of 2 nodes, 1 reused, 1 not needed, under 0.1 s"


def test_before_the_run_began_there_is_nothing_to_sum_up() -> None:
    assert Board(Clock()).summary() == ""


@pytest.mark.parametrize(
    ("node", "words"),
    [
        (RunningNode("a", 0.0), ""),
        (RunningNode("a", 0.0, 0, 20), "step 0/20"),
        (RunningNode("a", 0.0, 5, 20, seconds_left=3.14), "step 5/20, 3.1 s left"),
        (RunningNode("a", 0.0, 5, 20, message="tile 2"), "step 5/20, tile 2"),
        (RunningNode("a", 0.0, 5, 20, items=2, items_total=6), "item 2/6, step 5/20"),
        (RunningNode("a", 0.0, items=2), "item 2"),
    ],
)
def test_a_running_node_says_what_it_knows(node: RunningNode, words: str) -> None:
    assert node.in_words() == words


def test_the_line_of_an_end_tells_how_why_and_what_it_took() -> None:
    changed = Reason("input-changed", "Its input seed changed.", ("seed",))

    assert line_of(NodeFinished("a", "ran", changed, 12.34)) == "✓ a  12.3 s  Its input seed changed."
    assert line_of(NodeFinished("a", "ran", changed, 1.0, Footprint(1_200_000, 24 * 10**9))) == (
        "✓ a  1.0 s  1.2 MB  peak 24 GB  Its input seed changed."
    )
    assert line_of(NodeFinished("a", "hit", HIT_DISK)) == "= a  reused  Its result was on disk."
    assert line_of(NodeFinished("a", "hit", NOT_NEEDED)) == f"- a  not needed  {NOT_NEEDED.text}"
    assert line_of(NodeFinished("a", "skipped", changed)) == "- a  skipped  Its input seed changed."
    assert line_of(NodeFailed("a", PROBLEM)) == "✗ a  failed"
