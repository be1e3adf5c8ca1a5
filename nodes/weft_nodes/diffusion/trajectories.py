"""Denoised latents that are known already: variants of a job share the steps they have in common.

Samplers are deterministic once their noise is drawn, so two jobs that were asked the same so far are at the
same latent. A step is therefore identified by everything its answer depends on: network, prompts, guidance,
noise level and the latent itself. Answers are exact copies, so a replayed job is bitwise the job that was
run.
"""

import hashlib
from collections import OrderedDict
from collections.abc import Hashable

import torch
from torch import Tensor

from weft_nodes.diffusion.errors import JobError


class TrajectoryCache:
    """Remembers denoised latents up to a number of bytes, forgetting the least recently used first.

    Not for several threads: it belongs to one batcher.

    Args:
        budget_bytes: Most bytes of latents to keep, >= 0. One step of a 512×512 picture takes 64 KiB.

    Raises:
        JobError: The budget is negative.
    """

    def __init__(self, budget_bytes: int) -> None:
        if budget_bytes < 0:
            raise JobError(
                f"A trajectory cache was given {budget_bytes} bytes.", hint="Give it zero or more bytes."
            )
        self.budget_bytes = budget_bytes
        self.held_bytes = 0
        self._kept: OrderedDict[Hashable, Tensor] = OrderedDict()

    def get(self, key: Hashable) -> Tensor | None:
        """Return what is known under a key."""
        known = self._kept.get(key)
        if known is not None:
            self._kept.move_to_end(key)
        return known

    def put(self, key: Hashable, denoised: Tensor) -> None:
        """Remember a denoised latent.

        Args:
            key: What it depends on.
            denoised: The latent; copied.
        """
        if key in self._kept or denoised.nbytes > self.budget_bytes:
            return
        self._kept[key] = denoised.clone()
        self.held_bytes += denoised.nbytes
        while self.held_bytes > self.budget_bytes:
            _, dropped = self._kept.popitem(last=False)
            self.held_bytes -= dropped.nbytes

    def clear(self) -> None:
        """Forget everything."""
        self._kept.clear()
        self.held_bytes = 0


def tensor_digest(tensor: Tensor) -> bytes:
    """Return a digest of a tensor's shape, dtype and numbers; on a device, this waits for it."""
    flat = tensor.detach().cpu().contiguous()
    digest = hashlib.blake2b(f"{flat.dtype}{tuple(flat.shape)}".encode(), digest_size=16)
    digest.update(flat.reshape(-1).view(torch.uint8).numpy().data)
    return digest.digest()
