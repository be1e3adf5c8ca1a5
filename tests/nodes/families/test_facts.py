"""The table of facts agrees with the adapters and the configurations that ship."""

import pytest
from weft_nodes.families import FACTS, FAMILIES
from weft_nodes.families.facts import LatentPatchError, check_size
from weft_nodes.models.loading import read_json


def test_facts_and_adapters_name_the_same_families() -> None:
    assert set(FACTS) == set(FAMILIES)
    assert all(facts.id == name for name, facts in FACTS.items())


@pytest.mark.parametrize("name", [name for name, family in FAMILIES.items() if family.configs])
def test_facts_agree_with_the_configurations(name: str) -> None:
    facts, configs = FACTS[name], FAMILIES[name].configs
    assert configs is not None
    part = FAMILIES[name].network_part.name
    network, vae = (read_json(configs / folder / "config.json") for folder in (part, "vae"))
    levels = vae["block_out_channels"]
    assert isinstance(levels, list)

    assert network.get("cross_attention_dim", network.get("joint_attention_dim")) == facts.text_width
    assert vae["latent_channels"] == facts.latent_channels
    # Some networks count the channels of a token.
    assert network["in_channels"] in (facts.latent_channels, facts.latent_channels * facts.patch**2)
    assert 2 ** (len(levels) - 1) == facts.reduction
    assert facts.size % (8 * facts.reduction) == 0


@pytest.mark.parametrize("name", FACTS)
def test_defaults_are_such_that_a_picture_comes_out(name: str) -> None:
    facts = FACTS[name]

    assert 1 <= facts.steps <= 100
    assert 1.0 <= facts.guidance_scale <= 10.0
    assert facts.title
    assert facts.size % facts.multiple == 0


def test_a_latent_that_gives_no_whole_tokens_is_refused_with_a_size_that_does() -> None:
    check_size("sd15", (65, 33))
    check_size("sd3", (64, 32))

    with pytest.raises(LatentPatchError, match="520x264 pixels, but Stable Diffusion 3") as caught:
        check_size("sd3", (33, 65))

    assert caught.value.hint == "Use 512x256."


def test_families_that_share_a_space_agree_on_its_shape() -> None:
    shapes: dict[str, set[tuple[int, int]]] = {}
    for facts in FACTS.values():
        shapes.setdefault(facts.latent_space, set()).add((facts.latent_channels, facts.reduction))

    assert all(len(found) == 1 for found in shapes.values())
