"""State outside is looked at when a run is submitted, and counts."""

import os
from pathlib import Path

from server.engine.workbench import Bench, codes, link


def write(folder: Path, name: str, text: str) -> None:
    """Put a file into the input folder."""
    path = folder / "input" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)


async def test_a_file_is_read_again_only_when_it_changed(tmp_path: Path) -> None:
    write(tmp_path, "a.txt", "one")
    nodes = {"read": ("read", {"name": "a.txt"}), "shout": ("shout", {"text": link("read.text")})}
    with Bench(tmp_path) as bench:
        await bench.run(nodes, out="shout.text")
        await bench.run(nodes, out="shout.text")
        assert bench.calls == ["read a.txt", "shout one"]
        write(tmp_path, "a.txt", "two!")
        result = await bench.run(nodes, out="shout.text")

    assert bench.calls == ["read a.txt", "shout two!"]
    assert result.outputs == {"out": "TWO!"}
    assert codes(result) == {"read": "input-changed", "shout": "upstream-changed"}
    assert "outside" in result.nodes["read"].reason.text


async def test_a_file_that_changed_back_is_known(tmp_path: Path) -> None:
    nodes = {"read": ("read", {"name": "a.txt"})}
    with Bench(tmp_path) as bench:
        for text in ("one", "three", "one"):
            write(tmp_path, "a.txt", text)
            result = await bench.run(nodes, out="read.text")

    assert bench.calls == ["read a.txt", "read a.txt"]
    assert result.outputs == {"out": "one"}


async def test_a_missing_file_is_the_problem_of_the_node(tmp_path: Path) -> None:
    with Bench(tmp_path) as bench:
        result = await bench.run({"read": ("read", {"name": "none.txt"})})

    assert [problem.node for problem in result.problems] == ["read"]
    assert "none.txt" in result.problems[0].message


async def test_a_mapped_file_name_is_looked_at_item_by_item(tmp_path: Path) -> None:
    write(tmp_path, "a.txt", "one")
    write(tmp_path, "b.txt", "two")
    nodes = {"read": ("read", {"name": ["a.txt", "b.txt"]}), "all": ("listing", {"items": link("read.text")})}
    with Bench(tmp_path) as bench:
        await bench.run(nodes, out="all.text")
        again = await bench.run(nodes, out="all.text")
        assert sorted(bench.calls) == ["listing one two", "read a.txt", "read b.txt"]
        write(tmp_path, "b.txt", "three")
        result = await bench.run(nodes, out="all.text")

    assert codes(again) == {"read": "equal-inputs", "all": "equal-inputs"}
    assert bench.calls == ["read b.txt", "listing one three"]
    assert result.outputs == {"out": "one three"}


async def test_a_linked_file_name_is_looked_at_when_it_is_known(tmp_path: Path) -> None:
    write(tmp_path, "A.TXT", "one")
    nodes = {"name": ("shout", {"text": "a.txt"}), "read": ("read", {"name": link("name.text")})}
    with Bench(tmp_path, disk=2**30) as bench:
        await bench.run(nodes, out="read.text")
    with Bench(tmp_path, disk=2**30) as bench:
        same = await bench.run(nodes, out="read.text")
        write(tmp_path, "A.TXT", "three")
        changed = await bench.run(nodes, out="read.text")

    assert bench.calls == ["read A.TXT"]
    assert same.outputs == {"out": "one"}
    assert changed.outputs == {"out": "three"}


async def test_keys_that_can_never_be_found_again_are_not_kept(tmp_path: Path) -> None:
    nodes = {
        "clock": ("clock", {}),
        "plus": ("plus", {"a": link("clock.value")}),
        "add": ("add", {"a": link("plus.value")}),
    }
    with Bench(tmp_path, disk=2**30) as bench:
        for _ in range(3):
            await bench.run(nodes, out="add.value")
        entries = bench.engine.statistics().ram_entries

    assert entries == 1
    assert list((tmp_path / "cache" / "links").rglob("*.json")) == []


async def test_a_state_that_cannot_be_told_is_left_to_the_node_to_report(tmp_path: Path) -> None:
    (tmp_path / "input").mkdir()
    nodes = {"read": ("read", {"name": "."}), "other": ("number", {"value": 2})}
    with Bench(tmp_path) as bench:
        result = await bench.run(nodes, text="read.text", other="other.value")

    assert [(problem.code, problem.node) for problem in result.problems] == [("node-failed", "read")]
    assert result.outputs == {"other": 2}


async def test_state_outside_counts_by_content_and_not_by_time(tmp_path: Path) -> None:
    nodes = {"read": ("read", {"name": "a.txt"})}
    write(tmp_path, "a.txt", "one")
    with Bench(tmp_path) as bench:
        await bench.run(nodes, out="read.text")
        write(tmp_path, "a.txt", "one")
        os.utime(tmp_path / "input" / "a.txt", (1, 1))
        result = await bench.run(nodes, out="read.text")

    assert codes(result) == {"read": "hit-ram"}
    assert bench.calls == ["read a.txt"]
