"""Workflows of other programs, taken over."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from weft.web.files.convert_wire import ConversionView, ConvertRequest, TakenView
from weft.web.routing import Call, Policy, Reply, route

if TYPE_CHECKING:
    from weft.errors import JSON
    from weft.foreign.conversion import Conversion

TAG = "Workflows"


@route(
    "POST",
    "/api/convert",
    policy=Policy.SUBMIT,
    tag=TAG,
    body=ConvertRequest,
    answers={200: ConversionView},
    faults=(422,),
    example={
        "workflow": {
            "1": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "starter"}},
            "2": {"class_type": "CLIPTextEncode", "inputs": {"text": "a red circle", "clip": ["1", 1]}},
        }
    },
)
async def convert_workflow(call: Call[ConvertRequest]) -> Reply:
    """Take over a workflow of ComfyUI.

    The answer is a workflow that does the same as far as there are nodes for it, and what became of each
    node. Nothing is saved, run or left out in silence: what is not known here stays in it, and a check
    says so.
    """
    folders = call.services.settings.custom_nodes_dirs
    return Reply(_view(await asyncio.to_thread(_converted, call.body.workflow, folders)))


def _converted(tree: Mapping[str, JSON], folders: Sequence[Path]) -> Conversion:
    # Most servers never convert anything, and what does it takes more than a megabyte.
    from weft.foreign.conversion import convert
    from weft.foreign.rule_book import load_rule_book

    return convert(tree, load_rule_book(folders))


def _view(found: Conversion) -> ConversionView:
    nodes = tuple(TakenView.model_validate(asdict(node)) for node in found.nodes)
    return ConversionView(workflow=found.document.to_json(), nodes=nodes)
