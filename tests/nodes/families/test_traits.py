"""Traits of a network are told from names and shapes of its tensors."""

import pytest
from weft_nodes.families import FAMILIES
from weft_nodes.families.sdxl import StableDiffusionXL
from weft_nodes.families.traits import reads_no_text, traits_of

PICTURES = {"conv_in.weight": (8, 3, 3, 3), "conv_out.weight": (3, 8, 3, 3)}


def test_a_network_of_pictures_reads_no_text() -> None:
    assert reads_no_text("DDPMPipeline", PICTURES)
    assert not reads_no_text("LDMPipeline", PICTURES)
    assert not reads_no_text("DDPMPipeline", {})


@pytest.mark.parametrize(
    "more",
    [
        {"conv_in.weight": (8, 4, 3, 3)},
        {"conv_out.weight": (6, 8, 3, 3)},
        {"class_embedding.weight": (10, 32)},
        {"time_proj.weight": (16,)},
        {"mid_block.attentions.0.transformer_blocks.0.attn2.to_k.weight": (8, 768)},
    ],
)
def test_one_that_is_told_more_is_another(more: dict[str, tuple[int, ...]]) -> None:
    assert not reads_no_text("DDPMPipeline", PICTURES | more)


def test_what_reads_no_text_cannot_be_guided() -> None:
    traits = traits_of("ddpm", PICTURES)

    assert (traits["network"], traits["attention"], traits["guidance"]) == (
        "unconditional",
        "plain",
        "unprompted",
    )


@pytest.mark.parametrize(
    ("family", "layer", "shape", "shown"),
    [
        ("sd15", "conv_in.weight", (320, 4, 3, 3), "nothing"),
        ("sd15", "input_blocks.0.0.weight", (320, 8, 3, 3), "picture"),
        ("sdxl", "conv_in.weight", (320, 9, 3, 3), "picture+mask"),
        ("sd3", "pos_embed.proj.weight", (1536, 33, 2, 2), "picture+mask"),
        ("flux", "img_in.weight", (3072, 64), "nothing"),
        ("flux", "x_embedder.weight", (3072, 128), "picture"),
        ("flux", "x_embedder.weight", (3072, 384), "picture+mask"),
        ("flux2", "x_embedder.weight", (6144, 128), "nothing"),
        ("auraflow", "pos_embed.proj.weight", (3072, 16), "nothing"),
    ],
)
def test_the_first_layer_shows_what_is_read_beside_the_noise(
    family: str, layer: str, shape: tuple[int, ...], shown: str
) -> None:
    assert traits_of(family, {layer: shape})["shown"] == shown


@pytest.mark.parametrize(
    "shapes", [{}, {"conv_in.weight": (320, 5, 3, 3)}, {"conv_in.weight": (1,)}, {"other.weight": (1, 4)}]
)
def test_what_a_first_layer_does_not_show_is_left_open(shapes: dict[str, tuple[int, ...]]) -> None:
    assert "shown" not in traits_of("sd2", shapes)


@pytest.mark.parametrize(
    ("family", "references", "step_cache", "execution"),
    [
        ("sd15", "none", None, None),
        ("sd3", "none", "none", "fixed"),
        ("flux", None, None, None),
        ("chroma", "none", "last layer", None),
        ("qwen-image", None, None, None),
        ("flux2", None, "none", None),
    ],
)
def test_only_what_a_family_cannot_do_is_said(
    family: str, references: str | None, step_cache: str | None, execution: str | None
) -> None:
    traits = traits_of(family, {})

    found = (traits.get("references"), traits.get("step_cache"), traits.get("execution"))
    assert found == (references, step_cache, execution)


@pytest.mark.parametrize(
    ("family", "sizes"),
    [("sdxl", None), ("sdxl-refiner", None), ("kolors", None), ("sd15", "none"), ("flux", "none")],
)
def test_families_that_are_not_told_sizes_say_so(family: str, sizes: str | None) -> None:
    assert traits_of(family, {}).get("sizes") == sizes


def test_a_model_that_reads_nothing_beside_the_noise_sees_no_pictures() -> None:
    assert traits_of("sd15", {"conv_in.weight": (320, 4, 3, 3)})["sights"] == "none"
    assert "sights" not in traits_of("sd15", {"conv_in.weight": (320, 8, 3, 3)})
    assert "sights" not in traits_of("flux", {"img_in.weight": (3072, 64)})


def test_of_chroma_the_last_layer_alone_can_be_predicted() -> None:
    assert [traits_of(family, {}).get("lite") for family in ("chroma", "flux", "sd3")] == ["true", None, None]


@pytest.mark.parametrize("family", [name for name in FAMILIES if name != "ddpm"])
def test_the_tables_agree_with_the_networks(family: str) -> None:
    adapter = FAMILIES[family]
    live = getattr(adapter, "live", None)

    assert (traits_of(family, {}).get("references") is None) == getattr(live, "_reads_references", False)
    assert (traits_of(family, {}).get("sizes") is None) == isinstance(adapter, StableDiffusionXL)
