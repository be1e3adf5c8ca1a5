"""What a saved picture says about how it was made, so that it can be made again."""

import platform
from collections.abc import Mapping
from importlib import metadata

from weft.errors import JSON
from weft.graph.document import Document
from weft.graph.structure import Graph
from weft.widgets import SeedWidget


def provenance_of(
    document: Document, graph: Graph, *, workflow: str, files: Mapping[str, str]
) -> dict[str, JSON]:
    """Describe a run. The same run gives the same description, whether its nodes ran or were reused.

    Args:
        document: The workflow with the given values in it.
        graph: The graph that ran.
        workflow: What the workflow is called.
        files: Content hashes of the weight files and pictures that were used.

    Returns:
        The document, the seeds with defaults filled in, the versions of what computed, and the files.
    """
    return {
        "weft": document.to_json(),
        "workflow": workflow,
        "seeds": _seeds(graph),
        "versions": {
            "weft": metadata.version("weft"),
            "torch": metadata.version("torch"),
            "python": platform.python_version(),
        },
        "files": dict(sorted(files.items())),
    }


def _seeds(graph: Graph) -> dict[str, JSON]:
    return {
        f"{node.id}.{entry.name}": node.values[entry.name]
        for node in graph.nodes.values()
        for entry in node.schema.inputs
        if isinstance(entry.widget, SeedWidget) and entry.name in node.values
    }
