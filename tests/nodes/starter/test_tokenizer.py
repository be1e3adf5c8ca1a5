"""The tokenizer: one token per word of a caption, and an honest spelling of every other word."""

from pathlib import Path

import pytest
from transformers import CLIPTokenizer
from weft_nodes.starter.scenes import vocabulary
from weft_nodes.starter.tokenizer import MAX_TOKENS, build_tokenizer, tokenize


@pytest.fixture(scope="module")
def tokenizer() -> CLIPTokenizer:
    return build_tokenizer(vocabulary())


def test_every_word_of_a_caption_is_one_token(tokenizer: CLIPTokenizer) -> None:
    for word in vocabulary():
        assert tokenizer.tokenize(word) == [f"{word}</w>"]


def test_an_unknown_word_is_spelt_out_and_reads_back_the_same(tokenizer: CLIPTokenizer) -> None:
    tokens = tokenizer.tokenize("zeppelin")

    assert len(tokens) > 3
    assert "".join(tokens) == "zeppelin</w>"
    assert (
        tokenizer.decode(tokenizer("a zeppelin, café 7").input_ids, skip_special_tokens=True)
        == "a zeppelin , café 7"
    )


def test_no_text_needs_an_unknown_token(tokenizer: CLIPTokenizer) -> None:
    ids = tokenizer("Ünïcode ☃ 日本 <b>!?</b>").input_ids

    assert tokenizer.eos_token_id not in ids[1:-1]


def test_case_does_not_matter(tokenizer: CLIPTokenizer) -> None:
    assert tokenizer("A Red CIRCLE").input_ids == tokenizer("a red circle").input_ids


def test_prompts_are_padded_and_cut_to_the_same_length(tokenizer: CLIPTokenizer) -> None:
    ids = tokenize(tokenizer, ["", "a red circle", "a red circle " * 30])

    assert ids.shape == (3, MAX_TOKENS)
    assert (ids[:, 0] == tokenizer.bos_token_id).all()
    assert (ids[:, -1] == tokenizer.eos_token_id).all()
    assert (ids[0, 1:] == tokenizer.pad_token_id).all()


def test_the_longest_caption_leaves_room_for_the_summary_tokens(tokenizer: CLIPTokenizer) -> None:
    caption = "an large orange triangle right of an small orange triangle on a white background"

    assert len(tokenizer(caption).input_ids) <= MAX_TOKENS // 2 + 1


def test_a_saved_tokenizer_loads_the_same(tokenizer: CLIPTokenizer, tmp_path: Path) -> None:
    tokenizer.save_pretrained(tmp_path)
    loaded = CLIPTokenizer.from_pretrained(tmp_path, local_files_only=True)
    text = "a small cyan heart above a quixotic ring"

    assert loaded(text).input_ids == tokenizer(text).input_ids
    assert loaded.model_max_length == MAX_TOKENS
    assert loaded.pad_token_id == loaded.eos_token_id


def test_words_that_share_letters_do_not_break_each_other() -> None:
    words = ["red", "green", "greenred", "re", "ed", "d", "redgreen"]
    tokenizer = build_tokenizer(words)

    assert [tokenizer.tokenize(word) for word in words] == [[f"{word}</w>"] for word in words]
