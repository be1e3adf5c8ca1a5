"""Trains the starter model's U-Net on latents that are encoded once and kept on disk."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch
from diffusers import AutoencoderKL
from torch.nn import functional

from weft_nodes.starter.drawing import draw_batch, draw_edges
from weft_nodes.starter.evaluate import evaluate
from weft_nodes.starter.loop import mixed_precision, noise_generator
from weft_nodes.starter.networks import LATENT_CHANNELS, LATENT_SIZE, Parts, build_scheduler, save_model
from weft_nodes.starter.painting import Sampling
from weft_nodes.starter.scenes import PICTURE_SIZE, Scene, held_out_claims, sample_scene
from weft_nodes.starter.tokenizer import tokenize

logger = logging.getLogger(__name__)

_ENCODE_BATCH = 50
_UNCONDITIONAL_SHARE = 0.1
_LAYOUT_STEPS = (100, 750)


def build_cache(
    vae: AutoencoderKL,
    folder: Path,
    *,
    count: int,
    seed: int,
    sample: Callable[[np.random.Generator], Scene] = sample_scene,
    is_outlined: bool = False,
) -> None:
    """Draw and encode scenes into `folder`.

    Writes `captions.json`; `latents.npy`, float16 of shape (count, 4, 16, 16), not yet scaled; and
    `edges.npy`, the edges of the scenes with eight pixels in a byte, uint8 of shape (count, 128, 16).

    Args:
        vae: Encodes the pictures.
        folder: Where they go.
        count: How many.
        seed: Which ones.
        sample: Draws a scene.
        is_outlined: Whether shapes are drawn by their outline alone.
    """
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(seed)
    latents = np.lib.format.open_memmap(
        folder / "latents.npy", "w+", np.float16, (count, LATENT_CHANNELS, LATENT_SIZE, LATENT_SIZE)
    )
    edges = np.lib.format.open_memmap(
        folder / "edges.npy", "w+", np.uint8, (count, PICTURE_SIZE, PICTURE_SIZE // 8)
    )
    captions: list[str] = []
    while len(captions) < count:
        scenes = [sample(rng) for _ in range(min(_ENCODE_BATCH, count - len(captions)))]
        place = slice(len(captions), len(captions) + len(scenes))
        latents[place] = _encode(vae, draw_batch(scenes, is_outlined=is_outlined))
        edges[place] = np.packbits(np.stack([draw_edges(scene) for scene in scenes]), axis=-1)
        captions += [scene.caption for scene in scenes]
        if len(captions) % 5000 == 0:
            logger.info("latents: %d of %d", len(captions), count)
    latents.flush()
    edges.flush()
    (folder / "captions.json").write_text(json.dumps(captions))


@torch.no_grad()
def _encode(vae: AutoencoderKL, pictures: torch.Tensor) -> np.ndarray:
    with mixed_precision(vae.device.type):
        pictures = pictures.to(vae.device).contiguous(memory_format=torch.channels_last)
        latents: np.ndarray = vae.encode(pictures).latent_dist.mean.float().cpu().numpy()
        return latents


class LatentCache:
    """The encoded scenes of a folder, with their captions."""

    def __init__(self, folder: Path) -> None:
        self.captions: list[str] = json.loads((folder / "captions.json").read_text())
        self._latents = np.load(folder / "latents.npy", mmap_mode="r")
        self._edges = np.load(folder / "edges.npy", mmap_mode="r")

    def __len__(self) -> int:
        return len(self.captions)

    def at(self, indices: np.ndarray) -> torch.Tensor:
        """Return latents (B, 4, 16, 16) in single precision, as encoded."""
        return torch.from_numpy(self._latents[indices]).float()

    def edges(self, indices: np.ndarray) -> torch.Tensor:
        """Return the edges as a control network is shown them (B, 3, 128, 128), single precision, 0 or 1."""
        lines = torch.from_numpy(np.unpackbits(self._edges[indices], axis=-1)).float()
        return lines[:, None].expand(-1, 3, -1, -1).contiguous()


class UnetObjective:
    """Predict the velocity that leads from a noisy latent to the scene of its caption."""

    def __init__(self, parts: Parts, cache: LatentCache, *, batch: int, device: str = "cpu") -> None:
        """Take the U-Net to train; the other parts stay as they are.

        Args:
            parts: The U-Net is trained in place, the text encoder only read.
            cache: Encoded scenes.
            batch: Latents per step.
            device: Where to train.
        """
        self.module: torch.nn.Module = parts.unet.to(device).to(memory_format=torch.channels_last)
        self._unet = parts.unet.to(device)
        self._text_encoder = parts.text_encoder.to(device)
        self._tokenizer = parts.tokenizer
        self._cache = cache
        self._scaling = parts.vae.config.scaling_factor
        self._batch = batch
        self._device = device
        self._kept = build_scheduler().alphas_cumprod.to(device)

    def losses(self, rng: np.random.Generator) -> dict[str, torch.Tensor]:
        """Return the mean squared error of the velocity."""
        indices = rng.integers(len(self._cache), size=self._batch)
        clean = (self._cache.at(indices) * self._scaling).to(self._device)
        noise = torch.randn(clean.shape, generator=noise_generator(rng)).to(self._device)
        timesteps = torch.from_numpy(_draw_timesteps(rng, self._batch)).to(self._device)
        context = self._read([self._cache.captions[index] for index in indices], rng)
        signal = self._kept[timesteps].sqrt()[:, None, None, None]
        spread = (1 - self._kept[timesteps]).sqrt()[:, None, None, None]
        noisy = (signal * clean + spread * noise).contiguous(memory_format=torch.channels_last)
        with mixed_precision(noisy.device.type):
            velocity = self.predict(noisy, timesteps, context, indices)
        return {"loss": functional.mse_loss(velocity.float(), signal * noise - spread * clean)}

    def predict(
        self, noisy: torch.Tensor, timesteps: torch.Tensor, context: torch.Tensor, indices: np.ndarray
    ) -> torch.Tensor:
        """Return the velocity that the networks predict.

        Args:
            noisy: Latents (B, 4, 16, 16).
            timesteps: How noisy they are (B,), 0..999.
            context: Text states (B, 32, 128).
            indices: Which scenes of the cache they are.
        """
        del indices  # The caption is all that the U-Net alone is told of a scene.
        velocity: torch.Tensor = self._unet(noisy, timesteps, encoder_hidden_states=context).sample
        return velocity

    @torch.no_grad()
    def _read(self, captions: list[str], rng: np.random.Generator) -> torch.Tensor:
        """Return the text states, some of them of the empty caption that guidance starts from."""
        silent = rng.random(len(captions)) < _UNCONDITIONAL_SHARE
        kept = ["" if skip else caption for caption, skip in zip(captions, silent, strict=True)]
        with mixed_precision(self._device):
            states: torch.Tensor = self._text_encoder(
                tokenize(self._tokenizer, kept).to(self._device)
            ).last_hidden_state
        return states.float()


def _draw_timesteps(rng: np.random.Generator, count: int) -> np.ndarray:
    """Draw half of the timesteps anywhere and half where the layout of a picture is decided."""
    anywhere = rng.integers(1000, size=count)
    layout = rng.integers(*_LAYOUT_STEPS, size=count)
    return np.where(rng.random(count) < 0.5, anywhere, layout)


def probe_unet(parts: Parts, *, prompts: int = 40) -> dict[str, float]:
    """Return the accuracy on a few held-out prompts, with the parts as they would be shipped."""
    with TemporaryDirectory() as folder:
        save_model(parts, Path(folder))
        accuracies = evaluate(Path(folder), held_out_claims(prompts), Sampling())
    return {kind: accuracy.share for kind, accuracy in accuracies.items()}
