"""A light clone shares the weights and nothing else."""

import pytest
import tiny_models
import torch
from torch import Tensor, nn
from weft_nodes.models.clones import light_clone
from weft_nodes.models.loading import build_without_storage
from weft_nodes.models.weights import count_bytes


def _net() -> nn.Module:
    unet = tiny_models.tiny_unet()
    assert isinstance(unet, nn.Module)
    return unet


def _predict(net: nn.Module) -> Tensor:
    generator = torch.Generator().manual_seed(0)
    x, states = torch.randn(1, 4, 8, 8, generator=generator), torch.randn(1, 5, 32, generator=generator)
    with torch.no_grad():
        output = net(x, 10, states).sample
    assert isinstance(output, Tensor)
    return output


def test_every_parameter_and_buffer_is_the_same_object() -> None:
    net = _net()
    clone = light_clone(net)

    assert all(a is b for a, b in zip(net.parameters(), clone.parameters(), strict=True))
    assert all(a is b for a, b in zip(net.buffers(), clone.buffers(), strict=True))
    assert count_bytes(clone) == count_bytes(net)


def test_no_module_is_the_same_object_and_all_names_and_classes_are() -> None:
    net = _net()
    clone = light_clone(net)
    ours, theirs = dict(clone.named_modules()), dict(net.named_modules())

    assert ours.keys() == theirs.keys()
    assert all(type(ours[name]) is type(theirs[name]) for name in ours)
    assert not {id(module) for module in ours.values()} & {id(module) for module in theirs.values()}


def test_a_clone_computes_the_same_bits() -> None:
    net = _net()

    assert torch.equal(_predict(light_clone(net)), _predict(net))


@pytest.mark.parametrize("projection", [False, True])
def test_text_encoders_can_be_cloned(projection: bool) -> None:
    encoder = tiny_models.tiny_text_encoder(projection=projection)
    ids = torch.arange(77)[None]

    with torch.no_grad():
        ours, theirs = light_clone(encoder)(ids)[0], encoder(ids)[0]

    assert torch.equal(ours, theirs)


def test_hooks_on_a_clone_do_not_fire_on_the_base() -> None:
    net = _net()
    clone = light_clone(net)
    calls: list[str] = []
    clone.get_submodule("mid_block").register_forward_pre_hook(lambda *_: calls.append("clone"))
    _predict(net)
    assert calls == []
    _predict(clone)

    assert calls == ["clone"]


def test_a_layer_replaced_in_a_clone_stays_in_the_base() -> None:
    net = _net()
    before = _predict(net)
    clone = light_clone(net)
    setattr(clone, "conv_out", nn.Conv2d(8, 4, 3, padding=1))  # noqa: B010

    assert not torch.equal(_predict(clone), before)
    assert torch.equal(_predict(net), before)


def test_attention_processors_are_private() -> None:
    net = tiny_models.tiny_unet()
    clone = light_clone(net)
    ours, theirs = clone.attn_processors, net.attn_processors

    assert ours.keys() == theirs.keys()
    assert not {id(item) for item in ours.values()} & {id(item) for item in theirs.values()}


def test_plain_attributes_and_the_configuration_are_private() -> None:
    vae = tiny_models.tiny_vae()
    clone = light_clone(vae)
    clone.use_tiling = True
    clone.register_to_config(scaling_factor=9.0)

    assert vae.use_tiling is False
    assert vae.config.scaling_factor != 9.0


def test_a_second_reference_to_a_child_follows_the_clone() -> None:
    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layers = nn.ModuleList([nn.Linear(2, 2)])
            self.by_name = {"first": self.layers[0]}
            self.in_order = [self.layers[0]]
            object.__setattr__(self, "shortcut", self.layers[0])

    clone = light_clone(Net())
    layer = clone.layers[0]

    assert clone.by_name["first"] is layer
    assert clone.in_order[0] is layer
    assert clone.__dict__["shortcut"] is layer


def test_a_module_used_twice_is_cloned_once() -> None:
    shared = nn.Linear(2, 2)
    clone = light_clone(nn.Sequential(shared, nn.ReLU(), shared))

    assert clone[0] is clone[2]
    assert clone[0] is not shared


def test_a_clone_of_a_clone_shares_the_weights_of_the_base() -> None:
    net = _net()

    assert next(light_clone(light_clone(net)).parameters()) is next(net.parameters())


def test_a_network_without_storage_is_cloned_without_giving_it_any() -> None:
    from diffusers import UNet2DConditionModel

    net = build_without_storage(lambda: UNet2DConditionModel(cross_attention_dim=768))

    clone = light_clone(net)

    assert len(list(clone.modules())) > 600
    assert all(parameter.is_meta for parameter in clone.parameters())
