"""The format of ComfyUI's API is read, and what is damaged is refused with the node at fault."""

import pytest
from comfy_files import node
from weft.errors import JSON
from weft.foreign.faults import ForeignUnreadableError
from weft.foreign.foreign_graph import Source
from weft.foreign.prompts_api import is_prompt, read_prompt


def test_values_links_and_titles_are_told_apart() -> None:
    graph = read_prompt(
        {"1": node("A", "First", x=1, size={"__value__": [1, 2]}), "57:8": node("B", a=("1", 2))}
    )

    assert graph.nodes["1"].values == {"x": 1, "size": [1, 2]}
    assert graph.nodes["1"].title == "First"
    assert graph.nodes["57:8"].links == {"a": Source("1", 2)}


def test_a_link_to_nothing_is_noted() -> None:
    assert read_prompt({"1": node("A", a=("9", 0))}).nodes["1"].lost == ("a",)


def test_a_list_of_numbers_is_no_link() -> None:
    assert read_prompt({"1": node("A", a=[1, 2])}).nodes["1"].values == {"a": [1, 2]}


@pytest.mark.parametrize(
    ("entry", "fault"),
    [({"inputs": {}}, "node 2 has no class_type"), ({"class_type": "B", "inputs": 3}, "inputs of node 2")],
)
def test_a_damaged_node_is_named(entry: JSON, fault: str) -> None:
    with pytest.raises(ForeignUnreadableError, match=fault):
        read_prompt({"1": node("A"), "2": entry})


def test_anything_else_is_not_meant() -> None:
    assert not is_prompt({"weft": 1, "nodes": {}})
    assert not is_prompt({})
