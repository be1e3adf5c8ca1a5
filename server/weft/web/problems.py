"""Problem documents (RFC 9457): the one shape in which errors leave the server, with the CLI's words."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field

from weft.errors import FileError, GraphError, Problem, ProblemsError, WeftError
from weft.web.wire_base import JSONValue

PROBLEM_TYPE = "application/problem+json"
UNPROCESSABLE = 422
INTERNAL = 500

STATUS: Mapping[str, int] = MappingProxyType(
    {
        "request-malformed": 400,
        "body-unreadable": 400,
        "cursor-invalid": 400,
        "image-parameter": 400,
        "json-unreadable": 400,
        "query-invalid": 400,
        "token-missing": 401,
        "token-refused": 401,
        "address-refused": 403,
        "hub-refused": 403,
        "origin-refused": 403,
        "scope-missing": 403,
        "asset-plain": 404,
        "asset-unknown": 404,
        "batch-unknown": 404,
        "blob-unknown": 404,
        "hub-unknown": 404,
        "image-model-unknown": 404,
        "job-unknown": 404,
        "model-picture-unknown": 404,
        "node-type-unknown": 404,
        "preview-missing": 404,
        "provider-unknown": 404,
        "pull-unknown": 404,
        "revision-unknown": 404,
        "route-unknown": 404,
        "workflow-unknown": 404,
        "method-refused": 405,
        "asset-kept": 409,
        "idempotency-conflict": 409,
        "job-exists": 409,
        "job-unfinished": 409,
        "model-exists": 409,
        "revision-conflict": 409,
        "workflow-shipped": 409,
        "precondition-failed": 412,
        "body-too-large": 413,
        "graph-too-large": 413,
        "message-too-long": 413,
        "upload-too-large": 413,
        "media-type-refused": 415,
        "upload-refused": 415,
        "range-refused": 416,
        "host-refused": 421,
        "batch-invalid": 422,
        "body-invalid": 422,
        "images-failed": 422,
        "model-name": 422,
        "pull-unclear": 422,
        "weights-refused": 422,
        "workflow-name": 422,
        "queue-full": 429,
        "blob-mismatch": 500,
        "database-damaged": 500,
        "database-too-new": 500,
        "file-unwritable": 500,
        "unexpected": 500,
        "hub-unreachable": 502,
        "data-folder-in-use": 503,
        "editor-missing": 503,
        "server-stopping": 503,
        "worker-device-unavailable": 503,
        "worker-unavailable": 503,
        "disk-full": 507,
    }
)
"""The status of each error that is about a request as a whole, by its code."""

RETRY_AFTER_S: Mapping[int, str] = MappingProxyType({429: "5", 503: "2"})
"""When to ask again, where that helps."""


class ProblemEntry(BaseModel):
    """One fault of a workflow or a request.

    Attributes:
        code: Stable name of the kind of fault.
        message: One sentence of fact.
        hint: One sentence of help, or empty.
        node: Id of the node concerned, if one is.
        input: Name of that node's input, if one is.
        severity: `error` stops the run, `warning` does not.
        details: Further facts for programs.
    """

    model_config = ConfigDict(frozen=True)

    code: str
    message: str
    hint: str = ""
    node: str | None = None
    input: str | None = None
    severity: Literal["error", "warning"] = "error"
    details: dict[str, JSONValue] = Field(default_factory=dict)


class ProblemDocument(BaseModel):
    """What went wrong with a request (RFC 9457).

    Attributes:
        type: `urn:weft:problem:` and the code.
        title: The code in words.
        status: The HTTP status.
        detail: One sentence of fact.
        code: Stable name of the kind of error; programs rely on it, never on the words.
        hint: One sentence that says what to do.
        problems: Every single fault, where there may be several.
    """

    model_config = ConfigDict(frozen=True)

    type: str
    title: str
    status: int
    detail: str
    code: str
    hint: str = ""
    problems: tuple[ProblemEntry, ...] = ()


def status_of(error: WeftError) -> int:
    """Choose the HTTP status of an error.

    Several problems, and problems of a node, are faults of what was sent (422); an error that the table does
    not know is a fault of the document where it is about one, and otherwise the server's own.
    """
    if isinstance(error, ProblemsError):
        kinds = {problem.code for problem in error.problems}
        about_whole = all(problem.node is None for problem in error.problems)
        return STATUS.get(kinds.pop(), UNPROCESSABLE) if len(kinds) == 1 and about_whole else UNPROCESSABLE
    codes = [kind.code for kind in type(error).__mro__ if issubclass(kind, WeftError)]
    known = next((STATUS[code] for code in codes if code in STATUS), None)
    if known is not None:
        return known
    return UNPROCESSABLE if isinstance(error, GraphError | FileError) else INTERNAL


def document_of(error: WeftError) -> ProblemDocument:
    """Put an error into a problem document."""
    problems = error.problems if isinstance(error, ProblemsError) else (error.problem(),)
    whole = problems[0] if len(problems) == 1 else None
    code = error.code if whole is None else whole.code
    return ProblemDocument(
        type=f"urn:weft:problem:{code}",
        title=code.replace("-", " ").capitalize(),
        status=status_of(error),
        detail=f"There are {len(problems)} problems." if whole is None else whole.message,
        code=code,
        hint=error.hint if whole is None else whole.hint,
        problems=tuple(problem_entry(problem) for problem in problems),
    )


def problem_entry(problem: Problem) -> ProblemEntry:
    """Give a problem without its traceback, which tells of the server's insides."""
    return ProblemEntry(
        code=problem.code,
        message=problem.message,
        hint=problem.hint,
        node=problem.node,
        input=problem.input,
        severity=problem.severity,
        details={name: value for name, value in problem.details.items() if name != "traceback"},
    )


def problem_response(error: WeftError) -> web.Response:
    """Answer with an error."""
    document = document_of(error)
    headers = {"Content-Type": PROBLEM_TYPE, "Cache-Control": "no-store"}
    if document.status in RETRY_AFTER_S:
        headers["Retry-After"] = RETRY_AFTER_S[document.status]
    if document.status == 401:
        headers["WWW-Authenticate"] = 'Bearer realm="weft"'
    if document.status == 416:
        headers["Content-Range"] = f"bytes */{error.details['size']}"
    return web.Response(status=document.status, body=document.model_dump_json().encode(), headers=headers)
