"""What is on disk is there as a whole or not at all, whoever else writes and whatever breaks."""

import os
import resource
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import ClassVar

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from weft.engine.codec import NotStorableError
from weft.engine.disk import FORGOTTEN_AFTER_S, DiskStore, Link, _sealed, write_whole
from weft.engine.tiers import Entry, make_entry
from weft.errors import JSON, DiskFullError, ValueInvalidError

ROOMY = 2**30


@dataclass(frozen=True)
class Picky:
    """A value whose class may come to refuse what it once took."""

    number: int
    most: ClassVar[int] = 10

    def __post_init__(self) -> None:
        if self.number > self.most:
            raise ValueInvalidError(type="picky", has=f"{self.number}", expects=f"at most {self.most}")


def entry(value: object, seconds: float = 1.0) -> Entry:
    """A result with one output."""
    return make_entry({"out": value}, seconds, {"w.safetensors": "digest"}, persist=True)


def noise(seed: int, size: int = 256) -> torch.Tensor:
    """A tensor unlike any other."""
    return torch.randn(size, generator=torch.Generator().manual_seed(seed))


def files(folder: Path, pattern: str = "*") -> list[Path]:
    """Every file below a folder."""
    return sorted(path for path in folder.rglob(pattern) if path.is_file())


@contextmanager
def no_file_larger_than(size: int) -> Iterator[None]:
    """Let writing fail beyond a size, as a full disk does."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def write_many(folder: Path, first: int) -> int:
    """Write, read and overwrite the same results as others do; how many could not be read back."""
    store = DiskStore(folder, ROOMY)
    wrong = 0
    for index in range(25):
        number = (first + index) % 25
        store.write(f"{number:02d}key", entry(noise(number)))
        store.write_link(f"{number:02d}link", Link((f"{number:02d}key",)))
        found = store.read(f"{number:02d}key")
        value = None if found is None else found.outputs["out"]
        wrong += not (isinstance(value, torch.Tensor) and torch.equal(value, noise(number)))
    return wrong


def test_a_result_is_read_as_it_was_written(tmp_path: Path) -> None:
    store = DiskStore(tmp_path, ROOMY)
    assert store.write("aakey", entry([noise(1), 3, "x"], seconds=2.5))

    found = DiskStore(tmp_path, ROOMY).read("aakey")

    assert found is not None
    value = found.outputs["out"]
    assert isinstance(value, list)
    assert torch.equal(value[0], noise(1))
    assert value[1:] == [3, "x"]
    assert found.seconds == 2.5
    assert found.files == {"w.safetensors": "digest"}


def test_an_unknown_key_is_a_miss_and_no_damage(tmp_path: Path) -> None:
    store = DiskStore(tmp_path / "not there", ROOMY)

    assert not store.has("aakey")
    assert store.read("aakey") is None
    assert store.read_link("aakey") is None
    assert store.damaged == 0
    assert not (tmp_path / "not there").exists()


@pytest.mark.parametrize("pattern", ["*.safetensors", "results/*/*.json"])
@pytest.mark.parametrize("harm", ["truncate", "flip", "empty", "delete"])
def test_damage_is_a_miss_and_heals_by_writing_again(tmp_path: Path, pattern: str, harm: str) -> None:
    DiskStore(tmp_path, ROOMY).write("aakey", entry(noise(1)))
    (path,) = files(tmp_path, pattern)
    data = path.read_bytes()
    damaged = {
        "truncate": data[:-7],
        "flip": data[:-9] + bytes([data[-9] ^ 1]) + data[-8:],
        "empty": b"",
        "delete": b"",
    }
    path.write_bytes(damaged[harm])
    if harm == "delete":
        path.unlink()
    store = DiskStore(tmp_path, ROOMY)

    assert store.read("aakey") is None
    store.write("aakey", entry(noise(1)))
    assert store.read("aakey") is not None


@pytest.mark.parametrize("text", ["", "{", "[]", '{"body": 3}', '{"checksum": "x", "body": {}}', "\x00" * 99])
def test_records_that_are_no_records_are_misses(tmp_path: Path, text: str) -> None:
    for kind in ("results", "links"):
        path = tmp_path / kind / "aa" / "aakey.json"
        path.parent.mkdir(parents=True)
        path.write_text(text)
    store = DiskStore(tmp_path, ROOMY)

    assert store.read("aakey") is None
    assert store.read_link("aakey") is None
    assert store.damaged == 1


def test_equal_tensors_of_several_results_are_kept_and_counted_once(tmp_path: Path) -> None:
    store = DiskStore(tmp_path, ROOMY)
    store.write("aakey", entry(noise(1, 10_000)))
    alone = store.held_bytes
    store.write("abkey", entry(noise(1, 10_000)))

    assert len(files(tmp_path, "*.safetensors")) == 1
    assert store.held_bytes < alone + 1_000
    store.remove("aakey")
    assert store.read("abkey") is not None
    store.remove("abkey")
    assert files(tmp_path) == []
    assert store.held_bytes == 0


def test_the_budget_holds_and_the_cheapest_to_lose_leaves(tmp_path: Path) -> None:
    store = DiskStore(tmp_path, 20_000)
    store.write("aadear", entry(noise(0, 1_000), seconds=100.0))
    for index in range(1, 12):
        store.write(f"ab{index}", entry(noise(index, 1_000), seconds=0.1))

    assert store.held_bytes <= 20_000
    assert sum(path.stat().st_size for path in files(tmp_path)) <= 20_000
    assert store.read("aadear") is not None
    assert store.evictions > 0


def test_a_result_written_again_is_there_all_the_time_and_counts_once(tmp_path: Path) -> None:
    store = DiskStore(tmp_path, ROOMY)
    store.write("aakey", entry(noise(1)))
    held = store.held_bytes
    store.write("aakey", entry(noise(1)))
    assert store.held_bytes == held
    store.write("aakey", entry(noise(2)))

    assert store.held_bytes == held
    assert len(files(tmp_path)) == 2
    found = store.read("aakey")
    assert found is not None
    assert torch.equal(found.outputs["out"], noise(2))  # type: ignore[arg-type]


def test_a_result_larger_than_the_budget_is_not_written(tmp_path: Path) -> None:
    store = DiskStore(tmp_path, 1_000)

    assert not store.write("aakey", entry(noise(1, 10_000)))
    assert files(tmp_path) == []


def test_a_later_process_knows_what_is_there_and_keeps_the_budget(tmp_path: Path) -> None:
    first = DiskStore(tmp_path, ROOMY)
    for index in range(6):
        first.write(f"a{index}key", entry(noise(index, 1_000), seconds=float(index)))
    second = DiskStore(tmp_path, 15_000)
    second.write("zzkey", entry(noise(99, 1_000), seconds=50.0))

    assert second.held_bytes <= 15_000
    assert second.has("a5key")
    assert second.has("zzkey")
    assert not second.has("a0key")


def test_several_stores_may_share_a_folder(tmp_path: Path) -> None:
    # Stores know nothing of each other, whether they live in one process or in several.
    with ThreadPoolExecutor(4) as pool:
        wrong = list(pool.map(partial(write_many, tmp_path), (0, 6, 12, 18)))

    assert wrong == [0, 0, 0, 0]
    store = DiskStore(tmp_path, ROOMY)
    assert all(store.read(f"{number:02d}key") is not None for number in range(25))
    assert store.damaged == 0
    assert files(tmp_path, "*.tmp") == []


def test_a_file_that_another_process_takes_away_meanwhile_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "results" / "zz").mkdir(parents=True)
    (tmp_path / "results" / "zz" / "listed.tmp").symlink_to(tmp_path / "gone by now")
    store = DiskStore(tmp_path, ROOMY)

    store.write("aakey", entry(noise(1)))

    assert store.read("aakey") is not None


def test_a_full_disk_is_an_error_with_numbers_and_leaves_nothing(tmp_path: Path) -> None:
    store = DiskStore(tmp_path, ROOMY)
    with no_file_larger_than(10_000), pytest.raises(DiskFullError) as raised:
        store.write("aakey", entry(noise(1, 50_000)))

    assert int(str(raised.value.details["needed_bytes"])) > 200_000
    assert files(tmp_path) == []
    assert store.read("aakey") is None
    assert store.held_bytes == 0


def test_a_full_disk_costs_no_earlier_result(tmp_path: Path) -> None:
    store = DiskStore(tmp_path, ROOMY)
    store.write("aakey", entry(noise(1, 500)))
    before = files(tmp_path)
    with no_file_larger_than(10_000), pytest.raises(DiskFullError):
        store.write("bbkey", entry(noise(2, 50_000)))

    assert files(tmp_path) == before
    assert store.read("aakey") is not None
    assert store.read("bbkey") is None


def test_what_only_lives_in_memory_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    with pytest.raises(NotStorableError):
        DiskStore(tmp_path, ROOMY).write("aakey", entry(object()))

    assert files(tmp_path) == []


def test_links_are_read_as_they_were_written(tmp_path: Path) -> None:
    store = DiskStore(tmp_path, ROOMY)
    store.write_link("aalink", Link(("k1", "k2"), (1, 2)))
    store.write_link("ablink", Link(("k1",)))

    assert store.read_link("aalink") == Link(("k1", "k2"), (1, 2))
    assert store.read_link("ablink") == Link(("k1",))


def test_what_nobody_can_use_any_more_is_swept_away_after_a_while(tmp_path: Path) -> None:
    first = DiskStore(tmp_path, ROOMY)
    first.write("aakey", entry(noise(1)))
    first.write_link("aalink", Link(("aakey",)))
    first.write_link("ablink", Link(("gone",)))
    orphan = tmp_path / "tensors" / "ff" / "ffff.safetensors"
    unfinished = tmp_path / "results" / "ff" / "x.tmp"
    for path in (orphan, unfinished):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
    long_ago = time.time() - 2 * FORGOTTEN_AFTER_S
    for path in files(tmp_path):
        os.utime(path, (long_ago, long_ago))

    DiskStore(tmp_path, ROOMY).write("zzkey", entry(2))

    assert not orphan.exists()
    assert not unfinished.exists()
    store = DiskStore(tmp_path, ROOMY)
    assert store.read_link("aalink") is not None
    assert store.read_link("ablink") is None
    assert store.read("aakey") is not None


def test_what_another_process_is_just_writing_is_not_swept_away(tmp_path: Path) -> None:
    unfinished = tmp_path / "results" / "ff" / "x.tmp"
    unfinished.parent.mkdir(parents=True)
    unfinished.write_bytes(b"x")

    DiskStore(tmp_path, ROOMY).write("zzkey", entry(2))

    assert unfinished.exists()


def test_clearing_deletes_every_file(tmp_path: Path) -> None:
    store = DiskStore(tmp_path, ROOMY)
    store.write("aakey", entry(noise(1)))
    store.write_link("aalink", Link(("aakey",)))
    store.clear()

    assert files(tmp_path) == []
    assert len(store) == 0


def test_a_file_is_replaced_as_a_whole(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "file"
    write_whole(path, b"first")
    with no_file_larger_than(3), pytest.raises(OSError, match="large"):
        write_whole(path, b"second")

    assert path.read_bytes() == b"first"
    assert files(tmp_path) == [path]


def test_a_value_that_its_class_refuses_by_now_is_damage_and_leaves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = DiskStore(tmp_path, ROOMY)
    store.write("aakey", entry(Picky(7)))
    monkeypatch.setattr(Picky, "most", 5)

    assert store.read("aakey") is None
    assert store.damaged == 1
    assert files(tmp_path) == []


def test_a_value_of_a_pack_that_is_not_loaded_stays_for_those_who_have_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = DiskStore(tmp_path, ROOMY)
    store.write("aakey", entry(Picky(7)))
    with monkeypatch.context() as patch:
        patch.delattr(sys.modules[Picky.__module__], "Picky")
        assert store.read("aakey") is None
    found = store.read("aakey")

    assert found is not None
    assert found.outputs == {"out": Picky(7)}
    assert store.damaged == 0


def test_a_record_of_another_format_is_a_miss_and_no_damage(tmp_path: Path) -> None:
    store = DiskStore(tmp_path, ROOMY)
    write_whole(tmp_path / "results" / "aa" / "aakey.json", _sealed({"format": 2, "results": []}))

    assert store.read("aakey") is None
    assert store.damaged == 0
    assert store.has("aakey")


@pytest.mark.parametrize("body", [{}, {"keys": "aakey"}, {"keys": ["aakey"], "lengths": ["many"]}])
def test_a_link_of_another_form_leads_nowhere(tmp_path: Path, body: dict[str, JSON]) -> None:
    write_whole(tmp_path / "links" / "aa" / "aalink.json", _sealed(body))

    assert DiskStore(tmp_path, ROOMY).read_link("aalink") is None


def test_deleting_a_result_keeps_what_another_one_shares(tmp_path: Path) -> None:
    store = DiskStore(tmp_path, ROOMY)
    store.write("aakey", entry(noise(1)))
    store.write("bbkey", entry(noise(1)))

    store.remove("aakey")
    store.remove("no such key")
    shared = store.read("bbkey")
    store.remove("bbkey")

    assert shared is not None
    assert (len(store), store.held_bytes, files(tmp_path)) == (0, 0, [])


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 4), st.integers(0, 2)), max_size=12))
@settings(max_examples=30)
def test_whatever_is_written_and_deleted_the_count_is_that_of_the_files(
    steps: list[tuple[bool, int, int]],
) -> None:
    with TemporaryDirectory() as name:
        folder = Path(name)
        store = DiskStore(folder, 5_000)
        for is_written, key, seed in steps:
            if is_written:
                store.write(f"{key:02d}key", entry(noise(seed), seconds=0.0))
            else:
                store.remove(f"{key:02d}key")
        held = sum(path.stat().st_size for path in files(folder))
        later = DiskStore(folder, 5_000)
        later._index()

        assert store.held_bytes == later.held_bytes == held <= 5_000
        assert len(store) == len(later) == len(files(folder, "*.json"))
