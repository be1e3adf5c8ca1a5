"""A node runs once per item of the lists it maps over, and only for items that are new."""

from pathlib import Path

from server.engine.workbench import Bench, Nodes, codes, link, states
from weft.engine.events import NodeItem

DISK = 2**30


def shouting(text: str) -> Nodes:
    """Every word of a text in capitals."""
    return {"words": ("words", {"text": text}), "shout": ("shout", {"text": link("words.items")})}


async def test_a_list_maps_the_node_over_its_items(tmp_path: Path) -> None:
    with Bench(tmp_path) as bench:
        result = await bench.run(shouting("a b c"), out="shout.text")

    assert result.outputs == {"out": ["A", "B", "C"]}


async def test_adding_an_item_runs_only_the_new_one(tmp_path: Path) -> None:
    with Bench(tmp_path) as bench:
        await bench.run(shouting("a b"), out="shout.text")
        bench.state.calls.clear()

        result = await bench.run(shouting("a new b"), out="shout.text")

    assert bench.calls == ["shout new"]
    assert result.outputs == {"out": ["A", "NEW", "B"]}
    assert states(result)["shout"] == "ran"
    assert "2 of 3 items were reused" in result.nodes["shout"].reason.text


async def test_items_survive_in_a_new_process(tmp_path: Path) -> None:
    with Bench(tmp_path, disk=DISK) as first:
        await first.run(shouting("a b"), out="shout.text")
    with Bench(tmp_path, disk=DISK) as second:
        same = await second.run(shouting("a b"), out="shout.text")
        more = await second.run(shouting("b c a"), out="shout.text")

    assert second.calls == ["shout c"]
    assert same.outputs == {"out": ["A", "B"]}
    assert codes(same)["shout"] == "hit-disk"
    assert more.outputs == {"out": ["B", "C", "A"]}


async def test_an_item_is_the_same_work_as_the_node_alone(tmp_path: Path) -> None:
    with Bench(tmp_path) as bench:
        await bench.run({"shout": ("shout", {"text": "b"})})
        await bench.run(shouting("a b"), out="shout.text")

    assert bench.calls == ["shout b", "shout a"]


async def test_items_that_overlap_take_the_time_from_the_first_start_to_the_last_end(tmp_path: Path) -> None:
    blocks: Nodes = {"block": ("block", {"a": [1, 2], "steps": 50})}
    with Bench(tmp_path) as bench:
        result = await bench.run(blocks, out="block.value")

    # Two items of a tenth of a second each, at the same time.
    assert 0.1 <= result.nodes["block"].seconds <= result.seconds


async def test_a_mapped_node_that_was_reused_took_no_time(tmp_path: Path) -> None:
    with Bench(tmp_path) as bench:
        await bench.run(shouting("a b"), out="shout.text")

        again = await bench.run(shouting("b a"), out="shout.text")

    assert states(again)["shout"] == "hit"
    assert again.nodes["shout"].seconds == 0


async def test_equal_items_are_computed_once(tmp_path: Path) -> None:
    with Bench(tmp_path) as bench:
        result = await bench.run(shouting("a a a"), out="shout.text")

    assert bench.calls == ["shout a"]
    assert result.outputs == {"out": ["A", "A", "A"]}


async def test_two_lists_multiply_row_major(tmp_path: Path) -> None:
    nodes = {
        "left": ("words", {"text": "a b"}),
        "right": ("words", {"text": "x y z"}),
        "glue": ("glue", {"left": link("left.items"), "right": link("right.items")}),
    }
    with Bench(tmp_path) as bench:
        result = await bench.run(nodes, out="glue.text")

    assert result.outputs == {"out": [["ax", "ay", "az"], ["bx", "by", "bz"]]}


async def test_zipped_lists_advance_together(tmp_path: Path) -> None:
    nodes = {
        "left": ("words", {"text": "a b"}),
        "right": ("words", {"text": "x y"}),
        "glue": (
            "glue",
            {"left": link("left.items"), "right": link("right.items")},
            {"zip": [["left", "right"]]},
        ),
    }
    with Bench(tmp_path) as bench:
        result = await bench.run(nodes, out="glue.text")

    assert result.outputs == {"out": ["ax", "by"]}


async def test_zipped_lists_of_different_lengths_are_an_error_with_numbers(tmp_path: Path) -> None:
    nodes = {
        "left": ("words", {"text": "a b c"}),
        "right": ("words", {"text": "x y"}),
        "glue": (
            "glue",
            {"left": link("left.items"), "right": link("right.items")},
            {"zip": [["left", "right"]]},
        ),
    }
    with Bench(tmp_path) as bench:
        result = await bench.run(nodes, out="glue.text")

    (problem,) = result.problems
    assert (problem.code, problem.node) == ("list-length", "glue")
    assert problem.details["lengths"] == {"left": 3, "right": 2}


async def test_what_descends_from_one_list_advances_together(tmp_path: Path) -> None:
    nodes = {
        "words": ("words", {"text": "a b"}),
        "shout": ("shout", {"text": link("words.items")}),
        "glue": ("glue", {"left": link("words.items"), "right": link("shout.text")}),
    }
    with Bench(tmp_path) as bench:
        result = await bench.run(nodes, out="glue.text")

    assert result.outputs == {"out": ["aA", "bB"]}


async def test_mapped_values_are_collected_by_a_node_that_takes_a_list(tmp_path: Path) -> None:
    nodes = {
        "left": ("words", {"text": "a b"}),
        "right": ("words", {"text": "x y"}),
        "glue": ("glue", {"left": link("left.items"), "right": link("right.items")}),
        "all": ("listing", {"items": link("glue.text")}),
    }
    with Bench(tmp_path) as bench:
        result = await bench.run(nodes, out="all.text")

    assert result.outputs == {"out": "ax ay bx by"}


async def test_one_value_is_wrapped_for_a_node_that_takes_a_list(tmp_path: Path) -> None:
    nodes = {"one": ("shout", {"text": "a"}), "all": ("listing", {"items": link("one.text")})}
    with Bench(tmp_path) as bench:
        result = await bench.run(nodes, out="all.text")

    assert result.outputs == {"out": "A"}


async def test_a_list_in_the_document_maps_too(tmp_path: Path) -> None:
    with Bench(tmp_path) as bench:
        result = await bench.run({"shout": ("shout", {"text": ["a", "b"]})}, out="shout.text")

    assert result.outputs == {"out": ["A", "B"]}


async def test_an_empty_list_runs_nothing_and_gives_an_empty_list(tmp_path: Path) -> None:
    nodes = {
        "words": ("words", {"text": ""}),
        "right": ("words", {"text": "x y"}),
        "shout": ("shout", {"text": link("words.items")}),
        "glue": ("glue", {"left": link("shout.text"), "right": link("right.items")}),
        "all": ("listing", {"items": link("glue.text")}),
    }
    with Bench(tmp_path) as bench:
        result = await bench.run(nodes, shout="shout.text", all="all.text")

    assert result.outputs == {"shout": [], "all": ""}
    assert bench.calls == ["listing "]


async def test_trivial_nodes_map_too(tmp_path: Path) -> None:
    nodes = {
        "range": ("range", {"count": 4}),
        "plus": ("plus", {"a": link("range.items"), "b": 10}),
        "sum": ("sum", {"items": link("plus.value")}),
    }
    with Bench(tmp_path) as bench:
        result = await bench.run(nodes, out="sum.value")

    assert result.outputs == {"out": 46}


async def test_several_outputs_map_each(tmp_path: Path) -> None:
    nodes = {"range": ("range", {"count": 3}), "split": ("split", {"a": link("range.items")})}
    with Bench(tmp_path) as bench:
        result = await bench.run(nodes, low="split.low", high="split.high")

    assert result.outputs == {"low": [0, 0, 1], "high": [0, 1, 1]}


async def test_every_item_is_told_when_it_is_there(tmp_path: Path) -> None:
    with Bench(tmp_path) as bench:
        await bench.run(shouting("a b"), out="shout.text")
        await bench.run(shouting("a b c"), out="shout.text")
        items = [event for event in bench.events if isinstance(event, NodeItem)]

    assert sorted((event.index, event.total, event.reused) for event in items) == [
        (0, 3, True),
        (1, 3, True),
        (2, 3, False),
    ]


async def test_the_first_failing_item_fails_the_node_and_the_others_are_kept(tmp_path: Path) -> None:
    nodes = {
        "range": ("range", {"count": 3}),
        "try": ("fail_at", {"a": link("range.items"), "bad": 1}),
        "after": ("sum", {"items": link("try.value")}),
    }
    with Bench(tmp_path) as bench:
        result = await bench.run(nodes, out="after.value")

    assert states(result) == {"range": "ran", "try": "failed", "after": "skipped"}
    assert [problem.code for problem in result.problems] == ["toy-broke"]
    assert result.problems[0].details["item"] == 1


async def test_a_generator_streams_its_items(tmp_path: Path) -> None:
    nodes = {"count": ("count_up", {"count": 3}), "sum": ("sum", {"items": link("count.items")})}
    with Bench(tmp_path) as bench:
        result = await bench.run(nodes, items="count.items", sum="sum.value")
        items = [event for event in bench.events if isinstance(event, NodeItem)]

    assert result.outputs == {"items": [0, 1, 2], "sum": 3}
    assert [(event.node, event.index) for event in items] == [("count", 0), ("count", 1), ("count", 2)]


async def test_an_asynchronous_generator_streams_its_items(tmp_path: Path) -> None:
    with Bench(tmp_path) as bench:
        result = await bench.run({"drip": ("drip", {"count": 2})}, items="drip.items")

    assert result.outputs == {"items": [0, 1]}


async def test_a_stream_maps_what_follows(tmp_path: Path) -> None:
    nodes = {"count": ("count_up", {"count": 3}), "add": ("add", {"a": link("count.items")})}
    with Bench(tmp_path) as bench:
        result = await bench.run(nodes, out="add.value")

    assert result.outputs == {"out": [1, 2, 3]}


async def test_a_switch_maps_over_its_conditions(tmp_path: Path) -> None:
    nodes = {
        "yes": ("add", {"a": 1}),
        "switch": ("switch", {"condition": [True, False], "when_true": link("yes.value"), "when_false": 7}),
    }
    with Bench(tmp_path) as bench:
        result = await bench.run(nodes, out="switch.value")

    assert result.outputs == {"out": [2, 7]}


async def test_a_lazy_list_maps_as_any_other(tmp_path: Path) -> None:
    nodes = {
        "range": ("range", {"count": 2}),
        "switch": ("switch", {"condition": True, "when_true": link("range.items"), "when_false": 7}),
    }
    with Bench(tmp_path) as bench:
        result = await bench.run(nodes, out="switch.value")

    assert result.outputs == {"out": [0, 1]}
