"""LoRA files change a clone of any network by exactly B·A, as strongly as asked, and the base by nothing."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import tiny_models
import torch
from safetensors.torch import save_file
from torch import Tensor, nn
from weft_nodes.models.clones import light_clone
from weft_nodes.models.digests import DigestMemory
from weft_nodes.models.errors import ModelFileRefusedError, PatchMismatchError
from weft_nodes.models.lora_changes import ChangedLayer
from weft_nodes.models.patches import LowRankPatch, Patch

RANK = 4


def _targets(net: nn.Module) -> dict[str, nn.Module]:
    """The layers a LoRA changes: attention projections, and one convolution."""
    ends = ("to_q", "to_k", "to_v", "to_out.0", "q_proj", "fc1", "resnets.0.conv1")
    return {name: layer for name, layer in net.named_modules() if name.endswith(ends)}


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


def _peft(name: str, down: Tensor, up: Tensor, prefix: str) -> dict[str, Tensor]:
    return {f"{prefix}.{name}.lora_A.weight": down, f"{prefix}.{name}.lora_B.weight": up}


def _older(name: str, down: Tensor, up: Tensor, prefix: str) -> dict[str, Tensor]:
    return {f"{prefix}.{name}.lora.down.weight": down, f"{prefix}.{name}.lora.up.weight": up}


def _kohya(name: str, down: Tensor, up: Tensor, prefix: str) -> dict[str, Tensor]:
    start = "lora_te1" if prefix == "text_encoder" else "lora_unet"
    key = f"{start}_{name.replace('.', '_')}"
    return {f"{key}.lora_down.weight": down, f"{key}.lora_up.weight": up, f"{key}.alpha": torch.tensor(2.0)}


LAYOUTS = {"peft": _peft, "older": _older, "kohya": _kohya}


def _write(
    path: Path, net: nn.Module, *, layout: str = "peft", seed: int = 0, prefix: str = "unet"
) -> LowRankPatch:
    tensors: dict[str, Tensor] = {}
    for name, (down, up) in _factors(net, seed).items():
        tensors |= LAYOUTS[layout](name, down, up, prefix)
    save_file(tensors, path)
    part = prefix if prefix.startswith("text_encoder") else "denoiser"
    return LowRankPatch(str(path), DigestMemory().file(path), part=part)


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


def _change_weights(net: nn.Module, factors: Mapping[str, tuple[Tensor, Tensor]], scale: float) -> nn.Module:
    """The network, whose weights are now changed by scale · B·A themselves."""
    for name, (down, up) in factors.items():
        weight = net.get_submodule(name).weight
        assert isinstance(weight, Tensor)
        weight.data += scale * (up.flatten(1) @ down.flatten(1)).view_as(weight)
    return net


@pytest.mark.parametrize(("layout", "alpha"), [("peft", RANK), ("older", RANK), ("kohya", 2.0)])
@pytest.mark.parametrize("strength", [1.0, -0.75])
def test_a_lora_changes_the_network_by_its_product(
    tmp_path: Path, layout: str, alpha: float, strength: float
) -> None:
    net = tiny_models.tiny_unet()
    patch = _write(tmp_path / "l.safetensors", net, layout=layout)
    changed = _change_weights(tiny_models.tiny_unet(), _factors(net), strength * alpha / RANK)

    ours = _predict(_patched(net, LowRankPatch(patch.path, patch.source, strength)))

    torch.testing.assert_close(ours, _predict(changed), rtol=0, atol=2e-5)
    assert not torch.allclose(ours, _predict(net), atol=1e-2)


def _run_transformer(net: nn.Module, family: str) -> Tensor:
    generator = torch.Generator().manual_seed(4)

    def drawn(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=generator)

    inputs: dict[str, Any] = {"return_dict": False}
    if family == "sd3":
        inputs |= {"hidden_states": drawn(1, 16, 4, 4), "timestep": torch.tensor([7.0])}
        inputs |= {"encoder_hidden_states": drawn(1, 5, 80), "pooled_projections": drawn(1, 72)}
    elif family == "flux":
        inputs |= {"hidden_states": drawn(1, 4, 64), "timestep": torch.tensor([0.5])}
        inputs |= {"encoder_hidden_states": drawn(1, 5, 32), "pooled_projections": drawn(1, 32)}
        inputs |= {"img_ids": torch.zeros(4, 3), "txt_ids": torch.zeros(5, 3), "guidance": torch.ones(1)}
    else:
        inputs |= {"hidden_states": drawn(1, 4, 8, 8), "timestep": torch.tensor([7])}
        inputs |= {"encoder_hidden_states": drawn(1, 5, 32)}
        inputs |= {"added_cond_kwargs": {"resolution": None, "aspect_ratio": None}}
    with torch.no_grad():
        found = net(**inputs)[0]
    assert isinstance(found, Tensor)
    return found


@pytest.mark.parametrize("family", ["sd3", "flux", "pixart-sigma"])
@pytest.mark.parametrize(("layout", "alpha"), [("peft", RANK), ("kohya", 2.0)])
def test_transformers_are_changed_by_the_same_code(
    tmp_path: Path, family: str, layout: str, alpha: float
) -> None:
    net = tiny_models.MAKERS[family]().transformer
    before = _run_transformer(net, family)
    patch = _write(tmp_path / "l.safetensors", net, layout=layout, prefix="transformer")

    ours = _run_transformer(_patched(net, patch), family)

    factors = _factors(net)
    assert factors
    wanted = _run_transformer(_change_weights(net, factors, alpha / RANK), family)
    torch.testing.assert_close(ours, wanted, rtol=1e-4, atol=1e-4)
    assert not torch.allclose(ours, before, atol=1e-3)


@pytest.mark.parametrize("layout", ["peft", "kohya"])
def test_a_text_encoder_is_changed_too(tmp_path: Path, layout: str) -> None:
    net, words = tiny_models.tiny_text_encoder(), torch.tensor([[0, 5, 6, 2]])
    patch = _write(tmp_path / "l.safetensors", net, layout=layout, prefix="text_encoder")

    with torch.no_grad():
        ours = _patched(net, patch)(words).last_hidden_state
        scale = 0.5 if layout == "kohya" else 1.0
        wanted = _change_weights(net, _factors(net), scale)(words).last_hidden_state

    torch.testing.assert_close(ours, wanted, rtol=1e-4, atol=1e-4)


def test_strength_zero_changes_nothing(tmp_path: Path) -> None:
    net = tiny_models.tiny_unet()
    patch = _write(tmp_path / "l.safetensors", net)

    ours = _predict(_patched(net, LowRankPatch(patch.path, patch.source, 0.0)))

    assert torch.equal(ours, _predict(net))


def test_two_loras_add_up(tmp_path: Path) -> None:
    net = tiny_models.tiny_unet()
    first = _write(tmp_path / "a.safetensors", net, seed=1)
    second = _write(tmp_path / "b.safetensors", net, seed=2)
    changed = _change_weights(tiny_models.tiny_unet(), _factors(net, 1), 1.0)
    changed = _change_weights(changed, _factors(net, 2), 1.0)

    ours = _predict(_patched(net, first, second))

    torch.testing.assert_close(ours, _predict(changed), rtol=0, atol=2e-5)


def test_the_base_is_left_as_it_was_and_the_clone_shares_its_weights(tmp_path: Path) -> None:
    net = tiny_models.tiny_unet()
    before, structure = _predict(net), [type(module) for module in net.modules()]
    clone = _patched(net, _write(tmp_path / "l.safetensors", net))

    assert torch.equal(_predict(net), before)
    assert [type(module) for module in net.modules()] == structure
    assert {id(parameter) for parameter in clone.parameters()} == {id(p) for p in net.parameters()}


def test_blocks_are_as_strong_as_each_is_told(tmp_path: Path) -> None:
    net = tiny_models.tiny_unet()
    patch = _write(tmp_path / "l.safetensors", net)
    blocks = (
        ("down_*", 0.5),
        ("up_blocks", 0.5),
        ("up_blocks.*.attentions", 0.0),
        ("up_blocks.1.attentions.0", 2.0),
    )
    factors = _factors(net)

    def strength(name: str) -> float:
        if name.startswith("up_blocks.") and ".attentions." in name:
            return 2.0 if name.startswith("up_blocks.1.attentions.0.") else 0.0
        return 1.0 if name.startswith("mid_block") else 0.5

    scaled = {name: (down, up * strength(name)) for name, (down, up) in factors.items()}
    changed = _change_weights(tiny_models.tiny_unet(), scaled, 1.0)

    clone = _patched(net, LowRankPatch(patch.path, patch.source, blocks=blocks))

    assert {strength(name) for name in factors} == {0.0, 0.5, 1.0, 2.0}
    torch.testing.assert_close(_predict(clone), _predict(changed), rtol=0, atol=2e-5)
    left = [name for name in factors if not isinstance(clone.get_submodule(name), ChangedLayer)]
    assert left == [name for name in factors if strength(name) == 0]


def test_a_strength_for_a_block_that_is_not_there_is_refused(tmp_path: Path) -> None:
    net = tiny_models.tiny_unet()
    patch = _write(tmp_path / "l.safetensors", net)

    with pytest.raises(PatchMismatchError, match="strength of double_blocks") as caught:
        _patched(net, LowRankPatch(patch.path, patch.source, blocks=(("double_blocks", 0.5),)))

    assert "mid_block" in str(caught.value.hint)


def test_a_layer_of_another_shape_is_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "other.safetensors"
    save_file(
        {
            "unet.conv_in.lora_A.weight": torch.zeros(4, 9, 3, 3),
            "unet.conv_in.lora_B.weight": torch.zeros(8, 4, 1, 1),
        },
        path,
    )

    with pytest.raises(PatchMismatchError, match=r"other.safetensors .* in conv_in it changes a weight of"):
        _patched(tiny_models.tiny_unet(), LowRankPatch(str(path), "x"))


def test_a_pickled_lora_is_refused(tmp_path: Path) -> None:
    torch.save({}, tmp_path / "l.pt")

    with pytest.raises(ModelFileRefusedError):
        _patched(tiny_models.tiny_unet(), LowRankPatch(str(tmp_path / "l.pt"), "x"))


def test_the_key_depends_on_content_strengths_and_part_but_not_on_the_path() -> None:
    patch = LowRankPatch("a", "digest")

    assert LowRankPatch("b", "digest").key == patch.key
    others = [
        LowRankPatch("a", "other"),
        LowRankPatch("a", "digest", 0.5),
        LowRankPatch("a", "digest", part="x"),
        LowRankPatch("a", "digest", blocks=(("mid_block", 0.5),)),
        LowRankPatch("a", "digest", blocks=(("mid_block", 0.25),)),
    ]
    assert len({patch.key, *(other.key for other in others)}) == 6
