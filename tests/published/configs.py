"""Configurations as published with the models, as far as they decide shapes.

Options that are left out are the defaults of their classes, which diffusers and transformers took from these
very models. Configurations that ship with weft are read from there.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import weft_nodes
from weft_nodes.families import FAMILIES
from weft_nodes.models.loading import read_json

Config = Mapping[str, Any]

_STARTER: Final = Path(weft_nodes.__file__).parent / "starter" / "model"


@dataclass(frozen=True, slots=True)
class Published:
    """One published model.

    Args:
        title: Its name.
        family: Id of its family.
        billions: Parameters of its parts in units of 10^9, by their folders; the denoising network
            first.
        configs: Configurations of its parts, or what differs from those that ship, by their folders.
        pipeline: What its index says it is for.
    """

    title: str
    family: str
    billions: Mapping[str, float]
    configs: Mapping[str, Config] = field(default_factory=dict, hash=False)
    pipeline: str = "DiffusionPipeline"

    def config(self, part: str) -> dict[str, Any]:
        """Return the configuration of a part.

        Args:
            part: Its folder.
        """
        shipped = _STARTER if self.family == "starter" else FAMILIES[self.family].configs
        file = None if shipped is None else shipped / part / "config.json"
        known = {} if file is None or not file.is_file() else read_json(file)
        return known | dict(self.configs.get(part, {}))


def _shipped(family: str, part: str) -> Config:
    configs = FAMILIES[family].configs
    assert configs is not None
    return read_json(configs / part / "config.json")


_XL_VAE: Final = _shipped("sdxl", "vae")
_FLUX_VAE: Final = _shipped("flux", "vae")
_T5_XXL: Final = _shipped("flux", "text_encoder_2")
_T5_XL: Final[Config] = {
    "d_model": 2048,
    "d_ff": 5120,
    "d_kv": 64,
    "num_heads": 32,
    "num_layers": 24,
    "feed_forward_proj": "gated-gelu",
    "tie_word_embeddings": False,
}
_GEMMA_2: Final[Config] = {"vocab_size": 256000}
_CHATGLM3: Final[Config] = {
    "seq_length": 32768,
    "multi_query_attention": True,
    "multi_query_group_num": 2,
    "add_qkv_bias": True,
    "original_rope": True,
}
_QWEN_2_5_VL: Final[Config] = {
    "model_type": "qwen2_5_vl",
    "text_config": {
        "vocab_size": 152064,
        "hidden_size": 3584,
        "intermediate_size": 18944,
        "num_hidden_layers": 28,
        "num_attention_heads": 28,
        "num_key_value_heads": 4,
        "max_position_embeddings": 128000,
        "rope_parameters": {"mrope_section": [16, 24, 24], "rope_theta": 1e6, "rope_type": "default"},
    },
}
_QWEN_3: Final[Config] = {
    "model_type": "qwen3",
    "vocab_size": 151936,
    "hidden_size": 2560,
    "intermediate_size": 9728,
    "num_hidden_layers": 36,
    "num_attention_heads": 32,
    "num_key_value_heads": 8,
    "head_dim": 128,
}
_MISTRAL: Final[Config] = {
    "model_type": "mistral3",
    "text_config": {
        "model_type": "mistral",
        "vocab_size": 131072,
        "hidden_size": 5120,
        "intermediate_size": 32768,
        "num_hidden_layers": 40,
        "num_attention_heads": 32,
        "num_key_value_heads": 8,
        "head_dim": 128,
        "sliding_window": None,
    },
}
_BERT: Final[Config] = {
    "vocab_size": 47020,
    "hidden_size": 1024,
    "intermediate_size": 4096,
    "num_hidden_layers": 24,
    "num_attention_heads": 16,
}
_KOLORS: Final[Config] = {
    **_shipped("sdxl", "unet"),
    "encoder_hid_dim": 4096,
    "encoder_hid_dim_type": "text_proj",
    "projection_class_embeddings_input_dim": 5632,
}
_PIXART: Final[Config] = {"caption_channels": 4096, "use_additional_conditions": False}
_HUNYUAN: Final[Config] = {
    "sample_size": 128,
    "patch_size": 2,
    "in_channels": 4,
    "hidden_size": 1408,
    "num_layers": 40,
    "mlp_ratio": 4.3637,
    "use_style_cond_and_image_meta_size": False,
}
_BLOCKS: Final = ["ResBlock", "ResBlock", "ResBlock", *["EfficientViTBlock"] * 3]
_DEEP_VAE: Final[Config] = {
    "encoder_block_types": _BLOCKS,
    "decoder_block_types": _BLOCKS,
    "upsample_block_type": "interpolate",
    "downsample_block_type": "Conv",
    "scaling_factor": 0.41407,
}

_SD35_LARGE: Final[Config] = {
    "qk_norm": "rms_norm",
    "num_layers": 38,
    "num_attention_heads": 38,
    "caption_projection_dim": 2432,
}
# The table of places is computed, not learned; this is the part of it that pictures of 1024x1024 need.
_PLACES: Final[Config] = {"pos_embed_max_size": 64}

_DDPM: Final[Config] = {
    "sample_size": 256,
    "block_out_channels": [128, 128, 256, 256, 512, 512],
    "down_block_types": [*["DownBlock2D"] * 4, "AttnDownBlock2D", "DownBlock2D"],
    "up_block_types": ["UpBlock2D", "AttnUpBlock2D", *["UpBlock2D"] * 4],
    "attention_head_dim": None,
    "downsample_padding": 0,
    "flip_sin_to_cos": False,
    "freq_shift": 1,
    "norm_eps": 1e-6,
}

_CLIP: Final = {"text_encoder": 0.1231}
_PROJECTED_CLIPS: Final = {"text_encoder": 0.1237, "text_encoder_2": 0.6947}
_SD_VAE: Final = {"vae": 0.08365}
_KL_16: Final = {"vae": 0.08382}

MODELS: Final = (
    Published("Stable Diffusion 1.5", "sd15", {"unet": 0.8595, **_CLIP, **_SD_VAE}),
    Published("Stable Diffusion 2.1", "sd2", {"unet": 0.8659, "text_encoder": 0.3404, **_SD_VAE}),
    Published("Stable Diffusion XL", "sdxl", {"unet": 2.567, **_CLIP, "text_encoder_2": 0.6947, **_SD_VAE}),
    Published(
        "Stable Diffusion XL refiner", "sdxl-refiner", {"unet": 2.26, "text_encoder_2": 0.6947, **_SD_VAE}
    ),
    Published(
        "Kolors",
        "kolors",
        {"unet": 2.58, "text_encoder": 6.244, **_SD_VAE},
        {"unet": _KOLORS, "text_encoder": _CHATGLM3, "vae": _XL_VAE},
    ),
    Published(
        "Stable Diffusion 3 medium",
        "sd3",
        {"transformer": 2.028, **_PROJECTED_CLIPS, "text_encoder_3": 4.762, **_KL_16},
        {"transformer": _PLACES},
    ),
    Published(
        "Stable Diffusion 3.5 large",
        "sd3",
        {"transformer": 8.057, **_PROJECTED_CLIPS, "text_encoder_3": 4.762, **_KL_16},
        {"transformer": {**_SD35_LARGE, **_PLACES}},
    ),
    Published("FLUX.1 dev", "flux", {"transformer": 11.9, **_CLIP, "text_encoder_2": 4.762, **_KL_16}),
    Published(
        "AuraFlow 0.3",
        "auraflow",
        {"transformer": 6.86, "text_encoder": 1.224, **_SD_VAE},
        {
            "transformer": {"pos_embed_max_size": 9216},
            "text_encoder": {**_T5_XL, "vocab_size": 32128},
            "vae": _XL_VAE,
        },
    ),
    Published(
        "Chroma1-HD",
        "chroma",
        {"transformer": 8.9, "text_encoder": 4.762, **_KL_16},
        {"text_encoder": _T5_XXL, "vae": _FLUX_VAE},
    ),
    Published(
        "PixArt-Sigma XL",
        "pixart-sigma",
        {"transformer": 0.611, "text_encoder": 4.762, **_SD_VAE},
        {"transformer": _PIXART, "text_encoder": _T5_XXL, "vae": _XL_VAE},
    ),
    Published(
        "HunyuanDiT 1.2",
        "hunyuandit",
        {"transformer": 1.5, "text_encoder": 0.352, "text_encoder_2": 1.67, **_SD_VAE},
        {
            "transformer": _HUNYUAN,
            "text_encoder": _BERT,
            "text_encoder_2": {**_T5_XL, "vocab_size": 250112},
            "vae": _XL_VAE,
        },
    ),
    Published(
        "Sana 1.6B",
        "sana",
        {"transformer": 1.604, "text_encoder": 2.614, "vae": 0.3123},
        {"text_encoder": _GEMMA_2, "vae": _DEEP_VAE},
    ),
    Published(
        "Qwen-Image",
        "qwen-image",
        {"transformer": 20.43, "text_encoder": 7.071, "vae": 0.1269},
        {"text_encoder": _QWEN_2_5_VL},
    ),
    Published(
        "Z-Image Turbo",
        "z-image",
        {"transformer": 6.155, "text_encoder": 4.022, **_KL_16},
        {"transformer": {"axes_lens": [1536, 512, 512]}, "text_encoder": _QWEN_3, "vae": _FLUX_VAE},
    ),
    Published(
        "Lumina Image 2.0",
        "lumina2",
        {"transformer": 2.61, "text_encoder": 2.614, **_KL_16},
        {"transformer": {"cap_feat_dim": 2304}, "text_encoder": _GEMMA_2, "vae": _FLUX_VAE},
    ),
    Published(
        "FLUX.2 dev",
        "flux2",
        {"transformer": 32.22, "text_encoder": 22.9, "vae": 0.084},
        {"text_encoder": _MISTRAL},
    ),
    Published("DDPM of CelebA-HQ", "ddpm", {"unet": 0.1137}, {"unet": _DDPM}, pipeline="DDPMPipeline"),
    Published("weft starter", "starter", {"unet": 0.00562, "text_encoder": 0.00088, "vae": 0.000688}),
)
"""At least one model of each family; the tests hold that none was forgotten."""
