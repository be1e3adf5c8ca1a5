"""Prompts of any length become chunks of exactly the encoder's length, and no word is lost."""

from concurrent.futures import ThreadPoolExecutor
from typing import cast

import pytest
import tiny_models
import torch
from torch import Tensor
from transformers import CLIPTextConfig
from weft_nodes.models.embeddings import EmbeddingUnknownError
from weft_nodes.models.text import (
    TextStack,
    chunk_tokens,
    final_norm,
    hidden_states,
    joined,
    read_side_by_side,
    weighted,
)
from weft_nodes.models.wording import Weighting, Wording, read_prompt

plain = Wording.plain


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

    ids_NT, mask_NT, _ = chunk_tokens(stack, plain(text))

    assert torch.equal(ids_NT, theirs["input_ids"])
    assert torch.equal(mask_NT, theirs["attention_mask"])


@pytest.mark.parametrize(("words", "chunks"), [(0, 1), (75, 1), (76, 2), (150, 2), (151, 3), (1000, 14)])
def test_a_longer_prompt_takes_as_many_chunks_as_it_needs(words: int, chunks: int) -> None:
    ids_NT = chunk_tokens(_stack(), plain("a " * words)).ids_NT

    assert ids_NT.shape == (chunks, 77)


def test_no_word_of_a_long_prompt_is_lost() -> None:
    stack = _stack(length=12)
    text = "the singer drinks in an inn, and then another one"
    ids_NT, mask_NT, _ = chunk_tokens(stack, plain(text))
    special = {stack.tokenizer.bos_token_id, stack.tokenizer.eos_token_id}

    kept = [token for token in ids_NT[mask_NT.bool()].tolist() if token not in special]

    assert kept == stack.tokenizer(text, add_special_tokens=False)["input_ids"]


def test_every_chunk_begins_and_ends_as_a_prompt_of_its_own() -> None:
    stack = _stack(length=12)
    ids_NT, mask_NT, _ = chunk_tokens(stack, plain("a " * 25))
    ends = mask_NT.sum(dim=1) - 1

    assert set(ids_NT[:, 0].tolist()) == {stack.tokenizer.bos_token_id}
    assert {int(row[end]) for row, end in zip(ids_NT, ends, strict=True)} == {stack.tokenizer.eos_token_id}


def test_a_chunk_is_encoded_as_if_it_were_alone() -> None:
    stack = _stack(length=77)
    alone = hidden_states(stack, plain("a " * 75)).last_NTD

    together = hidden_states(stack, plain("a " * 150)).last_NTD

    torch.testing.assert_close(together, torch.cat([alone, alone]), rtol=0, atol=1e-6)


def test_joining_keeps_the_order_of_tokens() -> None:
    states_NTD = torch.arange(24.0).reshape(2, 3, 4)

    assert torch.equal(joined(states_NTD)[0], states_NTD.reshape(6, 4))
    assert joined(states_NTD).shape == (1, 6, 4)


@pytest.mark.parametrize("projection", [False, True])
def test_the_last_layer_normalised_is_the_last_state(projection: bool) -> None:
    stack = _stack(projection=projection)
    states = hidden_states(stack, plain("an inn"))

    assert torch.equal(final_norm(stack.encoder, states.layers[-1]), states.last_NTD)
    assert len(states.layers) == 4


def test_the_pooled_state_is_projected_where_the_encoder_projects() -> None:
    without, projected = (
        hidden_states(_stack(projection=flag), plain("an inn")).pooled_ND for flag in (False, True)
    )

    assert without.shape == projected.shape == (1, tiny_models.WIDTH)
    assert not torch.equal(without, projected)


def test_an_encoder_that_wants_a_mask_gets_one() -> None:
    stack = _stack()
    without = hidden_states(stack, plain("an inn")).last_NTD
    cast("CLIPTextConfig", stack.encoder.config).use_attention_mask = True

    masked = hidden_states(stack, plain("an inn")).last_NTD

    # Attention is causal, so that padding behind the prompt changes the padding alone.
    torch.testing.assert_close(masked[:, :5], without[:, :5])
    assert not torch.equal(masked, without)


def test_threads_that_share_a_tokenizer_get_the_right_lengths() -> None:
    stack = _stack(length=20)
    texts = ["a " * (words % 40) for words in range(200)]
    expected = [chunk_tokens(stack, plain(text))[0].shape for text in texts]

    with ThreadPoolExecutor(4) as pool:
        shapes = [ids.shape for ids, _, _ in pool.map(lambda text: chunk_tokens(stack, plain(text)), texts)]

    assert shapes == expected


def _weighted(stack: TextStack, text: str) -> Tensor:
    states = hidden_states(stack, _words(text))
    return weighted(states, states.last_NTD)


def _words(text: str, weighting: Weighting = "interpolate") -> Wording:
    (timed,) = read_prompt(text, weighting=weighting)
    return timed.wording


def test_every_token_of_a_word_has_its_weight_and_all_others_one() -> None:
    stack = _stack(length=12)

    plain_chunks = chunk_tokens(stack, plain("a an b"))
    chunks = chunk_tokens(stack, _words("a (an:1.5) b"))

    assert torch.equal(chunks.ids_NT, plain_chunks.ids_NT)
    assert chunks.weights_NT.tolist() == [[1, 1, 1.5, 1.5, 1, 1, 1, 1, 1, 1, 1, 1]]
    assert chunks.is_weighted
    assert not plain_chunks.is_weighted


def test_words_keep_their_weights_where_a_prompt_is_cut() -> None:
    chunks = chunk_tokens(_stack(length=6), _words("a a a (b b:2)"))

    assert chunks.weights_NT.tolist() == [[1, 1, 1, 1, 2, 1], [1, 2, 1, 1, 1, 1]]


def test_a_break_begins_a_chunk() -> None:
    stack = _stack(length=6)

    broken = chunk_tokens(stack, _words("a a BREAK b"))

    apart = [chunk_tokens(stack, plain(text)) for text in ("a a", "b")]
    assert torch.equal(broken.ids_NT, torch.cat([chunks.ids_NT for chunks in apart]))
    assert torch.equal(broken.mask_NT, torch.cat([chunks.mask_NT for chunks in apart]))


@pytest.mark.parametrize("projection", [False, True])
def test_a_weight_moves_the_states_of_its_words_away_from_an_empty_prompt(projection: bool) -> None:
    stack = _stack(projection=projection, length=12)
    plainly = hidden_states(stack, plain("a an b")).last_NTD[0]
    empty = hidden_states(stack, plain("")).last_NTD[0]

    found = _weighted(stack, "a (an:1.5) b")[0]

    # Places 2 and 3 hold the two tokens of the word.
    expected = plainly.clone()
    expected[2:4] = empty[2:4] + (plainly[2:4] - empty[2:4]) * 1.5
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-5)


def test_words_of_no_weight_leave_the_states_of_an_empty_prompt() -> None:
    stack = _stack(length=12)

    found = _weighted(stack, "(a an b:0)")[0]

    empty = hidden_states(stack, plain("")).last_NTD[0]
    torch.testing.assert_close(found[1:5], empty[1:5], rtol=0, atol=1e-6)


def test_every_chunk_is_weighed_against_an_empty_one() -> None:
    stack = _stack(length=12)

    found = _weighted(stack, "(a:1.5) BREAK (an:0.5)")

    apart = [_weighted(stack, text) for text in ("(a:1.5)", "(an:0.5)")]
    torch.testing.assert_close(found, torch.cat(apart, dim=1), rtol=0, atol=1e-6)


def test_rescaled_states_are_multiplied_and_keep_the_mean_of_their_chunk() -> None:
    stack = _stack(length=12)
    plainly = hidden_states(stack, plain("a an b")).layers[1][0]
    states = hidden_states(stack, _words("a (an:1.5) b", "rescale"))

    found = weighted(states, states.layers[1])[0]

    scaled = plainly.clone()
    scaled[2:4] = plainly[2:4] * 1.5
    torch.testing.assert_close(found, scaled * (plainly.mean() / scaled.mean()), rtol=1e-4, atol=1e-6)
    torch.testing.assert_close(found.mean(), plainly.mean(), rtol=1e-3, atol=1e-6)


def test_text_without_weights_is_encoded_alone_and_to_the_same_bits() -> None:
    stack = _stack()
    rows: list[int] = []
    hook = stack.encoder.register_forward_pre_hook(lambda _, args: rows.append(len(args[0])))
    expected = hidden_states(stack, plain("the singer in an inn")).last_NTD

    for text in ("the singer in an inn", "the (singer:1) in an inn", "the [singer:singer:0] in an inn"):
        assert torch.equal(_weighted(stack, text), expected)
    _weighted(stack, "the (singer:1.2) in an inn")
    hook.remove()

    assert rows == [1, 1, 1, 1, 2]


def test_weights_leave_the_pooled_state_as_it_was() -> None:
    stack = _stack(projection=True)

    weighed = hidden_states(stack, _words("the (singer:1.5)")).pooled_ND[:1]

    torch.testing.assert_close(weighed, hidden_states(stack, plain("the singer")).pooled_ND)


def test_a_learned_word_that_nobody_added_is_told() -> None:
    with pytest.raises(EmbeddingUnknownError, match="embedding:dusk") as caught:
        chunk_tokens(_stack(), plain("a (embedding:dusk:1.2) sky"))

    assert "embedding.apply" in caught.value.hint


def test_behind_the_shorter_words_of_one_encoder_come_empty_chunks() -> None:
    encoder, tokenizer = tiny_models.tiny_text_encoder(), tiny_models.tiny_tokenizer(length=12)
    first, second = TextStack(encoder, tokenizer, "first"), TextStack(encoder, tokenizer, "second")
    long, short = Wording.plain("a " * 25), Wording.plain("an inn")

    states_1TD, _ = read_side_by_side(
        (first, second), Wording(long.chunks, apart=(("second", short),)), skipped_layers=0
    )

    read = states_1TD[0, :, tiny_models.WIDTH :]
    empty, inn = (hidden_states(second, plain(text)).layers[-2][0] for text in ("", "an inn"))
    torch.testing.assert_close(read, torch.cat([inn, empty, empty]), rtol=0, atol=1e-6)
