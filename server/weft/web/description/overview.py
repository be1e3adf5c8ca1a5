"""The words of the API's documentation that stand at no single operation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from weft.errors import JSON

PAGES = Path(__file__).parent / "pages"
"""Where the template and the stylesheet of the page of the API lie."""

OVERVIEW = """\
weft runs workflows: graphs of typed nodes, written as JSON. A workflow is submitted as a **job**, which
is durable: what was acknowledged is run, also after a crash of the server, a worker or the machine.

### First steps

Run a workflow that comes with weft, and wait for its picture:

    curl -s 'http://127.0.0.1:9338/api/workflows/text-to-image/run?wait=60' \\
      -H 'Content-Type: application/json' -d '{"prompt": "a red circle", "seed": 7}'

The answer is the job. Each entry of its `outputs` that is a file has an `asset` with the `url` to fetch
it from. Without `wait`, the answer comes at once with status 202; ask `GET /api/jobs/{job_id}` for the
state, or follow `GET /api/jobs/{job_id}/events`.

### Jobs

A job is `queued`, `running`, and then, for good, `succeeded`, `failed` or `cancelled`. A job whose
worker dies goes back into the queue and goes on from results that were kept; after three deaths it has
`failed`. Send an `Idempotency-Key`, or choose the job's id, and a request can be repeated without
running anything twice.

### Errors

Every error is a problem document (RFC 9457, `application/problem+json`) with a stable `code`, one
sentence of fact in `detail`, one of help in `hint`, and all single faults in `problems`. Programs rely
on `code`, never on the words. A request is refused whole, with everything that is wrong with it, before
anything runs; nothing is corrected in silence.

### Access

Beyond the loopback address a token is needed: `Authorization: Bearer TOKEN`. A token has the scope
`read`, `submit` or `manage`, each of which holds the one before. Callers see what is theirs, and with
`manage` the jobs, events and pictures of all. Bodies are JSON (`Content-Type: application/json`) unless
said otherwise; pages of other origins may not call the server.

### Events

Events have numbers that grow and are never used twice. Whoever comes back says which number it saw last
(`after`, or `Last-Event-ID`) and gets everything since. Progress and previews have no number: only the
newest counts.
"""
"""How the API is used as a whole, in Markdown."""

TAGS: Mapping[str, str] = MappingProxyType(
    {
        "Jobs": "Submit workflows, follow them, stop them, and look up what they made.",
        "Batches": "One workflow with many sets of inputs.",
        "Queue": "What waits, and whether anything is begun.",
        "Events": "What happens, as it happens and since any number.",
        "Workflows": "Saved workflows with their revisions, and calling them by name.",
        "Saved workflows": "The workflows that are saved here, each with its own inputs.",
        "Checks": "What is wrong with a workflow, and what a run of it would do, without running it.",
        "Catalogue": "The node types, value types, connection rules and packs that are installed.",
        "Models": "Model files by family, digest and size.",
        "Assets": "Files by the digest of their content: uploads, and what jobs made.",
        "OpenAI images": "The dialect that OpenAI's clients speak; a workflow stands behind it.",
        "Sessions": "How a browser shows its token once, and is known from then on.",
        "Operations": "Health, metrics and the description of the API.",
    }
)
"""The groups of operations, in the order in which they are shown."""


@dataclass(frozen=True, slots=True)
class PathParameter:
    """A part of an address.

    Attributes:
        description: What it is.
        example: One that could be.
        pattern: What it looks like; empty for any text without a slash.
    """

    description: str
    example: str
    pattern: str = ""


@dataclass(frozen=True, slots=True)
class Header:
    """A header of requests or answers.

    Attributes:
        description: What it is for.
        schema: The JSON Schema of its text.
    """

    description: str
    schema: Mapping[str, JSON] = field(default_factory=lambda: {"type": "string"})


_DIGEST = "5feceb66ffc86f38d952786c6d696c79c2dbc239dd4e91b46729d73a27fb57e9"

PATH_PARAMETERS: Mapping[str, PathParameter] = MappingProxyType(
    {
        "batch_id": PathParameter("Id of the batch.", "b-01jd2v", r"^[A-Za-z0-9_-]{1,64}$"),
        "digest": PathParameter("SHA-256 of the content in hexadecimal.", _DIGEST, "^[0-9a-f]{64}$"),
        "job_id": PathParameter(
            "Id of the job: 1 to 64 letters, digits, `-` and `_`.", "portrait-7", r"^[A-Za-z0-9_-]{1,64}$"
        ),
        "model": PathParameter(
            "Name of a saved workflow that makes pictures from a prompt.", "text-to-image"
        ),
        "name": PathParameter("Name of the saved workflow.", "text-to-image"),
        "picture_id": PathParameter("Id of the picture, as the list of models gives it.", _DIGEST),
        "provider": PathParameter("Name of the choices, as the widget of an input says it.", "samplers"),
        "pull_id": PathParameter("Id of the download.", "9f86d081884c7d659a2feaa0", "^[0-9a-f]{24}$"),
        "revision": PathParameter("Number of the revision, from 1.", "1", "^[0-9]{1,9}$"),
        "type": PathParameter("Name of the node type.", "latent.sample"),
    }
)
"""The parts of addresses, by name."""

HEADERS: Mapping[str, Header] = MappingProxyType(
    {
        "ETag": Header("Changes whenever the answer does."),
        "Idempotency-Key": Header(
            "A key of the client's choice. The same key with the same request gives the same job again, also "
            "after a crash in between; with another request it is refused (409).",
            MappingProxyType({"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[!-~]+$"}),
        ),
        "If-Match": Header(
            "The `ETag` of what is to be changed; where it has changed since, nothing is done."
        ),
        "If-None-Match": Header(
            "The `ETag` of an answer that is at hand; where it still holds, 304 says so."
        ),
        "Last-Event-ID": Header(
            "Number of the last event that was seen; those behind it follow.",
            MappingProxyType({"type": "string", "pattern": "^[0-9]{1,15}$"}),
        ),
        "Location": Header("Address of what was made."),
        "Range": Header("The bytes that are wanted, such as `bytes=0-1023`."),
        "Retry-After": Header("Seconds after which to ask again."),
    }
)
"""The headers that operations heed or give, by name."""
