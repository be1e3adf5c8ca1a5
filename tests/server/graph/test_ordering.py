"""Nodes are ordered behind what they read from, and every circle is found, in linear time."""

from hypothesis import given
from hypothesis import strategies as st
from weft.graph.ordering import MOST_CYCLES, ordered


def test_each_node_stands_behind_what_it_reads_from() -> None:
    assert ordered({"c": ["b"], "b": ["a"], "a": []}).order == ("a", "b", "c")


def test_nodes_that_do_not_depend_on_each_other_keep_their_order() -> None:
    assert ordered({"b": [], "a": [], "c": []}).order == ("b", "a", "c")


def test_a_source_read_twice_counts_twice() -> None:
    assert ordered({"b": ["a", "a"], "a": []}).order == ("a", "b")


def test_a_circle_is_given_in_the_order_of_reading() -> None:
    (cycle,) = ordered({"a": ["c"], "b": ["a"], "c": ["b"]}).cycles

    at = cycle.index("a")
    assert cycle[at:] + cycle[:at] == ("a", "b", "c")


def test_circles_without_a_common_node_are_all_found() -> None:
    found = ordered({"a": ["b"], "b": ["a"], "c": ["d"], "d": ["c"], "e": ["e"], "f": ["e", "a"]})

    assert sorted(sorted(cycle) for cycle in found.cycles) == [["a", "b"], ["c", "d"], ["e"]]


def test_with_circles_every_node_still_stands_in_the_order_once() -> None:
    found = ordered({"a": ["b"], "b": ["a"], "c": ["b"], "d": ["c"]})

    assert sorted(found.order) == ["a", "b", "c", "d"]
    assert found.order.index("c") < found.order.index("d")


def test_only_so_many_circles_are_told_apart() -> None:
    feeds = {
        f"{side}{i}": [f"{'b' if side == 'a' else 'a'}{i}"] for i in range(MOST_CYCLES * 2) for side in "ab"
    }

    found = ordered(feeds)

    assert len(found.cycles) == MOST_CYCLES
    assert sorted(found.order) == sorted(feeds)


@given(st.dictionaries(st.sampled_from("abcdefgh"), st.lists(st.sampled_from("abcdefgh"), max_size=4)))
def test_the_order_is_right_wherever_there_is_no_circle(drawn: dict[str, list[str]]) -> None:
    feeds = {name: [source for source in sources if source in drawn] for name, sources in drawn.items()}

    found = ordered(feeds)

    assert sorted(found.order) == sorted(feeds)
    for cycle in found.cycles:
        assert all(before in feeds[after] for before, after in zip(cycle, cycle[1:] + cycle[:1], strict=True))
    if not found.cycles:
        place = {name: index for index, name in enumerate(found.order)}
        assert all(place[source] < place[name] for name, sources in feeds.items() for source in sources)
