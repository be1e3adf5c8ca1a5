"""What the command line says of a workflow that was taken over from ComfyUI."""

from collections import Counter
from typing import TYPE_CHECKING

from weft.errors import Problem

if TYPE_CHECKING:
    from weft.foreign.conversion import Conversion
    from weft.foreign.foreign_graph import Taken


def differences(conversion: "Conversion") -> list[Problem]:
    """List what is different in a workflow that was taken over; what is unknown, the check says.

    Args:
        conversion: The workflow.

    Returns:
        A warning for each node.
    """
    return [
        Problem(
            "foreign-different",
            line_of(taken),
            "",
            node=next((made for made in taken.made if made in conversion.document.nodes), None),
            severity="warning",
        )
        for taken in conversion.nodes
        if taken.state == "different"
    ]


def summary(conversion: "Conversion") -> str:
    """Count what became of the nodes, in a sentence."""
    counts = Counter(taken.state for taken in conversion.nodes)
    return (
        f"Of {len(conversion.nodes)} nodes of ComfyUI, {counts['same']} are the same, "
        f"{counts['different']} different and {counts['unknown']} unknown here."
    )


def line_of(taken: "Taken") -> str:
    """Say in a line what became of a node."""
    what = " ".join(taken.notes) or "No node here does that; it is kept as it is, and does not run."
    return f"{taken.title or taken.type} ({taken.node}): {what}"
