"""Networks of the published sizes, as headers alone: each is told from all others, or named unknown."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import diffusers
import pytest
from torch import Tensor
from weft_nodes.families import FAMILIES, identify
from weft_nodes.families.identify import FOLDER_RULES
from weft_nodes.models.errors import CheckpointUnknownError
from weft_nodes.models.loading import build_without_storage, read_json

Write = Callable[..., Path]
Config = dict[str, Any]

# Blocks beyond the first few and tables of places decide nothing, and take time to build.
SHORT: Config = {"num_layers": 1}
SHORT_UNET: Config = {"layers_per_block": 1}
FLUX: Config = {"num_layers": 1, "num_single_layers": 1}
SD35: Config = {
    "num_layers": 1,
    "attention_head_dim": 64,
    "num_attention_heads": 24,
    "qk_norm": "rms_norm",
    "caption_projection_dim": 1536,
    "pos_embed_max_size": 8,
    "sample_size": 8,
}
PIXART: Config = {"num_layers": 1, "caption_channels": 4096, "out_channels": 8, "sample_size": 16}
LATTE: Config = {"caption_channels": 4096, "in_channels": 4, "patch_size": 2, "sample_size": 8} | {
    "norm_type": "ada_norm_single"
}
HUNYUAN: Config = {"num_layers": 2, "patch_size": 2, "in_channels": 4, "hidden_size": 1408} | {
    "sample_size": 128
}

# Of the U-Nets of a family, what differs from its first model, but for blocks that decide nothing.
UNETS: dict[str, tuple[str, Config]] = {
    "Stable Diffusion 1.5": ("sd15", {}),
    "Stable Diffusion 1.5 inpainting": ("sd15", {"in_channels": 9}),
    "InstructPix2Pix": ("sd15", {"in_channels": 8}),
    "LCM Dreamshaper 7": ("sd15", {"time_cond_proj_dim": 256}),
    "Stable Diffusion 2.1": ("sd2", {}),
    "Stable Diffusion 2 inpainting": ("sd2", {"in_channels": 9}),
    "Marigold": ("sd2", {"in_channels": 8}),
    "Stable Diffusion XL": ("sdxl", {}),
    "Stable Diffusion XL inpainting": ("sdxl", {"in_channels": 9}),
    "LCM SDXL": ("sdxl", {"time_cond_proj_dim": 256}),
    "Segmind Vega": ("sdxl", {"transformer_layers_per_block": [1, 1, 2]}),
    "Stable Diffusion XL refiner": ("sdxl-refiner", {}),
}
# Kolors is described as what differs from Stable Diffusion XL.
KOLORS: Config = {"encoder_hid_dim": 4096, "encoder_hid_dim_type": "text_proj"} | {
    "projection_class_embeddings_input_dim": 5632
}
FOREIGN_UNETS: dict[str, tuple[str, Config]] = {
    "Stable Diffusion x4 upscaler": ("sd2", {"in_channels": 7, "num_class_embeds": 1000}),
    "Stable unCLIP": (
        "sd2",
        {"class_embed_type": "projection", "projection_class_embeddings_input_dim": 2048},
    ),
    "GLIGEN": ("sd15", {"attention_type": "gated"}),
}

# Of networks that read no text: the pipeline that a folder is for decides what they denoise.
PICTURES: dict[str, tuple[str, Config]] = {
    "DDPM CIFAR-10": (
        "DDPMPipeline",
        {
            "block_out_channels": [128, 256, 256, 256],
            "down_block_types": ["DownBlock2D", "AttnDownBlock2D", "DownBlock2D", "DownBlock2D"],
            "up_block_types": ["UpBlock2D", "UpBlock2D", "AttnUpBlock2D", "UpBlock2D"],
            "attention_head_dim": None,
            "downsample_padding": 0,
        },
    ),
    "DDPM CelebA-HQ 256": (
        "DDPMPipeline",
        {
            "block_out_channels": [128, 128, 256, 256, 512, 512],
            "down_block_types": ["DownBlock2D"] * 4 + ["AttnDownBlock2D", "DownBlock2D"],
            "up_block_types": ["UpBlock2D", "AttnUpBlock2D"] + ["UpBlock2D"] * 4,
            "attention_head_dim": None,
        },
    ),
    "DDIM bedrooms": ("DDIMPipeline", {}),
}
FOREIGN_PICTURES: dict[str, tuple[str, Config]] = {
    "Unconditional latent diffusion": ("LDMPipeline", {}),
    "Consistency model": ("ConsistencyModelPipeline", {"resnet_time_scale_shift": "scale_shift"}),
    "NCSN++": ("DDPMPipeline", {"time_embedding_type": "fourier"}),
    "DDPM of classes": ("DDPMPipeline", {"num_class_embeds": 10}),
    "DDPM of digits": ("DDPMPipeline", {"in_channels": 1, "out_channels": 1}),
    "Improved DDPM": ("DDPMPipeline", {"out_channels": 6}),
}

TRANSFORMERS: dict[str, tuple[str, str, Config]] = {
    "Stable Diffusion 3 medium": ("sd3", "SD3Transformer2DModel", SD35 | {"qk_norm": None}),
    "Stable Diffusion 3.5 medium": ("sd3", "SD3Transformer2DModel", SD35 | {"dual_attention_layers": [0]}),
    "Stable Diffusion 3.5 large": (
        "sd3",
        "SD3Transformer2DModel",
        SD35 | {"caption_projection_dim": 2432, "num_attention_heads": 38},
    ),
    "FLUX.1 dev": ("flux", "FluxTransformer2DModel", FLUX | {"guidance_embeds": True}),
    "FLUX.1 schnell": ("flux", "FluxTransformer2DModel", FLUX),
    "FLUX.1 Fill": ("flux", "FluxTransformer2DModel", FLUX | {"in_channels": 384, "out_channels": 64}),
    "FLUX.1 Depth": ("flux", "FluxTransformer2DModel", FLUX | {"in_channels": 128, "out_channels": 64}),
    "FLUX.2 dev": ("flux2", "Flux2Transformer2DModel", FLUX),
    "Chroma1-HD": ("chroma", "ChromaTransformer2DModel", FLUX),
    "AuraFlow 0.3": (
        "auraflow",
        "AuraFlowTransformer2DModel",
        {"num_mmdit_layers": 1, "num_single_dit_layers": 1, "pos_embed_max_size": 144},
    ),
    "AuraFlow 0.2": (
        "auraflow",
        "AuraFlowTransformer2DModel",
        {"num_mmdit_layers": 1, "num_single_dit_layers": 1, "pos_embed_max_size": 64},
    ),
    "PixArt-Sigma": (
        "pixart-sigma",
        "PixArtTransformer2DModel",
        PIXART | {"use_additional_conditions": False},
    ),
    "HunyuanDiT 1.1": (
        "hunyuandit",
        "HunyuanDiT2DModel",
        HUNYUAN | {"use_style_cond_and_image_meta_size": True},
    ),
    "HunyuanDiT 1.2": (
        "hunyuandit",
        "HunyuanDiT2DModel",
        HUNYUAN | {"use_style_cond_and_image_meta_size": False},
    ),
    "Sana 1.6B": ("sana", "SanaTransformer2DModel", SHORT),
    "Sana 0.6B": (
        "sana",
        "SanaTransformer2DModel",
        SHORT
        | {"num_attention_heads": 36, "num_cross_attention_heads": 16, "cross_attention_head_dim": 72}
        | {"cross_attention_dim": 1152},
    ),
    "Sana 1.5 4.8B": ("sana", "SanaTransformer2DModel", SHORT | {"qk_norm": "rms_norm_across_heads"}),
    "Lumina Image 2.0": ("lumina2", "Lumina2Transformer2DModel", SHORT | {"cap_feat_dim": 2304}),
    "Qwen-Image": ("qwen-image", "QwenImageTransformer2DModel", SHORT),
    "Z-Image Turbo": ("z-image", "ZImageTransformer2DModel", {"n_layers": 1}),
}
# Networks of families that are not known here, some of them close relatives.
FOREIGN: dict[str, tuple[str, Config]] = {
    "PixArt-alpha 1024": ("PixArtTransformer2DModel", PIXART | {"use_additional_conditions": True}),
    "Sana Sprint": (
        "SanaTransformer2DModel",
        SHORT | {"guidance_embeds": True, "qk_norm": "rms_norm_across_heads"},
    ),
    "Qwen-Image Layered": ("QwenImageTransformer2DModel", SHORT | {"use_additional_t_cond": True}),
    "FLUX.2 klein 4B": ("Flux2Transformer2DModel", FLUX | {"joint_attention_dim": 7680}),
    "Lumina Next": ("LuminaNextDiT2DModel", SHORT | {"num_kv_heads": 8}),
    "CogView4": ("CogView4Transformer2DModel", SHORT),
    "Bria 3.2": ("BriaTransformer2DModel", FLUX),
    "HunyuanImage 2.1": ("HunyuanImageTransformer2DModel", FLUX | {"num_refiner_layers": 1}),
    "Kandinsky 3": ("Kandinsky3UNet", {}),
    "DiT XL": ("DiTTransformer2DModel", SHORT),
    "Stable Cascade": (
        "StableCascadeUNet",
        {"down_num_layers_per_block": [1, 1], "up_num_layers_per_block": [1, 1]},
    ),
    "LTX Video": ("LTXVideoTransformer3DModel", SHORT),
    "HunyuanVideo": ("HunyuanVideoTransformer3DModel", FLUX | {"num_refiner_layers": 1}),
    "Wan 2.1": ("WanTransformer3DModel", SHORT),
    "Mochi 1": ("MochiTransformer3DModel", SHORT),
    "CogVideoX": ("CogVideoXTransformer3DModel", SHORT | {"sample_height": 4, "sample_width": 4}),
    "Allegro": ("AllegroTransformer3DModel", SHORT),
    "Latte": ("LatteTransformer3DModel", SHORT | LATTE),
    "Stable Video Diffusion": ("UNetSpatioTemporalConditionModel", {"layers_per_block": 1}),
    "AnimateDiff": (
        "UNetMotionModel",
        {"layers_per_block": 1, "cross_attention_dim": 768, "attention_head_dim": 8},
    ),
    "ModelScope text to video": ("UNet3DConditionModel", {"layers_per_block": 1}),
    "Stable Audio": ("StableAudioDiTModel", SHORT),
    "ControlNet of Stable Diffusion 1.5": ("ControlNetModel", {"cross_attention_dim": 768}),
    "ControlNet of FLUX.1": ("FluxControlNetModel", FLUX),
    "Prior of Kandinsky 2": ("PriorTransformer", SHORT),
}


def _tensors(kind: str, config: Config) -> dict[str, Tensor]:
    """The tensors of a network, without storage."""
    module = build_without_storage(lambda: getattr(diffusers, kind).from_config(config))
    return dict(module.state_dict())


def _unet(family: str, config: Config) -> dict[str, Tensor]:
    """The tensors of a U-Net that differs a little from the published one of a family."""
    configs = FAMILIES[family].configs
    assert configs is not None
    return _tensors("UNet2DConditionModel", read_json(configs / "unet" / "config.json") | SHORT_UNET | config)


def _folder(
    tmp_path: Path, write_header: Write, part: str, tensors: dict[str, Tensor], *, pipeline: str = "Some"
) -> Path:
    folder = tmp_path / "model"
    (folder / part).mkdir(parents=True)
    (folder / "model_index.json").write_text(json.dumps({"_class_name": pipeline}))
    write_header(tensors).rename(folder / part / "diffusion_pytorch_model.safetensors")
    return folder


@pytest.mark.parametrize("name", UNETS)
def test_unets_are_recognised(tmp_path: Path, write_header: Write, name: str) -> None:
    family, config = UNETS[name]

    found = identify(_folder(tmp_path, write_header, "unet", _unet(family, config)))

    assert found.family == family
    assert "reads text of width" in found.reason


@pytest.mark.parametrize("name", TRANSFORMERS)
def test_transformers_are_recognised(tmp_path: Path, write_header: Write, name: str) -> None:
    family, kind, config = TRANSFORMERS[name]

    assert identify(_folder(tmp_path, write_header, "transformer", _tensors(kind, config))).family == family


@pytest.mark.parametrize("name", PICTURES)
def test_networks_of_pictures_are_recognised(tmp_path: Path, write_header: Write, name: str) -> None:
    pipeline, config = PICTURES[name]
    tensors = _tensors("UNet2DModel", config)

    found = identify(_folder(tmp_path, write_header, "unet", tensors, pipeline=pipeline))

    assert found.family == "ddpm"
    assert "reads no text" in found.reason


@pytest.mark.parametrize("name", FOREIGN_PICTURES)
def test_networks_that_read_no_text_and_more_than_a_picture_are_unknown(
    tmp_path: Path, write_header: Write, name: str
) -> None:
    pipeline, config = FOREIGN_PICTURES[name]
    tensors = _tensors("UNet2DModel", config)

    _assert_unknown(_folder(tmp_path, write_header, "unet", tensors, pipeline=pipeline))


def test_kolors_is_told_from_the_model_it_is_made_after(tmp_path: Path, write_header: Write) -> None:
    assert identify(_folder(tmp_path, write_header, "unet", _unet("sdxl", KOLORS))).family == "kolors"


def _assert_unknown(folder: Path) -> None:
    with pytest.raises(CheckpointUnknownError) as caught:
        identify(folder)
    assert all(f"{rule.family}: " in caught.value.hint for rule in FOLDER_RULES)


@pytest.mark.parametrize("name", FOREIGN)
def test_networks_of_other_families_are_unknown(tmp_path: Path, write_header: Write, name: str) -> None:
    kind, config = FOREIGN[name]

    _assert_unknown(_folder(tmp_path, write_header, "transformer", _tensors(kind, config)))


@pytest.mark.parametrize("name", FOREIGN_UNETS)
def test_unets_that_are_asked_in_other_ways_are_unknown(
    tmp_path: Path, write_header: Write, name: str
) -> None:
    family, config = FOREIGN_UNETS[name]

    _assert_unknown(_folder(tmp_path, write_header, "unet", _unet(family, config)))
