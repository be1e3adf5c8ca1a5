"""Weakened attention, left-out blocks and FreeU: what they compute, privacy and keys."""

import math
from typing import NamedTuple

import pytest
import tiny_models
import torch
from diffusers import SD3Transformer2DModel
from diffusers.models.attention_processor import Attention, PAGIdentitySelfAttnProcessor2_0
from tiny.hunyuandit import tiny_hunyuandit
from torch import Tensor, nn
from torch.nn import functional
from weft_nodes.models.attention_patches import FreeU, PerturbedAttention, SkippedBlocks, SmoothedAttention
from weft_nodes.models.clones import light_clone
from weft_nodes.models.errors import PatchMismatchError
from weft_nodes.models.patches import DENOISER, LowRankPatch, Patch

PATCHES: tuple[Patch, ...] = (
    PerturbedAttention(),
    PerturbedAttention("all"),
    SmoothedAttention(),
    SmoothedAttention("all"),
    SkippedBlocks((0,)),
    SkippedBlocks((0, 1)),
    FreeU(),
    FreeU((1.1, 1.2)),
)


@pytest.fixture
def unet() -> nn.Module:
    """A U-Net of Stable Diffusion's kind."""
    found: nn.Module = tiny_models.tiny_unet()
    return found


@pytest.fixture
def transformer() -> nn.Module:
    """The transformer of a tiny Stable Diffusion 3."""
    found = tiny_models.MAKERS["sd3"]().transformer
    assert isinstance(found, nn.Module)
    return found


def predicted(net: nn.Module, rows: int = 2) -> Tensor:
    """What a U-Net predicts."""
    generator = torch.Generator().manual_seed(1)
    latent = torch.randn(rows, 4, 8, 8, generator=generator)
    states = torch.randn(rows, 5, tiny_models.WIDTH, generator=generator)
    with torch.no_grad():
        output: Tensor = net(latent, torch.full((rows,), 500.0), states, return_dict=False)[0]
    return output


def velocity(net: nn.Module, **options: object) -> Tensor:
    """What a transformer of Stable Diffusion 3 predicts."""
    generator = torch.Generator().manual_seed(1)
    inputs = {
        "hidden_states": torch.randn(1, 16, 8, 8, generator=generator),
        "encoder_hidden_states": torch.randn(1, 5, 80, generator=generator),
        "pooled_projections": torch.randn(1, 72, generator=generator),
        "timestep": torch.tensor([500.0]),
    }
    with torch.no_grad():
        output: Tensor = net(**inputs, return_dict=False, **options)[0]
    return output


def middle_attention(net: nn.Module) -> Attention:
    found = net.get_submodule("mid_block.attentions.0.transformer_blocks.0.attn1")
    assert isinstance(found, Attention)
    return found


def patched(net: nn.Module, patch: Patch) -> nn.Module:
    """A private clone with a patch."""
    clone = light_clone(net)
    patch.apply(clone)
    return clone


@pytest.mark.parametrize(
    "patch", [PerturbedAttention(), SmoothedAttention("all"), FreeU()], ids=lambda patch: type(patch).__name__
)
def test_a_patch_changes_its_clone_and_leaves_the_base_as_it_was(unet: nn.Module, patch: Patch) -> None:
    before = predicted(unet)

    after = predicted(patched(unet, patch))

    assert not torch.allclose(after, before, atol=1e-5)
    assert predicted(unet).equal(before)


@pytest.mark.parametrize("patch", PATCHES[:4] + PATCHES[6:])
def test_rows_do_not_see_each_other(unet: nn.Module, patch: Patch) -> None:
    clone = patched(unet, patch)
    states, latent = torch.randn(2, 5, tiny_models.WIDTH), torch.randn(2, 4, 8, 8)
    with torch.no_grad():
        both = clone(latent, torch.tensor([500.0, 20.0]), states).sample
        second = clone(latent[1:], torch.tensor([20.0]), states[1:]).sample

    torch.testing.assert_close(both[1:], second, atol=1e-5, rtol=1e-5)


def test_perturbed_attention_equals_the_perturbed_half_of_diffusers_processor(unet: nn.Module) -> None:
    hidden = torch.randn(1, 16, 16)
    attention = middle_attention(unet)
    theirs = PAGIdentitySelfAttnProcessor2_0()

    ours = middle_attention(patched(unet, PerturbedAttention()))(hidden)

    expected = theirs(attention, torch.cat([hidden, hidden]))[1:]
    torch.testing.assert_close(ours, expected)


def test_smoothed_attention_asks_every_place_the_mean_question(unet: nn.Module) -> None:
    hidden = torch.randn(1, 9, 16)
    attention = middle_attention(unet)
    heads = attention.heads

    ours = middle_attention(patched(unet, SmoothedAttention()))(hidden)

    with torch.no_grad():
        query = attention.to_q(hidden)[0].mean(dim=0)
        key, value = attention.to_k(hidden)[0], attention.to_v(hidden)[0]
        width = query.shape[0] // heads
        answers = []
        for head in range(heads):
            part = slice(head * width, (head + 1) * width)
            share = torch.softmax(key[:, part] @ query[part] / math.sqrt(width), dim=0)
            answers.append(share @ value[:, part])
        expected = attention.to_out[0](torch.cat(answers)).expand(9, -1)
    torch.testing.assert_close(ours[0], expected, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("norm", ["layer_norm", "rms_norm_across_heads"])
def test_questions_and_keys_are_normalised_as_the_model_does(norm: str) -> None:
    torch.manual_seed(3)
    attention = Attention(query_dim=8, heads=2, kv_heads=2, dim_head=4, qk_norm=norm, bias=True).eval()
    net = nn.ModuleDict({"mid_block": nn.ModuleDict({"attn1": attention})})
    hidden = torch.randn(1, 5, 8)

    with torch.no_grad():
        ours = patched(net, SmoothedAttention()).get_submodule("mid_block.attn1")(hidden)
        asked, offered, said = attention.to_q(hidden), attention.to_k(hidden), attention.to_v(hidden)
        if norm == "rms_norm_across_heads":
            asked, offered = attention.norm_q(asked), attention.norm_k(offered)
        query, key, value = (part.unflatten(2, (2, 4)).transpose(1, 2) for part in (asked, offered, said))
        if norm == "layer_norm":
            query, key = attention.norm_q(query), attention.norm_k(key)
        seen = functional.scaled_dot_product_attention(query.mean(dim=2, keepdim=True), key, value)
        expected = attention.to_out[0](seen.transpose(1, 2).flatten(2)).expand(-1, 5, -1)

    torch.testing.assert_close(ours, expected)


def test_middle_layers_are_those_between_encoder_and_decoder(unet: nn.Module) -> None:
    clone = patched(unet, PerturbedAttention("middle"))
    changed = {
        name
        for name, processor in clone.attn_processors.items()  # type: ignore[operator, union-attr]
        if type(processor) is not type(unet.attn_processors[name])  # type: ignore[index]
    }

    assert changed == {"mid_block.attentions.0.transformer_blocks.0.attn1.processor"}


def test_all_layers_are_all_self_attention_and_no_other(unet: nn.Module) -> None:
    clone = patched(unet, PerturbedAttention("all"))
    changed = {
        name
        for name, processor in clone.attn_processors.items()  # type: ignore[operator, union-attr]
        if type(processor) is not type(unet.attn_processors[name])  # type: ignore[index]
    }

    assert changed == {name for name in unet.attn_processors if ".attn1." in name}  # type: ignore[union-attr]


def test_skipped_blocks_equal_those_that_the_transformer_skips_itself(transformer: nn.Module) -> None:
    for blocks in ((0,), (1,), (0, 1)):
        clone = patched(transformer, SkippedBlocks(blocks))

        assert velocity(clone).equal(velocity(transformer, skip_layers=list(blocks)))


def test_controls_add_behind_skipped_blocks_as_the_transformer_lets_them(transformer: nn.Module) -> None:
    controls = [torch.randn(1, 16, 32), torch.randn(1, 16, 32)]
    twice = patched(patched(transformer, SkippedBlocks((0,))), SkippedBlocks((0, 1)))

    found = velocity(twice, block_controlnet_hidden_states=controls)

    assert found.equal(velocity(transformer, skip_layers=[0, 1], block_controlnet_hidden_states=controls))
    assert not found.equal(velocity(twice))


def test_blocks_can_be_skipped_twice(transformer: nn.Module) -> None:
    clone = patched(transformer, SkippedBlocks((0,)))
    SkippedBlocks((0, 1)).apply(clone)

    assert velocity(clone).equal(velocity(transformer, skip_layers=[0, 1]))


def test_free_u_equals_diffusers_own(unet: nn.Module) -> None:
    ours = predicted(patched(unet, FreeU((1.5, 1.6), (0.9, 0.2))))

    unet.enable_freeu(s1=0.9, s2=0.2, b1=1.5, b2=1.6)  # type: ignore[operator]
    assert ours.equal(predicted(unet))


@pytest.mark.parametrize("patch", [PerturbedAttention(), SmoothedAttention("all"), FreeU()])
def test_what_is_for_other_networks_is_refused_by_flux(patch: Patch) -> None:
    with pytest.raises(PatchMismatchError):
        patch.apply(tiny_models.MAKERS["flux"]().transformer)


class Joint(NamedTuple):
    """What a layer over picture and text is given, and what each of its tokens asks, offers and says."""

    picture: Tensor
    text: Tensor
    query: Tensor
    key: Tensor
    value: Tensor


def joint(attention: Attention) -> Joint:
    """Three places and two words, and the heads of the layer for all five."""
    generator = torch.Generator().manual_seed(1)
    picture, text = (torch.randn(1, count, 32, generator=generator) for count in (3, 2))
    norms = {"to_q": "norm_q", "to_k": "norm_k", "add_q_proj": "norm_added_q", "add_k_proj": "norm_added_k"}

    def heads(name: str, states: Tensor) -> Tensor:
        found: Tensor = getattr(attention, name)(states)[0].unflatten(1, (attention.heads, -1))
        return getattr(attention, norms[name])(found) if name in norms else found

    with torch.no_grad():
        parts = [
            torch.cat([heads(f"to_{part}", picture), heads(f"add_{part}_proj", text)]).transpose(0, 1)
            for part in "qkv"
        ]
    return Joint(picture, text, *parts)


def answered(query: Tensor, given: Joint, seen: Tensor) -> Tensor:
    """What is answered, by the formula of attention, where only some tokens are seen."""
    scores = query @ given.key.mT / math.sqrt(given.query.shape[-1])
    found = torch.softmax(scores.masked_fill(~seen, -math.inf), dim=-1) @ given.value
    return found.transpose(0, 1).flatten(1)


@pytest.fixture
def newest() -> nn.Module:
    """The first block of a tiny Stable Diffusion 3.5, with normalised questions and a second attention."""
    torch.manual_seed(4)
    transformer = SD3Transformer2DModel(
        in_channels=16,
        num_layers=2,
        attention_head_dim=8,
        num_attention_heads=4,
        caption_projection_dim=32,
        joint_attention_dim=80,
        pooled_projection_dim=72,
        pos_embed_max_size=24,
        qk_norm="rms_norm",
        dual_attention_layers=(0,),
    )
    for name, parameter in transformer.named_parameters():
        if ".norm_" in name:
            nn.init.uniform_(parameter, 0.5, 2.0)
    made: nn.Module = transformer.eval().requires_grad_(False)
    return made


def test_places_see_themselves_and_the_text_where_both_are_read_as_one(newest: nn.Module) -> None:
    attention = newest.get_submodule("transformer_blocks.0.attn")
    assert isinstance(attention, Attention)
    given = joint(attention)

    clone = patched(newest, PerturbedAttention("all")).get_submodule("transformer_blocks.0.attn")
    seen, told = clone(given.picture, given.text)

    allowed = torch.ones(5, 5, dtype=torch.bool)
    allowed[:3, :3] = torch.eye(3, dtype=torch.bool)
    expected = answered(given.query, given, allowed)
    torch.testing.assert_close(seen[0], attention.to_out[0](expected[:3]))
    torch.testing.assert_close(told[0], attention.to_add_out(expected[3:]))


def test_places_ask_alike_where_picture_and_text_are_read_as_one(newest: nn.Module) -> None:
    attention = newest.get_submodule("transformer_blocks.0.attn")
    assert isinstance(attention, Attention)
    given = joint(attention)

    clone = patched(newest, SmoothedAttention("all")).get_submodule("transformer_blocks.0.attn")
    seen, told = clone(given.picture, given.text)

    query = torch.cat(
        [given.query[:, :3].mean(dim=1, keepdim=True).expand(-1, 3, -1), given.query[:, 3:]], dim=1
    )
    expected = answered(query, given, torch.ones(5, 5, dtype=torch.bool))
    torch.testing.assert_close(seen[0], attention.to_out[0](expected[:3]))
    torch.testing.assert_close(told[0], attention.to_add_out(expected[3:]))


@pytest.mark.parametrize("patch", [PerturbedAttention("all"), SmoothedAttention("all")])
def test_the_second_attention_of_a_block_is_weakened_as_well(newest: nn.Module, patch: Patch) -> None:
    before, clone = velocity(newest), patched(newest, patch)
    kinds = {type(processor).__name__ for processor in clone.attn_processors.values()}  # type: ignore[operator]

    assert kinds == {"_Processor"}
    assert not torch.allclose(velocity(clone), before, atol=1e-5)
    assert velocity(newest).equal(before)


def test_the_middle_of_a_transformer_is_the_block_half_way(transformer: nn.Module) -> None:
    changed = {
        name
        for name, processor in patched(transformer, PerturbedAttention()).attn_processors.items()  # type: ignore[operator, union-attr]
        if type(processor).__name__ == "_Processor"
    }

    assert changed == {"transformer_blocks.1.attn.processor"}


def test_the_middle_is_found_where_the_blocks_have_another_name() -> None:
    transformer = tiny_hunyuandit().transformer

    changed = {
        name
        for name, processor in patched(transformer, PerturbedAttention()).attn_processors.items()  # type: ignore[operator, union-attr]
        if type(processor).__name__ == "_Processor"
    }

    assert changed == {"blocks.1.attn1.processor"}


def test_layers_of_a_u_net_cannot_be_skipped(unet: nn.Module) -> None:
    with pytest.raises(PatchMismatchError, match="stack of transformer blocks"):
        SkippedBlocks((0,)).apply(unet)


def test_a_block_that_is_not_there_is_named(transformer: nn.Module) -> None:
    with pytest.raises(PatchMismatchError, match="2 blocks, counted from 0, and none is number 7"):
        SkippedBlocks((0, 7)).apply(transformer)


def test_a_kind_of_block_that_is_not_known_is_refused() -> None:
    net = nn.Module()
    net.transformer_blocks = nn.ModuleList([nn.Linear(1, 1)])

    with pytest.raises(PatchMismatchError, match="Linear"):
        SkippedBlocks((0,)).apply(net)


def test_keys_tell_kinds_and_values_apart_and_are_stable() -> None:
    assert len({patch.key for patch in PATCHES}) == len(PATCHES)
    assert SkippedBlocks((0, 1)).key == SkippedBlocks((0, 1)).key


def test_they_change_the_denoising_network_whatever_its_name() -> None:
    assert {patch.part for patch in PATCHES} == {DENOISER}
    assert LowRankPatch("", "").part != DENOISER
