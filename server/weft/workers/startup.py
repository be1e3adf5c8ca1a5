"""What a worker process is told on its command line."""

from __future__ import annotations

import json
from dataclasses import dataclass

from weft.settings import Settings


@dataclass(frozen=True, slots=True)
class Startup:
    """Who a worker is.

    Attributes:
        settings: The settings of the server.
        name: Name of the worker, such as ``worker-1``.
        index: Its place among all workers, from 0; chooses its GPU where there are several.
        installed: Whether to load installed packs, weft's own nodes among them.
        parent: Process id of the server.
    """

    settings: Settings
    name: str
    index: int = 0
    installed: bool = True
    parent: int = 0

    def to_argument(self) -> str:
        """Write it as one argument of a command line."""
        plain = {"name": self.name, "index": self.index, "installed": self.installed, "parent": self.parent}
        return json.dumps({**plain, "settings": self.settings.model_dump(mode="json")})

    @classmethod
    def from_argument(cls, text: str) -> Startup:
        """Read it from that argument; the inverse of `to_argument`.

        Args:
            text: The argument.
        """
        told = json.loads(text)
        settings = Settings(**told.pop("settings"))
        return cls(settings, **told)
