"""Trains the starter model's VAE on drawn scenes."""

from __future__ import annotations

import numpy as np
import torch
from diffusers import AutoencoderKL
from torch import nn
from torch.nn import functional

from weft_nodes.starter.drawing import draw_batch, draw_collages
from weft_nodes.starter.loop import mixed_precision, noise_generator
from weft_nodes.starter.networks import Parts, build_scheduler
from weft_nodes.starter.scenes import PICTURE_SIZE, SceneMix, sample_scene
from weft_nodes.starter.tokenizer import tokenize

_KL_WEIGHT = 2e-4
_EDGE_WEIGHT = 0.5
_NOISIEST_STEP = 350
_BUSY = SceneMix(pairs=0.85)


class VaeObjective:
    """Reconstruct drawn scenes through a regularised latent."""

    def __init__(
        self, vae: AutoencoderKL, *, batch: int, edge: int = PICTURE_SIZE, device: str = "cpu"
    ) -> None:
        """Take the VAE to train.

        Args:
            vae: Trained in place.
            batch: Pictures per step.
            edge: Edge of the pictures, a multiple of 8 up to 128: small ones are cheap.
            device: Where to train.
        """
        self.module: nn.Module = vae.to(device).to(memory_format=torch.channels_last)
        self._vae = vae
        self._batch = batch
        self._edge = edge
        self._device = device

    def losses(self, rng: np.random.Generator) -> dict[str, torch.Tensor]:
        """Return absolute and edge error of the reconstruction, the KL term and their weighted sum."""
        pictures = _draw(rng, self._batch, self._edge).to(self._device)
        with mixed_precision(pictures.device.type):
            posterior = self._vae.encode(pictures).latent_dist
            mean, logvar = posterior.mean.float(), posterior.logvar.float()
            noise = torch.randn(mean.shape, generator=noise_generator(rng)).to(self._device)
            restored = self._vae.decode(mean + torch.exp(0.5 * logvar) * noise).sample.float()
        divergence = 0.5 * (mean.square() + logvar.exp() - 1 - logvar).mean()
        return {
            "loss": _difference(restored, pictures) + _KL_WEIGHT * divergence,
            "error": functional.l1_loss(restored, pictures),
            "divergence": divergence,
        }


class DecoderObjective:
    """Restore drawn scenes from latents as the U-Net leaves them; the encoder stays.

    A scene's latent is made noisy and denoised by the U-Net in one step. What comes out is off in the ways in
    which sampled latents are off, and still has its picture to be compared with.
    """

    def __init__(self, parts: Parts, *, batch: int, device: str = "cpu") -> None:
        """Take the parts; the decoder of their VAE is trained, on `batch` pictures per step."""
        self._parts = parts
        self._vae = parts.vae.to(device).to(memory_format=torch.channels_last)
        self.module: nn.Module = nn.ModuleDict(
            {"decoder": self._vae.decoder, "post_quant_conv": self._vae.post_quant_conv}
        )
        self._batch = batch
        self._device = device
        self._kept = build_scheduler().alphas_cumprod.to(device)

    def losses(self, rng: np.random.Generator) -> dict[str, torch.Tensor]:
        """Return absolute and edge error of the reconstruction, summed."""
        scenes = [sample_scene(rng, _BUSY) for _ in range(self._batch)]
        pictures = draw_batch(scenes).contiguous(memory_format=torch.channels_last).to(self._device)
        with mixed_precision(pictures.device.type):
            latents = self._denoised(pictures, [scene.caption for scene in scenes], rng)
            restored = self._vae.decode(latents).sample.float()
        return {
            "loss": _difference(restored, pictures),
            "error": functional.l1_loss(restored, pictures),
        }

    @torch.no_grad()
    def _denoised(
        self, pictures: torch.Tensor, captions: list[str], rng: np.random.Generator
    ) -> torch.Tensor:
        tokens = tokenize(self._parts.tokenizer, captions).to(self._device)
        context = self._parts.text_encoder(tokens).last_hidden_state
        clean = self._vae.encode(pictures).latent_dist.mean.float() * self._vae.config.scaling_factor
        noise = torch.randn(clean.shape, generator=noise_generator(rng)).to(self._device)
        timesteps = torch.from_numpy(rng.integers(_NOISIEST_STEP, size=len(clean))).to(self._device)
        signal = self._kept[timesteps].sqrt()[:, None, None, None]
        spread = (1 - self._kept[timesteps]).sqrt()[:, None, None, None]
        noisy = signal * clean + spread * noise
        velocity = self._parts.unet(noisy, timesteps, encoder_hidden_states=context).sample.float()
        denoised: torch.Tensor = (signal * noisy - spread * velocity) / self._vae.config.scaling_factor
        return denoised


def _draw(rng: np.random.Generator, count: int, edge: int) -> torch.Tensor:
    """Draw collages, and half of the pictures as scenes if they are whole."""
    scene_count = count - count // 2 if edge == PICTURE_SIZE else 0
    pictures = []
    if scene_count < count:
        pictures.append(draw_collages(rng, count - scene_count, edge))
    if scene_count:
        pictures.append(draw_batch([sample_scene(rng, _BUSY) for _ in range(scene_count)]))
    return torch.cat(pictures).contiguous(memory_format=torch.channels_last)


def _difference(restored: torch.Tensor, pictures: torch.Tensor) -> torch.Tensor:
    """Return how far pictures are from the wanted ones, in their pixels and in the steps between them."""
    off = restored - pictures
    edges = off.diff(dim=2).abs().mean() + off.diff(dim=3).abs().mean()
    return off.abs().mean() + off.square().mean() + _EDGE_WEIGHT * edges


@torch.no_grad()
def normalise_latents(vae: AutoencoderKL, rng: np.random.Generator, *, count: int = 512) -> None:
    """Give every latent channel of drawn scenes mean 0 and deviation 1, and change no reconstruction.

    What normalises a channel goes into the 1x1 convolution behind the encoder, its inverse into the one
    before the decoder: a pipeline folder has a single scaling factor and no shift to say it with.
    """
    pictures = draw_batch([sample_scene(rng) for _ in range(count)]).to(vae.device)
    latents = torch.cat([vae.encode(part).latent_dist.mean for part in torch.split(pictures, 32)])
    mean, deviation = latents.mean((0, 2, 3)), latents.std((0, 2, 3))
    after, before = vae.quant_conv, vae.post_quant_conv
    channels = len(mean)
    # The convolution yields the means first and the logarithms of the variances after them.
    after.weight[:channels] /= deviation[:, None, None, None]
    after.bias[:channels] = (after.bias[:channels] - mean) / deviation
    after.bias[channels:] -= 2 * deviation.log()
    before.bias += before.weight[:, :, 0, 0] @ mean
    before.weight *= deviation[None, :, None, None]
