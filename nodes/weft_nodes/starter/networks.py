"""The networks of the starter model, in the layout of a Stable Diffusion 1.5 pipeline but much smaller."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from diffusers import AutoencoderKL, DDIMScheduler, UNet2DConditionModel
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

from weft_nodes.starter.scenes import PICTURE_SIZE
from weft_nodes.starter.tokenizer import MAX_TOKENS

if TYPE_CHECKING:
    from diffusers import StableDiffusionPipeline

LATENT_CHANNELS = 4
LATENT_SIZE = PICTURE_SIZE // 8
TEXT_WIDTH = 128


@dataclass(frozen=True, slots=True)
class Parts:
    """Everything a pipeline folder holds."""

    tokenizer: CLIPTokenizer
    text_encoder: CLIPTextModel
    unet: UNet2DConditionModel
    vae: AutoencoderKL


def build_vae() -> AutoencoderKL:
    """Build an untrained VAE that shrinks 8 times, with few channels where the picture is large."""
    return AutoencoderKL(
        in_channels=3,
        out_channels=3,
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        block_out_channels=(8, 16, 32, 64),
        layers_per_block=1,
        latent_channels=LATENT_CHANNELS,
        norm_num_groups=4,
        sample_size=PICTURE_SIZE,
        scaling_factor=1.0,
    )


def build_text_encoder(tokenizer: CLIPTokenizer) -> CLIPTextModel:
    """Build an untrained text encoder for the tokenizer's vocabulary."""
    config = CLIPTextConfig(
        vocab_size=len(tokenizer),
        hidden_size=TEXT_WIDTH,
        intermediate_size=4 * TEXT_WIDTH,
        projection_dim=TEXT_WIDTH,
        num_hidden_layers=4,
        num_attention_heads=4,
        max_position_embeddings=MAX_TOKENS,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    return CLIPTextModel(config)


def build_unet() -> UNet2DConditionModel:
    """Build an untrained U-Net for latents of 4 x 16 x 16.

    Attention starts at 8 x 8: with it at 16 x 16 too, a training step on a CPU takes twice as long.
    (`attention_head_dim` is the number of heads, by an old mistake that diffusers keeps.)
    """
    return UNet2DConditionModel(
        sample_size=LATENT_SIZE,
        in_channels=LATENT_CHANNELS,
        out_channels=LATENT_CHANNELS,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
        block_out_channels=(64, 96, 128),
        layers_per_block=1,
        cross_attention_dim=TEXT_WIDTH,
        attention_head_dim=2,
        norm_num_groups=16,
    )


def build_scheduler() -> DDIMScheduler:
    """Build the noise schedule; its last step is noise alone, with no trace left of a background."""
    return DDIMScheduler(
        num_train_timesteps=1000,
        beta_start=1e-4,
        beta_end=0.02,
        beta_schedule="linear",
        prediction_type="v_prediction",
        clip_sample=False,
        set_alpha_to_one=True,
        steps_offset=1,
        timestep_spacing="trailing",
    )


def assemble(parts: Parts) -> StableDiffusionPipeline:
    """Join the parts to diffusers' own pipeline, without a safety checker."""
    # Whoever only paints needs no pipeline, whose import speaks about libraries that are not installed.
    from diffusers import StableDiffusionPipeline

    return StableDiffusionPipeline(
        vae=parts.vae,
        text_encoder=parts.text_encoder,
        tokenizer=parts.tokenizer,
        unet=parts.unet,
        scheduler=build_scheduler(),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )


def save_model(parts: Parts, folder: Path) -> None:
    """Write copies of the parts in half precision as a pipeline folder."""
    networks = [deepcopy(network).cpu().half() for network in (parts.text_encoder, parts.unet, parts.vae)]
    assemble(Parts(parts.tokenizer, *networks)).save_pretrained(folder, safe_serialization=True)
    # Transformers writes a single tokenizer.json; vocab.json and merges.txt are what other readers expect.
    parts.tokenizer.backend_tokenizer.model.save(str(folder / "tokenizer"))


def load_model(folder: Path) -> Parts:
    """Read the parts from a pipeline folder alone, in single precision and ready to run."""
    from diffusers import StableDiffusionPipeline

    pipeline = StableDiffusionPipeline.from_pretrained(
        folder, dtype=torch.float32, local_files_only=True, safety_checker=None
    )
    return Parts(pipeline.tokenizer, pipeline.text_encoder, pipeline.unet, pipeline.vae)
