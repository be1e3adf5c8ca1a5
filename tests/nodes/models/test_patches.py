"""LoRA files of every layout change a clone by exactly B·A, and the base by nothing."""

from collections.abc import Mapping
from pathlib import Path

import pytest
import tiny_models
import torch
from safetensors.torch import save_file
from torch import Tensor, nn
from weft_nodes.models.clones import light_clone
from weft_nodes.models.digests import DigestMemory
from weft_nodes.models.errors import ModelFileRefusedError, PatchMismatchError
from weft_nodes.models.patches import (
    LowRankLayer,
    LowRankPair,
    LowRankPatch,
    Patch,
    low_rank_parts,
    read_low_rank,
)

RANK = 4


def _targets(net: nn.Module) -> dict[str, nn.Module]:
    """The layers a LoRA changes: attention projections, and one convolution."""
    ends = ("to_q", "to_k", "to_v", "to_out.0")
    found = {name: layer for name, layer in net.named_modules() if name.endswith(ends)}
    return found | {name: layer for name, layer in net.named_modules() if name.endswith("resnets.0.conv1")}


def _factors(net: nn.Module, seed: int = 0) -> dict[str, tuple[Tensor, Tensor]]:
    generator = torch.Generator().manual_seed(seed)
    factors = {}
    for name, layer in _targets(net).items():
        weight = layer.weight
        assert isinstance(weight, Tensor)
        outputs, inputs, *kernel = weight.shape
        down = torch.randn(RANK, inputs, *kernel, generator=generator) * 0.2
        up = torch.randn(outputs, RANK, *(1 for _ in kernel), generator=generator) * 0.2
        factors[name] = (down, up)
    return factors


def _peft(name: str, down: Tensor, up: Tensor) -> dict[str, Tensor]:
    return {f"unet.{name}.lora_A.weight": down, f"unet.{name}.lora_B.weight": up}


def _older(name: str, down: Tensor, up: Tensor) -> dict[str, Tensor]:
    return {f"unet.{name}.lora.down.weight": down, f"unet.{name}.lora.up.weight": up}


def _kohya(name: str, down: Tensor, up: Tensor) -> dict[str, Tensor]:
    key = "lora_unet_" + name.replace(".", "_")
    return {f"{key}.lora_down.weight": down, f"{key}.lora_up.weight": up, f"{key}.alpha": torch.tensor(2.0)}


LAYOUTS = {"peft": _peft, "older": _older, "kohya": _kohya}


def _write(path: Path, net: nn.Module, *, layout: str = "peft", seed: int = 0) -> LowRankPatch:
    tensors: dict[str, Tensor] = {}
    for name, (down, up) in _factors(net, seed).items():
        tensors |= LAYOUTS[layout](name, down, up)
    save_file(tensors, path)
    return LowRankPatch(str(path), DigestMemory().file(path))


def _predict(net: nn.Module) -> Tensor:
    generator = torch.Generator().manual_seed(9)
    x, states = torch.randn(1, 4, 8, 8, generator=generator), torch.randn(1, 5, 32, generator=generator)
    with torch.no_grad():
        output = net(x, 10, states).sample
    assert isinstance(output, Tensor)
    return output


def _patched(net: nn.Module, *patches: Patch) -> nn.Module:
    clone = light_clone(net)
    for patch in patches:
        patch.apply(clone)
    return clone


def _with_changed_weights(factors: Mapping[str, tuple[Tensor, Tensor]], scale: float) -> nn.Module:
    """The network whose weights are changed by scale · B·A themselves."""
    net = tiny_models.tiny_unet()
    for name, (down, up) in factors.items():
        weight = net.get_submodule(name).weight
        assert isinstance(weight, Tensor)
        weight.data += scale * (up.flatten(1) @ down.flatten(1)).view_as(weight)
    assert isinstance(net, nn.Module)
    return net


@pytest.mark.parametrize(("layout", "alpha"), [("peft", RANK), ("older", RANK), ("kohya", 2.0)])
@pytest.mark.parametrize("strength", [1.0, 0.5, -0.75])
def test_a_lora_changes_the_network_by_its_product(
    tmp_path: Path, layout: str, alpha: float, strength: float
) -> None:
    net = tiny_models.tiny_unet()
    patch = _write(tmp_path / "l.safetensors", net, layout=layout)
    wanted = _predict(_with_changed_weights(_factors(net), strength * alpha / RANK))

    ours = _predict(_patched(net, LowRankPatch(patch.path, patch.source, strength)))

    torch.testing.assert_close(ours, wanted, rtol=0, atol=2e-5)
    assert not torch.allclose(ours, _predict(net), atol=1e-2)


def test_strength_zero_changes_nothing(tmp_path: Path) -> None:
    net = tiny_models.tiny_unet()
    patch = _write(tmp_path / "l.safetensors", net)

    ours = _predict(_patched(net, LowRankPatch(patch.path, patch.source, 0.0)))

    assert torch.equal(ours, _predict(net))


def test_two_loras_add_up(tmp_path: Path) -> None:
    net = tiny_models.tiny_unet()
    first = _write(tmp_path / "a.safetensors", net, seed=1)
    second = _write(tmp_path / "b.safetensors", net, seed=2)
    changed = _with_changed_weights(_factors(net, 1), 1.0)
    for name, (down, up) in _factors(net, 2).items():
        weight = changed.get_submodule(name).weight
        assert isinstance(weight, Tensor)
        weight.data += (up.flatten(1) @ down.flatten(1)).view_as(weight)

    ours = _predict(_patched(net, first, second))

    torch.testing.assert_close(ours, _predict(changed), rtol=0, atol=2e-5)


def test_the_base_is_left_as_it_was(tmp_path: Path) -> None:
    net = tiny_models.tiny_unet()
    before, structure = _predict(net), [type(module) for module in net.modules()]
    _patched(net, _write(tmp_path / "l.safetensors", net))

    assert torch.equal(_predict(net), before)
    assert [type(module) for module in net.modules()] == structure


def test_the_patched_clone_still_shares_the_weights(tmp_path: Path) -> None:
    net = tiny_models.tiny_unet()
    clone = _patched(net, _write(tmp_path / "l.safetensors", net))

    assert {id(parameter) for parameter in clone.parameters()} == {id(p) for p in net.parameters()}


def test_a_layer_in_half_precision_keeps_its_type() -> None:
    layer = nn.Linear(3, 5).half()
    pair = LowRankPair(torch.randn(2, 3), torch.randn(5, 2), 2.0)
    wrapped = LowRankLayer(layer, pair, 1.0)

    assert wrapped(torch.randn(1, 3).half()).dtype == torch.float16
    assert wrapped.weight is layer.weight
    assert wrapped.bias is layer.bias


def test_a_convolution_with_stride_keeps_its_geometry() -> None:
    layer = nn.Conv2d(3, 6, 3, stride=2, padding=1)
    pair = LowRankPair(torch.randn(2, 3, 3, 3), torch.randn(6, 2, 1, 1), 2.0)
    x = torch.randn(1, 3, 8, 8)

    twice = LowRankLayer(LowRankLayer(layer, pair, 1.0), pair, -1.0)

    torch.testing.assert_close(twice(x), layer(x), rtol=0, atol=1e-5)


def test_factors_stored_as_convolutions_serve_a_linear_layer(tmp_path: Path) -> None:
    net = tiny_models.tiny_unet(use_linear_projection=True)
    name = "down_blocks.0.attentions.0.proj_in"
    down, up = torch.randn(RANK, 8, 1, 1), torch.randn(8, RANK, 1, 1)
    path = tmp_path / "l.safetensors"
    save_file(_peft(name, down, up), path)

    clone = _patched(net, LowRankPatch(str(path), "x"))

    layer = clone.get_submodule(name)
    assert isinstance(layer, LowRankLayer)
    assert layer.down.shape == (RANK, 8)


def test_old_names_of_attention_processors_are_understood(tmp_path: Path) -> None:
    net = tiny_models.tiny_unet()
    name = "down_blocks.0.attentions.0.transformer_blocks.0.attn1"
    old = {
        f"unet.{name}.processor.to_q_lora.down.weight": torch.randn(RANK, 8),
        f"unet.{name}.processor.to_q_lora.up.weight": torch.randn(8, RANK),
    }
    path = tmp_path / "l.safetensors"
    save_file(old, path)

    assert list(read_low_rank(path, net, part="unet")) == [f"{name}.to_q"]


def test_only_the_part_that_is_asked_for_is_read(tmp_path: Path) -> None:
    encoder = tiny_models.tiny_text_encoder()
    name = "encoder.layers.0.self_attn.q_proj"
    path = tmp_path / "l.safetensors"
    save_file(
        {
            f"text_encoder.{name}.lora_A.weight": torch.randn(RANK, 32),
            f"text_encoder.{name}.lora_B.weight": torch.randn(32, RANK),
            "text_encoder_2.else.lora_A.weight": torch.randn(RANK, 32),
            "unet.conv_in.lora_A.weight": torch.randn(RANK, 4, 3, 3),
        },
        path,
    )

    assert list(read_low_rank(path, encoder, part="text_encoder")) == [name]


@pytest.mark.parametrize(
    "prefix", ["text_encoder.text_model.", "lora_te_text_model_", "lora_te1_text_model_"]
)
def test_text_encoders_are_found_under_the_names_of_older_libraries(tmp_path: Path, prefix: str) -> None:
    encoder = tiny_models.tiny_text_encoder()
    name = "encoder.layers.0.self_attn.q_proj"
    key = prefix + (name.replace(".", "_") if prefix.startswith("lora") else name)
    path = tmp_path / "l.safetensors"
    save_file(
        {f"{key}.lora_down.weight": torch.randn(RANK, 32), f"{key}.lora_up.weight": torch.randn(32, RANK)},
        path,
    )

    assert list(read_low_rank(path, encoder, part="text_encoder")) == [name]


@pytest.mark.parametrize(
    ("tensors", "words"),
    [
        ({"unet.nowhere.lora_A.weight": (4, 8), "unet.nowhere.lora_B.weight": (8, 4)}, "no layer nowhere"),
        (
            {"unet.conv_in.lora_A.weight": (4, 9, 3, 3), "unet.conv_in.lora_B.weight": (8, 4, 1, 1)},
            "from 9 to 8",
        ),
        ({"unet.conv_in.lora_A.weight": (4, 4, 3, 3)}, "one of the two factors of conv_in"),
        ({"unet.conv_in.lokr_w1": (4, 4)}, "no layer for unet.conv_in.lokr_w1"),
        ({"lora_unet_conv_elsewhere.lora_down.weight": (4, 4)}, "no layer for lora_unet_conv_elsewhere"),
        ({"transformer.blocks.0.lora_A.weight": (4, 4)}, "changes nothing in a unet"),
    ],
)
def test_a_lora_of_another_architecture_is_refused(
    tmp_path: Path, tensors: dict[str, tuple[int, ...]], words: str
) -> None:
    net = tiny_models.tiny_unet()
    path = tmp_path / "other.safetensors"
    save_file({name: torch.zeros(shape) for name, shape in tensors.items()}, path)

    with pytest.raises(PatchMismatchError, match=words) as caught:
        _patched(net, LowRankPatch(str(path), "x"))

    assert caught.value.code == "patch-mismatch"
    assert "other.safetensors" in caught.value.message


@pytest.mark.parametrize(
    ("names", "parts"),
    [
        (["unet.a.lora_A.weight"], ("unet",)),
        (["lora_te1_a.lora_up.weight", "lora_te2_a.alpha"], ("text_encoder", "text_encoder_2")),
        (["lora_te_a.lora_up.weight", "lora_unet_b.lora_up.weight"], ("unet", "text_encoder")),
        (["text_encoder_2.a.lora_A.weight"], ("text_encoder_2",)),
        (["transformer.a.lora_A.weight"], ()),
    ],
)
def test_the_networks_that_a_file_changes_are_seen_in_its_names(
    names: list[str], parts: tuple[str, ...]
) -> None:
    assert low_rank_parts(names) == parts


def test_a_pickled_lora_is_refused(tmp_path: Path) -> None:
    torch.save({}, tmp_path / "l.pt")

    with pytest.raises(ModelFileRefusedError):
        _patched(tiny_models.tiny_unet(), LowRankPatch(str(tmp_path / "l.pt"), "x"))


def test_the_key_depends_on_content_strength_and_part_but_not_on_the_path() -> None:
    patch = LowRankPatch("a", "digest")

    assert LowRankPatch("b", "digest").key == patch.key
    others = [
        LowRankPatch("a", "other"),
        LowRankPatch("a", "digest", 0.5),
        LowRankPatch("a", "digest", part="x"),
    ]
    assert len({patch.key, *(other.key for other in others)}) == 4
