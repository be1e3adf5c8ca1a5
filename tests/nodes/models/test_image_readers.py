"""The layers of an IP-Adapter add to what words say, on a clone, for the rows that have pictures."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import tiny_models
import torch
from diffusers import SD3Transformer2DModel
from safetensors.torch import load_file, save_file
from tiny.image_prompts import tiny_adapter, write_adapter
from torch import Tensor, nn
from weft_nodes.diffusion.controls import ImageRows
from weft_nodes.models.attention_patches import FreeU, PerturbedAttention, SkippedBlocks, SmoothedAttention
from weft_nodes.models.clones import light_clone
from weft_nodes.models.errors import CheckpointIncompleteError, ControlMismatchError, PatchMismatchError
from weft_nodes.models.execution import AttentionKernel
from weft_nodes.models.image_readers import ImageReading, name_of_layer, told_images
from weft_nodes.models.patches import Patch

WIDTH = tiny_models.WIDTH
Rows = tuple[ImageRows, ...]


class Network:
    """A tiny network of a family with two adapters for it, and how it is asked.

    Args:
        family: Its family.
        folder: Where the adapters are written.
    """

    def __init__(self, family: str, folder: Path) -> None:
        self.family = family
        pipeline = tiny_models.MAKERS[family]()
        self.net: Any = pipeline.unet if family == "sd15" else pipeline.transformer
        kind = "base" if family == "sd15" else family
        found = [
            write_adapter(folder / f"{family}{seed}", self.net, family, kind=kind, seed=seed)
            for seed in (7, 8)
        ]
        self.first, self.second = (
            ImageReading(str(path), key) for path, key in zip(found, ("first", "second"), strict=True)
        )

    def rows(
        self, key: str, *, strength: float = 1.0, mask: Tensor | None = None, seed: int = 3
    ) -> ImageRows:
        """What two rows read of a picture."""
        shape = (2, 1, 4, 20) if self.family == "sd3" else (2, 4, WIDTH)
        tokens = torch.randn(shape, generator=torch.Generator().manual_seed(seed))
        return ImageRows(key, tokens, torch.full((2,), strength), mask)

    def predicted(self, net: Any, images: Rows = ()) -> Tensor:
        """What a network of this kind predicts for two rows."""
        generator = torch.Generator().manual_seed(1)

        def drawn(*shape: int) -> Tensor:
            return torch.randn(shape, generator=generator)

        times = torch.tensor([500.0, 20.0])
        with torch.no_grad():
            told = told_images(net, images, times)
            if self.family == "sd15":
                output = net(drawn(2, 4, 8, 8), times, drawn(2, 5, WIDTH), return_dict=False, **told)
            else:
                is_packed = self.family == "flux"
                places = {"img_ids": torch.zeros(16, 3), "txt_ids": torch.zeros(5, 3)} if is_packed else {}
                output = net(
                    hidden_states=drawn(2, 16, 64) if is_packed else drawn(2, 16, 8, 8),
                    encoder_hidden_states=drawn(2, 5, net.config.joint_attention_dim),
                    pooled_projections=drawn(2, net.config.pooled_projection_dim),
                    timestep=times / 1000 if is_packed else times,
                    return_dict=False,
                    **({"guidance": torch.ones(2)} if is_packed else {}),
                    **places,
                    **told,
                )
        predicted: Tensor = output[0]
        return predicted


@pytest.fixture(scope="module")
def networks(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Network]:
    """A network of each kind that reads pictures; nothing writes into them."""
    folder = tmp_path_factory.mktemp("adapters")
    return {family: Network(family, folder) for family in ("sd15", "flux", "sd3")}


@pytest.fixture(params=["sd15", "flux", "sd3"])
def network(request: pytest.FixtureRequest, networks: dict[str, Network]) -> Network:
    """One of them."""
    return networks[request.param]


def patched(net: nn.Module, *patches: Patch) -> nn.Module:
    """A private clone with patches."""
    clone = light_clone(net)
    for patch in patches:
        patch.apply(clone)
    return clone


def test_a_changed_network_without_pictures_answers_as_before_and_the_base_stays(network: Network) -> None:
    before = network.predicted(network.net)
    clone = patched(network.net, network.first)

    changed = network.predicted(clone, (network.rows("first"),))

    assert not torch.allclose(changed, before, atol=1e-4)
    assert network.predicted(clone).equal(before)
    assert network.predicted(network.net).equal(before)


def test_strength_is_a_number_of_each_row(network: Network) -> None:
    clone, image = patched(network.net, network.first), network.rows("first")
    mixed = network.predicted(clone, (image._replace(strength_B=torch.tensor([1.0, 0.0])),))

    torch.testing.assert_close(mixed[:1], network.predicted(clone, (image,))[:1])
    torch.testing.assert_close(mixed[1:], network.predicted(clone)[1:])


def test_a_mask_of_everything_changes_nothing_and_of_nothing_all(network: Network) -> None:
    clone = patched(network.net, network.first)

    def masked(value: float) -> Tensor:
        return network.predicted(clone, (network.rows("first", mask=torch.full((2, 1, 8, 8), value)),))

    torch.testing.assert_close(masked(1.0), network.predicted(clone, (network.rows("first"),)))
    torch.testing.assert_close(masked(0.0), network.predicted(clone))
    assert not torch.allclose(masked(0.5), masked(1.0), atol=1e-4)


def test_several_adapters_add_up_in_any_order_and_the_same_can_read_twice(network: Network) -> None:
    both = patched(network.net, network.first, network.second)
    images = (network.rows("first"), network.rows("second", seed=4))
    found = [network.predicted(both, each) for each in (images, images[::-1], images[:1])]

    torch.testing.assert_close(found[0], found[1], atol=1e-5, rtol=1e-5)
    assert not torch.allclose(found[0], found[2], atol=1e-4)
    halves = (network.rows("first", strength=0.5),) * 2
    torch.testing.assert_close(network.predicted(both, halves), found[2], atol=1e-5, rtol=1e-5)


PATCHES: list[tuple[str, Patch]] = [
    ("sd15", PerturbedAttention("all")),
    ("sd15", FreeU()),
    ("sd3", PerturbedAttention("all")),
    ("sd3", SmoothedAttention("all")),
    ("sd3", SkippedBlocks((0,))),
    ("flux", SkippedBlocks((0,))),
    ("flux", AttentionKernel("math")),
]


@pytest.mark.parametrize(("network", "patch"), PATCHES, indirect=["network"])
def test_it_composes_with_patches_in_front(network: Network, patch: Patch) -> None:
    image = (network.rows("first"),)
    clone = patched(network.net, patch, network.first)

    found = network.predicted(clone, image)

    assert network.predicted(clone).equal(network.predicted(patched(network.net, patch)))
    assert not torch.allclose(found, network.predicted(clone), atol=1e-5)
    if not isinstance(patch, AttentionKernel):
        assert not torch.allclose(
            found, network.predicted(patched(network.net, network.first), image), atol=1e-5
        )


def test_blocks_are_as_strong_as_each_is_told(network: Network) -> None:
    name = "mid_block" if network.family == "sd15" else "transformer_blocks.0"
    image = network.rows("first")

    def told(*blocks: tuple[str, float]) -> Tensor:
        return network.predicted(patched(network.net, replace(network.first, blocks=blocks)), (image,))

    whole, plain = told(), network.predicted(network.net)
    halves = network.predicted(
        patched(network.net, network.first), (image._replace(strength_B=torch.full((2,), 0.5)),)
    )

    assert told(("*", 0.0)).equal(plain)
    torch.testing.assert_close(told(("*", 0.5)), halves)
    assert not any(torch.allclose(told((name, 0.0)), other, atol=1e-4) for other in (whole, plain))
    with pytest.raises(PatchMismatchError, match="strength of elsewhere"):
        told(("elsewhere", 0.5))


def test_pictures_without_their_adapter_are_an_error(network: Network) -> None:
    for net in (network.net, patched(network.net, network.first)):
        with pytest.raises(ControlMismatchError, match="no layers for the pictures"):
            network.predicted(net, (network.rows("other"),))


def test_adapters_of_other_networks_are_refused(network: Network, networks: dict[str, Network]) -> None:
    for other in networks.values():
        if other is not network:
            with pytest.raises(PatchMismatchError, match=r"layers for the network's|network takes"):
                patched(other.net, network.first)
    with pytest.raises(PatchMismatchError, match="reads no pictures"):
        patched(nn.Linear(1, 1), network.first)


@pytest.mark.parametrize("network", ["sd3"], indirect=True)
def test_each_picture_is_resampled_for_itself(network: Network) -> None:
    clone = patched(network.net, network.first)
    one, other = network.rows("first"), network.rows("first", seed=5)
    both = one._replace(tokens_BTD=torch.cat([one.tokens_BTD, other.tokens_BTD], dim=1))
    times = torch.tensor([500.0, 20.0])

    def told(rows: ImageRows) -> ImageRows:
        found: Any = told_images(clone, (rows,), times)
        resampled: ImageRows = found["joint_attention_kwargs"]["ip_hidden_states"][0]
        return resampled

    apart = [told(rows) for rows in (one, other)]

    torch.testing.assert_close(told(both).tokens_BTD, torch.cat([rows.tokens_BTD for rows in apart], dim=1))
    assert not torch.allclose(
        apart[0].tokens_BTD[0], told(one._replace(tokens_BTD=one.tokens_BTD.flip(0))).tokens_BTD[1]
    )


def test_networks_with_two_attentions_in_a_block_read_as_diffusers_does(
    tmp_path: Path, networks: dict[str, Network]
) -> None:
    torch.manual_seed(3)
    net = SD3Transformer2DModel(
        sample_size=16,
        num_layers=2,
        attention_head_dim=8,
        num_attention_heads=4,
        caption_projection_dim=32,
        joint_attention_dim=80,
        pooled_projection_dim=72,
        dual_attention_layers=(0,),
        qk_norm="rms_norm",
    ).eval()
    ours = networks["sd3"]
    path = write_adapter(tmp_path / "dual", net, "sd3", kind="sd3")
    rows = ours.rows("first", strength=0.5)
    found = ours.predicted(patched(net, ImageReading(str(path), "first")), (rows,))
    state: dict[str, dict[str, Tensor]] = {"image_proj": {}, "ip_adapter": {}}
    for name, tensor in load_file(path).items():
        part, _, rest = name.partition(".")
        state[part][rest] = tensor
    net._load_ip_adapter_weights(state, low_cpu_mem_usage=False)
    generator = torch.Generator().manual_seed(1)
    latent, words, pooled = (
        torch.randn(shape, generator=generator) for shape in ((2, 16, 8, 8), (2, 5, 80), (2, 72))
    )

    with torch.no_grad():
        theirs = net(
            latent,
            words,
            pooled,
            torch.tensor([500.0, 20.0]),
            joint_attention_kwargs={"ip_adapter_image_embeds": rows.tokens_BTD[:, 0]},
            return_dict=False,
        )[0]

    torch.testing.assert_close(found, theirs, atol=1e-6, rtol=1e-5)


def test_layers_have_one_name_in_files_of_all_kinds() -> None:
    names = ("double_blocks.3.processor.ip_adapter_double_stream_v_proj.bias", "ip_adapter.1.to_k_ip.weight")

    assert [name_of_layer(name) for name in (*names, "image_proj.x")] == [
        "3.to_v_ip.bias",
        "1.to_k_ip.weight",
        "",
    ]


@pytest.mark.parametrize("network", ["sd3"], indirect=True)
@pytest.mark.parametrize(
    ("dropped", "error"),
    [
        ("image_proj.layers.3.0.to_q.weight", CheckpointIncompleteError),
        ("ip_adapter.1.norm_q.weight", PatchMismatchError),
        ("ip_adapter.1.norm_ip.linear.weight", PatchMismatchError),
    ],
)
def test_adapters_that_lack_a_layer_are_refused(
    tmp_path: Path, network: Network, dropped: str, error: type[Exception]
) -> None:
    tensors = {
        name: tensor for name, tensor in tiny_adapter(network.net, kind="sd3").items() if name != dropped
    }
    save_file(tensors, tmp_path / "x.safetensors")

    with pytest.raises(error):
        patched(network.net, ImageReading(str(tmp_path / "x.safetensors"), "x"))
