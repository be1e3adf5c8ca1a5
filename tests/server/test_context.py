"""A run without an engine records what it is told; lazy inputs, services and file hashes keep their word."""

import os
from pathlib import Path
from typing import Self

import numpy as np
import pytest
from weft.context import FingerprintScope, Lazy, LocalRun, Run, Service, ServiceScope
from weft.errors import CancelledRunError
from weft.paths import Paths


class Counter:
    """A service that says where it lives and whether it was closed."""

    def __init__(self, scope: ServiceScope) -> None:
        self.scope = scope
        self.is_closed = False

    @classmethod
    def create(cls, scope: ServiceScope) -> Self:
        return cls(scope)

    def held_bytes(self) -> int:
        return 0

    def release(self, needed_bytes: int) -> int:
        return 0

    def close(self) -> None:
        self.is_closed = True


class OtherCounter(Counter):
    """Another service."""


def use(run: Run, kind: type[Service]) -> Service:
    """Use a run as a node does."""
    return run.service(kind)


def test_a_local_run_is_a_run(tmp_path: Path) -> None:
    run: Run = LocalRun(paths=Paths.below(tmp_path), node="sample")

    assert (run.node, run.device, run.seed_noise_device) == ("sample", "cpu", "cpu")
    assert run.paths == Paths.below(tmp_path)


def test_a_local_run_records_progress_and_previews() -> None:
    run = LocalRun()
    picture = np.zeros((2, 2, 3), dtype=np.uint8)

    run.progress(1, 4)
    run.progress(2, 4, message="halfway")
    run.preview(picture)

    assert run.steps == [(1, 4, ""), (2, 4, "halfway")]
    assert run.previews == [picture]


def test_a_cancelled_run_stops_the_node_at_its_next_report() -> None:
    run = LocalRun()
    run.check_cancelled()
    run.cancel()

    assert run.cancelled
    with pytest.raises(CancelledRunError):
        run.progress(1, 4)
    with pytest.raises(CancelledRunError):
        run.check_cancelled()


def test_a_run_makes_one_instance_of_each_service_on_first_use() -> None:
    run = LocalRun(device="cpu")

    first = use(run, Counter)

    assert use(run, Counter) is first
    assert use(run, OtherCounter) is not first
    assert isinstance(first, Counter)
    assert (first.scope.device, first.scope.paths) == ("cpu", run.paths)


def test_closing_a_run_closes_its_services() -> None:
    run = LocalRun()
    service = run.service(Counter)

    run.close()

    assert service.is_closed
    assert run.service(Counter) is not service


def test_noted_files_appear_in_the_provenance() -> None:
    run = LocalRun()

    run.note_file("starter", "abc")

    assert run.provenance() == {"files": {"starter": "abc"}}


async def test_a_lazy_input_is_evaluated_only_when_awaited() -> None:
    evaluated = []

    async def evaluate() -> int:
        evaluated.append(True)
        return 7

    lazy = Lazy(evaluate)
    assert evaluated == []

    assert await lazy == 7
    assert evaluated == [True]


async def test_a_lazy_input_made_by_hand_gives_its_value_every_time() -> None:
    lazy = Lazy.of("value")

    assert (await lazy, await lazy) == ("value", "value")


async def test_a_failure_of_what_feeds_a_lazy_input_reaches_who_awaits_it() -> None:
    async def evaluate() -> int:
        raise LookupError("upstream")

    with pytest.raises(LookupError, match="upstream"):
        await Lazy(evaluate)


def test_a_files_digest_depends_on_its_contents_alone(tmp_path: Path) -> None:
    scope = FingerprintScope(Paths.below(tmp_path))
    for name, content in (("a", b"one"), ("b", b"one"), ("c", b"two")):
        (tmp_path / name).write_bytes(content)

    digests = [scope.file_digest(tmp_path / name) for name in "abc"]

    assert digests[0] == digests[1] != digests[2]
    assert all(len(digest) == 32 for digest in digests)


def test_a_files_digest_follows_its_contents(tmp_path: Path) -> None:
    scope = FingerprintScope(Paths.below(tmp_path))
    path = tmp_path / "a"
    path.write_bytes(b"one")
    before = scope.file_digest(path)

    path.write_bytes(b"other")

    assert scope.file_digest(path) != before


def test_a_file_of_unchanged_size_and_time_is_not_read_again(tmp_path: Path) -> None:
    scope = FingerprintScope(Paths.below(tmp_path))
    path = tmp_path / "a"
    path.write_bytes(b"one")
    state = path.stat()
    before = scope.file_digest(path)

    path.write_bytes(b"two")
    os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns))

    assert scope.file_digest(path) == before
    assert FingerprintScope(Paths.below(tmp_path)).file_digest(path) != before


def test_a_missing_file_has_a_state_too(tmp_path: Path) -> None:
    scope = FingerprintScope(Paths.below(tmp_path))

    assert scope.file_digest(tmp_path / "nothing") == "missing"
    (tmp_path / "file").write_bytes(b"")
    assert scope.file_digest(tmp_path / "file" / "below") == "missing"
