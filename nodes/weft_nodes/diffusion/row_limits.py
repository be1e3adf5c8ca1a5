"""How many rows one forward should have: measured, for it depends on device, network and picture size."""

import time
from collections.abc import Sequence

import torch

from weft_nodes.diffusion.denoiser import Network
from weft_nodes.diffusion.values import Prompt


def best_rows(
    network: Network,
    shape: Sequence[int],
    prompt: Prompt,
    *,
    candidates: Sequence[int] = (1, 2, 4, 8, 16, 32),
    least_gain: float = 0.05,
) -> int:
    """Find the number of rows beyond which a forward gets no cheaper per row.

    Args:
        network: The network.
        shape: Shape [C, h, w] of one latent.
        prompt: Any prompt of the network's family.
        candidates: Numbers of rows to try, rising.
        least_gain: Share by which the time per row must fall to go on, 0..1.

    Returns:
        The last candidate that was worth it.
    """
    best, best_seconds = candidates[0], _seconds_per_row(network, shape, prompt, candidates[0])
    for rows in candidates[1:]:
        seconds = _seconds_per_row(network, shape, prompt, rows)
        if seconds > best_seconds * (1 - least_gain):
            break
        best, best_seconds = rows, seconds
    return best


def _seconds_per_row(network: Network, shape: Sequence[int], prompt: Prompt, rows: int) -> float:
    """Return the shortest of three timings, after one that warms up."""
    device = network.device
    x_BChw = torch.zeros(rows, *shape, device=device)
    timestep_B = torch.full((rows,), 500.0, device=device)
    conditions = {name: torch.cat([tensor] * rows) for name, tensor in prompt.on(device).tensors.items()}
    timings: list[float] = []
    with torch.no_grad():
        for _ in range(4):
            started = time.perf_counter()
            # Reading one number waits until the device has done its work.
            float(network.predict(x_BChw, timestep_B, conditions).flatten()[0])
            timings.append(time.perf_counter() - started)
    return min(timings[1:]) / rows
