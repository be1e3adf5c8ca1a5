"""What a client asks for, before anything about it was looked at."""

from __future__ import annotations

import hashlib
import json
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from weft.errors import JSON
from weft.jobs.records import LOCAL_OWNER


@dataclass(frozen=True, slots=True)
class Request:
    """A job as a client asks for it.

    Attributes:
        document: The workflow; None to run the saved one called `name`.
        name: Name of the saved workflow, or what the job is called where there is a document.
        inputs: Values for the workflow's inputs, by name.
        targets: The wanted outputs or nodes; None for all outputs.
        priority: -100..100; higher runs first.
        id: Id of the job, chosen by the client; empty to have one made.
        idempotency_key: The same key with the same request gives the same job; empty for none.
        owner: Whom the job belongs to.
        retry_of: Id of the job that it repeats; empty for none.
        uses_all: Whether pictures of other owners may be used too.
    """

    document: Mapping[str, JSON] | None = None
    name: str = ""
    inputs: Mapping[str, JSON] = field(default_factory=dict)
    targets: tuple[str, ...] | None = None
    priority: int = 0
    id: str = ""
    idempotency_key: str = ""
    owner: str = LOCAL_OWNER
    retry_of: str = ""
    uses_all: bool = False

    def digest(self, further: JSON = None) -> str:
        """Hash what is asked for, whoever asks and under whatever id or key.

        Args:
            further: What else belongs to it, such as the variations of a batch.

        Returns:
            SHA-256 in hexadecimal; equal for requests whose JSON is equal but for the order of keys.
        """
        content = (
            self.document,
            self.name,
            dict(self.inputs),
            self.targets,
            self.priority,
            self.retry_of,
            further,
        )
        text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
        return hashlib.sha256(text.encode()).hexdigest()


def new_id(now: float | None = None) -> str:
    """Make an id that nobody else has and that sorts by time.

    Args:
        now: Unix time in seconds; None for now.

    Returns:
        32 hexadecimal digits in the layout of a UUID of version 7: milliseconds, then random bits.
    """
    milliseconds = int((time.time() if now is None else now) * 1000) & (2**48 - 1)
    chance = secrets.randbits(74)
    high = milliseconds << 16 | 0x7000 | chance >> 62
    low = 0b10 << 62 | chance & (2**62 - 1)
    return f"{high:016x}{low:016x}"
