"""Models and their downloads as the API reads and writes them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field, StringConstraints

from weft.web.problems import ProblemEntry
from weft.web.wire_base import Wire

if TYPE_CHECKING:
    from weft.jobs.hub.models import Model
    from weft.jobs.hub.pull_store import Pull

FilePath = Annotated[str, StringConstraints(min_length=1, max_length=1000)]
"""Path of a file within a repository."""


class WeightFactsView(Wire):
    """What the files of a model say of themselves in their headers.

    Attributes:
        tensors: How many tensors there are.
        parameters: How many numbers they hold.
        dtype: The type that most of the numbers have, such as `F16`.
        notes: What the files say in words, shortened.
    """

    tensors: int
    parameters: int
    dtype: str
    notes: dict[str, str]


class ModelView(Wire):
    """A model that workflows can name.

    Attributes:
        kind: What it is, such as `checkpoint`.
        name: Its name, as an input takes it.
        traits: What is known of it, such as its family.
        size: Bytes; null for a model outside of the models folders, such as the one that comes with weft.
        modified_at: When it was last changed; null likewise.
        digest: SHA-256 of its file; null where it is not known.
        facts: What its files say of themselves; null where they cannot be read.
        fault: Why they cannot be read; null where they can.
        picture_url: Where a small picture of it is; null where none lies beside its file.
    """

    kind: str
    name: str
    traits: dict[str, str]
    size: int | None
    modified_at: datetime | None
    digest: str | None
    facts: WeightFactsView | None
    fault: str | None
    picture_url: str | None


class ModelList(Wire):
    """The models there are.

    Attributes:
        models: All of them, by kind and name.
    """

    models: tuple[ModelView, ...]


class PullRequestBody(Wire):
    """A model to load from the hub.

    Attributes:
        repo: The repository, such as `owner/model`.
        file: The one file to load.
        files: The files to load; without `file` and `files`, all that a pipeline needs, or the only weights.
        revision: A branch, a tag or a commit.
        folder: Folder within the models folder to put it into, such as `loras`.
    """

    repo: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    file: FilePath | None = None
    files: tuple[FilePath, ...] = Field(default=(), max_length=500)
    revision: Annotated[str, StringConstraints(min_length=1, max_length=100)] = "main"
    folder: Annotated[str, StringConstraints(max_length=1000)] = ""


class PullFileView(Wire):
    """A file of a download.

    Attributes:
        path: Its path within the repository.
        target: Its path within the models folder.
        size: Bytes; null where the hub does not say.
        digest: SHA-256, or the SHA-1 that Git gives it; null where the hub does not say.
    """

    path: str
    target: str
    size: int | None
    digest: str | None


class PullLinks(Wire):
    """Where to go on from a download.

    Attributes:
        self: The download.
    """

    self: str  # type: ignore[assignment,unused-ignore]


class PullView(Wire):
    """A download of a model.

    Attributes:
        id: Its id; the same request has the same.
        state: Where it is; the last three states are final. One that failed goes on when asked for again.
        repo: The repository.
        revision: The branch, tag or commit that was asked for.
        commit: The commit that is loaded; null before it is known.
        folder: Folder within the models folder.
        files: What is loaded; none before it is known.
        loaded_bytes: How much of it is there.
        total_bytes: How much there is in all; null before it is known.
        created_at: When it was asked for.
        finished_at: When it ended.
        problems: Why it failed.
        links: Where to go on.
    """

    id: str
    state: Literal["queued", "running", "succeeded", "failed", "cancelled"]
    repo: str
    revision: str
    commit: str | None
    folder: str
    files: tuple[PullFileView, ...]
    loaded_bytes: int
    total_bytes: int | None
    created_at: datetime
    finished_at: datetime | None
    problems: tuple[ProblemEntry, ...]
    links: PullLinks


class PullList(Wire):
    """The downloads, the newest first.

    Attributes:
        pulls: Those under way, and those that ended lately.
    """

    pulls: tuple[PullView, ...]


def model_view(model: Model) -> ModelView:
    """Write a model."""
    facts = None
    if model.facts is not None:
        facts = WeightFactsView(
            tensors=model.facts.tensors,
            parameters=model.facts.parameters,
            dtype=model.facts.dtype,
            notes=dict(model.facts.notes),
        )
    return ModelView(
        kind=model.kind,
        name=model.name,
        traits=dict(model.traits),
        size=model.size,
        modified_at=None if model.modified_at is None else datetime.fromtimestamp(model.modified_at, UTC),
        digest=model.digest or None,
        facts=facts,
        fault=model.fault or None,
        picture_url=None if model.picture is None else f"/api/models/pictures/{model.picture.id}",
    )


def pull_view(pull: Pull) -> PullView:
    """Write a download."""
    files = tuple(
        PullFileView(path=file.path, target=file.target, size=file.size, digest=file.digest or None)
        for file in pull.files
    )
    return PullView(
        id=pull.id,
        state=pull.state,
        repo=pull.request.repo,
        revision=pull.request.revision,
        commit=pull.commit or None,
        folder=pull.request.folder,
        files=files,
        loaded_bytes=pull.loaded_bytes,
        total_bytes=pull.total_bytes,
        created_at=datetime.fromtimestamp(pull.created_at, UTC),
        finished_at=None if pull.finished_at is None else datetime.fromtimestamp(pull.finished_at, UTC),
        problems=tuple(ProblemEntry.model_validate(problem) for problem in pull.problems),
        links=PullLinks(self=f"/api/models/pulls/{pull.id}"),
    )
