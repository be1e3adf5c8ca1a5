"""The messages in which workflows of other programs are taken over."""

from __future__ import annotations

from typing import Literal

from weft.web.wire_base import JSONValue, Wire


class ConvertRequest(Wire):
    """A workflow of another program.

    Attributes:
        workflow: The workflow as ComfyUI saves it, or in the format of its API, also with the call around it.
    """

    workflow: dict[str, JSONValue]


class TakenView(Wire):
    """What became of a node of another program.

    Attributes:
        node: Its id there.
        type: Its type there.
        title: What it was called there; empty for nothing.
        state: `same` where it does what it did, `different` where the notes say what changed, `unknown` where
            no node does it here: it is kept with its values, as a node of the type `comfyui:` and its type.
        made: The nodes that stand for it; none where it became part of others.
        notes: Sentences that say what is different.
    """

    node: str
    type: str
    title: str
    state: Literal["same", "different", "unknown"]
    made: tuple[str, ...]
    notes: tuple[str, ...]


class ConversionView(Wire):
    """A workflow that was taken over.

    Attributes:
        workflow: The workflow document. It is not saved.
        nodes: What became of each node, in the order of the file.
    """

    workflow: dict[str, JSONValue]
    nodes: tuple[TakenView, ...]
