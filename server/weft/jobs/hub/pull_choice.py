"""Which files of a repository are loaded, and where they go: safetensors, and the texts around them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from weft.jobs.files.file_faults import ModelNameError, PullUnclearError, WeightsRefusedError
from weft.jobs.hub.gguf_header import GGUF_SUFFIX
from weft.jobs.hub.hub import Snapshot, check_path, check_repo, check_revision
from weft.jobs.hub.weight_files import WEIGHTS_SUFFIX
from weft.paths import PICKLE_SUFFIXES

INDEX = "model_index.json"
"""A repository with this file is a pipeline: a folder for each of its parts."""

TEXT_SUFFIXES = frozenset({".json", ".txt"})
MOST_FILES = 500

_SHARD = re.compile(r"-\d{5}-of-\d{5}$")


@dataclass(frozen=True, slots=True)
class PullRequest:
    """What is to be loaded.

    Attributes:
        repo: The repository, such as ``owner/model``.
        files: Its files; none chooses them by what the repository is.
        revision: A branch, a tag or a commit.
        folder: Folder within the models folder to put it into; empty for the models folder itself.
    """

    repo: str
    files: tuple[str, ...] = ()
    revision: str = "main"
    folder: str = ""

    def check(self) -> None:
        """Refuse what cannot be loaded before anybody is asked for it.

        Raises:
            ModelNameError: A name could lead elsewhere, or is none.
            WeightsRefusedError: A file is a pickle or of another kind that is not taken.
        """
        check_repo(self.repo)
        check_revision(self.revision)
        if self.folder:
            check_path(self.folder, "folder")
        for file in self.files:
            check_path(file)
            _check_kind(file)


@dataclass(frozen=True, slots=True)
class Wanted:
    """A file that is loaded.

    Attributes:
        path: Its path within the repository.
        target: Its path within the models folder.
    """

    path: str
    target: str


def choose_files(
    request: PullRequest, snapshot: Snapshot, index: Mapping[str, object] | None
) -> tuple[Wanted, ...]:
    """Choose the files of a repository and where they go.

    Args:
        request: What is asked for.
        snapshot: What the repository has.
        index: What its ``model_index.json`` says; None where it has none.

    Returns:
        The files: those asked for; else those of a pipeline, which goes into a folder of the repository's
        name; else the one file of weights.

    Raises:
        PullUnclearError: It has several files of weights, or none.
        WeightsRefusedError: It has its weights as pickles alone.
        ModelNameError: A file has a name that could lead elsewhere, or two would have the same.
    """
    if request.files:
        paths = list(dict.fromkeys(request.files))
    elif index is not None:
        paths = _pipeline_files(snapshot, index)
    else:
        paths = [_single_file(snapshot)]
    base = PurePosixPath(request.folder)
    is_pipeline = INDEX in paths
    if is_pipeline:
        base /= snapshot.repo.rpartition("/")[2]
    for path in paths:
        check_path(path)
        _check_kind(path, is_text_allowed=is_pipeline)
    wanted = tuple(
        Wanted(path, str(base / (path if is_pipeline else PurePosixPath(path).name))) for path in paths
    )
    targets = [file.target for file in wanted]
    twice = next((target for target in targets if targets.count(target) > 1), None)
    if twice is not None or len(wanted) > MOST_FILES:
        expected = f"at most {MOST_FILES} files whose names differ"
        raise ModelNameError(field="file", value=twice or snapshot.repo, expected=expected)
    return wanted


def _check_kind(path: str, *, is_text_allowed: bool = True) -> None:
    suffix = PurePosixPath(path).suffix.lower()
    if suffix in PICKLE_SUFFIXES:
        raise WeightsRefusedError(name=path, reason=f"is a {suffix} file, which could run code")
    if suffix not in (WEIGHTS_SUFFIX, GGUF_SUFFIX) and not (is_text_allowed and suffix in TEXT_SUFFIXES):
        raise WeightsRefusedError(name=path, reason="is neither a file of weights nor a text of a pipeline")


def _single_file(snapshot: Snapshot) -> str:
    weights = sorted(path for path in snapshot.files if path.endswith(WEIGHTS_SUFFIX))
    if len(weights) == 1:
        return weights[0]
    if not weights and any(PurePosixPath(path).suffix.lower() in PICKLE_SUFFIXES for path in snapshot.files):
        raise WeightsRefusedError(name=snapshot.repo, reason="has its weights as pickles alone")
    raise PullUnclearError(repo=snapshot.repo, files=weights)


def _pipeline_files(snapshot: Snapshot, index: Mapping[str, object]) -> list[str]:
    """List the files of a pipeline: of each part its texts, and its weights in one variant."""
    # A part is named with its library and its class; null stands for one that is not there.
    parts = {name for name, entry in index.items() if isinstance(entry, list) and None not in entry}
    if not any(PurePosixPath(path).parent.as_posix() in parts for path in snapshot.files):
        # The first models that were published have their only network beside the index.
        parts = {"."}
    found = [INDEX]
    for part in sorted(parts):
        inside = [path for path in sorted(snapshot.files) if PurePosixPath(path).parent.as_posix() == part]
        texts = [path for path in inside if PurePosixPath(path).suffix in TEXT_SUFFIXES and path != INDEX]
        weights = [path for path in inside if path.endswith(WEIGHTS_SUFFIX)]
        pickles = [path for path in inside if PurePosixPath(path).suffix.lower() in PICKLE_SUFFIXES]
        if pickles and not weights:
            raise WeightsRefusedError(
                name=pickles[0], reason="is a pickle, and the repository has nothing else"
            )
        found += [*texts, *_one_variant(weights)]
    return found


def _one_variant(weights: Iterable[str]) -> list[str]:
    """Keep the full weights, or where there are none the first variant, such as that of half precision."""
    by_variant: dict[str, list[str]] = {}
    for path in weights:
        stem = _SHARD.sub("", PurePosixPath(path).name.removesuffix(WEIGHTS_SUFFIX))
        by_variant.setdefault(stem.partition(".")[2], []).append(path)
    return by_variant[min(by_variant)] if by_variant else []
