"""Tiny random checkpoints of every family, in both layouts, built in code: pipeline, folder or single file.

Nothing is looked up anywhere. A single file is written by inverting the names that diffusers' converters
expect, so that reading it again tests our loading against names that were not derived from it.
"""

import atexit
import json
import shutil
import tempfile
import warnings
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import torch
from diffusers import (
    AutoencoderKL,
    DDIMScheduler,
    EDMEulerScheduler,
    EulerDiscreteScheduler,
    KolorsPipeline,
    LCMScheduler,
    StableDiffusionPipeline,
    StableDiffusionXLImg2ImgPipeline,
    StableDiffusionXLPipeline,
    UNet2DConditionModel,
)
from safetensors.torch import save_file
from tiny.auraflow import tiny_auraflow
from tiny.chroma import tiny_chroma
from tiny.ddpm import tiny_ddpm
from tiny.flux import tiny_flux
from tiny.flux2 import tiny_flux2
from tiny.hunyuandit import tiny_hunyuandit
from tiny.kolors import tiny_glm, tiny_glm_tokenizer
from tiny.lumina2 import tiny_lumina2
from tiny.parts import END, WIDTH, tiny_text_encoder, tiny_tokenizer, tiny_vae
from tiny.pixart import tiny_pixart
from tiny.qwenimage import tiny_qwenimage
from tiny.sana import tiny_sana
from tiny.sd3 import tiny_sd3
from tiny.zimage import tiny_zimage
from torch import Tensor, nn

__all__ = [
    "END",
    "WIDTH",
    "tiny_auraflow",
    "tiny_chroma",
    "tiny_ddpm",
    "tiny_flux",
    "tiny_flux2",
    "tiny_hunyuandit",
    "tiny_lumina2",
    "tiny_pixart",
    "tiny_qwenimage",
    "tiny_sana",
    "tiny_sd3",
    "tiny_text_encoder",
    "tiny_tokenizer",
    "tiny_vae",
    "tiny_zimage",
]


def tiny_unet(**options: Any) -> UNet2DConditionModel:
    """A conditional U-Net of two levels."""
    torch.manual_seed(2)
    settings: dict[str, Any] = {
        "sample_size": 8,
        "block_out_channels": (8, 16),
        "layers_per_block": 1,
        "down_block_types": ("CrossAttnDownBlock2D", "DownBlock2D"),
        "up_block_types": ("UpBlock2D", "CrossAttnUpBlock2D"),
        "cross_attention_dim": WIDTH,
        "attention_head_dim": 2,
        "norm_num_groups": 2,
    }
    return UNet2DConditionModel(**(settings | options)).eval()


def _noise_schedule(**options: Any) -> dict[str, Any]:
    settings = {"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear", "steps_offset": 1}
    return settings | options


def _classic(scheduler: DDIMScheduler, *, act: str, pad_token: str, **unet: Any) -> StableDiffusionPipeline:
    return StableDiffusionPipeline(
        vae=tiny_vae(scaling_factor=0.18215),
        text_encoder=tiny_text_encoder(act=act),
        tokenizer=tiny_tokenizer(pad_token=pad_token),
        unet=tiny_unet(**unet),
        scheduler=scheduler,
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )


def tiny_sd15() -> StableDiffusionPipeline:
    """Stable Diffusion 1.x: CLIP, predicts the noise."""
    scheduler = DDIMScheduler(**_noise_schedule(clip_sample=False, set_alpha_to_one=False))
    return _classic(scheduler, act="quick_gelu", pad_token=END)


def tiny_sd2() -> StableDiffusionPipeline:
    """Stable Diffusion 2.x: OpenCLIP, linear projections, predicts the velocity, pads with "!"."""
    options = {"clip_sample": False, "set_alpha_to_one": False, "prediction_type": "v_prediction"}
    scheduler = DDIMScheduler(**_noise_schedule(**options))
    return _classic(
        scheduler, act="gelu", pad_token="!", use_linear_projection=True, attention_head_dim=(2, 4)
    )


def tiny_starter() -> StableDiffusionPipeline:
    """The starter's kind: linear betas, velocity, trailing steps, a VAE without scaling, short prompts."""
    pipeline = _classic(
        DDIMScheduler(
            beta_start=1e-4,
            beta_end=0.02,
            beta_schedule="linear",
            prediction_type="v_prediction",
            clip_sample=False,
            timestep_spacing="trailing",
            # Trailing steps have no offset, but diffusers' pipeline warns of any other value.
            steps_offset=1,
        ),
        act="quick_gelu",
        pad_token=END,
    )
    pipeline.vae.register_to_config(scaling_factor=1.0)
    pipeline.tokenizer = tiny_tokenizer(length=32)
    return pipeline


def tiny_sdxl() -> StableDiffusionXLPipeline:
    """Stable Diffusion XL: two encoders, pooled prompt, size conditions."""
    unet = tiny_unet(
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        attention_head_dim=(2, 4),
        use_linear_projection=True,
        addition_embed_type="text_time",
        addition_time_embed_dim=8,
        transformer_layers_per_block=(1, 2),
        projection_class_embeddings_input_dim=WIDTH + 8 + 6 * 8,
        cross_attention_dim=2 * WIDTH + 8,
    )
    return StableDiffusionXLPipeline(
        vae=tiny_vae(scaling_factor=0.13025, force_upcast=True),
        text_encoder=tiny_text_encoder(),
        # Another width than the first, so that a mix-up of the two cannot pass.
        text_encoder_2=tiny_text_encoder(seed=3, projection=True, width=WIDTH + 8, act="gelu"),
        tokenizer=tiny_tokenizer(),
        tokenizer_2=tiny_tokenizer(pad_token="!"),
        unet=unet,
        scheduler=EulerDiscreteScheduler(**_noise_schedule(timestep_spacing="leading")),
        add_watermarker=False,
    )


def tiny_sdxl_refiner() -> StableDiffusionXLImg2ImgPipeline:
    """The refiner of Stable Diffusion XL: the second encoder alone, told a score in place of a size."""
    base = tiny_sdxl()
    unet = dict(base.unet.config) | {
        "cross_attention_dim": WIDTH + 8,
        "projection_class_embeddings_input_dim": WIDTH + 8 + 5 * 8,
    }
    return StableDiffusionXLImg2ImgPipeline(
        vae=base.vae,
        text_encoder=None,
        text_encoder_2=base.text_encoder_2,
        tokenizer=None,
        tokenizer_2=base.tokenizer_2,
        unet=UNet2DConditionModel.from_config(unet).eval(),
        scheduler=base.scheduler,
        requires_aesthetics_score=True,
        force_zeros_for_empty_prompt=False,
        add_watermarker=False,
    )


def tiny_lcm() -> StableDiffusionPipeline:
    """A latent consistency model of the first generation, which is told the guidance."""
    return _classic(
        LCMScheduler(**_noise_schedule()),
        act="quick_gelu",
        pad_token=END,
        time_cond_proj_dim=16,
    )


def tiny_turbo() -> StableDiffusionXLPipeline:
    """SDXL Turbo: scheduled from the noisy end, beginning with noise of its highest level."""
    pipeline = tiny_sdxl()
    config = dict(pipeline.scheduler.config) | {"timestep_spacing": "trailing"}
    pipeline.scheduler = EulerDiscreteScheduler.from_config(config)
    return pipeline


def tiny_cosxl() -> StableDiffusionXLPipeline:
    """CosXL: the network of SDXL on noise levels without end, told their logarithm."""
    pipeline = tiny_sdxl()
    pipeline.scheduler = EDMEulerScheduler(
        sigma_max=120.0, sigma_data=1.0, sigma_schedule="exponential", prediction_type="v_prediction"
    )
    return pipeline


def reading_pictures(pipeline: Any) -> Any:
    """A relative whose U-Net reads the latent of a picture beside the noise (InstructPix2Pix)."""
    torch.manual_seed(23)
    unet = UNet2DConditionModel.from_config(pipeline.unet.config, in_channels=8)
    pipeline.register_modules(unet=unet.eval())
    return pipeline


def tiny_kolors() -> KolorsPipeline:
    """Kolors: a language model in place of two encoders, wider than what the U-Net attends to."""
    # Without the list of what was left at its default, which would be set back to it.
    unet = {name: value for name, value in tiny_sdxl().unet.config.items() if not name.startswith("_")}
    unet |= {
        "cross_attention_dim": WIDTH + 8,
        "encoder_hid_dim": WIDTH,
        "encoder_hid_dim_type": "text_proj",
        "projection_class_embeddings_input_dim": WIDTH + 6 * 8,
    }
    torch.manual_seed(2)
    return KolorsPipeline(
        vae=tiny_vae(scaling_factor=0.13025, force_upcast=True),
        text_encoder=tiny_glm(),
        tokenizer=tiny_glm_tokenizer(),
        unet=UNet2DConditionModel.from_config(unet).eval(),
        scheduler=EulerDiscreteScheduler(
            **_noise_schedule(timestep_spacing="leading", beta_end=0.014, num_train_timesteps=1100)
        ),
    )


MAKERS: Mapping[str, Callable[[], Any]] = {
    "sd15": tiny_sd15,
    "sd2": tiny_sd2,
    "sdxl": tiny_sdxl,
    "sdxl-refiner": tiny_sdxl_refiner,
    "kolors": tiny_kolors,
    "sd3": tiny_sd3,
    "flux": tiny_flux,
    "auraflow": tiny_auraflow,
    "chroma": tiny_chroma,
    "pixart-sigma": tiny_pixart,
    "hunyuandit": tiny_hunyuandit,
    "sana": tiny_sana,
    "qwen-image": tiny_qwenimage,
    "z-image": tiny_zimage,
    "lumina2": tiny_lumina2,
    "flux2": tiny_flux2,
    "ddpm": tiny_ddpm,
    "starter": tiny_starter,
    # Relatives, which are of one of the families above.
    "sd15-lcm": tiny_lcm,
    "sdxl-turbo": tiny_turbo,
    "flux-fill": lambda: tiny_flux(shown_channels=16 + 64),
    "sd15-instruct": lambda: reading_pictures(tiny_sd15()),
    "sdxl-instruct": lambda: reading_pictures(tiny_sdxl()),
    "cosxl": tiny_cosxl,
    "cosxl-edit": lambda: reading_pictures(tiny_cosxl()),
    "flux-depth": lambda: tiny_flux(shown_channels=16),
    "ddpm-small": lambda: tiny_ddpm(variance="fixed_small"),
}
RELATIVES: Mapping[str, str] = {
    "sd15-lcm": "sd15",
    "sdxl-turbo": "sdxl",
    "flux-fill": "flux",
    "sd15-instruct": "sd15",
    "sdxl-instruct": "sdxl",
    "cosxl": "sdxl",
    "cosxl-edit": "sdxl",
    "flux-depth": "flux",
    "ddpm-small": "ddpm",
}


@cache
def shared(family: str) -> Any:
    """A tiny pipeline that is made once in a process, for those who change nothing in it."""
    return MAKERS[family]()


def quiet(pipeline: Any) -> Any:
    """Switch off a pipeline's progress bars."""
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def write_folder(folder: Path, family: str) -> Path:
    """Write a tiny checkpoint in the diffusers layout, which names its family itself."""
    shutil.copytree(_folder_of(family), folder, dirs_exist_ok=True)
    return folder


@cache
def _folder_of(family: str) -> Path:
    """A tiny checkpoint that is made once in a process, and copied by all who want one."""
    folder = Path(tempfile.mkdtemp(prefix="weft-tiny-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        shared(family).save_pretrained(folder, safe_serialization=True)
    index = json.loads((folder / "model_index.json").read_text())
    (folder / "model_index.json").write_text(
        json.dumps(index | {"_weft_family": RELATIVES.get(family, family)})
    )
    return folder


def cache_folder(folder: Path, cache: Path, name: str) -> Path:
    """Put a checkpoint into a cache of Hugging Face, which links to files that are named else."""
    repository = cache / f"models--{name.replace('/', '--')}"
    snapshot = repository / "snapshots" / "0123456789abcdef0123456789abcdef01234567"
    for number, file in enumerate(path for path in sorted(folder.rglob("*")) if path.is_file()):
        blob, link = repository / "blobs" / f"{number}", snapshot / file.relative_to(folder)
        for path in (blob, link):
            path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, blob)
        link.symlink_to(blob)
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text(snapshot.name)
    return snapshot


def write_configs(folder: Path, family: str) -> Path:
    """Write the configurations and tokenizers of a tiny checkpoint, without its weights."""
    write_folder(folder, family)
    for path in folder.rglob("*.safetensors"):
        path.unlink()
    return folder


def write_single_file(path: Path, family: str) -> Path:
    """Write a tiny checkpoint as one file in the layout of the original training code."""
    save_file(original_layout(shared(family), family), path)
    return path


def original_layout(pipeline: Any, family: str) -> dict[str, Tensor]:
    """Name the tensors of a pipeline as the original training code does."""
    tensors = {f"model.diffusion_model.{k}": v for k, v in original_unet(pipeline.unet).items()}
    tensors |= {f"first_stage_model.{k}": v for k, v in original_vae(pipeline.vae).items()}
    if family == "sdxl":
        tensors |= _prefixed("conditioner.embedders.0.transformer.", original_clip(pipeline.text_encoder))
        tensors |= _prefixed("conditioner.embedders.1.model.", original_open_clip(pipeline.text_encoder_2))
    elif family == "sdxl-refiner":
        tensors |= _prefixed("conditioner.embedders.0.model.", original_open_clip(pipeline.text_encoder_2))
    elif family == "sd2":
        tensors |= _prefixed("cond_stage_model.model.", original_open_clip(pipeline.text_encoder))
    else:
        tensors |= _prefixed("cond_stage_model.transformer.", original_clip(pipeline.text_encoder))
    return {name: tensor.detach().clone().contiguous() for name, tensor in tensors.items()}


def _prefixed(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {prefix + name: tensor for name, tensor in tensors.items()}


def _renamed(name: str, table: Mapping[str, str]) -> str:
    for new, old in table.items():
        name = name.replace(new, old)
    return name


_UNET_ENDS = {
    "time_embedding.linear_1": "time_embed.0",
    "time_embedding.linear_2": "time_embed.2",
    "add_embedding.linear_1": "label_emb.0.0",
    "add_embedding.linear_2": "label_emb.0.2",
    "conv_norm_out": "out.0",
    "conv_out": "out.2",
    "conv_in": "input_blocks.0.0",
    "mid_block.resnets.0": "middle_block.0",
    "mid_block.attentions.0": "middle_block.1",
    "mid_block.resnets.1": "middle_block.2",
}
_UNET_RESNET = {
    ".norm1.": ".in_layers.0.",
    ".conv1.": ".in_layers.2.",
    ".time_emb_proj.": ".emb_layers.1.",
    ".norm2.": ".out_layers.0.",
    ".conv2.": ".out_layers.3.",
    ".conv_shortcut.": ".skip_connection.",
}


def original_unet(unet: UNet2DConditionModel) -> dict[str, Tensor]:
    per_block = int(unet.config["layers_per_block"]) + 1
    upsampled = [1 if kind == "UpBlock2D" else 2 for kind in unet.config["up_block_types"]]
    tensors = {}
    for name, tensor in unet.state_dict().items():
        words = name.split(".")
        old = name
        if words[0] in ("down_blocks", "up_blocks"):
            block, layer, rest = int(words[1]), int(words[3]), ".".join(words[4:])
            side, first = ("input", 1) if words[0] == "down_blocks" else ("output", 0)
            place = {
                "resnets": f"{side}_blocks.{block * per_block + layer + first}.0",
                "attentions": f"{side}_blocks.{block * per_block + layer + first}.1",
                "downsamplers": f"input_blocks.{(block + 1) * per_block}.0",
                "upsamplers": f"output_blocks.{block * per_block + per_block - 1}.{upsampled[block]}",
            }[words[2]]
            old = f"{place}.{rest}"
            old = old.replace(".0.conv.", ".0.op.") if words[2] == "downsamplers" else old
        else:
            old = _renamed(name, _UNET_ENDS)
        tensors[_renamed(old, _UNET_RESNET) if "resnets" in name else old] = tensor
    return tensors


_VAE_NAMES = {
    "mid_block.resnets.0": "mid.block_1",
    "mid_block.resnets.1": "mid.block_2",
    "mid_block.attentions.0.group_norm": "mid.attn_1.norm",
    "mid_block.attentions.0.to_q": "mid.attn_1.q",
    "mid_block.attentions.0.to_k": "mid.attn_1.k",
    "mid_block.attentions.0.to_v": "mid.attn_1.v",
    "mid_block.attentions.0.to_out.0": "mid.attn_1.proj_out",
    "conv_norm_out": "norm_out",
    "conv_shortcut": "nin_shortcut",
    "down_blocks": "down",
    ".resnets.": ".block.",
    "downsamplers.0": "downsample",
    "upsamplers.0": "upsample",
}


def original_vae(vae: AutoencoderKL) -> dict[str, Tensor]:
    levels = len(vae.config["block_out_channels"])
    tensors = {}
    for name, tensor in vae.state_dict().items():
        old = _renamed(name, _VAE_NAMES)
        for level in range(levels):
            old = old.replace(f"up_blocks.{level}.", f"UP.{levels - 1 - level}.")
        old = old.replace("UP.", "up.")
        # The original code writes attention as convolutions of size one.
        is_linear = ".attn_1." in old and tensor.ndim == 2
        tensors[old] = tensor[:, :, None, None] if is_linear else tensor
    return tensors


def _with_level(encoder: nn.Module) -> dict[str, Tensor]:
    tensors = encoder.state_dict()
    return {
        name if name.startswith("text_") else f"text_model.{name}": tensor for name, tensor in tensors.items()
    }


def original_clip(encoder: nn.Module) -> dict[str, Tensor]:
    tensors = _with_level(encoder)
    # Files of that time carry this buffer too; it must not disturb.
    return tensors | {"text_model.embeddings.position_ids": torch.arange(77)[None]}


_OPEN_CLIP_NAMES = {
    "text_model.embeddings.position_embedding.weight": "positional_embedding",
    "text_model.embeddings.token_embedding.weight": "token_embedding.weight",
    "text_model.final_layer_norm": "ln_final",
    "text_model.encoder.layers.": "transformer.resblocks.",
    "layer_norm1": "ln_1",
    "layer_norm2": "ln_2",
    ".fc1.": ".c_fc.",
    ".fc2.": ".c_proj.",
    ".self_attn.": ".attn.",
}


def original_open_clip(encoder: nn.Module) -> dict[str, Tensor]:
    tensors = _with_level(encoder)
    old: dict[str, Tensor] = {}
    for name, tensor in tensors.items():
        if name == "text_projection.weight":
            old["text_projection"] = tensor.T
        elif ".q_proj." in name:
            parts = [tensors[name.replace("q_proj", f"{letter}_proj")] for letter in "qkv"]
            fused = _renamed(name, _OPEN_CLIP_NAMES).replace("q_proj.", "in_proj_")
            old[fused] = torch.cat(parts)
        elif ".k_proj." not in name and ".v_proj." not in name:
            old[_renamed(name, _OPEN_CLIP_NAMES)] = tensor
    # OpenCLIP checkpoints hold one layer more than SD 2.x reads, and a logit scale.
    width = old["ln_final.weight"].shape[0]
    extra = {"logit_scale": torch.tensor(1.0)}
    if not hasattr(encoder, "text_projection"):
        extra |= {"text_projection": torch.eye(width)}
    return old | extra


def copy_folder(source: Path, target: Path) -> Path:
    """Copy a checkpoint folder, so that a test may damage it."""
    return Path(shutil.copytree(source, target))
