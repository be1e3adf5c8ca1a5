"""What events say: everything that matters, in few bytes."""

import json

from weft.jobs.tellings import death_problem, nodes_data, preview_data, progress_data, worker_data
from weft.workers.pool import WorkerDied, WorkerView
from weft.workers.protocol import NodeFinish, NodeProgressed, NodesChanged, Preview


def test_a_finished_node_is_a_short_row() -> None:
    ran = NodeFinish("sample", "ran", "input-changed", 1.23456789, "seed")
    hit = NodeFinish("encode", "hit", "hit-ram", 0.0)

    data = nodes_data(NodesChanged("a", 1, ("decode",), (ran, hit)))

    assert data == {
        "started": ["decode"],
        "finished": [["sample", "ran", "input-changed", 1.2346, "seed"], ["encode", "hit", "hit-ram", 0.0]],
    }


def test_the_memory_of_a_node_is_told_where_there_is_any() -> None:
    held = NodeFinish("decode", "ran", "first-run", 0.5, held_bytes=196_608)
    changed = NodeFinish("sample", "ran", "input-changed", 0.5, "seed", 4_096, 2**33)
    nothing = NodeFinish("load", "ran", "first-run", 0.5, peak_bytes=2**32)

    assert nodes_data(NodesChanged("a", 1, (), (held, changed, nothing)))["finished"] == [
        ["decode", "ran", "first-run", 0.5, "", 196_608],
        ["sample", "ran", "input-changed", 0.5, "seed", 4_096, 2**33],
        ["load", "ran", "first-run", 0.5, "", 0, 2**32],
    ]


def test_what_did_not_happen_is_not_told() -> None:
    assert nodes_data(NodesChanged("a", 1)) == {}


def test_a_thousand_nodes_take_less_than_two_hundred_bytes_each() -> None:
    names = [f"a_rather_long_name_of_a_node_{index}" for index in range(1000)]
    finished = tuple(
        NodeFinish(name, "ran", "upstream-changed", 0.0123, "image", 12_582_912, 8_589_934_592)
        for name in names
    )
    batches = [NodesChanged("a", 1, tuple(names)), NodesChanged("a", 1, (), finished)]

    size = sum(len(json.dumps(nodes_data(batch))) for batch in batches)

    assert size / 1000 < 200


def test_progress_tells_the_time_left_and_a_message_only_where_there_is_one() -> None:
    bare = progress_data(NodeProgressed("a", 1, "sample", 3, 20))
    full = progress_data(NodeProgressed("a", 1, "sample", 3, 20, 1.23456, "denoising"))

    assert bare == {"node": "sample", "step": 3, "total": 20}
    assert full == {**bare, "seconds_left": 1.2346, "message": "denoising"}


def test_a_preview_tells_its_node_and_its_size() -> None:
    data = preview_data(Preview("a", 1, "sample", 64, 48))

    assert data == {"node": "sample", "width": 64, "height": 48, "media_type": "image/jpeg"}


def test_a_worker_tells_how_it_is_but_not_what_it_runs() -> None:
    data = worker_data(
        WorkerView("worker-1", "ready", 12, "cpu", "a processor", running=frozenset({("a", 1)}))
    )

    assert data == {
        "name": "worker-1",
        "state": "ready",
        "pid": 12,
        "device": "cpu",
        "device_name": "a processor",
        "phase": "",
        "restarts": 0,
    }


def test_a_death_is_told_with_its_cause_and_the_last_lines() -> None:
    told = {
        code: death_problem(WorkerDied("worker-1", frozenset(), code, ("boom",))) for code in (7, -9, None)
    }

    assert told[7]["message"] == "worker-1 ended with exit code 7."
    assert told[-9]["message"] == "worker-1 was killed by signal 9."
    assert told[None]["message"] == "worker-1 could not be started."
    assert told[7]["code"] == "worker-died"
    assert told[7]["details"] == {"worker": "worker-1", "exit_code": 7, "log": ["boom"]}
