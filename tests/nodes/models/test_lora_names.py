"""Layers are found under the names of every code that trains them."""

import pytest
import tiny_models
from diffusers import FluxTransformer2DModel, SD3Transformer2DModel
from weft_nodes.models.loading import build_without_storage
from weft_nodes.models.lora_names import DENOISER, Place, known, places, section_of


@pytest.mark.parametrize(
    ("name", "section"),
    [
        ("lora_unet_a", (DENOISER, "a")),
        ("transformer.a.b", (DENOISER, "a.b")),
        ("diffusion_model.a", (DENOISER, "a")),
        ("base_model.model.a", (DENOISER, "a")),
        ("lora_te1_a", ("text_encoder", "a")),
        ("lora_te2_a", ("text_encoder_2", "a")),
        ("text_encoder_3.a", ("text_encoder_3", "a")),
        ("single_blocks.0.linear1", (DENOISER, "single_blocks.0.linear1")),
    ],
)
def test_the_network_of_a_layer_is_told_by_its_prefix(name: str, section: tuple[str, str]) -> None:
    assert section_of(name) == section


def test_layers_of_a_unet_have_the_names_of_the_original_code() -> None:
    # The tiny network of one family has attention where the other has none, which moves what samples up.
    for family in ("sd15", "sdxl"):
        unet = tiny_models.MAKERS[family]().unet
        own = {name: layer.weight for name, layer in unet.named_modules() if hasattr(layer, "weight")}
        found = places(unet)
        for key, tensor in tiny_models.original_unet(unet).items():
            layer = key.removesuffix(".weight")
            if key.endswith(".weight") and tensor.ndim > 1:
                (name,) = found[layer].layers
                assert own[name].data_ptr() == tensor.data_ptr(), key
                assert found[layer.replace(".", "_")] == found[layer]


def test_layers_that_other_codes_join_are_shared_out() -> None:
    found = places(build_without_storage(lambda: FluxTransformer2DModel(num_layers=1, num_single_layers=2)))

    single = "single_transformer_blocks.1"
    ends = ("attn.to_q", "attn.to_k", "attn.to_v", "proj_mlp")
    assert found["single_blocks.1.linear1"] == Place(tuple(f"{single}.{end}" for end in ends))
    assert found["double_blocks_0_img_mod_lin"] == Place(("transformer_blocks.0.norm1.linear",))
    assert found["final_layer.adaLN_modulation.1"] == Place(("norm_out.linear",), is_swapped=True)
    assert "double_blocks.1.img_mod.lin" not in found


def test_the_last_text_norm_of_stable_diffusion_3_is_swapped() -> None:
    found = places(build_without_storage(lambda: SD3Transformer2DModel(num_layers=2)))

    norm = "joint_blocks.{}.context_block.adaLN_modulation.1"
    assert found[norm.format(0)] == Place(("transformer_blocks.0.norm1_context.linear",))
    assert found[norm.format(1)] == Place(("transformer_blocks.1.norm1_context.linear",), is_swapped=True)
    assert found["joint_blocks_1_context_block_attn_qkv"].layers[0] == "transformer_blocks.1.attn.add_q_proj"


def test_of_many_names_the_first_are_shown() -> None:
    assert known(["a", "b"]) == "a, b"
    assert known(["a", "b", "c", "d", "e"]) == "a, b, c and 2 more"
