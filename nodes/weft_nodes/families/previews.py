"""Pictures of latents while they take shape: by a linear map at once, or by a TAESD where one lies.

A file in the folder `vae_approx` of a models folder, named as its makers did, is the choice: nothing else
needs to be set. It decodes beside the sampling, and never takes more than a small share of the time.
"""

import asyncio
import logging
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Final

import torch
from torch import Tensor
from weft.sdk import ModelError, NodeError, Run

from weft_nodes.diffusion.previews import PREVIEWS
from weft_nodes.diffusion.values import Latent
from weft_nodes.families.registry import ModelStore
from weft_nodes.families.split_files import SMALL_VAES, list_parts, open_vae
from weft_nodes.models.handles import Model

# What the makers call the autoencoder for the latents of a space.
_NAMES: Final[Mapping[str, str]] = MappingProxyType(
    {"sd": "taesd", "sdxl": "taesdxl", "sd3": "taesd3", "flux": "taef1"}
)
# How often an eye can follow, and how much of the time decoding may take.
_SECONDS_BETWEEN: Final = 0.1
_LARGEST_SHARE: Final = 0.1

_LOGGER = logging.getLogger("weft.previews")


def find_decoder(space: str, folders: Sequence[Path]) -> Path | None:
    """Find the small autoencoder of a latent space.

    Args:
        space: Id of the latent space.
        folders: Folders of models.

    Returns:
        A file or None. It is called as its makers did, with or without `_decoder`, or its folder is.
    """
    name = _NAMES.get(space)
    listed = {Path(entry).stem: path for entry, path in list_parts((SMALL_VAES,), folders).items()}
    return listed.get(f"{name}_decoder") or listed.get(str(name))


class Previewer:
    """Shows what a model is sampling; belongs to the event loop of its run.

    Args:
        run: The run that shows it.
        model: The model that samples.
    """

    def __init__(self, run: Run, model: Model) -> None:
        self._run = run
        self._model = model
        self._decoder = find_decoder(model.space, run.paths.models)
        self._drawing: asyncio.Task[None] | None = None
        self._next_at = float("-inf")

    def offer(self, denoised_BChw: Tensor, *, is_last: bool) -> None:
        """Show the first item of a latent, unless one was shown just now.

        Args:
            denoised_BChw: The latent as it would be without noise.
            is_last: Whether none follows.
        """
        # Looking at a latent makes a device wait, so it is done no more often than an eye can follow.
        now = time.monotonic()
        if self._decoder is not None:
            if self._drawing is None and now >= self._next_at:
                self._drawing = asyncio.ensure_future(self._draw(denoised_BChw[:1], self._decoder))
        elif (is_last or now >= self._next_at) and self._model.space in PREVIEWS:
            self._next_at = now + _SECONDS_BETWEEN
            self._run.preview(PREVIEWS[self._model.space].render(denoised_BChw).numpy())

    async def close(self) -> None:
        """Wait for what is being drawn."""
        if self._drawing is not None:
            await self._drawing

    async def _draw(self, denoised_1Chw: Tensor, decoder: Path) -> None:
        begun = time.monotonic()
        try:
            pixels_HWC = await asyncio.to_thread(self._decoded, denoised_1Chw, decoder)
        except (ModelError, NodeError, torch.OutOfMemoryError) as error:
            # A preview is nothing to fail a sampling for.
            _LOGGER.warning("%s draws no previews: %s", decoder, error)
            self._decoder = None
        else:
            self._run.preview(pixels_HWC.numpy())
        finally:
            now = time.monotonic()
            self._next_at = begun + max(_SECONDS_BETWEEN, (now - begun) / _LARGEST_SHARE)
            self._drawing = None

    def _decoded(self, denoised_1Chw: Tensor, decoder: Path) -> Tensor:
        store = self._run.service(ModelStore)
        vae = open_vae(decoder, self._model, memory=store.digests)
        pixels_1HWC = store.decode(vae, Latent(denoised_1Chw, self._model.space)).pixels_BHWC
        return (pixels_1HWC[0] * 255).round().to("cpu", torch.uint8)
