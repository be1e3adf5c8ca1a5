"""Networks are told of a picture what a prompt says of it, and no more."""

import torch
from weft_nodes.diffusion.values import Conditioning, Prompt
from weft_nodes.hints import set_guidance, set_size_hint
from weft_nodes.prompts import combine_prompts

PLAIN = Conditioning((Prompt({"text_embeds": torch.ones(1, 4)}), Prompt({"text_embeds": torch.zeros(1, 4)})))


def test_every_prompt_says_the_sizes_and_the_score_in_the_order_in_which_networks_read_them() -> None:
    hinted = set_size_hint(
        PLAIN, 640, 480, crop_left=8, crop_top=16, target_width=1024, target_height=768, aesthetic_score=7.5
    )

    assert [entry.tensors["time_ids"].tolist() for entry in hinted.entries] == [
        [[480, 640, 16, 8, 768, 1024]]
    ] * 2
    assert [entry.tensors["aesthetic_score"].tolist() for entry in hinted.entries] == [[[7.5]]] * 2
    assert hinted.entries[0].tensors["text_embeds"].eq(1).all()
    assert PLAIN.entries[0].tensors.keys() == {"text_embeds"}


def test_a_later_hint_takes_the_place_of_the_sizes_but_leaves_a_score_of_which_it_says_nothing() -> None:
    hinted = set_size_hint(set_size_hint(PLAIN, 640, 480, aesthetic_score=7.5), crop_top=8)

    assert hinted.entries[0].tensors["time_ids"].tolist() == [[0, 0, 8, 0, 0, 0]]
    assert hinted.entries[0].tensors["aesthetic_score"].tolist() == [[7.5]]


def test_a_score_that_is_not_said_is_left_open() -> None:
    assert "aesthetic_score" not in set_size_hint(PLAIN, 640, 480).entries[0].tensors


def test_sizes_of_one_of_two_prompts_that_are_combined_are_still_said() -> None:
    both = combine_prompts(PLAIN, set_size_hint(PLAIN, 640, 480))

    assert ["time_ids" in entry.tensors for entry in both.entries] == [False, False, True, True]


def test_guidance_is_said_by_every_prompt() -> None:
    told = set_guidance(PLAIN, 2.5)

    assert [entry.tensors["guidance"].tolist() for entry in told.entries] == [[2.5]] * 2
