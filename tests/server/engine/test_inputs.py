"""Inputs are gathered, split into items, and told apart by content alone."""

from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from server.engine.workbench import Bench, Grid, Nodes, Secret, link
from weft.engine import inputs as inputs_module
from weft.engine.inputs import Inputs, _place_of, flatten, items_of, nest
from weft.engine.jobs import Job
from weft.engine.recipes import Recipe
from weft.errors import JSON
from weft.graph_errors import ListLengthError


def make_jobs(folder: Path, nodes: Nodes, values: dict[str, dict[str, object]]) -> dict[str, Job]:
    """Jobs of a graph, some of which have their values already."""
    with Bench(folder) as bench:
        graph = bench.graph(nodes)
        jobs = {
            name: Job(node, Recipe.of(bench.registry.definition(node.type)), f"print of {name}")
            for name, node in graph.nodes.items()
        }
    for job in jobs.values():
        job.connect(jobs)
    for name, outputs in values.items():
        jobs[name].outputs = outputs
    return jobs


def inputs_of(jobs: dict[str, Job], name: str) -> Inputs:
    """The inputs of one job."""
    return Inputs(jobs[name].node, jobs[name].recipe, jobs)


@given(st.lists(st.integers(0, 4), max_size=3), st.data())
def test_folding_and_flattening_are_inverse(lengths: list[int], data: st.DataObject) -> None:
    count = 1
    for length in lengths:
        count *= length
    items = data.draw(st.lists(st.integers(), min_size=count, max_size=count))

    assert flatten(nest(items, lengths), len(lengths)) == items


def test_folding_keeps_empty_rows() -> None:
    assert nest([], (2, 0)) == [[], []]
    assert nest([], (0, 3)) == []


def test_something_that_is_no_list_is_named() -> None:
    with pytest.raises(TypeError, match="int"):
        items_of(3)


def test_literals_and_links_are_gathered(tmp_path: Path) -> None:
    nodes = {"a": ("number", {}), "add": ("add", {"a": link("a.value"), "b": 4})}
    jobs = make_jobs(tmp_path, nodes, {"a": {"value": 3}})

    assert inputs_of(jobs, "add").at() == {"a": 3, "b": 4}


def test_a_whole_number_that_feeds_a_float_becomes_one(tmp_path: Path) -> None:
    nodes = {"a": ("number", {}), "scale": ("scale", {"a": link("a.value")})}
    jobs = make_jobs(tmp_path, nodes, {"a": {"value": 3}})

    assert repr(inputs_of(jobs, "scale").at()["a"]) == "3.0"


def test_lists_are_put_together_from_many_places(tmp_path: Path) -> None:
    nodes = {
        "a": ("number", {}),
        "range": ("range", {}),
        "sum": ("sum", {"items": [link("a.value"), 7, link("range.items")]}),
    }
    jobs = make_jobs(tmp_path, nodes, {"a": {"value": 3}, "range": {"items": [0, 1]}})

    assert inputs_of(jobs, "sum").at() == {"items": [3, 7, 0, 1]}


def test_items_come_row_major(tmp_path: Path) -> None:
    nodes = {
        "left": ("words", {}),
        "right": ("words", {}),
        "glue": ("glue", {"left": link("left.items"), "right": link("right.items")}),
    }
    jobs = make_jobs(tmp_path, nodes, {"left": {"items": ["a", "b"]}, "right": {"items": ["x", "y"]}})
    inputs = inputs_of(jobs, "glue")

    lengths = inputs.lengths()
    calls = [inputs.at(position) for position in inputs.positions(lengths)]

    assert lengths == (2, 2)
    assert [f"{call['left']}{call['right']}" for call in calls] == ["ax", "ay", "bx", "by"]


def test_lengths_that_differ_are_named(tmp_path: Path) -> None:
    nodes = {
        "left": ("words", {}),
        "right": ("words", {}),
        "glue": (
            "glue",
            {"left": link("left.items"), "right": link("right.items")},
            {"zip": [["left", "right"]]},
        ),
    }
    jobs = make_jobs(tmp_path, nodes, {"left": {"items": ["a"]}, "right": {"items": ["x", "y"]}})

    with pytest.raises(ListLengthError) as raised:
        inputs_of(jobs, "glue").lengths()
    assert raised.value.details["lengths"] == {"left": 1, "right": 2}


def test_a_key_depends_on_content_and_not_on_who_made_it(tmp_path: Path) -> None:
    nodes = {
        "one": ("grid", {}),
        "two": ("grid", {"size": 9}),
        "first": ("total", {"grid": link("one.toy_grid")}),
        "second": ("total", {"grid": link("two.toy_grid")}),
    }
    same = {"one": {"toy_grid": Grid(torch.ones(3))}, "two": {"toy_grid": Grid(torch.ones(3))}}
    jobs = make_jobs(tmp_path, nodes, same)  # type: ignore[arg-type]
    assert inputs_of(jobs, "first").key() == inputs_of(jobs, "second").key()

    other = {"one": {"toy_grid": Grid(torch.ones(3))}, "two": {"toy_grid": Grid(torch.zeros(3))}}
    jobs = make_jobs(tmp_path, nodes, other)  # type: ignore[arg-type]
    assert inputs_of(jobs, "first").key() != inputs_of(jobs, "second").key()


def test_a_key_depends_on_the_type_the_inputs_and_the_state_outside(tmp_path: Path) -> None:
    nodes = {
        "add": ("add", {"a": 1, "b": 2}),
        "swap": ("add", {"a": 2, "b": 1}),
        "plus": ("plus", {"a": 1, "b": 2}),
    }
    jobs = make_jobs(tmp_path, nodes, {})
    keys = [inputs_of(jobs, name).key() for name in nodes]

    assert len({*keys, inputs_of(jobs, "add").key(outside="changed")}) == 4


def test_a_literal_and_a_link_of_equal_value_are_the_same(tmp_path: Path) -> None:
    nodes = {"a": ("number", {}), "link": ("add", {"a": link("a.value")}), "plain": ("add", {"a": 3})}
    jobs = make_jobs(tmp_path, nodes, {"a": {"value": 3}})

    assert inputs_of(jobs, "link").key() == inputs_of(jobs, "plain").key()


def test_a_digest_is_computed_once_for_all_who_read_the_value(tmp_path: Path) -> None:
    nodes = {"one": ("grid", {}), "first": ("total", {"grid": link("one.toy_grid")})}
    jobs = make_jobs(tmp_path, nodes, {"one": {"toy_grid": Grid(torch.ones(3))}})
    inputs_of(jobs, "first").key()

    assert len(jobs["one"].digests) == 1


def test_what_cannot_be_compared_counts_by_how_it_was_made(tmp_path: Path) -> None:
    nodes = {"one": ("secret", {}), "first": ("reveal", {"secret": link("one.toy_secret")})}
    jobs = make_jobs(tmp_path, nodes, {"one": {"toy_secret": object()}})
    before = inputs_of(jobs, "first").key()
    again = make_jobs(tmp_path, nodes, {"one": {"toy_secret": object()}})
    assert inputs_of(again, "first").key() == before

    again["one"].print = "another print"
    again["one"].digests.clear()
    assert inputs_of(again, "first").key() != before


def test_very_large_values_are_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    nodes = {"one": ("grid", {}), "first": ("total", {"grid": link("one.toy_grid")})}
    monkeypatch.setattr(inputs_module, "MOST_HASHED_BYTES", 8)
    keys = []
    for fill in (0.0, 1.0):
        jobs = make_jobs(tmp_path, nodes, {"one": {"toy_grid": Grid(torch.full((100,), fill))}})
        keys.append(inputs_of(jobs, "first").key())

    assert keys[0] == keys[1]


def test_a_lazy_input_counts_by_what_makes_it(tmp_path: Path) -> None:
    nodes = {
        "yes": ("number", {}),
        "no": ("number", {}),
        "switch": (
            "switch",
            {"condition": True, "when_true": link("yes.value"), "when_false": link("no.value")},
        ),
    }
    jobs = make_jobs(tmp_path, nodes, {})
    before = inputs_of(jobs, "switch").key()
    jobs["no"].print = "another print"

    assert inputs_of(jobs, "switch").key() != before
    assert inputs_of(jobs, "switch").at() == {"condition": True}


def test_only_tensors_make_a_comparison_dear(tmp_path: Path) -> None:
    nodes = {
        "one": ("grid", {}),
        "first": ("total", {"grid": link("one.toy_grid")}),
        "add": ("add", {"a": 1}),
    }
    jobs = make_jobs(tmp_path, nodes, {"one": {"toy_grid": Grid(torch.ones(3))}})

    assert not inputs_of(jobs, "first").is_cheap_to_compare()
    assert inputs_of(jobs, "add").is_cheap_to_compare()


def test_a_lazy_list_counts_by_everything_that_is_put_into_it(tmp_path: Path) -> None:
    lists: list[JSON] = [
        [link("a.value"), 1],
        [link("a.value"), 2],
        [link("b.value"), 1],
        [link("a.value"), link("b.value")],
        [link("many.items"), 1],
    ]
    keys = set()
    for items in lists:
        nodes: Nodes = {
            "a": ("number", {}),
            "b": ("number", {}),
            "many": ("range", {}),
            "sum": ("lazy_sum", {"items": items}),
        }
        keys.add(inputs_of(make_jobs(tmp_path, nodes, {}), "sum").key())

    assert len(keys) == len(lists)


async def test_a_lazy_list_is_put_together_when_it_is_asked_for(tmp_path: Path) -> None:
    nodes: Nodes = {
        "a": ("add", {"a": 2, "b": 3}),
        "many": ("range", {"count": 3}),
        "sum": ("lazy_sum", {"items": [link("a.value"), 10, link("many.items")]}),
    }
    with Bench(tmp_path) as bench:
        result = await bench.run(nodes, out="sum.value")

    assert result.outputs == {"out": 18}


def test_what_cannot_be_compared_in_a_list_counts_by_its_place() -> None:
    first, second = Secret(object()), Secret(object())
    outputs = {"count": 2, "secrets": [[first], [second]]}

    assert _place_of(first, outputs) == "secrets.0.0"
    assert _place_of(second, outputs) == "secrets.1.0"
    assert _place_of(Secret(object()), outputs) is None
    assert _place_of(first, None) is None
