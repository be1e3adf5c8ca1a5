"""The sampling core as a service: one batcher per worker, so that jobs of all runs can share a forward."""

from typing import Self

import torch
from weft.sdk import ServiceScope

from weft_nodes.diffusion.batcher import Batcher

MOST_ROWS = 16
# Where more rows stop making a CPU faster, measured on U-Nets of six million parameters: sixteen rows of
# 16x16 are the fastest of all, four rows of 32x32 as fast as any more, and at 64x64 company gains nothing.
CELLS_PER_THREAD = MOST_ROWS * 16 * 16


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
            scope: The worker's device. A CPU is busy with a few large latents already, and rows beyond that
                would only make every tick, and so the wish to stop, take longer.
        """
        cells = CELLS_PER_THREAD * torch.get_num_threads() if scope.device == "cpu" else None
        return cls(Batcher(max_rows=MOST_ROWS, max_cells=cells))

    def held_bytes(self) -> int:
        """Return 0: latents of running jobs are theirs, and nothing else is kept."""
        return 0

    def release(self, needed_bytes: int) -> int:  # noqa: ARG002
        """Return 0: there is nothing to free."""
        return 0

    def close(self) -> None:
        """End all jobs within one step."""
        self.batcher.close()
