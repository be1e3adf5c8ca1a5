"""Results held in memory under a byte budget: one tier for the device, one for the host."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from weft.engine.codec import SCALAR_BYTES, SCALAR_TYPES, Storage, plain_bytes, storages_of
from weft.engine.gdsf import Gdsf

TierName = Literal["device", "ram", "disk"]


def slowest(tiers: Collection[TierName]) -> TierName:
    """Return the tier that is furthest away; memory where there is none.

    Args:
        tiers: Some tiers.
    """
    if "disk" in tiers:
        return "disk"
    return "device" if tiers and "ram" not in tiers else "ram"


@dataclass(slots=True, eq=False)
class Entry:
    """The result of one node, or of one item of a mapped node.

    Attributes:
        outputs: The values by output name; never changed.
        seconds: What it cost to compute.
        files: Digests of the files that went into it, by name.
        plain: Its bytes beside tensors.
        storages: The memory blocks that it keeps alive, with their bytes.
        on_device: Whether any of its tensors live outside the host's memory.
        was_on_device: Whether they did when it was computed, so that they go back there when it is wanted.
        persist: Whether it is worth a place on disk.
    """

    outputs: Mapping[str, object]
    seconds: float
    files: Mapping[str, str]
    plain: int
    storages: Mapping[Storage, int]
    on_device: bool = False
    was_on_device: bool = False
    persist: bool = True

    @property
    def size(self) -> int:
        """All bytes it keeps alive."""
        return self.plain + self.held_bytes

    @property
    def held_bytes(self) -> int:
        """Bytes of the tensors it keeps alive."""
        return sum(self.storages.values()) if self.storages else 0


NO_STORAGES: Mapping[Storage, int] = MappingProxyType({})


def make_entry(
    outputs: Mapping[str, object], seconds: float, files: Mapping[str, str], *, persist: bool
) -> Entry:
    """Weigh a result.

    Args:
        outputs: The values by output name.
        seconds: What it cost to compute.
        files: Digests of the files that went into it, by name.
        persist: Whether it is worth a place on disk.

    Returns:
        The entry that a tier can hold.
    """
    for value in outputs.values():
        if type(value) not in SCALAR_TYPES:
            break
    else:
        return Entry(outputs, seconds, files, SCALAR_BYTES * (1 + len(outputs)), NO_STORAGES, persist=persist)
    storages = storages_of(outputs)
    on_device = any(not device.startswith("cpu") for device, _ in storages)
    return Entry(
        outputs,
        seconds,
        files,
        plain_bytes(outputs),
        storages,
        on_device=on_device,
        was_on_device=on_device,
        persist=persist,
    )


class Tier:
    """Entries under one byte budget. Memory that several entries share counts once.

    Args:
        budget_bytes: The most it may hold; 0 holds nothing.
        demote: What is called with whatever is given up, after it has left.
    """

    def __init__(self, budget_bytes: int, demote: Callable[[str, Entry], None]) -> None:
        self.budget_bytes = budget_bytes
        self.held_bytes = 0
        self.evictions = 0
        self._demote = demote
        self._entries: dict[str, Entry] = {}
        self._order = Gdsf()
        self._holders: dict[Storage, int] = {}

    def __len__(self) -> int:
        return len(self._entries)

    def __contains__(self, key: str) -> bool:
        return key in self._entries

    def get(self, key: str) -> Entry | None:
        """Return an entry and note that it was wanted; None where there is none.

        Args:
            key: Its key.
        """
        entry = self._entries.get(key)
        if entry is not None:
            self._order.touch(key)
        return entry

    def put(self, key: str, entry: Entry, *, uses: int = 1) -> None:
        """Take an entry in and give up others until the budget holds.

        Args:
            key: Its key; an older entry of that key is replaced.
            entry: The entry. One that is larger than the whole budget is demoted at once.
            uses: How often it was wanted so far.
        """
        self.remove(key)
        if entry.size > self.budget_bytes:
            self.evictions += 1
            self._demote(key, entry)
            return
        self._entries[key] = entry
        self._hold(entry)
        self._order.admit(key, entry.seconds, entry.size, uses=uses)
        if self.held_bytes > self.budget_bytes:
            self.shrink(self.budget_bytes)

    def remove(self, key: str) -> Entry | None:
        """Take an entry out without demoting it, and return it; None where there is none.

        Args:
            key: Its key.
        """
        entry = self._entries.pop(key, None)
        if entry is not None:
            self._order.remove(key)
            self._release(entry)
        return entry

    def keys_of(self, storages: Collection[Storage]) -> list[str]:
        """Return the keys of the entries that hold one of these memory blocks.

        Args:
            storages: The blocks.
        """
        wanted = self._holders.keys() & set(storages)
        return (
            [key for key, entry in self._entries.items() if not entry.storages.keys().isdisjoint(wanted)]
            if wanted
            else []
        )

    def uses(self, key: str) -> int:
        """Return how often an entry was wanted; 0 for an unknown one.

        Args:
            key: Its key.
        """
        return self._order.uses(key)

    def shrink(self, target_bytes: int) -> int:
        """Give up entries, the least worth keeping first, until at most so much is held.

        Args:
            target_bytes: What may stay.

        Returns:
            The bytes that were given up.
        """
        before = self.held_bytes
        while self.held_bytes > target_bytes:
            key = self._order.victim()
            if key is None:
                break
            entry = self.remove(key)
            self.evictions += 1
            if entry is not None:
                self._demote(key, entry)
        return before - self.held_bytes

    def clear(self) -> None:
        """Drop every entry without demoting any."""
        self._entries.clear()
        self._holders.clear()
        self._order.clear()
        self.held_bytes = 0

    def _hold(self, entry: Entry) -> None:
        self.held_bytes += entry.plain
        for storage, size in entry.storages.items():
            count = self._holders.get(storage, 0)
            self._holders[storage] = count + 1
            if count == 0:
                self.held_bytes += size

    def _release(self, entry: Entry) -> None:
        self.held_bytes -= entry.plain
        for storage, size in entry.storages.items():
            count = self._holders[storage] - 1
            if count:
                self._holders[storage] = count
            else:
                del self._holders[storage]
                self.held_bytes -= size
