"""What was computed before, kept where it is quickest to reach: on the device, in memory, on disk.

A result enters at the tier where it was computed and is written to disk in the background. A tier over its
budget gives up what is cheapest to lose: from the device to memory, from memory to disk, from disk for good.
"""

import threading
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType

from weft.engine.codec import NotStorableError, Storage, to_device
from weft.engine.disk import DiskStore, Link
from weft.engine.tiers import Entry, Tier, TierName, make_entry, slowest
from weft.engine.writing import BackgroundWriter
from weft.errors import CacheError, Problem, WeftError

NO_FILES: Mapping[str, str] = MappingProxyType({})
MOST_LINKS = 500_000


class CacheUnwritableError(CacheError):
    """A result could not be kept on disk."""

    code = "cache-unwritable"

    def __init__(self, *, reason: str) -> None:
        super().__init__(
            f"A result could not be kept on disk: {reason}.",
            hint="Check the cache folder and its permissions; the result itself stays in memory.",
        )


@dataclass(frozen=True, slots=True)
class Hit:
    """A result that was found.

    Attributes:
        outputs: The values by output name.
        tier: Where it was found.
        seconds: What it once cost to compute.
        files: Digests of the files that went into it, by name.
        held_bytes: Bytes of the tensors that it keeps alive.
    """

    outputs: Mapping[str, object]
    tier: TierName
    seconds: float
    files: Mapping[str, str]
    held_bytes: int


@dataclass(frozen=True, slots=True)
class CacheStatistics:
    """What the cache holds and did since it was made.

    Attributes:
        device_bytes: Bytes held on the device.
        ram_bytes: Bytes held in memory.
        disk_bytes: Bytes on disk, as far as this process knows; others may share the folder.
        device_entries: Results on the device.
        ram_entries: Results in memory.
        disk_entries: Results on disk, as far as this process knows.
        hits_device: How often a result was found on the device.
        hits_ram: How often in memory.
        hits_disk: How often on disk.
        misses: How often nowhere.
        evictions: How often a tier gave something up.
        damaged: Entries on disk that were not what had been written.
        unstorable: Results that can only live in memory.
    """

    device_bytes: int
    ram_bytes: int
    disk_bytes: int
    device_entries: int
    ram_entries: int
    disk_entries: int
    hits_device: int
    hits_ram: int
    hits_disk: int
    misses: int
    evictions: int
    damaged: int
    unstorable: int


class ResultCache:
    """Results by key, in three tiers with a byte budget each.

    Args:
        device_budget: Bytes on the device.
        ram_budget: Bytes in memory.
        disk_budget: Bytes on disk.
        folder: Where results are kept on disk; None keeps none there.
        device: Where results go back to that were computed on a device.
    """

    def __init__(
        self,
        *,
        device_budget: int,
        ram_budget: int,
        disk_budget: int = 0,
        folder: Path | None = None,
        device: str = "cpu",
    ) -> None:
        self._lock = threading.RLock()
        self._device_name = device
        self._device = Tier(device_budget, self._leave_device)
        self._ram = Tier(ram_budget, self._leave_ram)
        self._disk = DiskStore(folder, disk_budget) if folder is not None and disk_budget > 0 else None
        self._links: dict[str, Link] = {}
        self._writing: dict[str, Entry] = {}
        self._writer = BackgroundWriter(self.note_failure)
        self._problems: list[Problem] = []
        self._found = {"device": 0, "ram": 0, "disk": 0, "nowhere": 0}
        self._unstorable = 0

    def peek(self, key: str) -> TierName | None:
        """Say where a result lies without fetching it; None where there is none.

        Args:
            key: Its key.
        """
        if key in self._ram or key in self._writing:
            return "ram"
        if key in self._device:
            return "device"
        return "disk" if self._disk is not None and self._disk.has(key) else None

    def tier_of(self, link: Link) -> TierName | None:
        """Say how far away the results are that a key stands for; None where one of them is missing.

        Args:
            link: The keys it stands for.
        """
        tiers = [self.peek(key) for key in link.keys]
        found = [tier for tier in tiers if tier is not None]
        return slowest(found) if len(found) == len(tiers) else None

    def holds(self, key: str) -> bool:
        """Whether a result is in memory or on the device; never touches the disk.

        Args:
            key: Its key.
        """
        return key in self._ram or key in self._writing or key in self._device

    def get_held(self, key: str) -> Hit | None:
        """Return a result that is in memory or on the device; never touches the disk.

        Args:
            key: Its key.
        """
        with self._lock:
            entry = self._device.get(key)
            if entry is not None:
                return self._hit(entry, "device")
            entry = self._ram.get(key) or self._writing.get(key)
            if entry is None:
                return None
            hit = self._hit(entry, "ram")
            return hit if not entry.was_on_device else self._bring_back(key, entry, hit)

    def get(self, key: str) -> Hit | None:
        """Return a result from the quickest tier that has it; may read the disk, so not for the event loop.

        Args:
            key: Its key.

        Returns:
            The result, or None where there is none or what is on disk is damaged.
        """
        hit = self.get_held(key)
        if hit is not None:
            return hit
        entry = None if self._disk is None else self._disk.read(key, self._device_name)
        with self._lock:
            if entry is None:
                self._found["nowhere"] += 1
                return None
            (self._device if entry.on_device else self._ram).put(key, entry)
            return self._hit(entry, "disk")

    def put(
        self,
        key: str,
        outputs: Mapping[str, object],
        seconds: float,
        *,
        files: Mapping[str, str] = NO_FILES,
        persist: bool = True,
    ) -> int:
        """Keep a result.

        Args:
            key: Its key.
            outputs: The values by output name; never changed afterwards.
            seconds: What it cost to compute.
            files: Digests of the files that went into it, by name.
            persist: Whether it is worth a place on disk.

        Returns:
            Bytes of the tensors that it keeps alive.
        """
        persist = persist and self._disk is not None
        entry = make_entry(outputs, seconds, files, persist=persist)
        with self._lock:
            if persist:
                self._write(key, entry)
            if entry.on_device:
                self._device.put(key, entry)
            else:
                self._ram.put(key, entry)
        return entry.held_bytes

    def link(self, key: str, link: Link, *, persist: bool = True) -> None:
        """Let a key stand for the results of other keys.

        Args:
            key: The key.
            link: The keys it stands for.
            persist: Whether to remember it on disk.
        """
        with self._lock:
            if self._links.get(key) == link:
                return
            self._links[key] = link
            if len(self._links) > MOST_LINKS:
                del self._links[next(iter(self._links))]
        disk = self._disk
        if persist and disk is not None:
            self._writer.submit(lambda: disk.write_link(key, link))

    def find_link(self, key: str) -> Link | None:
        """Return what a key stands for; None where that is not known.

        Args:
            key: The key.
        """
        link = self._links.get(key)
        if link is None and self._disk is not None:
            link = self._disk.read_link(key)
            if link is not None:
                self._links[key] = link
        return link

    def forget(self, storages: Collection[Storage]) -> None:
        """Give up every result in memory that holds one of these memory blocks, and its copy on disk.

        Such a copy may have been written after the memory was damaged.

        Args:
            storages: The blocks whose contents are not to be trusted.
        """
        with self._lock:
            writing = [
                key for key, entry in self._writing.items() if not entry.storages.keys().isdisjoint(storages)
            ]
            spoilt = {*self._device.keys_of(storages), *self._ram.keys_of(storages), *writing}
            for key in spoilt:
                self._device.remove(key)
                self._ram.remove(key)
        if spoilt and self._disk is not None:
            self._writer.flush()
            for key in spoilt:
                self._disk.remove(key)

    def release(self, needed_bytes: int) -> int:
        """Give up results on the device, or in memory where that is the device, until so much is free.

        Args:
            needed_bytes: What is needed.

        Returns:
            The bytes that were given up.
        """
        with self._lock:
            tier = self._ram if self._device_name.startswith("cpu") else self._device
            freed = tier.shrink(max(0, tier.held_bytes - needed_bytes))
        # What is on its way to the disk takes its room until it is there, or was refused.
        self._writer.flush()
        return freed

    def count_problems(self) -> int:
        """Return how many problems there were so far, to ask later for those that came after."""
        return len(self._problems)

    def problems_since(self, count: int) -> tuple[Problem, ...]:
        """Return what went wrong in writing, each kind of problem once.

        Args:
            count: What `count_problems` returned earlier.
        """
        return tuple({problem.code: problem for problem in self._problems[count:]}.values())

    @property
    def has_disk(self) -> bool:
        """Whether results are kept on disk."""
        return self._disk is not None

    def statistics(self) -> CacheStatistics:
        """Return what the cache holds and did so far."""
        disk = self._disk
        with self._lock:
            return CacheStatistics(
                device_bytes=self._device.held_bytes,
                ram_bytes=self._ram.held_bytes,
                disk_bytes=disk.held_bytes if disk else 0,
                device_entries=len(self._device),
                ram_entries=len(self._ram),
                disk_entries=len(disk) if disk else 0,
                hits_device=self._found["device"],
                hits_ram=self._found["ram"],
                hits_disk=self._found["disk"],
                misses=self._found["nowhere"],
                evictions=self._device.evictions + self._ram.evictions + (disk.evictions if disk else 0),
                damaged=disk.damaged if disk else 0,
                unstorable=self._unstorable,
            )

    def clear(self) -> None:
        """Forget everything, on disk too."""
        self._writer.flush()
        with self._lock:
            self._device.clear()
            self._ram.clear()
            self._links.clear()
            if self._disk is not None:
                self._disk.clear()

    def flush(self) -> None:
        """Wait until everything that is to be on disk is there."""
        self._writer.flush()

    def close(self) -> None:
        """Write what is left to write and end the background thread."""
        self._writer.close()

    def _hit(self, entry: Entry, tier: TierName) -> Hit:
        self._found[tier] += 1
        return Hit(entry.outputs, tier, entry.seconds, entry.files, entry.held_bytes)

    def _bring_back(self, key: str, entry: Entry, hit: Hit) -> Hit:
        """Put a result that had to leave the device back there."""
        uses = self._ram.uses(key)
        self._ram.remove(key)
        outputs = {name: to_device(value, self._device_name) for name, value in entry.outputs.items()}
        back = make_entry(outputs, entry.seconds, entry.files, persist=entry.persist)
        self._device.put(key, back, uses=uses)
        return replace(hit, outputs=outputs)

    def _leave_device(self, key: str, entry: Entry) -> None:
        outputs = {name: to_device(value, "cpu") for name, value in entry.outputs.items()}
        moved = make_entry(outputs, entry.seconds, entry.files, persist=entry.persist)
        moved.was_on_device = True
        self._ram.put(key, moved)

    def _leave_ram(self, key: str, entry: Entry) -> None:
        if entry.persist and self._disk is not None and not self._disk.has(key):
            self._write(key, entry)

    def _write(self, key: str, entry: Entry) -> None:
        disk = self._disk
        if disk is None or key in self._writing:
            return
        self._writing[key] = entry

        def write() -> None:
            try:
                disk.write(key, entry)
            finally:
                with self._lock:
                    self._writing.pop(key, None)

        self._writer.submit(write)

    def note_failure(self, error: Exception) -> None:
        """Turn an exception met in writing into a warning; a value that cannot be written is none.

        Args:
            error: What was raised.
        """
        if isinstance(error, NotStorableError):
            self._unstorable += 1
            return
        known = (
            error
            if isinstance(error, WeftError)
            else CacheUnwritableError(reason=str(error) or type(error).__name__)
        )
        problem = known.problem()
        self._problems.append(
            Problem(problem.code, problem.message, problem.hint, severity="warning", details=problem.details)
        )
