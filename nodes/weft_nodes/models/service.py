"""The sampling core as a service: one batcher per worker, so that jobs of all runs can share a forward."""

from typing import Self

from weft.sdk import ServiceScope

from weft_nodes.diffusion.batcher import Batcher


class SamplerService:
    """Holds the worker's one batcher.

    Args:
        batcher: The batcher.
    """

    def __init__(self, batcher: Batcher) -> None:
        self.batcher = batcher

    @classmethod
    def create(cls, scope: ServiceScope) -> Self:
        """Build the batcher of a worker.

        Args:
            scope: The worker's device. A CPU is busy with a few rows already; an accelerator wants more.
        """
        return cls(Batcher(max_rows=8 if scope.device == "cpu" else 16))

    def held_bytes(self) -> int:
        """Return 0: latents of running jobs are theirs, and nothing else is kept."""
        return 0

    def release(self, needed_bytes: int) -> int:  # noqa: ARG002
        """Return 0: there is nothing to free."""
        return 0

    def close(self) -> None:
        """End all jobs within one step."""
        self.batcher.close()
