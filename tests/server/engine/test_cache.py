"""A result is found in the quickest tier that has it, and moves down before it is lost."""

import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import torch
from weft.engine.cache import ResultCache
from weft.engine.codec import SCALAR_BYTES
from weft.engine.disk import Link

DISK = 2**30


@contextmanager
def make_cache(
    folder: Path | None = None, *, device: int = 0, ram: int = 10**6, disk: int = DISK, name: str = "cpu"
) -> Iterator[ResultCache]:
    """A cache that is closed at the end."""
    cache = ResultCache(device_budget=device, ram_budget=ram, disk_budget=disk, folder=folder, device=name)
    yield cache
    cache.close()


def block(size: int, device: str = "cpu") -> dict[str, object]:
    """A result with one tensor of so many bytes."""
    return {"out": torch.zeros(size, dtype=torch.uint8, device=device)}


def test_what_was_put_is_found_in_memory() -> None:
    with make_cache() as cache:
        cache.put("aa", {"out": 1}, 0.5, files={"w": "d"})
        hit = cache.get("aa")

    assert hit is not None
    assert (hit.outputs, hit.tier, hit.seconds, hit.files) == ({"out": 1}, "ram", 0.5, {"w": "d"})


def test_what_was_put_says_what_its_tensors_hold_and_so_does_whoever_finds_it(tmp_path: Path) -> None:
    with make_cache(tmp_path) as cache:
        assert cache.put("aa", block(100), 0.5) == 100
        assert cache.put("bb", {"out": "a text"}, 0.5) == 0
    with make_cache(tmp_path) as cache:
        found = [cache.get("aa"), cache.get("aa"), cache.get("bb")]

    assert [hit.held_bytes for hit in found if hit is not None] == [100, 100, 0]


def test_an_unknown_key_is_a_miss() -> None:
    with make_cache() as cache:
        assert cache.peek("aa") is None
        assert cache.get("aa") is None
        assert cache.statistics().misses == 1


def test_after_a_restart_results_are_found_on_disk_and_then_in_memory(tmp_path: Path) -> None:
    with make_cache(tmp_path) as cache:
        cache.put("aa", block(100), 0.5, files={"w": "d"})
    with make_cache(tmp_path) as cache:
        assert cache.peek("aa") == "disk"
        assert cache.get_held("aa") is None
        first = cache.get("aa")
        second = cache.get("aa")

    assert first is not None
    assert second is not None
    assert (first.tier, second.tier) == ("disk", "ram")
    assert first.files == {"w": "d"}


def test_what_is_not_worth_it_is_not_written(tmp_path: Path) -> None:
    with make_cache(tmp_path) as cache:
        cache.put("aa", {"out": 1}, 0.0, persist=False)
        assert cache.peek("aa") == "ram"
    with make_cache(tmp_path) as cache:
        assert cache.peek("aa") is None


def test_what_leaves_memory_is_still_on_disk(tmp_path: Path) -> None:
    with make_cache(tmp_path, ram=5_000) as cache:
        for index in range(6):
            cache.put(f"a{index}", block(2_000), 1.0)
        cache.flush()
        tiers = [cache.peek(f"a{index}") for index in range(6)]
        assert cache.statistics().ram_bytes <= 5_000

    assert tiers.count("ram") == 2
    assert tiers.count("disk") == 4


def test_until_it_is_written_what_left_memory_is_still_found(tmp_path: Path) -> None:
    with make_cache(tmp_path, ram=0) as cache:
        for index in range(20):
            cache.put(f"a{index}", block(10), 1.0)
            assert cache.get(f"a{index}") is not None


def test_without_a_disk_what_leaves_memory_is_gone() -> None:
    with make_cache(ram=5_000) as cache:
        for index in range(6):
            cache.put(f"a{index}", block(2_000), 1.0)
        tiers = [cache.peek(f"a{index}") for index in range(6)]

    assert tiers.count(None) == 4


def test_what_costs_more_to_make_stays_longer() -> None:
    with make_cache(ram=5_000) as cache:
        cache.put("dear", block(2_000), 60.0)
        for index in range(6):
            cache.put(f"a{index}", block(2_000), 0.01)

        assert cache.peek("dear") == "ram"


def test_a_result_on_the_device_has_a_budget_of_its_own() -> None:
    # The meta device stands in for a graphics card: not the host, and nothing to copy.
    with make_cache(device=5_000, ram=0, name="meta") as cache:
        cache.put("aa", block(2_000, "meta"), 1.0)
        hit = cache.get("aa")

        assert hit is not None
        assert hit.tier == "device"
        assert cache.statistics().device_entries == 1
        assert cache.statistics().ram_entries == 0


def test_memory_shared_by_two_results_counts_once() -> None:
    with make_cache() as cache:
        shared = torch.zeros(100_000, dtype=torch.uint8)
        cache.put("aa", {"out": shared}, 1.0)
        cache.put("ab", {"other": shared}, 1.0)

        assert cache.statistics().ram_bytes < 101_000


def test_releasing_frees_at_least_what_is_needed_where_there_is_so_much() -> None:
    with make_cache() as cache:
        for index in range(5):
            cache.put(f"a{index}", block(10_000), 1.0)

        assert cache.release(15_000) >= 15_000
        assert cache.release(10**9) <= 40_000
        assert cache.statistics().ram_entries == 0


def test_what_is_given_up_in_a_shortage_is_free_though_it_was_on_its_way_to_disk(tmp_path: Path) -> None:
    with make_cache(tmp_path) as cache:
        outputs = block(10_000)
        held = weakref.ref(outputs["out"])
        cache.put("aa", outputs, 0.5)
        del outputs

        assert cache.release(10**9) >= 10_000
        assert held() is None


def test_a_link_stands_for_other_keys(tmp_path: Path) -> None:
    with make_cache(tmp_path) as cache:
        cache.put("aa", {"out": 1}, 1.0)
        cache.put("ab", {"out": 2}, 1.0)
        cache.link("ff", Link(("aa", "ab"), (2,)))
        found = cache.find_link("ff")
        assert found is not None
        assert cache.tier_of(found) == "ram"
    with make_cache(tmp_path) as cache:
        found = cache.find_link("ff")
        assert found == Link(("aa", "ab"), (2,))
        assert cache.tier_of(found) == "disk"
        cache.get("aa")
        assert cache.tier_of(found) == "disk"


def test_a_link_to_something_missing_is_no_result() -> None:
    with make_cache() as cache:
        cache.put("aa", {"out": 1}, 1.0)

        assert cache.tier_of(Link(("aa", "gone"))) is None
        assert cache.find_link("nothing") is None


def test_a_link_to_no_items_at_all_is_a_result() -> None:
    with make_cache() as cache:
        assert cache.tier_of(Link((), (0,))) == "ram"


def test_clearing_forgets_everything_in_every_tier(tmp_path: Path) -> None:
    with make_cache(tmp_path) as cache:
        cache.put("aa", block(100), 1.0)
        cache.link("ff", Link(("aa",)))
        cache.clear()

        assert cache.peek("aa") is None
        assert cache.find_link("ff") is None
        assert cache.statistics().disk_bytes == 0
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_a_folder_that_cannot_be_written_is_a_warning_and_no_more(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    with make_cache(blocked) as cache:
        before = cache.count_problems()
        cache.put("aa", block(100), 1.0)
        cache.put("ab", block(100), 1.0)
        cache.flush()
        problems = cache.problems_since(before)

        assert [(problem.code, problem.severity) for problem in problems] == [("cache-unwritable", "warning")]
        assert cache.get("aa") is not None
        assert cache.problems_since(cache.count_problems()) == ()


def test_what_can_only_live_in_memory_is_counted_and_kept_there(tmp_path: Path) -> None:
    with make_cache(tmp_path) as cache:
        cache.put("aa", {"out": object()}, 1.0)
        cache.flush()

        assert cache.statistics().unstorable == 1
        assert cache.peek("aa") == "ram"
        assert cache.problems_since(0) == ()


def test_statistics_count_where_results_were_found(tmp_path: Path) -> None:
    with make_cache(tmp_path) as cache:
        cache.put("aa", block(10), 1.0)
    with make_cache(tmp_path) as cache:
        for key in ("aa", "aa", "aa", "gone"):
            cache.get(key)
        counts = cache.statistics()

    assert (counts.hits_disk, counts.hits_ram, counts.hits_device, counts.misses) == (1, 2, 0, 1)


def test_plain_results_count_roughly() -> None:
    with make_cache() as cache:
        for index in range(100):
            cache.put(f"k{index}", {"out": index}, 0.0, persist=False)

        assert cache.statistics().ram_bytes == 100 * 2 * SCALAR_BYTES


@pytest.mark.parametrize("budget", [0, 100])
def test_a_budget_is_never_exceeded(budget: int) -> None:
    with make_cache(ram=budget) as cache:
        for index in range(10):
            cache.put(f"k{index}", block(64), 1.0)

        assert cache.statistics().ram_bytes <= budget


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a graphics card")
def test_what_had_to_leave_the_device_goes_back_when_it_is_wanted(tmp_path: Path) -> None:
    with make_cache(tmp_path, device=5_000, ram=10**6, name="cuda:0") as cache:
        for index in range(4):
            cache.put(f"a{index}", block(2_000, "cuda:0"), 1.0)
        left = [key for key in ("a0", "a1", "a2", "a3") if cache.peek(key) == "ram"]
        hit = cache.get(left[0])

        assert hit is not None
        assert hit.tier == "ram"
        assert isinstance(hit.outputs["out"], torch.Tensor)
        assert hit.outputs["out"].device.type == "cuda"
        assert cache.peek(left[0]) == "device"
    with make_cache(tmp_path, device=5_000, ram=10**6, name="cuda:0") as cache:
        restored = cache.get("a0")

        assert restored is not None
        assert isinstance(restored.outputs["out"], torch.Tensor)
        assert restored.outputs["out"].device.type == "cuda"
