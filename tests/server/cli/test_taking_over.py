"""The command line says what is different in a workflow that was taken over."""

from comfy_files import flux, node
from weft.cli.taking_over import differences, line_of, summary
from weft.foreign.conversion import convert
from weft.foreign.rule_book import load_rule_book

FOUND = convert({**flux(), "20": node("Fancy", "My own")}, load_rule_book())


def test_each_difference_is_a_warning_at_its_node() -> None:
    found = {problem.node: problem for problem in differences(FOUND)}

    # The fourth node dissolved, so its warning belongs to the whole.
    assert found.keys() == {None, "10"}
    assert {problem.severity for problem in found.values()} == {"warning"}
    assert found["10"].message.startswith("SamplerCustomAdvanced (10): The seed ")


def test_nodes_are_counted_and_named() -> None:
    (unknown,) = [taken for taken in FOUND.nodes if taken.state == "unknown"]

    assert summary(FOUND) == "Of 13 nodes of ComfyUI, 10 are the same, 2 different and 1 unknown here."
    assert line_of(unknown) == "My own (20): No node here does that; it is kept as it is, and does not run."
