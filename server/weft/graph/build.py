"""From a document to the graph that the engine runs, or all that is in the way."""

from weft.errors import ProblemsError
from weft.graph.check import check
from weft.graph.document import Document
from weft.graph.structure import Constant, Graph, GraphNode, Part, Source, Spread
from weft.graph.workflows import WorkflowSource
from weft.registry import Catalog

__all__ = ["Constant", "Graph", "GraphNode", "Part", "Source", "Spread", "build"]


def build(document: Document, catalog: Catalog, workflows: WorkflowSource) -> Graph:
    """Build the flat graph of a workflow.

    Args:
        document: The workflow.
        catalog: The installed node types.
        workflows: The saved workflows that it may use as nodes.

    Returns:
        The graph: nodes in their installed versions, workflows inside unfolded, bypassed and switched-off
        nodes gone.

    Raises:
        ProblemsError: The workflow has errors; holds every problem, warnings too.
    """
    report = check(document, catalog, workflows)
    if report.graph is None:
        raise ProblemsError(report.problems)
    return report.graph
