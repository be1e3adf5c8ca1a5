"""A checkpoint's family is found from names and shapes, and an unknown one is told what was tried."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import diffusers
import pytest
import tiny_models
import torch
from safetensors.torch import save_file
from torch import Tensor, nn
from weft_nodes.families import FAMILIES, identify
from weft_nodes.families.identify import FILE_RULES, FOLDER_RULES, Rule
from weft_nodes.models.errors import CheckpointUnknownError, ModelFileMissingError, ModelFileRefusedError
from weft_nodes.models.loading import build_without_storage

Published = tuple[str, dict[str, nn.Module], dict[str, Tensor]]
Write = Callable[..., Path]


def test_single_files_of_the_published_size_are_recognised(published: Published, write_header: Write) -> None:
    family, _, tensors = published

    found = identify(write_header(tensors))

    assert found.family == family
    assert "reads text of width" in found.reason


def test_every_tensor_of_the_published_networks_is_found_in_a_single_file(published: Published) -> None:
    family, modules, tensors = published
    adapter = FAMILIES[family]
    parts = (adapter.network_part, adapter.vae_part, *(part.encoder for part in adapter.text_parts))

    for part in parts:
        module = modules[part.name]
        mine = {name: tensor for name, tensor in tensors.items() if name.startswith(part.prefixes)}
        converted = part.convert(module, mine)
        wanted = {name: tensor.shape for name, tensor in module.state_dict().items()}
        assert {name: converted[name].shape for name in wanted} == wanted


def test_folders_of_the_published_size_are_recognised(
    published: Published, write_header: Write, tmp_path: Path
) -> None:
    family, modules, _ = published
    folder = tmp_path / "model"
    (folder / "unet").mkdir(parents=True)
    (folder / "model_index.json").write_text('{"_class_name": "Some"}')
    weights = folder / "unet" / "diffusion_pytorch_model.fp16.safetensors"
    write_header(modules["unet"].state_dict()).rename(weights)

    assert identify(folder).family == family


def test_a_checkpoint_that_was_replaced_is_recognised_anew(tmp_path: Path) -> None:
    width = "model.diffusion_model.input_blocks.1.1.transformer_blocks.0.attn2.to_k.weight"
    file, folder = tmp_path / "model.safetensors", tmp_path / "folder"
    found = []
    for family, columns in (("sd15", 768), ("sd2", 1024)):
        save_file({width: torch.zeros(1, columns)}, file)
        tiny_models.write_folder(folder, family)
        found.append((identify(file).family, identify(folder).family))

    assert found == [("sd15", "sd15"), ("sd2", "sd2")]


@pytest.mark.parametrize("family", ["sd15", "sdxl", "starter"])
def test_a_folder_may_name_its_family_itself(tmp_path: Path, family: str) -> None:
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "model_index.json").write_text(json.dumps({"_weft_family": family}))

    assert identify(folder).family == family


@pytest.mark.parametrize(
    ("family", "tensor", "attention", "guidance"),
    [
        ("flux", "time_text_embed.guidance_embedder.linear_1.weight", "joint", "told"),
        ("flux", "transformer_blocks.0.attn.to_q.weight", "joint", "none"),
        ("sd3", "transformer_blocks.0.attn.to_q.weight", "self", "free"),
        ("sd15", "down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_q.weight", "self", "free"),
        ("sd15", "time_embedding.cond_proj.weight", "joint", "told"),
    ],
)
def test_tensors_tell_how_a_network_attends_and_what_it_learned_of_guidance(
    tmp_path: Path, family: str, tensor: str, attention: str, guidance: str
) -> None:
    (tmp_path / "transformer").mkdir()
    (tmp_path / "model_index.json").write_text(json.dumps({"_weft_family": family}))
    save_file({tensor: torch.zeros(1)}, tmp_path / "transformer" / "diffusion_pytorch_model.safetensors")

    assert identify(tmp_path).traits.items() >= {"attention": attention, "guidance": guidance}.items()


@pytest.mark.parametrize(
    ("options", "guidance"),
    [
        ({}, "none"),
        ({"timestep_spacing": "leading"}, "free"),
        ({"_class_name": "DDIMScheduler"}, "free"),
        ({"prediction_type": "v_prediction"}, "free"),
        ({"rescale_betas_zero_snr": True}, "free"),
    ],
)
def test_turbo_models_are_known_by_their_scheduler(
    tmp_path: Path, options: dict[str, object], guidance: str
) -> None:
    (tmp_path / "scheduler").mkdir()
    (tmp_path / "model_index.json").write_text(json.dumps({"_weft_family": "sdxl"}))
    config = {"_class_name": "EulerAncestralDiscreteScheduler", "timestep_spacing": "trailing"} | options
    (tmp_path / "scheduler" / "scheduler_config.json").write_text(json.dumps(config))

    assert identify(tmp_path).traits["guidance"] == guidance


def test_the_shipped_model_is_recognised_by_its_width(tmp_path: Path) -> None:
    folder = tiny_models.write_folder(tmp_path / "model", "starter")
    (folder / "model_index.json").write_text('{"_class_name": "StableDiffusionPipeline"}')
    wide = tiny_models.tiny_unet(cross_attention_dim=128)
    save_file(wide.state_dict(), folder / "unet" / "diffusion_pytorch_model.safetensors")

    assert identify(folder).family == "starter"


@pytest.mark.parametrize(
    ("flags", "metadata", "prediction"),
    [
        ({}, {}, "auto"),
        ({"v_pred": torch.zeros(0)}, {}, "v_prediction"),
        ({}, {"modelspec.prediction_type": "v"}, "v_prediction"),
        ({}, {"modelspec.prediction_type": "epsilon"}, "epsilon"),
        ({}, {"modelspec.prediction_type": "something"}, "auto"),
    ],
)
def test_a_file_that_says_what_it_predicts_is_believed(
    write_header: Write, flags: dict[str, Tensor], metadata: dict[str, str], prediction: str
) -> None:
    rule = FILE_RULES[0]
    tensors = {f"model.diffusion_model.{rule.tensor}": torch.zeros(8, rule.width)} | flags

    assert identify(write_header(tensors, metadata=metadata)).prediction == prediction


def test_a_file_that_says_its_schedule_ends_in_noise_is_believed(write_header: Write) -> None:
    rule = FILE_RULES[0]
    tensors = {f"model.diffusion_model.{rule.tensor}": torch.zeros(8, rule.width)}

    assert not identify(write_header(tensors)).has_zero_terminal_snr
    assert identify(write_header(tensors | {"ztsnr": torch.zeros(0)})).has_zero_terminal_snr


def test_a_file_that_keeps_the_ends_of_its_noise_levels_is_one_of_cosxl(write_header: Write) -> None:
    rule = next(rule for rule in FILE_RULES if rule.family == "sdxl")
    tensors = {
        f"model.diffusion_model.{name}": torch.zeros(8, rule.width) for name in (rule.tensor, *rule.also)
    }
    ends = {f"edm_vpred.sigma_{end}": torch.zeros(()) for end in ("max", "min")}
    reads_pictures = {"model.diffusion_model.input_blocks.0.0.weight": torch.zeros(8, 8, 3, 3)}

    plain, cosine = identify(write_header(tensors)), identify(write_header(tensors | ends | reads_pictures))

    assert (plain.family, plain.is_cosine) == ("sdxl", False)
    assert (cosine.family, cosine.is_cosine) == ("sdxl", True)
    assert cosine.traits["shown"] == "picture"


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (
            ["distilled_guidance_layer.in_proj.weight", "double_blocks.0.img_attn.norm.key_norm.scale"],
            "Chroma",
        ),
        (["model.diffusion_model.double_blocks.0.img_attn.norm.key_norm.scale"], "FLUX"),
        (["model.diffusion_model.joint_blocks.0.x_block.attn.qkv.weight"], "Stable Diffusion 3"),
        (["down_blocks.0.resnets.0.norm1.weight"], "load the folder in its place"),
        (["decoder.mid.block_1.norm1.weight"], "an autoencoder alone"),
        (["text_model.embeddings.token_embedding.weight"], "a text encoder alone"),
        (["model.diffusion_model.input_blocks.0.0.weight"], "a U-Net of another width"),
        (["model.diffusion_model.cap_pad_token"], "Z-Image"),
        (["model.cond_seq_linear.weight"], "AuraFlow"),
        (["lora_unet_x.lora_down.weight"], "a LoRA"),
        (["head.bias", "head.weight"], r"2 tensors \(head.bias, head.weight\)"),
        ([], r"0 tensors \(none\)"),
    ],
)
def test_an_unknown_file_is_answered_with_what_it_holds(
    write_header: Write, names: list[str], words: str
) -> None:
    path = write_header({name: torch.zeros(1) for name in names})

    with pytest.raises(CheckpointUnknownError, match=words) as caught:
        identify(path)

    assert all(rule.family in caught.value.hint for rule in FILE_RULES)
    assert caught.value.code == "checkpoint-unknown"


def test_a_width_that_no_family_has_is_part_of_the_answer(write_header: Write) -> None:
    tensors = {f"model.diffusion_model.{FILE_RULES[0].tensor}": torch.zeros(8, 333)}

    with pytest.raises(CheckpointUnknownError) as caught:
        identify(write_header(tensors))

    assert "sd15: reads text of width 768, not 333" in caught.value.hint


def test_an_unknown_folder_is_answered_with_its_pipeline(tmp_path: Path) -> None:
    folder = tiny_models.write_folder(tmp_path / "model", "sd15")
    (folder / "model_index.json").write_text('{"_class_name": "NewPipeline"}')

    with pytest.raises(CheckpointUnknownError, match="the parts of a NewPipeline") as caught:
        identify(folder)

    assert all(rule.family in caught.value.hint for rule in FOLDER_RULES)


def test_a_folder_without_unet_is_unknown_rather_than_broken(tmp_path: Path) -> None:
    (tmp_path / "model_index.json").write_text('{"_class_name": "FluxPipeline"}')

    with pytest.raises(CheckpointUnknownError, match="FluxPipeline"):
        identify(tmp_path)


def test_a_folder_that_is_no_model_says_what_it_lacks(tmp_path: Path) -> None:
    with pytest.raises(ModelFileMissingError, match=r"model_index\.json"):
        identify(tmp_path)


def test_a_pickle_is_refused_before_anything_else(tmp_path: Path) -> None:
    torch.save({}, tmp_path / "model.ckpt")

    with pytest.raises(ModelFileRefusedError):
        identify(tmp_path / "model.ckpt")


def test_a_rule_accepts_exactly_its_tensors_and_width() -> None:
    rule = Rule("x", "a.weight", 8, ("b.weight",))

    assert rule.rejection({"a.weight": (2, 8), "b.weight": (1,)}) == ""
    assert rule.rejection({"a.weight": (2, 9), "b.weight": (1,)}) == "x: reads text of width 8, not 9"
    assert rule.rejection({"a.weight": (2, 8)}) == "x: there is no b.weight"


def test_no_two_rules_of_a_layout_accept_the_same_tensors() -> None:
    for rules in (FILE_RULES, FOLDER_RULES):
        for rule in rules:
            shapes = {rule.tensor: (1, rule.width)} | dict.fromkeys(rule.also, (1,))
            shapes |= {name: (1, width) for name, width in rule.sized}
            assert [other.family for other in rules if not other.rejection(shapes)] == [rule.family]


def _published(kind: str, **config: Any) -> dict[str, Tensor]:
    """The tensors of a transformer of diffusers in published size, without storage."""
    module = build_without_storage(lambda: getattr(diffusers, kind).from_config(config))
    return dict(module.state_dict())


# Published configurations, as far as they differ from the defaults of their class; blocks beyond a few change
# no rule, and neither do the places of a picture that a table of positions is computed for.
TRANSFORMERS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "Stable Diffusion 3 medium": (
        "sd3",
        "SD3Transformer2DModel",
        {"sample_size": 128, "num_layers": 2, "pos_embed_max_size": 16, "caption_projection_dim": 1536}
        | {"attention_head_dim": 64, "num_attention_heads": 24},
    ),
    "Stable Diffusion 3.5 medium": (
        "sd3",
        "SD3Transformer2DModel",
        {"pos_embed_max_size": 16, "caption_projection_dim": 1536, "num_layers": 2}
        | {"num_attention_heads": 24, "dual_attention_layers": [0, 1], "qk_norm": "rms_norm"},
    ),
    "Stable Diffusion 3.5 large": (
        "sd3",
        "SD3Transformer2DModel",
        {"sample_size": 128, "num_layers": 2, "pos_embed_max_size": 16, "caption_projection_dim": 2432}
        | {"num_attention_heads": 38, "qk_norm": "rms_norm"},
    ),
    "FLUX.1 dev": (
        "flux",
        "FluxTransformer2DModel",
        {"num_layers": 1, "num_single_layers": 1, "guidance_embeds": True},
    ),
    "FLUX.1 schnell": ("flux", "FluxTransformer2DModel", {"num_layers": 1, "num_single_layers": 1}),
    "Z-Image Turbo": ("z-image", "ZImageTransformer2DModel", {"n_layers": 1}),
    "AuraFlow 0.3": (
        "auraflow",
        "AuraFlowTransformer2DModel",
        {"num_mmdit_layers": 1, "num_single_dit_layers": 1, "pos_embed_max_size": 256},
    ),
    "Chroma1-HD": (
        "chroma",
        "ChromaTransformer2DModel",
        {"num_layers": 1, "num_single_layers": 1},
    ),
    "Qwen-Image": ("qwen-image", "QwenImageTransformer2DModel", {"num_layers": 1}),
    "FLUX.2 dev": ("flux2", "Flux2Transformer2DModel", {"num_layers": 1, "num_single_layers": 1}),
    "PixArt-Sigma XL": (
        "pixart-sigma",
        "PixArtTransformer2DModel",
        {"sample_size": 128, "num_layers": 2, "caption_channels": 4096, "out_channels": 8}
        | {"use_additional_conditions": False},
    ),
    "HunyuanDiT 1.2": (
        "hunyuandit",
        "HunyuanDiT2DModel",
        {"sample_size": 128, "num_layers": 2, "patch_size": 2, "in_channels": 4, "hidden_size": 1408}
        | {"mlp_ratio": 4.3637, "use_style_cond_and_image_meta_size": False},
    ),
    "Lumina Image 2.0": ("lumina2", "Lumina2Transformer2DModel", {"num_layers": 1, "cap_feat_dim": 2304}),
    "Sana 1.6B": ("sana", "SanaTransformer2DModel", {"num_layers": 1}),
}


def _transformer_folder(tmp_path: Path, write_header: Write, tensors: dict[str, Tensor]) -> Path:
    folder = tmp_path / "model"
    (folder / "transformer").mkdir(parents=True)
    (folder / "model_index.json").write_text('{"_class_name": "Some"}')
    write_header(tensors).rename(folder / "transformer" / "diffusion_pytorch_model.safetensors")
    return folder


@pytest.mark.parametrize("name", TRANSFORMERS)
def test_folders_of_transformers_of_the_published_size_are_recognised(
    write_header: Write, tmp_path: Path, name: str
) -> None:
    family, kind, config = TRANSFORMERS[name]

    found = identify(_transformer_folder(tmp_path, write_header, _published(kind, **config)))

    assert found.family == family


def test_a_relative_that_reads_the_size_of_pictures_is_not_taken_for_sigma(
    write_header: Write, tmp_path: Path
) -> None:
    alpha = _published(
        "PixArtTransformer2DModel", num_layers=2, caption_channels=4096, use_additional_conditions=True
    )

    with pytest.raises(CheckpointUnknownError) as caught:
        identify(_transformer_folder(tmp_path, write_header, alpha))

    assert "pixart-sigma: has no adaln_single.emb.resolution_embedder" in caught.value.hint
