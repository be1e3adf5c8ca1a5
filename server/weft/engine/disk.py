"""Results on disk: JSON records and safetensors, safe against crashes, other processes and a full disk.

Below the folder:
    results/ab/<key>.json            one record per result: structure, cost, the name of its tensors
    tensors/ab/<digest>.safetensors  the tensors, named by their content, so equal ones are kept once
    links/ab/<key>.json              a key that stands for the results of other keys

Every file is written beside its place and renamed, what is dear after it has reached the disk, and everything
carries a checksum: a file is there as a whole or not at all, and whatever is damaged is a miss. Records are
written after the tensors they name. Several processes may share a folder; a file that another one has deleted
is a miss too.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from safetensors import SafetensorError

from weft.engine.codec import DIGEST_BYTES, Encoded, NotReadableError, decode, encode
from weft.engine.gdsf import Gdsf
from weft.engine.tiers import Entry, make_entry
from weft.errors import CacheError, DiskFullError
from weft.paths import NO_ROOM
from weft.values import JSON

if TYPE_CHECKING:
    import torch

FORMAT = 1
FORGOTTEN_AFTER_S = 3600.0
# What is computed again in less time is not worth waiting for the disk: should the machine stop at that
# moment, the checksum finds the damage and the result is computed again.
WORTH_SYNCHRONISING_S = 0.05


class DamagedError(CacheError):
    """A file of the cache is not what was written."""

    code = "cache-damaged"

    def __init__(self, *, path: Path) -> None:
        super().__init__(f"{path} is damaged.", hint="It is computed again; nothing else is lost.")


@dataclass(frozen=True, slots=True)
class Link:
    """A key that stands for other keys.

    Attributes:
        keys: The keys of the results; one for a plain node, one per item for a mapped one.
        lengths: The length of each axis of a mapped node, outermost first; None for a plain node.
    """

    keys: tuple[str, ...]
    lengths: tuple[int, ...] | None = None


@dataclass(frozen=True, slots=True)
class Kept:
    """What the index knows of one record.

    Attributes:
        record_bytes: The size of the record.
        tensors: The name of its tensors file, or an empty string.
        tensor_bytes: The size of that file.
    """

    record_bytes: int
    tensors: str
    tensor_bytes: int


class DiskStore:
    """Results in a folder under a byte budget.

    Reading may happen on any thread; writing is meant for one thread at a time.

    Args:
        folder: Where everything lies; made on the first write.
        budget_bytes: The most that records and tensors may take.
    """

    def __init__(self, folder: Path, budget_bytes: int) -> None:
        self.budget_bytes = budget_bytes
        self.held_bytes = 0
        self.evictions = 0
        self.damaged = 0
        self._folder = folder
        self._lock = threading.RLock()
        self._order = Gdsf()
        self._kept: dict[str, Kept] = {}
        self._users: dict[str, int] = {}
        self._is_indexed = False

    def __len__(self) -> int:
        return len(self._kept)

    def has(self, key: str) -> bool:
        """Whether there is a record of this key; it may still turn out to be damaged.

        Args:
            key: The key of a result.
        """
        return self._path("results", key, ".json").exists()

    def read(self, key: str, device: str = "cpu") -> Entry | None:
        """Return a result; None where there is none or it is damaged.

        Args:
            key: Its key.
            device: Where tensors go that were computed on a device.
        """
        path = self._path("results", key, ".json")
        try:
            body = _read_json(path)
            entry = self._entry(body, device)
        except FileNotFoundError:
            return None
        except NotReadableError:
            # The pack that defines the value is not loaded here; for another process the file is as good as
            # ever.
            return None
        # Foreign code: a value class may refuse the fields it was once built from.
        except Exception:  # noqa: BLE001
            with self._lock:
                self.damaged += 1
            self.remove(key)
            return None
        with self._lock:
            self._order.touch(key)
        with contextlib.suppress(OSError):
            os.utime(path)
        return entry

    def write(self, key: str, entry: Entry) -> bool:
        """Write a result, giving up others until the budget holds.

        Args:
            key: Its key.
            entry: The result.

        Returns:
            Whether it is on disk now; False where it is larger than the whole budget.

        Raises:
            NotStorableError: Something in it can only live in memory.
            DiskFullError: There is no room, even after giving up other results. Nothing partial is left.
            OSError: The folder cannot be written.
        """
        encoded = encode(dict(entry.outputs))
        data = b""
        if encoded.tensors:
            from weft.engine.tensor_bytes import tensor_bytes

            data = tensor_bytes(encoded.tensors)
        name = _checksum(data) if data else ""
        text = _record(key, entry, encoded.structure, Kept(0, name, len(data)))
        kept = Kept(len(text), name, len(data))
        if kept.record_bytes + kept.tensor_bytes > self.budget_bytes:
            return False
        with self._lock:
            self._index()
            self._make_room(kept.record_bytes + kept.tensor_bytes)
            is_dear = entry.seconds >= WORTH_SYNCHRONISING_S
            if data:
                self._store(self._path("tensors", name, ".safetensors"), data, is_durable=is_dear)
            self._store(self._path("results", key, ".json"), text, is_durable=is_dear)
            # The new record is in place before what an older one named is let go: readers see either.
            unused = self._forget(key)
            self._note(key, kept, entry.seconds)
            if unused and unused not in self._users:
                self._delete_tensors(unused)
        return True

    def read_link(self, key: str) -> Link | None:
        """Return what a key stands for; None where that is not known.

        Args:
            key: The key.
        """
        try:
            body = _read_json(self._path("links", key, ".json"))
            match body:
                case {"keys": list(keys), "lengths": list(lengths)}:
                    return Link(tuple(map(str, keys)), tuple(int(str(n)) for n in lengths))
                case {"keys": list(keys)}:
                    return Link(tuple(map(str, keys)))
        except (OSError, ValueError, DamagedError):
            return None
        return None

    def write_link(self, key: str, link: Link) -> None:
        """Remember on disk what a key stands for.

        Args:
            key: The key.
            link: The keys it stands for.

        Raises:
            DiskFullError: There is no room.
            OSError: The folder cannot be written.
        """
        lengths: JSON = None if link.lengths is None else list(link.lengths)
        data = _sealed({"keys": list(link.keys), "lengths": lengths})
        # A lost link loses no result: those are found again by their own keys.
        self._store(self._path("links", key, ".json"), data, is_durable=False)

    def remove(self, key: str) -> None:
        """Delete a result, and its tensors where no other result shares them.

        Args:
            key: Its key; an unknown one is let pass.
        """
        with self._lock, contextlib.suppress(OSError):
            self._path("results", key, ".json").unlink(missing_ok=True)
            unused = self._forget(key)
            if unused:
                self._delete_tensors(unused)

    def clear(self) -> None:
        """Delete every result and link."""
        with self._lock:
            for path in self._files("*"):
                with contextlib.suppress(OSError):
                    path.unlink(missing_ok=True)
            self._order.clear()
            self._kept.clear()
            self._users.clear()
            self.held_bytes = 0

    def _entry(self, body: dict[str, JSON], device: str) -> Entry:
        match body:
            case {
                "format": 1,
                "outputs": dict(structure),
                "tensors": str(name),
                "seconds": int() | float() as seconds,
                "files": dict(files),
            }:
                tensors = self._tensors(name)
                outputs = decode(Encoded(structure, tensors), device=device)
                if isinstance(outputs, dict):
                    notes = {path: str(digest) for path, digest in files.items()}
                    return make_entry(outputs, float(seconds), notes, persist=True)
        raise NotReadableError(what="it has another format")

    def _tensors(self, name: str) -> dict[str, torch.Tensor]:
        if not name:
            return {}
        import safetensors.torch

        path = self._path("tensors", name, ".safetensors")
        try:
            data = path.read_bytes()
            if _checksum(data) != name:
                path.unlink(missing_ok=True)
                raise DamagedError(path=path)
            return dict(safetensors.torch.load(data))
        except (OSError, SafetensorError) as error:
            raise DamagedError(path=path) from error

    def _store(self, path: Path, data: bytes, *, is_durable: bool) -> None:
        """Write a file. A full disk costs no earlier result: the user, not the cache, decides what goes."""
        try:
            write_whole(path, data, is_durable=is_durable)
        except OSError as error:
            if error.errno not in NO_ROOM:
                raise
            raise DiskFullError(path=str(self._folder), needed_bytes=len(data)) from error

    def _make_room(self, needed_bytes: int) -> None:
        while self.held_bytes + needed_bytes > self.budget_bytes:
            key = self._order.victim()
            if key is None:
                return
            self.remove(key)
            self.evictions += 1

    def _forget(self, key: str) -> str:
        """Take a result out of the index, and return the name of tensors that no other one uses."""
        kept = self._kept.pop(key, None)
        self._order.remove(key)
        if kept is None:
            return ""
        self.held_bytes -= kept.record_bytes
        if not kept.tensors:
            return ""
        self._users[kept.tensors] -= 1
        if self._users[kept.tensors]:
            return ""
        del self._users[kept.tensors]
        self.held_bytes -= kept.tensor_bytes
        return kept.tensors

    def _delete_tensors(self, name: str) -> None:
        with contextlib.suppress(OSError):
            self._path("tensors", name, ".safetensors").unlink(missing_ok=True)

    def _note(self, key: str, kept: Kept, seconds: float) -> None:
        self._kept[key] = kept
        self.held_bytes += kept.record_bytes
        if kept.tensors:
            users = self._users.get(kept.tensors, 0)
            self._users[kept.tensors] = users + 1
            self.held_bytes += 0 if users else kept.tensor_bytes
        self._order.admit(key, seconds, kept.record_bytes + kept.tensor_bytes)

    def _index(self) -> None:
        """Learn what earlier processes left, oldest use first, and sweep away what nobody can use."""
        if self._is_indexed:
            return
        self._is_indexed = True
        for path in sorted(self._files("results"), key=_last_use):
            with contextlib.suppress(OSError, ValueError, DamagedError):
                body = _read_json(path)
                name, seconds, size = body.get("tensors"), body.get("seconds"), body.get("tensor_bytes")
                if isinstance(name, str) and isinstance(seconds, int | float) and isinstance(size, int):
                    self._note(path.stem, Kept(path.stat().st_size, name, size), float(seconds))
        self._sweep()

    def _sweep(self) -> None:
        before = time.time() - FORGOTTEN_AFTER_S
        for path in self._files("*"):
            with contextlib.suppress(OSError):
                if path.stat().st_mtime < before and self._is_useless(path):
                    path.unlink(missing_ok=True)

    def _is_useless(self, path: Path) -> bool:
        if path.suffix == ".safetensors":
            return path.stem not in self._users
        if path.parent.parent.name == "links":
            link = self.read_link(path.stem)
            return link is None or not any(key in self._kept for key in link.keys)
        return path.suffix == ".tmp"

    def _files(self, kind: str) -> list[Path]:
        return list(self._folder.glob(f"{kind}/??/*"))

    def _path(self, kind: str, key: str, suffix: str) -> Path:
        return self._folder / kind / key[:2] / (key + suffix)


def _last_use(path: Path) -> float:
    """Tell when a file was used last; one that another process has just taken away counts as the oldest."""
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


def write_whole(path: Path, data: bytes, *, is_durable: bool = True) -> None:
    """Write a file so that it is there as a whole or not at all, whenever the process stops.

    Args:
        path: Where it goes; missing folders are made.
        data: Its content.
        is_durable: Whether that shall also hold when the machine stops, which takes the time of the disk.

    Raises:
        OSError: It cannot be written; nothing is left behind.
    """
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, suffix=".tmp")
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, suffix=".tmp")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            if is_durable:
                os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(name).unlink()
        raise


def _record(key: str, entry: Entry, structure: JSON, kept: Kept) -> bytes:
    return _sealed(
        {
            "format": FORMAT,
            "key": key,
            "outputs": structure,
            "tensors": kept.tensors,
            "tensor_bytes": kept.tensor_bytes,
            "seconds": entry.seconds,
            "files": dict(entry.files),
        }
    )


def _sealed(body: dict[str, JSON]) -> bytes:
    text = json.dumps(body, sort_keys=True, separators=(",", ":"))
    return json.dumps({"checksum": _checksum(text.encode()), "body": body}, separators=(",", ":")).encode()


def _read_json(path: Path) -> dict[str, JSON]:
    try:
        outer = json.loads(path.read_bytes())
    except ValueError as error:
        raise DamagedError(path=path) from error
    body = outer.get("body") if isinstance(outer, dict) else None
    if not isinstance(body, dict):
        raise DamagedError(path=path)
    if outer.get("checksum") != _checksum(json.dumps(body, sort_keys=True, separators=(",", ":")).encode()):
        raise DamagedError(path=path)
    return body


def _checksum(data: bytes) -> str:
    return hashlib.blake2b(data, digest_size=DIGEST_BYTES).hexdigest()
