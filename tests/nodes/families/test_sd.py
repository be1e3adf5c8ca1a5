"""The adapter of Stable Diffusion 1.x and 2.x, and of the starter model."""

import pytest
import tiny_models
import torch
from weft_nodes.families import FAMILIES
from weft_nodes.models.text import TextStack
from weft_nodes.models.wording import Wording

CLASSIC = ("sd15", "sd2", "starter")


def _stack() -> TextStack:
    return TextStack(tiny_models.tiny_text_encoder(), tiny_models.tiny_tokenizer())


@pytest.mark.parametrize("name", CLASSIC)
def test_there_is_one_text_encoder(name: str) -> None:
    assert [part.encoder.name for part in FAMILIES[name].text_parts] == ["text_encoder"]
    assert [part.tokenizer for part in FAMILIES[name].text_parts] == ["tokenizer"]


@pytest.mark.parametrize(("words", "tokens"), [(0, 77), (75, 77), (76, 154), (300, 308)])
def test_a_prompt_has_states_for_every_chunk(words: int, tokens: int) -> None:
    tensors = FAMILIES["sd15"].encode((_stack(),), Wording.plain("a " * words), skipped_layers=0)

    assert {name: tuple(tensor.shape) for name, tensor in tensors.items()} == {
        "encoder_hidden_states": (1, tokens, tiny_models.WIDTH)
    }


def test_each_skipped_layer_gives_other_states() -> None:
    stacks = (_stack(),)
    states = [
        FAMILIES["sd15"].encode(stacks, Wording.plain("an inn"), skipped_layers=count)[
            "encoder_hidden_states"
        ]
        for count in (0, 1, 2, 3)
    ]

    assert not any(torch.equal(a, b) for place, a in enumerate(states) for b in states[:place])


def test_more_skipped_layers_than_there_are_leave_the_embedding() -> None:
    stacks = (_stack(),)
    all_of_them, more = (
        FAMILIES["sd15"].encode(stacks, Wording.plain("an inn"), skipped_layers=count)[
            "encoder_hidden_states"
        ]
        for count in (3, 11)
    )

    assert torch.equal(all_of_them, more)


def test_the_first_two_generations_share_a_latent_space_and_the_starter_has_its_own() -> None:
    assert FAMILIES["sd15"].latent_space == FAMILIES["sd2"].latent_space == "sd"
    assert FAMILIES["starter"].latent_space == "starter"
    assert FAMILIES["starter"].configs is None
