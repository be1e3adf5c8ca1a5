"""Traits of a network are told from names and shapes of its tensors."""

import pytest
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
