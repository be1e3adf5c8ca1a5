"""Every tensor of a file is used, under whatever name a trainer wrote it, or the file is refused."""

import json
from pathlib import Path

import pytest
import tiny_models
import torch
from diffusers.loaders.lora_pipeline import FluxLoraLoaderMixin, StableDiffusionXLLoraLoaderMixin
from diffusers.utils import convert_unet_state_dict_to_peft
from safetensors.torch import save_file
from torch import Tensor, nn
from weft_nodes.models.errors import CheckpointCorruptError, PatchMismatchError
from weft_nodes.models.loading import build_without_storage
from weft_nodes.models.lora_changes import HadamardChange, KroneckerChange, LowRankChange
from weft_nodes.models.lora_files import adapter_config, changed_parts, read_changes, split_name
from weft_nodes.models.lora_names import DENOISER

RANK = 4
NAME = "down_blocks.0.attentions.0.transformer_blocks.0.attn1"


def pair(
    layer: str, outputs: int = 8, inputs: int = 8, *, style: str = "lora_{}.weight"
) -> dict[str, Tensor]:
    """The two factors of a layer."""
    down, up = ("down", "up") if style != "AB" else ("A", "B")
    style = "lora_{}.weight" if style == "AB" else style
    return {
        f"{layer}.{style.format(down)}": torch.randn(RANK, inputs),
        f"{layer}.{style.format(up)}": torch.randn(outputs, RANK),
    }


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where a file is written."""
    return tmp_path / "other.safetensors"


@pytest.mark.parametrize(
    "prefix", ["unet.", "diffusion_model.", "base_model.model.", "model.diffusion_model.", "lycoris_", ""]
)
def test_files_of_one_network_are_read_under_every_prefix(path: Path, prefix: str) -> None:
    name = f"{NAME}.to_q".replace(".", "_") if prefix.endswith("_") else f"{NAME}.to_q"
    save_file(pair(prefix + name, style="AB"), path)

    assert list(read_changes(path, tiny_models.tiny_unet(), part="unet")) == [f"{NAME}.to_q"]


def test_names_of_peft_with_an_adapter_and_old_names_of_processors_are_understood() -> None:
    assert split_name("unet.a.lora_A.default.weight") == ("unet.a", "down")
    assert split_name(f"unet.{NAME}.processor.to_q_lora.down.weight") == (f"unet.{NAME}.to_q", "down")
    assert split_name("text_encoder.x.self_attn.to_out_lora.up.weight") == (
        "text_encoder.x.self_attn.out_proj",
        "up",
    )
    assert split_name("text_encoder.x.mlp.fc1.lora_linear_layer.up.weight") == (
        "text_encoder.x.mlp.fc1",
        "up",
    )
    assert split_name("unet.a.something") == ("unet.a.something", "")


@pytest.mark.parametrize(
    "prefix", ["text_encoder.", "text_encoder.text_model.", "lora_te_text_model_", "lora_te1_text_model_"]
)
def test_only_the_part_that_is_asked_for_is_read(path: Path, prefix: str) -> None:
    name = "encoder.layers.0.self_attn.q_proj"
    key = prefix + (name.replace(".", "_") if prefix.startswith("lora") else name)
    save_file(pair(key, 32, 32) | pair("text_encoder_2.else") | pair("unet.nowhere"), path)

    assert list(read_changes(path, tiny_models.tiny_text_encoder(), part="text_encoder")) == [name]


@pytest.mark.parametrize(
    ("tensors", "words"),
    [
        ({"unet.nowhere.lora_A.weight": (4, 8)}, "no place for 1 of its tensors: unet.nowhere.lora_A"),
        ({"lora_unet_conv_elsewhere.lora_down.weight": (4, 4)}, "lora_unet_conv_elsewhere"),
        ({"unet.conv_in.oft_blocks": (4, 4)}, "no place for 1 of its tensors: unet.conv_in.oft_blocks"),
        ({"text_encoder.a.lora_A.weight": (4, 4)}, "changes nothing in a unet"),
        ({"unet.conv_in.lora_A.weight": (4, 4, 3, 3)}, "unet.conv_in is damaged .'up'"),
        ({"unet.conv_in.lokr_w1": (4, 4)}, "unet.conv_in is damaged .'lokr_w2_a'"),
        ({"unet.conv_in.hada_w1_b": (4, 4)}, "unet.conv_in is damaged .'hada_w1_a'"),
        ({"unet.conv_in.alpha": ()}, "unet.conv_in is damaged .'diff'"),
        (
            {"unet.conv_in.diff": (8, 4, 3, 3), "unet.conv_in.lora_mid.weight": (4, 4)},
            "it has a middle too many",
        ),
    ],
)
def test_what_has_no_place_or_is_damaged_is_named(
    path: Path, tensors: dict[str, tuple[int, ...]], words: str
) -> None:
    save_file({name: torch.zeros(shape) for name, shape in tensors.items()}, path)

    with pytest.raises(PatchMismatchError, match=words) as caught:
        read_changes(path, tiny_models.tiny_unet(), part="unet")

    assert caught.value.code == "patch-mismatch"
    assert "other.safetensors" in caught.value.message


@pytest.mark.parametrize(
    ("names", "parts"),
    [
        (["unet.a.lora_A.weight"], (DENOISER,)),
        (["lora_te1_a.lora_up.weight", "lora_te2_a.alpha"], ("text_encoder", "text_encoder_2")),
        (["lora_te_a.lora_up.weight", "lora_unet_b.hada_w1_a"], (DENOISER, "text_encoder")),
        (["text_encoder_3.a.lora_A.weight", "transformer.a.lokr_w1"], (DENOISER, "text_encoder_3")),
        (["something.else"], ()),
    ],
)
def test_the_networks_that_a_file_changes_are_seen_in_its_names(
    names: list[str], parts: tuple[str, ...]
) -> None:
    assert changed_parts(names) == parts


def test_each_kind_is_scaled_by_its_alpha_over_its_rank(path: Path) -> None:
    q, k, v, out = (
        f"lora_unet_{NAME.replace('.', '_')}_{end}" for end in ("to_q", "to_k", "to_v", "to_out_0")
    )
    ones = torch.ones(8, 2), torch.ones(2, 8)
    tensors = {f"{q}.lora_up.weight": ones[0], f"{q}.lora_down.weight": ones[1].clone()}
    tensors |= {f"{k}.hada_w{n}_{letter}": ones[letter == "b"].clone() for n in (1, 2) for letter in "ab"}
    tensors |= {f"{v}.lokr_w1": torch.ones(2, 2), f"{v}.lokr_w2_a": torch.ones(4, 2)}
    tensors |= {f"{v}.lokr_w2_b": torch.ones(2, 4)}
    tensors |= {f"{out}.lokr_w1": torch.ones(2, 2), f"{out}.lokr_w2": torch.ones(4, 4)}
    tensors |= {f"{layer}.alpha": torch.tensor(0.5) for layer in (q, k, v, out)}
    save_file(tensors, path)

    found = read_changes(path, tiny_models.tiny_unet(), part="unet")

    changes = [found[f"{NAME}.{end}"].change for end in ("to_q", "to_k", "to_v", "to_out.0")]
    assert [type(change) for change in changes] == [
        LowRankChange,
        HadamardChange,
        KroneckerChange,
        KroneckerChange,
    ]
    # Products of ones: rank for LoRA, its square for LoHa, the rank of one factor or none for LoKr.
    assert [float(change.weight()[0, 0]) for change in changes] == [2 / 4, 4 / 4, 2 / 4, 1.0]


def test_an_alpha_that_is_said_once_for_all_layers_counts(path: Path) -> None:
    names = [f"{NAME}.to_q", f"{NAME}.to_k"]
    tensors = {
        key: torch.ones_like(t) for name in names for key, t in pair(f"unet.{name}", style="AB").items()
    }
    stated = {"unet.lora_alpha": 8, "unet.r": RANK, "unet.alpha_pattern": {"attn1.to_k": 1}}
    save_file(tensors, path, {"lora_adapter_metadata": json.dumps(stated)})

    found = read_changes(path, tiny_models.tiny_unet(), part="unet")

    assert [float(found[name].change.weight()[0, 0]) for name in names] == [8.0, 1.0]


def test_peft_says_it_in_a_file_beside_the_weights(tmp_path: Path) -> None:
    path = tmp_path / "adapter_model.safetensors"
    tensors = pair(f"base_model.model.{NAME}.to_q", style="AB")
    save_file({key: torch.ones_like(tensor) for key, tensor in tensors.items()}, path)
    net = tiny_models.tiny_unet()

    def first() -> float:
        return float(read_changes(path, net, part="unet")[f"{NAME}.to_q"].change.weight()[0, 0])

    alone = first()
    (tmp_path / "adapter_config.json").write_text(json.dumps({"lora_alpha": 8, "use_rslora": True}))

    assert alone == RANK
    assert first() == RANK * 8 / RANK**0.5
    assert adapter_config(tmp_path / "lora.safetensors") is None
    (tmp_path / "adapter_config.json").write_text("{")
    with pytest.raises(CheckpointCorruptError, match="what it says of itself is damaged"):
        first()


def test_lengths_of_dora_are_those_of_outputs_where_peft_wrote_them(path: Path) -> None:
    q, k = f"unet.{NAME}.to_q", f"unet.{NAME}.to_k"
    lengths = torch.rand(1, 8)
    save_file(
        pair(q) | pair(k) | {f"{q}.lora_magnitude_vector": lengths, f"{k}.dora_scale": lengths.clone()}, path
    )

    found = read_changes(path, tiny_models.tiny_unet(), part="unet")

    magnitudes = [found[f"{NAME}.{end}"].magnitude for end in ("to_q", "to_k")]
    assert [list(m.shape) for m in magnitudes if m is not None] == [[8], [1, 8]]


def published_flux() -> nn.Module:
    """One block of each kind in published width, without storage."""
    from diffusers import FluxTransformer2DModel

    return build_without_storage(lambda: FluxTransformer2DModel(num_layers=1, num_single_layers=1))


def test_flux_files_of_kohya_are_shared_out_as_diffusers_does(path: Path) -> None:
    width = 3072
    shapes = {
        "double_blocks_0_img_attn_qkv": (3 * width, width),
        "double_blocks_0_img_attn_proj": (width, width),
        "double_blocks_0_txt_attn_qkv": (3 * width, width),
        "double_blocks_0_txt_mlp_0": (4 * width, width),
        "double_blocks_0_img_mod_lin": (6 * width, width),
        "single_blocks_0_linear1": (7 * width, width),
        "single_blocks_0_linear2": (width, 5 * width),
    }
    tensors: dict[str, Tensor] = {}
    for name, shape in shapes.items():
        layer = f"lora_unet_{name}"
        tensors |= pair(layer, *shape) | {f"{layer}.alpha": torch.tensor(2.0)}
    save_file(tensors, path)
    theirs = FluxLoraLoaderMixin.lora_state_dict({key: tensor.clone() for key, tensor in tensors.items()})

    ours = read_changes(path, published_flux(), part="transformer")

    layers = {key.removesuffix(".lora_A.weight") for key in theirs if key.endswith(".lora_A.weight")}
    assert {f"transformer.{name}" for name in ours} == layers
    x = torch.randn(3, width)
    for name, found in ours.items():
        change = found.change
        assert isinstance(change, LowRankChange)
        down, up = (theirs[f"transformer.{name}.lora_{letter}.weight"] for letter in "AB")
        inputs = x if down.shape[1] == width else torch.randn(3, down.shape[1])
        torch.testing.assert_close(
            inputs @ change.down.T @ change.up.T, inputs @ down.T @ up.T, rtol=1e-4, atol=1e-3
        )


def test_layouts_that_only_diffusers_knows_are_renamed_by_it(path: Path) -> None:
    width = 3072
    layer = "double_blocks.0.processor"
    # XLabs: `qkv_lora1` and `proj_lora1` of the picture, `…2` of the text.
    tensors = pair(f"{layer}.qkv_lora1", 3 * width, width, style="{}.weight")
    save_file(tensors, path)

    found = read_changes(path, published_flux(), part="transformer")

    assert list(found) == [f"transformer_blocks.0.attn.to_{letter}" for letter in "qkv"]


def test_sdxl_files_of_kohya_lie_where_diffusers_puts_them(path: Path) -> None:
    net = tiny_models.tiny_sdxl().unet
    originals = tiny_models.original_unet(net)
    tensors: dict[str, Tensor] = {}
    for key, weight in originals.items():
        layer = key.removesuffix(".weight")
        if key.endswith(".weight") and weight.ndim > 1 and ("attn" in key or "ff.net" in key):
            flat = f"lora_unet_{layer.replace('.', '_')}"
            tensors |= pair(flat, weight.shape[0], weight.shape[1])
    save_file(tensors, path)
    state, _ = StableDiffusionXLLoraLoaderMixin.lora_state_dict(dict(tensors), unet_config=net.config)
    theirs = convert_unet_state_dict_to_peft({key.removeprefix("unet."): t for key, t in state.items()})

    ours = read_changes(path, net, part="unet")

    assert {f"{name}.lora_A.weight" for name in ours} == {key for key in theirs if "lora_A" in key}
    for name, found in ours.items():
        assert torch.equal(found.change.factors["down"], theirs[f"{name}.lora_A.weight"])
        assert torch.equal(found.change.factors["up"], theirs[f"{name}.lora_B.weight"])
