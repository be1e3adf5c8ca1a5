"""A node says what its results hold, and how much the device had in use while it worked."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from server.engine.workbench import Bench, Nodes, link
from weft.engine.events import NodeFinished
from weft.engine.footprint import NO_FOOTPRINT, Footprint, PeakMeter, footprint_of, together


def device(*peaks: int) -> Callable[[], int]:
    """A device that has these peaks, one after the other, each time it is asked."""
    return iter(peaks).__next__


def test_what_holds_nothing_shares_one_footprint() -> None:
    assert footprint_of(0) is NO_FOOTPRINT
    assert footprint_of(0, 0) == Footprint(0, 0)
    assert footprint_of(5) == Footprint(5, None)


def test_calls_hold_the_sum_and_peak_at_the_highest() -> None:
    parts = [Footprint(3, 10), Footprint(4, 30), Footprint(5)]

    assert together(parts) == Footprint(12, 30)
    assert together([Footprint(3)]) == Footprint(3, None)
    assert together([]) is NO_FOOTPRINT


def test_a_footprint_is_json() -> None:
    assert json.loads(json.dumps(Footprint(3).to_json())) == {"held_bytes": 3, "peak_bytes": None}


def test_work_peaks_at_what_the_device_had_while_it_went_on() -> None:
    meter = PeakMeter(device(900, 40))
    with meter.watch() as watch:
        pass

    assert watch.peak_bytes == 40


def test_works_that_overlap_each_see_their_own_peak() -> None:
    meter = PeakMeter(device(0, 70, 20, 30))
    with meter.watch() as long:
        with meter.watch() as short:
            pass
        assert short.peak_bytes == 20

    assert long.peak_bytes == 70


def test_work_that_fails_is_watched_no_more() -> None:
    meter = PeakMeter(device(0, 10, 20, 30))
    with pytest.raises(ValueError, match="broken"), meter.watch() as failed:
        int("broken")
    with meter.watch():
        pass

    assert failed.peak_bytes == 10


def test_a_device_that_cannot_tell_is_not_asked() -> None:
    with PeakMeter().watch() as watch:
        pass

    assert watch.peak_bytes is None


async def test_what_ran_and_what_was_reused_say_what_their_results_hold(tmp_path: Path) -> None:
    nodes: Nodes = {
        "grid": ("grid", {"size": 8}),
        "same": ("pass", {"value": link("grid.toy_grid")}),
        "total": ("total", {"grid": link("same.value")}),
    }
    with Bench(tmp_path) as bench:
        first = await bench.run(nodes, out="total.value", grid="same.value")
        second = await bench.run(nodes, out="total.value", grid="same.value")

    held = {name: outcome.footprint for name, outcome in first.nodes.items()}
    assert held == {"grid": Footprint(32), "same": Footprint(32), "total": NO_FOOTPRINT}
    assert second.nodes["same"].state == "hit"
    assert second.nodes["same"].footprint == Footprint(32)


async def test_a_mapped_node_holds_what_its_items_hold_together(tmp_path: Path) -> None:
    with Bench(tmp_path) as bench:
        await bench.run({"grid": ("grid", {"size": [4, 8]})})
        result = await bench.run({"grid": ("grid", {"size": [4, 8, 16]})})

    assert result.nodes["grid"].footprint == Footprint(4 * (4 + 8 + 16))


async def test_the_end_of_a_node_is_told_with_what_it_holds(tmp_path: Path) -> None:
    with Bench(tmp_path) as bench:
        await bench.run({"grid": ("grid", {"size": 8})})
        (ended,) = bench.seen(NodeFinished)

    assert isinstance(ended, NodeFinished)
    assert ended.footprint == Footprint(32)
