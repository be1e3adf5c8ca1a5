"""A prompt is read in one piece by T5 and its kin: padded, never cut, and with the weights of its words."""

import json
from pathlib import Path

import pytest
import torch
from sentencepiece import SentencePieceProcessor, SentencePieceTrainer
from tiny.hunyuandit import tiny_hunyuandit
from tiny.parts import tiny_t5, tiny_t5_tokenizer
from weft_nodes.models.errors import CheckpointCorruptError, ModelFileMissingError
from weft_nodes.models.sequences import load_sequence_tokenizer, read_sequence
from weft_nodes.models.text import TextStack
from weft_nodes.models.wording import Span, Wording

LENGTH = 24


@pytest.fixture(scope="module")
def stack() -> TextStack:
    """A tiny T5."""
    return TextStack(tiny_t5(), tiny_t5_tokenizer())


def worded(*spans: tuple[str, float]) -> Wording:
    """A prompt of words with weights."""
    return Wording((tuple(Span(text, weight) for text, weight in spans),))


def test_short_prompts_are_padded_and_the_mask_says_where(stack: TextStack) -> None:
    states, mask = read_sequence(stack, Wording.plain("a red star"), length=LENGTH, is_masked=False)

    assert states.shape == (1, LENGTH, 32)
    assert 0 < int(mask.sum()) < LENGTH
    assert mask[0].tolist() == sorted(mask[0].tolist(), reverse=True)


def test_long_prompts_are_read_to_their_end(stack: TextStack) -> None:
    first, second = (
        read_sequence(stack, Wording.plain("star " * 40 + end), length=LENGTH, is_masked=True)
        for end in ("red", "blue")
    )

    assert first.states_1TD.shape[1] > LENGTH
    assert int(first.mask_1T.sum()) == first.states_1TD.shape[1]
    assert first.states_1TD.shape != second.states_1TD.shape


def test_an_encoder_that_is_told_of_padding_does_not_see_it(stack: TextStack) -> None:
    short, padded = (
        read_sequence(stack, Wording.plain("a red star"), length=length, is_masked=True)
        for length in (1, LENGTH)
    )
    count = short.states_1TD.shape[1]

    torch.testing.assert_close(padded.states_1TD[:, :count], short.states_1TD, atol=1e-5, rtol=1e-5)


def test_a_weight_moves_states_away_from_the_empty_prompt(stack: TextStack) -> None:
    def states(weight: float) -> torch.Tensor:
        spans = worded(("a ", 1.0), ("red", weight), ("star", 1.0))
        return read_sequence(stack, spans, length=LENGTH, is_masked=False).states_1TD

    empty = read_sequence(stack, Wording.plain(""), length=LENGTH, is_masked=False).states_1TD
    half, double = states(0.5), states(2.0)
    changed = (half != double).any(dim=-1)[0]

    assert 0 < int(changed.sum()) < LENGTH
    torch.testing.assert_close((half - empty)[0, changed] * 4, (double - empty)[0, changed])


def test_the_mark_of_the_start_stays_in_front_of_weighted_words() -> None:
    pipeline = tiny_hunyuandit()
    bert = TextStack(pipeline.text_encoder, pipeline.tokenizer)
    plain = read_sequence(bert, Wording.plain("a red star"), length=LENGTH, is_masked=True).states_1TD

    nearly = read_sequence(
        bert, worded(("a ", 1.0), ("red ", 1.0001), ("star", 1.0)), length=LENGTH, is_masked=True
    ).states_1TD

    torch.testing.assert_close(nearly, plain, atol=1e-2, rtol=1e-2)


def test_breaks_are_spaces(stack: TextStack) -> None:
    broken = Wording(((Span("a red"),), (Span("star"),)))

    found = read_sequence(stack, broken, length=LENGTH, is_masked=False)

    whole = read_sequence(stack, Wording.plain("a red star"), length=LENGTH, is_masked=False)
    assert found.states_1TD.equal(whole.states_1TD)


def test_a_tokenizer_is_built_from_its_folder(tmp_path: Path) -> None:
    tiny_t5_tokenizer().save_pretrained(tmp_path)

    found = load_sequence_tokenizer(tmp_path)

    assert found("a red star")["input_ids"] == tiny_t5_tokenizer()("a red star")["input_ids"]


def test_a_folder_that_holds_nothing_but_a_vocabulary_of_sentencepiece_gives_its_ids(tmp_path: Path) -> None:
    # As PixArt, HunyuanDiT, Kolors and most copies of T5 are published.
    words = ["a red circle left of a blue square", "the green star and the small yellow singer"]
    with (tmp_path / "spiece.model").open("wb") as file:
        SentencePieceTrainer.train(
            sentence_iterator=iter(words * 20),
            model_writer=file,
            vocab_size=50,
            hard_vocab_limit=False,
            pad_id=0,
            eos_id=1,
            unk_id=2,
            bos_id=-1,
            minloglevel=2,
        )
    config = {"tokenizer_class": "T5Tokenizer", "extra_ids": 0, "model_max_length": 512}
    (tmp_path / "tokenizer_config.json").write_text(json.dumps(config))

    found = load_sequence_tokenizer(tmp_path)

    reference = SentencePieceProcessor(model_file=str(tmp_path / "spiece.model"))
    for text in ("a red circle", "a star, singing", ""):
        assert found(text)["input_ids"] == [*reference.encode(text), 1]


def test_a_missing_folder_and_a_damaged_one_are_told_apart(tmp_path: Path) -> None:
    with pytest.raises(ModelFileMissingError):
        load_sequence_tokenizer(tmp_path / "none")
    (tmp_path / "tokenizer_config.json").write_text('{"tokenizer_class": "T5Tokenizer"}')
    (tmp_path / "tokenizer.json").write_text("{")

    with pytest.raises(CheckpointCorruptError, match="tokenizer"):
        load_sequence_tokenizer(tmp_path)
