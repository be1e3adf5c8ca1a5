"""What server and worker say to each other: small frozen values in frames of bytes.

A frame is the length of its head and the length of its tail (four bytes each, big-endian), the head as JSON,
and the tail as raw bytes, which only previews have. Nothing is ever pickled; pictures that are kept travel as
files.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from typing import Annotated, Literal, TypeAlias, TypeVar

from pydantic import Field, SkipValidation, TypeAdapter

from weft.errors import JSON
from weft.workers.faults import ChannelBrokenError, MessageTooLongError

T = TypeVar("T")

MOST_FRAME_BYTES = 64 * 2**20
"""No frame is longer; one that says it is means that the stream is out of step."""

_HEADER = struct.Struct(">II")

HEADER_BYTES = _HEADER.size
"""So many bytes begin a frame and say how long its head and its tail are."""

JobState: TypeAlias = Literal["succeeded", "failed", "cancelled"]
"""How a job ended."""

# What is JSON by itself is not looked into again: both ends are ours, and a catalogue is large.
JSONValue: TypeAlias = Annotated[JSON, SkipValidation()]
"""Any JSON, taken as it comes."""

JSONObject: TypeAlias = Annotated[dict[str, JSON], SkipValidation()]
"""A JSON object, taken as it comes."""

ProblemJSON: TypeAlias = JSONObject
"""A `Problem` as `Problem.to_json` gives it."""


@dataclass(frozen=True, slots=True)
class RunJob:
    """Run a workflow.

    Attributes:
        job: Id of the job.
        attempt: Counts how often the job was given to a worker, from 1; every message about it says it back.
        document: The workflow with its inputs bound and every saved workflow it uses carried along.
        targets: The wanted outputs or nodes; None for all outputs and sinks.
        lineage: What tells one workflow from another when reasons are given.
        spool: Folder to write pictures into; made by the worker, emptied by the server.
        name: What the workflow is called in what its pictures say about how they were made.
    """

    job: str
    attempt: int
    document: JSONObject
    spool: str
    targets: tuple[str, ...] | None = None
    lineage: str = ""
    name: str = ""
    kind: Literal["run"] = "run"


@dataclass(frozen=True, slots=True)
class CancelJob:
    """Stop a job; one that the worker does not run is ignored."""

    job: str
    kind: Literal["cancel"] = "cancel"


@dataclass(frozen=True, slots=True, kw_only=True)
class AskPlan:
    """Say what a run would do; the answer is `Plan.to_json`."""

    request: int = 0
    document: JSONObject
    targets: tuple[str, ...] | None = None
    lineage: str = ""
    kind: Literal["plan"] = "plan"


@dataclass(frozen=True, slots=True, kw_only=True)
class AskMigration:
    """Bring the nodes of a document to their installed versions; the answer is the document."""

    request: int = 0
    document: JSONObject
    kind: Literal["migrate"] = "migrate"


@dataclass(frozen=True, slots=True, kw_only=True)
class AskThumbnail:
    """Draw a small copy of a picture; the answer is `{"width": …, "height": …}` of what was written.

    Attributes:
        request: Number of the question; `WorkerPool.ask` gives it.
        source: The picture file: PNG, JPEG or WebP, decided by its content.
        target: Where the thumbnail is written, as WebP.
        size: Longest edge in pixels.
    """

    request: int = 0
    source: str
    target: str
    size: int
    kind: Literal["thumbnail"] = "thumbnail"


@dataclass(frozen=True, slots=True, kw_only=True)
class AskReload:
    """Load all packs that changed again; the answer is the list of pack reports, and a catalogue follows."""

    request: int = 0
    kind: Literal["reload"] = "reload"


@dataclass(frozen=True, slots=True, kw_only=True)
class AskCatalog:
    """Publish the catalogue anew, since files may have come or gone; the answer is null."""

    request: int = 0
    kind: Literal["catalog?"] = "catalog?"


@dataclass(frozen=True, slots=True)
class Shutdown:
    """End; jobs that still run are left as they are, since the server puts them back into its queue."""

    kind: Literal["shutdown"] = "shutdown"


@dataclass(frozen=True, slots=True)
class WorkerStarting:
    """The worker is on its way.

    Attributes:
        phase: What it is doing, in words.
    """

    phase: str
    kind: Literal["starting"] = "starting"


@dataclass(frozen=True, slots=True)
class WorkerReady:
    """The worker takes jobs.

    Attributes:
        pid: Its process.
        device: Such as ``cpu`` or ``cuda:0``.
        device_name: What the device is called, for people.
    """

    pid: int
    device: str
    device_name: str
    kind: Literal["ready"] = "ready"


@dataclass(frozen=True, slots=True)
class CatalogPublished:
    """What the worker's packs offer; see `weft.workers.catalog` for its fields."""

    catalog: JSONObject
    kind: Literal["catalog"] = "catalog"


@dataclass(frozen=True, slots=True)
class JobStarted:
    """A job begins.

    Attributes:
        nodes: How many nodes count: the targets and what feeds them.
    """

    job: str
    attempt: int
    nodes: int
    kind: Literal["started"] = "started"


@dataclass(frozen=True, slots=True)
class NodeFinish:
    """How one node ended.

    Attributes:
        node: Its id.
        state: ``hit``, ``ran``, ``failed``, ``skipped`` or ``cancelled``.
        reason: Code of the reason why it ran or not.
        seconds: How long its own work took.
        detail: What the reason is about, such as the name of the changed input.
        held_bytes: Bytes of the tensors that its results keep alive.
        peak_bytes: The most memory that the device had in use while it worked; None where that is not known.
    """

    node: str
    state: str
    reason: str
    seconds: float
    detail: str = ""
    held_bytes: int = 0
    peak_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class NodesChanged:
    """Nodes that began or ended since the last message of this kind, in order; at most 60 messages a second.

    Attributes:
        started: Nodes that began and have not ended yet.
        finished: Nodes that ended.
    """

    job: str
    attempt: int
    started: tuple[str, ...] = ()
    finished: tuple[NodeFinish, ...] = ()
    kind: Literal["nodes"] = "nodes"


@dataclass(frozen=True, slots=True)
class NodeProgressed:
    """How far a node is; only the newest of a node within a sixtieth of a second is sent."""

    job: str
    attempt: int
    node: str
    step: int
    total: int
    seconds_left: float | None = None
    message: str = ""
    kind: Literal["progress"] = "progress"


@dataclass(frozen=True, slots=True)
class Preview:
    """An unfinished picture; the frame's tail holds the bytes of a JPEG file."""

    job: str
    attempt: int
    node: str
    width: int
    height: int
    media_type: str = "image/jpeg"
    kind: Literal["preview"] = "preview"


@dataclass(frozen=True, slots=True)
class Product:
    """One thing that a job made: a file in its spool folder, or a value.

    Attributes:
        output: Name of the workflow's output, or `node.output` for a wanted node.
        index: Place in a list of pictures, from 0.
        type: Type of the value, such as ``image`` or ``list[string]``.
        path: The file, written and synced; empty for a value.
        digest: SHA-256 of the file in hexadecimal.
        size: Bytes of the file.
        media_type: Such as ``image/png``.
        width: Pixels; 0 where it is no picture.
        height: Pixels; 0 where it is no picture.
        value: The value where there is no file; null for one that JSON cannot hold, such as a latent.
    """

    output: str
    index: int
    type: str
    path: str = ""
    digest: str = ""
    size: int = 0
    media_type: str = ""
    width: int = 0
    height: int = 0
    value: JSONValue = None


@dataclass(frozen=True, slots=True)
class JobFinished:
    """A job ended; sent after all other messages about it.

    Attributes:
        state: How.
        products: What it made.
        problems: What went wrong, warnings too.
        seconds: How long it took.
        counts: How many nodes ended in each state.
        files: Digests of the model and input files that went into it.
    """

    job: str
    attempt: int
    state: JobState
    products: tuple[Product, ...] = ()
    problems: tuple[ProblemJSON, ...] = ()
    seconds: float = 0.0
    counts: dict[str, int] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    kind: Literal["finished"] = "finished"


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to a question; either a result, or problems.

    Attributes:
        request: Number of the question.
        result: What was asked for.
        problems: Why it cannot be given.
    """

    request: int
    result: JSONValue = None
    problems: tuple[ProblemJSON, ...] = ()
    kind: Literal["answer"] = "answer"


Question: TypeAlias = AskPlan | AskMigration | AskThumbnail | AskReload | AskCatalog
"""What is answered with an `Answer`."""

ToWorker: TypeAlias = (
    RunJob | CancelJob | AskPlan | AskMigration | AskThumbnail | AskReload | AskCatalog | Shutdown
)
"""What a server says."""

FromWorker: TypeAlias = (
    WorkerStarting
    | WorkerReady
    | CatalogPublished
    | JobStarted
    | NodesChanged
    | NodeProgressed
    | Preview
    | JobFinished
    | Answer
)
"""What a worker says."""

_TO_WORKER: TypeAdapter[ToWorker] = TypeAdapter(Annotated[ToWorker, Field(discriminator="kind")])
_FROM_WORKER: TypeAdapter[FromWorker] = TypeAdapter(Annotated[FromWorker, Field(discriminator="kind")])


def encode(message: ToWorker | FromWorker, tail: bytes = b"") -> bytes:
    """Write a message as one frame.

    Args:
        message: What to say.
        tail: Raw bytes that go with it.

    Returns:
        The bytes of the frame.

    Raises:
        MessageTooLongError: It is longer than a frame may be.
        TypeError: It holds what is not JSON.
    """
    head = json.dumps(message, default=_fields, separators=(",", ":")).encode("ascii")
    if len(head) + len(tail) > MOST_FRAME_BYTES:
        raise MessageTooLongError(kind=message.kind, size=len(head) + len(tail), most=MOST_FRAME_BYTES)
    return b"".join((_HEADER.pack(len(head), len(tail)), head, tail))


def frame_lengths(header: bytes) -> tuple[int, int]:
    """Read how long the head and the tail of a frame are.

    Args:
        header: Its first `HEADER_BYTES` bytes.

    Raises:
        ChannelBrokenError: No frame is that long, so this is not the beginning of one.
    """
    head, tail = _HEADER.unpack(header)
    if head + tail > MOST_FRAME_BYTES:
        raise ChannelBrokenError(fault=f"a frame claims to have {head + tail} bytes")
    return head, tail


def read_to_worker(head: bytes) -> ToWorker:
    """Read what a server says.

    Args:
        head: The head of a frame.

    Raises:
        ChannelBrokenError: It is no such message.
    """
    return _read(_TO_WORKER, head)


def read_from_worker(head: bytes) -> FromWorker:
    """Read what a worker says.

    Args:
        head: The head of a frame.

    Raises:
        ChannelBrokenError: It is no such message.
    """
    return _read(_FROM_WORKER, head)


def _read(adapter: TypeAdapter[T], head: bytes) -> T:
    try:
        # Not `validate_json`, which refuses the lone surrogates that texts of documents may hold.
        return adapter.validate_python(json.loads(head))
    except ValueError as error:
        raise ChannelBrokenError(fault=f"a message cannot be read ({error})") from error


def _fields(part: object) -> Mapping[str, object]:
    """Give the fields of a dataclass, which is what json.dumps asks for when it meets one."""
    if not is_dataclass(part) or isinstance(part, type):
        raise TypeError(f"{type(part).__name__} does not travel between server and worker.")
    return {entry.name: getattr(part, entry.name) for entry in fields(part)}
