"""Prompts of any length become chunks of exactly the encoder's length, and no word is lost."""

from concurrent.futures import ThreadPoolExecutor
from typing import cast

import pytest
import tiny_models
import torch
from transformers import CLIPTextConfig
from weft_nodes.models.text import TextStack, chunk_tokens, final_norm, hidden_states, joined


def _stack(*, pad_token: str = tiny_models.END, length: int = 77, projection: bool = False) -> TextStack:
    return TextStack(
        tiny_models.tiny_text_encoder(projection=projection),
        tiny_models.tiny_tokenizer(pad_token=pad_token, length=length),
    )


@pytest.mark.parametrize("text", ["", "a", "the singer in an inn", "a " * 75])
@pytest.mark.parametrize("pad_token", [tiny_models.END, "!"])
def test_a_prompt_that_fits_has_the_ids_of_transformers(text: str, pad_token: str) -> None:
    stack = _stack(pad_token=pad_token)
    theirs = stack.tokenizer(text, padding="max_length", max_length=77, truncation=True, return_tensors="pt")

    ids_NT, mask_NT = chunk_tokens(stack, text)

    assert torch.equal(ids_NT, theirs["input_ids"])
    assert torch.equal(mask_NT, theirs["attention_mask"])


@pytest.mark.parametrize(("words", "chunks"), [(0, 1), (75, 1), (76, 2), (150, 2), (151, 3), (1000, 14)])
def test_a_longer_prompt_takes_as_many_chunks_as_it_needs(words: int, chunks: int) -> None:
    ids_NT, _ = chunk_tokens(_stack(), "a " * words)

    assert ids_NT.shape == (chunks, 77)


def test_no_word_of_a_long_prompt_is_lost() -> None:
    stack = _stack(length=12)
    text = "the singer drinks in an inn, and then another one"
    ids_NT, mask_NT = chunk_tokens(stack, text)
    special = {stack.tokenizer.bos_token_id, stack.tokenizer.eos_token_id}

    kept = [token for token in ids_NT[mask_NT.bool()].tolist() if token not in special]

    assert kept == stack.tokenizer(text, add_special_tokens=False)["input_ids"]


def test_every_chunk_begins_and_ends_as_a_prompt_of_its_own() -> None:
    stack = _stack(length=12)
    ids_NT, mask_NT = chunk_tokens(stack, "a " * 25)
    ends = mask_NT.sum(dim=1) - 1

    assert set(ids_NT[:, 0].tolist()) == {stack.tokenizer.bos_token_id}
    assert {int(row[end]) for row, end in zip(ids_NT, ends, strict=True)} == {stack.tokenizer.eos_token_id}


def test_a_chunk_is_encoded_as_if_it_were_alone() -> None:
    stack = _stack(length=77)
    alone = hidden_states(stack, "a " * 75).last_NTD

    together = hidden_states(stack, "a " * 150).last_NTD

    torch.testing.assert_close(together, torch.cat([alone, alone]), rtol=0, atol=1e-6)


def test_joining_keeps_the_order_of_tokens() -> None:
    states_NTD = torch.arange(24.0).reshape(2, 3, 4)

    assert torch.equal(joined(states_NTD)[0], states_NTD.reshape(6, 4))
    assert joined(states_NTD).shape == (1, 6, 4)


@pytest.mark.parametrize("projection", [False, True])
def test_the_last_layer_normalised_is_the_last_state(projection: bool) -> None:
    stack = _stack(projection=projection)
    states = hidden_states(stack, "an inn")

    assert torch.equal(final_norm(stack.encoder, states.layers[-1]), states.last_NTD)
    assert len(states.layers) == 4


def test_the_pooled_state_is_projected_where_the_encoder_projects() -> None:
    plain, projected = (hidden_states(_stack(projection=flag), "an inn").pooled_ND for flag in (False, True))

    assert plain.shape == projected.shape == (1, tiny_models.WIDTH)
    assert not torch.equal(plain, projected)


def test_an_encoder_that_wants_a_mask_gets_one() -> None:
    stack = _stack()
    without = hidden_states(stack, "an inn").last_NTD
    cast("CLIPTextConfig", stack.encoder.config).use_attention_mask = True

    masked = hidden_states(stack, "an inn").last_NTD

    # Attention is causal, so that padding behind the prompt changes the padding alone.
    torch.testing.assert_close(masked[:, :5], without[:, :5])
    assert not torch.equal(masked, without)


def test_threads_that_share_a_tokenizer_get_the_right_lengths() -> None:
    stack = _stack(length=20)
    texts = ["a " * (words % 40) for words in range(200)]
    expected = [chunk_tokens(stack, text)[0].shape for text in texts]

    with ThreadPoolExecutor(4) as pool:
        shapes = [ids.shape for ids, _ in pool.map(lambda text: chunk_tokens(stack, text), texts)]

    assert shapes == expected
