"""Downloads on the disk: what is known of each, what was loaded of it, and how it comes among the models.

What is being loaded lies in a hidden folder beside the models, so that a file appears among them by being
renamed, whole and checked, or not at all.
"""

from __future__ import annotations

import hashlib
import logging
import os
import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, TypeAlias

from pydantic import TypeAdapter, ValidationError

from weft.disk_faults import told
from weft.errors import JSON, DiskFullError, WeftError
from weft.jobs.files.file_faults import ModelExistsError, WeightsRefusedError
from weft.jobs.hub.gguf_header import GGUF_SUFFIX
from weft.jobs.hub.pull_choice import INDEX, PullRequest
from weft.jobs.hub.weight_files import WEIGHTS_SUFFIX, check_weights
from weft.pictures import write_atomically

FOLDER = ".pulls"
_RECORD = "pull.json"

PullState: TypeAlias = Literal["queued", "running", "succeeded", "failed", "cancelled"]
"""Where a download is; the last three are final."""

_LOGGER = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class PullFile:
    """A file of a download.

    Attributes:
        path: Its path within the repository.
        target: Its path within the models folder.
        size: Bytes; None where the hub does not say.
        digest: SHA-256, or the SHA-1 that Git gives it; empty where the hub does not say.
    """

    path: str
    target: str
    size: int | None = None
    digest: str = ""


@dataclass(frozen=True, slots=True)
class Pull:
    """A download.

    Attributes:
        id: Its id; the same request has the same.
        request: What is asked for.
        state: Where it is.
        created_at: Unix time.
        finished_at: Unix time; None before its end.
        commit: The commit that is loaded; empty before it is known.
        files: What is loaded; none before it is known.
        loaded_bytes: How much of it is there.
        problems: Why it failed.
    """

    id: str
    request: PullRequest
    state: PullState
    created_at: float
    finished_at: float | None = None
    commit: str = ""
    files: tuple[PullFile, ...] = ()
    loaded_bytes: int = 0
    problems: tuple[dict[str, JSON], ...] = ()

    @property
    def total_bytes(self) -> int | None:
        """How much there is to load in all; None where that is not known."""
        sizes = [file.size for file in self.files]
        known = [size for size in sizes if size is not None]
        return sum(known) if known and len(known) == len(sizes) else None

    @property
    def is_final(self) -> bool:
        """Whether nothing will happen to it any more."""
        return self.state in {"succeeded", "failed", "cancelled"}


def pull_id(request: PullRequest) -> str:
    """Give a download its id: equal requests have the same, so that one that was interrupted goes on."""
    parts = (request.repo, request.revision, request.folder, *request.files)
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:24]


class PullStore:
    """The downloads into one models folder.

    Args:
        models: The models folder; made when something is first written.
    """

    def __init__(self, models: Path) -> None:
        self._models = models

    def record(self, pull: Pull) -> None:
        """Write down what is known of a download.

        Raises:
            DiskFullError: There is no room.
            FileUnwritableError: The models folder cannot be written.
        """
        write_atomically(self._folder(pull.id) / _RECORD, TypeAdapter(Pull).dump_json(pull))

    def recorded(self) -> list[Pull]:
        """Read what is known of all downloads; a record that cannot be used is left alone."""
        reader = TypeAdapter(Pull)
        found = []
        for path in sorted((self._models / FOLDER).glob(f"*/{_RECORD}")):
            try:
                pull = reader.validate_json(path.read_bytes())
                pull.request.check()
            except (OSError, ValidationError, WeftError) as error:
                _LOGGER.warning("The download in %s cannot go on: %s", path.parent, error)
                continue
            if pull.id == path.parent.name == pull_id(pull.request):
                found.append(replace(pull, loaded_bytes=self.loaded_bytes(pull)))
        return found

    def prepare(self, pull: Pull) -> None:
        """Make sure that there is room, and that no other model has the place.

        Raises:
            DiskFullError: There is too little room.
            ModelExistsError: Another file has the name of one that is to be loaded.
        """
        self.record(pull)
        needed = sum(file.size or 0 for file in pull.files) - self.loaded_bytes(pull)
        if needed > shutil.disk_usage(self._models).free:
            raise DiskFullError(path=str(self._models), needed_bytes=needed)
        for file in pull.files:
            target = self._models / file.target
            if target.exists() and not _is_same(target, file):
                raise ModelExistsError(name=file.target)

    def part(self, pull: Pull, place: int) -> Path:
        """Give the file that a file of a download is loaded into."""
        return self._folder(pull.id) / f"{place}.part"

    def is_loaded(self, pull: Pull, place: int) -> bool:
        """Tell whether a file of a download was loaded and checked, or was among the models before."""
        done = self.part(pull, place).with_suffix(".done")
        return done.exists() or (self._models / pull.files[place].target).exists()

    def accept(self, pull: Pull, place: int) -> None:
        """Take a file that was loaded, if it is what the hub says and what its name says; else delete it.

        Raises:
            WeightsRefusedError: It is something else.
            FileUnwritableError: The disk failed.
        """
        part, file = self.part(pull, place), pull.files[place]
        fault = _fault(part, file)
        with told(part):
            if fault is not None:
                part.unlink()
                raise fault
            with part.open("rb+") as written:
                os.fsync(written.fileno())
            part.replace(part.with_suffix(".done"))

    def put_in_place(self, pull: Pull) -> None:
        """Let the files appear among the models, a pipeline with its index last, since that makes it one.

        Raises:
            ModelExistsError: Another file has the name meanwhile.
            FileUnwritableError: The disk failed.
        """
        for place, file in sorted(enumerate(pull.files), key=lambda entry: entry[1].path == INDEX):
            done = self.part(pull, place).with_suffix(".done")
            target = self._models / file.target
            if not done.exists():
                continue
            if target.exists():
                raise ModelExistsError(name=file.target)
            with told(target):
                target.parent.mkdir(parents=True, exist_ok=True)
                done.replace(target)

    def loaded_bytes(self, pull: Pull) -> int:
        """Count what is there of a download."""
        sizes = []
        for place, file in enumerate(pull.files):
            part = self.part(pull, place)
            places = (part, part.with_suffix(".done"), self._models / file.target)
            sizes.append(max(size_of(path) for path in places))
        return sum(sizes)

    def clear(self, pull: Pull) -> None:
        """Delete what was loaded of a download and is not among the models."""
        for place in range(len(pull.files)):
            part = self.part(pull, place)
            part.unlink(missing_ok=True)
            part.with_suffix(".done").unlink(missing_ok=True)

    def forget(self, pull: Pull) -> None:
        """Delete all that is known of a download, and what was loaded of it."""
        shutil.rmtree(self._folder(pull.id), ignore_errors=True)

    def _folder(self, id: str) -> Path:
        return self._models / FOLDER / id


def size_of(path: Path) -> int:
    """Give the bytes of a file; 0 where there is none."""
    return path.stat().st_size if path.is_file() else 0


def _is_same(path: Path, file: PullFile) -> bool:
    if not path.is_file() or (file.size is not None and path.stat().st_size != file.size):
        return False
    return bool(file.digest) and _digest(path, file.digest) == file.digest


def _fault(part: Path, file: PullFile) -> WeightsRefusedError | None:
    if file.digest and _digest(part, file.digest) != file.digest:
        return WeightsRefusedError(name=file.path, reason="has another content than the hub says")
    if file.path.endswith((WEIGHTS_SUFFIX, GGUF_SUFFIX)):
        try:
            check_weights(part, name=file.path)
        except WeightsRefusedError as error:
            return error
    return None


def _digest(path: Path, like: str) -> str:
    """Give the digest of a file in the way that another one was made: SHA-256, or SHA-1 as Git takes it."""
    state = hashlib.sha256()
    if len(like) == 40:
        # Git's name for a file protects from accidents alone; what could run code is known by its content.
        state = hashlib.sha1(f"blob {path.stat().st_size}\0".encode(), usedforsecurity=False)
    with path.open("rb") as file:
        while piece := file.read(2**20):
            state.update(piece)
    return state.hexdigest()
