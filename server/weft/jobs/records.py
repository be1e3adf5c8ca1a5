"""What the ledger knows of jobs, their outputs and their events: plain frozen values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from weft.errors import JSON

JobState: TypeAlias = Literal["queued", "running", "succeeded", "failed", "cancelled"]
"""Where a job is; the last three are final."""

AssetKind: TypeAlias = Literal["upload", "output"]
"""Where a file came from."""

FINAL_STATES = frozenset({"succeeded", "failed", "cancelled"})

MOST_DEATHS = 3
"""A job that was running this many times when its worker died is failed."""

MOST_PRIORITY = 100
"""The highest priority of a job; the lowest is as far below zero."""

DATABASE_NAME = "weft.db"
"""Name of the ledger's file in the data folder."""

LOCAL_OWNER = "local"
"""Owner of everything where no token is asked for."""


@dataclass(frozen=True, slots=True)
class NewJob:
    """A job as it is submitted: checked, with all that a worker needs to run it.

    Attributes:
        id: Chosen by the client (1..64 of letters, digits, ``-`` and ``_``) or made by the service.
        owner: Whom it belongs to.
        name: Name of the saved workflow, or the document's title, or empty.
        document: The workflow with its inputs bound and the workflows it uses carried along.
        inputs: The inputs as they were given, for people to see.
        targets: The wanted outputs; None for all.
        priority: -100..100; higher runs first.
        affinity: Names of the model files that it uses, sorted.
        idempotency_key: The client's key; empty for none.
        request_digest: SHA-256 of the request; the same key with another request is a conflict.
        batch: Id of the batch it is part of; empty for none.
        retry_of: Id of the job that it repeats; empty for none.
    """

    id: str
    document: Mapping[str, JSON]
    owner: str = LOCAL_OWNER
    name: str = ""
    inputs: Mapping[str, JSON] = field(default_factory=dict)
    targets: tuple[str, ...] | None = None
    priority: int = 0
    affinity: tuple[str, ...] = ()
    idempotency_key: str = ""
    request_digest: str = ""
    batch: str = ""
    retry_of: str = ""


@dataclass(frozen=True, slots=True)
class Output:
    """One thing that a job made: a blob, or a value.

    Attributes:
        output: Name of the workflow's output.
        index: Place in a list of pictures, from 0.
        type: Type of the value, such as ``image``.
        digest: SHA-256 of the blob; empty for a value.
        size: Bytes of the blob.
        media_type: Such as ``image/png``.
        width: Pixels; 0 where it is no picture.
        height: Pixels; 0 where it is no picture.
        value: The value where there is no blob.
    """

    output: str
    index: int
    type: str
    digest: str = ""
    size: int = 0
    media_type: str = ""
    width: int = 0
    height: int = 0
    value: JSON = None


@dataclass(frozen=True, slots=True)
class Job:
    """A job as the ledger knows it, without its document (see `Ledger.document`).

    Attributes:
        id: Its id.
        number: Counts all jobs in the order in which they were submitted, from 1.
        owner: Whom it belongs to.
        name: Name or title of its workflow.
        state: Where it is.
        priority: -100..100; higher runs first.
        inputs: The inputs as they were given.
        targets: The wanted outputs; None for all.
        affinity: Names of the model files that it uses.
        attempt: How often it was given to a worker; what fences a stale worker off.
        deaths: How often its worker died while it ran.
        passed_over: How often a younger job of the same priority was preferred to it.
        is_cancelling: Whether it was asked to stop while it runs.
        batch: Id of its batch; empty for none.
        retry_of: Id of the job that it repeats; empty for none.
        worker: Name of the worker that has or had it; empty before.
        created_at: Unix time in seconds.
        started_at: Unix time of its latest start; None before.
        finished_at: Unix time; None before.
        seconds: How long its last run took; None before it ended.
        counts: How many nodes ended in each state (``hit``, ``ran``, …).
        problems: What went wrong, warnings too, as `Problem.to_json` gives them.
        outputs: What it made.
    """

    id: str
    number: int
    owner: str
    name: str
    state: JobState
    priority: int = 0
    inputs: Mapping[str, JSON] = field(default_factory=dict)
    targets: tuple[str, ...] | None = None
    affinity: tuple[str, ...] = ()
    attempt: int = 0
    deaths: int = 0
    passed_over: int = 0
    is_cancelling: bool = False
    batch: str = ""
    retry_of: str = ""
    worker: str = ""
    created_at: float = 0.0
    started_at: float | None = None
    finished_at: float | None = None
    seconds: float | None = None
    counts: Mapping[str, int] = field(default_factory=dict)
    problems: tuple[Mapping[str, JSON], ...] = ()
    outputs: tuple[Output, ...] = ()

    @property
    def is_final(self) -> bool:
        """Whether nothing will happen to it any more."""
        return self.state in FINAL_STATES


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a run of a job ended, as `Ledger.finish` writes it; its blobs are in the store already."""

    state: Literal["succeeded", "failed", "cancelled"]
    outputs: tuple[Output, ...] = ()
    problems: tuple[Mapping[str, JSON], ...] = ()
    seconds: float = 0.0
    counts: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class NewEvent:
    """An event before it has a number.

    Attributes:
        type: ``job``, ``nodes``, ``queue``, ``worker``, ``catalog``, ``workflow`` or ``asset``.
        owner: Who may see it; empty for everyone.
        job: Id of the job it is about; empty for none.
        data: What happened; see `weft.web.wire` for the fields of each type.
    """

    type: str
    data: Mapping[str, JSON]
    owner: str = ""
    job: str = ""


@dataclass(frozen=True, slots=True)
class Event:
    """An event in the log: numbers grow and are never used twice, also over restarts."""

    number: int
    at: float
    type: str
    data: Mapping[str, JSON]
    owner: str = ""
    job: str = ""


@dataclass(frozen=True, slots=True)
class JobFilter:
    """Which jobs a list shows; what is not given is not asked.

    Attributes:
        states: Those in one of these states; none for all.
        owner: Those of this owner; None for all.
        name: Those of the workflow with this name.
        batch: Those of this batch.
        created_after: Those submitted at this Unix time or later.
        created_before: Those submitted before this Unix time.
        is_oldest_first: Whether the list begins with the oldest job; else it begins with the newest.
    """

    states: frozenset[JobState] = frozenset()
    owner: str | None = None
    name: str | None = None
    batch: str | None = None
    created_after: float | None = None
    created_before: float | None = None
    is_oldest_first: bool = False


@dataclass(frozen=True, slots=True)
class Page:
    """A part of a list of jobs.

    Attributes:
        jobs: The jobs of this page.
        next: Cursor of the page after it; None where this is the last.
        total: How many jobs the whole list has.
    """

    jobs: tuple[Job, ...]
    next: str | None
    total: int


@dataclass(frozen=True, slots=True)
class BatchView:
    """Jobs that were submitted together.

    Attributes:
        id: Id of the batch.
        owner: Whom it belongs to.
        name: Name or title of the workflow.
        created_at: Unix time.
        counts: How many of its jobs are in each state.
    """

    id: str
    owner: str
    name: str
    created_at: float
    counts: Mapping[str, int]

    @property
    def is_final(self) -> bool:
        """Whether nothing will happen to any of its jobs any more."""
        return not self.counts.get("queued") and not self.counts.get("running")


@dataclass(frozen=True, slots=True)
class Asset:
    """A file of an owner: uploaded, or made by a job. Its content is the blob of that digest.

    Attributes:
        digest: SHA-256 of the content.
        owner: Whom it belongs to.
        kind: Whether it was uploaded or made.
        name: What it was called when it was uploaded; the name of the output where it was made.
        media_type: Such as ``image/png``.
        size: Bytes.
        width: Pixels; 0 where it is no picture.
        height: Pixels; 0 where it is no picture.
        created_at: Unix time; set by the ledger.
    """

    digest: str
    owner: str
    kind: AssetKind
    name: str
    media_type: str
    size: int
    width: int = 0
    height: int = 0
    created_at: float = 0.0


@dataclass(frozen=True, slots=True)
class AssetPage:
    """A part of a list of files, newest first.

    Attributes:
        assets: The files of this page.
        next: Cursor of the page after it; None where this is the last.
        total: How many files the whole list has.
    """

    assets: tuple[Asset, ...]
    next: str | None
    total: int


@dataclass(frozen=True, slots=True)
class Revision:
    """One state of a saved workflow, without its document.

    Attributes:
        owner: Whom it belongs to.
        name: Name of the workflow.
        revision: Counts from 1.
        saved_at: Unix time.
        is_deleted: Whether the workflow was deleted then; such a revision has an empty document.
    """

    owner: str
    name: str
    revision: int
    saved_at: float
    is_deleted: bool = False
