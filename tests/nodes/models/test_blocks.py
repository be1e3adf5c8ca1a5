"""Strengths of single blocks are told by names of layers, the last that fits counting."""

import pytest
from torch import nn
from weft_nodes.models.blocks import BlockStrengthsError, block_strengths, check_blocks, factor_on
from weft_nodes.models.errors import PatchMismatchError


def test_strengths_of_blocks_are_names_with_numbers() -> None:
    assert block_strengths(" mid_block = 0.5,\nup_blocks.*=-1,") == (
        ("mid_block", 0.5),
        ("up_blocks.*", -1.0),
    )
    for text in ("mid_block", "mid_block=much", "=1", "a=nan", "a=inf"):
        with pytest.raises(BlockStrengthsError) as caught:
            block_strengths(text)
        assert caught.value.code == "block-strengths"


def test_of_several_names_that_fit_the_last_counts_and_whole_names_are_compared() -> None:
    blocks = (("*", 0.0), ("up.1", 0.5), ("up.*.attn", 2.0))
    names = ("mid.attn", "up.1.conv", "up.1.attn.to_q", "up.10.conv", "up.2.attn")

    assert [factor_on(name, blocks) for name in names] == [0.0, 0.5, 2.0, 0.0, 2.0]
    assert factor_on("mid", ()) == 1.0


def test_names_that_no_layer_has_are_refused_with_those_there_are() -> None:
    net = nn.Sequential()
    net.add_module("mid_block", nn.Linear(1, 1))

    check_blocks(net, (("mid_*", 0.5),))
    with pytest.raises(PatchMismatchError, match="strength of up_block") as caught:
        check_blocks(net, (("mid_block", 0.5), ("up_block", 0.0)))
    assert "mid_block" in str(caught.value.hint)
