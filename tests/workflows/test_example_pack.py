"""A node of a pack runs in a workflow among the built-in ones."""

from weft.graph.document import parse_document
from workflow_runs import Desk, picture


def test_a_node_of_the_example_pack_runs_in_a_workflow(tiny: Desk) -> None:
    document = parse_document(
        {
            "weft": 1,
            "outputs": {"image": {"from": "poster.image"}},
            "nodes": {
                "grey": {"type": "image.empty", "version": 1, "inputs": {"color": "#707070"}},
                "poster": {
                    "type": "example:image.posterize",
                    "version": 1,
                    "inputs": {"image": {"from": "grey.image"}, "levels": 2},
                },
            },
        }
    )

    result = tiny.run_document(document)

    assert result.state == "succeeded"
    assert picture(result).pixels_BHWC.eq(0).all()
