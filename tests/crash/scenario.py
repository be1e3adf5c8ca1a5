"""A life of a ledger, step by step: everything that can happen to jobs, blobs, assets and workflows.

Each step is acknowledged when it returns. The clock only depends on the step, so that the database after a
step is the same in every run, down to the last column.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from ledger_steps import DONE, Clock, digest, document, new_job
from weft.jobs.files.blobs import Blobs
from weft.jobs.ledger.ledger import Ledger
from weft.jobs.records import Asset, NewEvent, Outcome, Output

PICTURES = (b"a red circle" * 5000, b"a blue square" * 5000)
NODES = NewEvent("nodes", {"finished": [["x", "ran", "first-run", 0.01]]}, owner="local", job="a")
KEYED = {"idempotency_key": "key", "request_digest": "request"}


@dataclass
class Life:
    """What the steps work on.

    Attributes:
        folder: The data folder.
        ledgers: The ledger to test.
        blob_stores: The blobs to test.
    """

    folder: Path
    ledgers: type[Ledger] = Ledger
    blob_stores: type[Blobs] = Blobs
    clock: Clock = field(default_factory=Clock)

    def open(self) -> None:
        """Begin, or begin again."""
        self.ledger = self.ledgers.open(self.folder, clock=self.clock)
        self.blobs = self.blob_stores(self.folder / "blobs")

    def submit(self, *ids: str, **fields: object) -> None:
        """Put jobs into the queue."""
        new = [new_job(job_id, document=document(job_id), **fields) for job_id in ids]
        self.ledger.submit(new, most_queued=100)

    def adopt(self, data: bytes) -> None:
        """Take over a file that a worker wrote."""
        spooled = self.folder / "spooled.png"
        spooled.write_bytes(data)
        self.blobs.adopt(spooled, _digest(data), len(data))

    def end(self) -> None:
        """Close everything."""
        self.ledger.close()

    def reopen(self) -> None:
        """End and begin again, as a restart does."""
        self.end()
        self.open()


Step = Callable[[Life], object]


def steps(*, is_blob_first: bool = True) -> list[Step]:
    """The steps of the life.

    Args:
        is_blob_first: Whether blobs are stored before the ledger refers to them, as it should be.
    """
    first, second = PICTURES
    store: list[Step] = [lambda life: life.blobs.put(first), lambda life: life.adopt(second)]
    finish: list[Step] = [lambda life: life.ledger.finish("a", 1, _made(first, second), before=[NODES])]
    return [
        Life.open,
        lambda life: life.submit("a", **KEYED),
        lambda life: life.submit("again", **KEYED),
        lambda life: life.submit("b", "c", batch="batch", priority=3),
        lambda life: life.ledger.claim("a", "worker-1"),
        *(store + finish if is_blob_first else finish + store),
        lambda life: life.ledger.claim("b", "worker-1"),
        lambda life: life.ledger.append([NewEvent("nodes", {"started": ["x"]}, job="b")]),
        lambda life: life.ledger.release("b", 1, died=True),
        lambda life: life.ledger.claim("b", "worker-2"),
        lambda life: life.ledger.finish("b", 1, DONE),
        lambda life: life.ledger.cancel("c"),
        lambda life: life.submit("d", "e", "f"),
        lambda life: life.ledger.claim("d", "worker-1"),
        lambda life: life.ledger.cancel("d"),
        lambda life: life.ledger.claim("f", "worker-1"),
        lambda life: life.adopt(first),
        lambda life: life.ledger.set_paused(True),
        lambda life: life.ledger.add_asset(Asset(_digest(first), "local", "upload", "a", "image/png", 1)),
        lambda life: life.ledger.save_workflow("local", "flow", document("1")),
        lambda life: life.ledger.save_workflow("local", "flow", document("2"), expected_revision=1),
        lambda life: life.ledger.delete_workflow("local", "flow"),
        lambda life: life.ledger.claim("e", "worker-2"),
        lambda life: life.ledger.cancel("e"),
        lambda life: life.ledger.release("e", 1, died=True),
        Life.reopen,
        lambda life: life.ledger.recover(),
        lambda life: life.ledger.claim("f", "worker-1"),
        lambda life: life.ledger.finish("f", 2, Outcome("failed", problems=({"code": "x"},))),
        lambda life: life.ledger.delete("a"),
        lambda life: life.ledger.retain(1, 0, life.clock.now),
        lambda life: life.ledger.add_asset(Asset(digest(1), "local", "upload", "gone", "image/png", 1)),
        lambda life: life.ledger.delete_asset(digest(1), "local"),
        lambda life: life.blobs.sweep(life.ledger.blob_references(), 0),
        Life.end,
    ]


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _made(*pictures: bytes) -> Outcome:
    made = tuple(
        Output("image", place, "image", _digest(data), len(data), "image/png", 8, 8)
        for place, data in enumerate(pictures)
    )
    return Outcome("succeeded", made, seconds=1.5, counts={"ran": 2})
