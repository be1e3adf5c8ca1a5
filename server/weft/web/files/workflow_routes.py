"""Saved workflows: list, fetch, save, delete, and look back at how they were."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from datetime import UTC, datetime

from aiohttp import ETag, web
from aiohttp.helpers import ETAG_ANY

from weft.errors import Problem, ProblemsError, WeftError
from weft.graph.check import check
from weft.graph.document import Document
from weft.graph.signature import Signature, signature
from weft.graph.workflows import WorkflowSource
from weft.graph_errors import WorkflowUnknownError
from weft.jobs.faults import RevisionConflictError, RevisionUnknownError
from weft.jobs.files.file_faults import PreconditionFailedError
from weft.jobs.files.library import SavedWorkflow, WorkflowLibrary
from weft.registry import Catalog
from weft.web.check_wire import SignatureView
from weft.web.files.workflow_wire import (
    RevisionList,
    WorkflowDocument,
    WorkflowEntry,
    WorkflowList,
    WorkflowSaved,
    revision_list,
    saved_view,
    workflow_url,
)
from weft.web.problems import problem_entry
from weft.web.routing import Call, Policy, Reply, route

TAG = "Workflows"
MOST_PROBLEMS = 200
"""Problems of a saved workflow that are told at most."""


@route("GET", "/api/workflows", policy=Policy.READ, tag=TAG, answers={200: WorkflowList})
async def list_workflows(call: Call[None]) -> Reply:
    """List the saved workflows and the templates, with their inputs and outputs."""
    library, owner, catalog = call.services.workflows, call.caller.owner, call.services.workers.catalog
    entries = await asyncio.to_thread(
        lambda: [_entry(library, owner, e, catalog) for e in library.entries(owner)]
    )
    return Reply(WorkflowList(workflows=tuple(entries)))


@route(
    "GET",
    "/api/workflows/{name}",
    policy=Policy.READ,
    tag=TAG,
    answers={200: WorkflowDocument, 304: None},
    faults=(404, 422),
)
async def fetch_workflow(call: Call[None]) -> Reply:
    """Fetch the document of a saved workflow or a template.

    The `ETag` is what `If-Match` takes when a change of it is saved.
    """
    name = call.request.match_info["name"]
    saved, document = await asyncio.to_thread(call.services.workflows.read, call.caller.owner, name)
    return _document_reply(call.request, saved.tag, document)


@route(
    "PUT",
    "/api/workflows/{name}",
    policy=Policy.SUBMIT,
    tag=TAG,
    parts={"name": "portrait"},
    body=WorkflowDocument,
    answers={200: WorkflowSaved, 201: WorkflowSaved},
    faults=(412, 507),
    headers=("If-Match", "If-None-Match"),
    example={"weft": 1, "title": "Nothing yet", "nodes": {}},
)
async def save_workflow(call: Call[WorkflowDocument]) -> Reply:
    """Save a workflow, also one that is not finished.

    What is wrong with it is told and does not keep it from being saved; only what is no workflow document at
    all is refused. With `If-Match` it is saved only over the revision that has that ETag, and with
    `If-None-Match: *` only where nothing has that name. Saving under the name of a template makes a copy.
    """
    name = call.request.match_info["name"]
    library, owner = call.services.workflows, call.caller.owner
    before = await asyncio.to_thread(_find, library, owner, name)
    expected = _expected(call.request, name, before)
    try:
        saved, document = await asyncio.to_thread(
            lambda: library.save(owner, name, call.body.root, expected_revision=expected)
        )
    except RevisionConflictError as error:
        raise PreconditionFailedError(name=name, tag=f"{error.details['found']}") from error
    catalog = call.services.workers.catalog
    found = await asyncio.to_thread(_look, document, catalog, library.of(owner))
    view = saved_view(saved, found[0], tuple(problem_entry(problem) for problem in found[1][:MOST_PROBLEMS]))
    headers = {"ETag": f'"{saved.tag}"', "Location": workflow_url(name)}
    is_new = before is None or before.is_template
    return Reply(view, status=201 if is_new else 200, headers=headers)


@route(
    "DELETE",
    "/api/workflows/{name}",
    policy=Policy.SUBMIT,
    tag=TAG,
    parts={"name": "portrait"},
    answers={204: None},
    faults=(404, 409, 412),
    headers=("If-Match",),
)
async def delete_workflow(call: Call[None]) -> Reply:
    """Delete a saved workflow; its revisions can still be fetched, and saved again.

    A template of the same name is seen again; the template itself cannot be deleted.
    """
    name = call.request.match_info["name"]
    library, owner = call.services.workflows, call.caller.owner
    before = await asyncio.to_thread(_find, library, owner, name)
    expected = _expected(call.request, name, before)
    try:
        await asyncio.to_thread(lambda: library.delete(owner, name, expected_revision=expected or None))
    except RevisionConflictError as error:
        raise PreconditionFailedError(name=name, tag=f"{error.details['found']}") from error
    return Reply(status=204)


@route(
    "GET",
    "/api/workflows/{name}/revisions",
    policy=Policy.READ,
    tag=TAG,
    answers={200: RevisionList},
    faults=(404,),
)
async def list_revisions(call: Call[None]) -> Reply:
    """List the revisions of a saved workflow, the latest first, also after it was deleted."""
    name = call.request.match_info["name"]
    found = await asyncio.to_thread(call.services.workflows.revisions, call.caller.owner, name)
    return Reply(revision_list(name, found))


@route(
    "GET",
    "/api/workflows/{name}/revisions/{revision}",
    policy=Policy.READ,
    tag=TAG,
    answers={200: WorkflowDocument, 304: None},
    faults=(404, 422),
)
async def fetch_revision(call: Call[None]) -> Reply:
    """Fetch a workflow as it was at a revision; saving that document again restores it."""
    name, number = call.request.match_info["name"], call.request.match_info["revision"]
    if not re.fullmatch(r"[1-9][0-9]{0,8}", number):
        raise RevisionUnknownError(name=name[:120], revision=0)
    saved, document = await asyncio.to_thread(
        call.services.workflows.revision, call.caller.owner, name, int(number)
    )
    return _document_reply(call.request, saved.tag, document)


def _document_reply(request: web.Request, tag: str, document: Document) -> Reply:
    headers = {"ETag": f'"{tag}"', "Cache-Control": "private, no-cache"}
    if _names(request.if_none_match, tag):
        return Reply(status=304, headers=headers)
    return Reply(WorkflowDocument(document.to_json()), headers=headers)


def _names(tags: tuple[ETag, ...] | None, tag: str) -> bool:
    """Tell whether a header names a tag, or whatever there is."""
    return any(entry.value in (tag, ETAG_ANY) for entry in tags or ())


def _find(library: WorkflowLibrary, owner: str, name: str) -> SavedWorkflow | None:
    """Give what has a name; None where nothing does."""
    try:
        return library.find(owner, name)
    except WorkflowUnknownError:
        return None


def _expected(request: web.Request, name: str, found: SavedWorkflow | None) -> int | None:
    """Give the revision over which something is done; None where nothing was said about it.

    Raises:
        PreconditionFailedError: What there is, is not what the headers say.
    """
    wanted, unwanted = request.if_match, request.if_none_match
    if wanted is None and unwanted is None:
        return None
    tag = "" if found is None else found.tag
    is_met = wanted is None or (found is not None and _names(wanted, tag))
    if not is_met or (found is not None and _names(unwanted, tag)):
        raise PreconditionFailedError(name=name[:120], tag=tag)
    # Between now and then somebody may save it; the ledger compares once more.
    return 0 if found is None else found.revision


def _look(
    document: Document, catalog: Catalog | None, workflows: WorkflowSource
) -> tuple[SignatureView | None, tuple[Problem, ...]]:
    """Give the signature and the problems of a workflow, as far as the catalogue is known."""
    if catalog is None:
        return None, ()
    found = _signature(lambda: signature(document, catalog, workflows))
    return found, check(document, catalog, workflows).problems


def _signature(find: Callable[[], Signature]) -> SignatureView | None:
    try:
        found = find()
    except WeftError:
        # What is wrong with it, the check says better.
        return None
    return SignatureView.model_validate(found.to_json(), strict=False)


def _entry(
    library: WorkflowLibrary, owner: str, saved: SavedWorkflow, catalog: Catalog | None
) -> WorkflowEntry:
    problems: tuple[Problem, ...] = ()
    document = Document(weft=1)
    try:
        document = library.document(owner, saved)
    except ProblemsError as error:
        problems = error.problems
    except WeftError as error:
        problems = (error.problem(),)
    view = None
    if catalog is not None and not problems:
        view = _signature(lambda: library.signature(owner, saved, document, catalog))
    return WorkflowEntry(
        name=saved.name,
        title=document.title,
        description=document.description,
        template=saved.is_template,
        revision=saved.revision,
        modified_at=None if saved.saved_at is None else datetime.fromtimestamp(saved.saved_at, UTC),
        signature=view,
        problems=tuple(problem_entry(problem) for problem in problems),
        url=workflow_url(saved.name),
    )
