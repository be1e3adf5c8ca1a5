"""CLIP's vocabulary ships with weft and gives CLIP's own ids; folders bring their own."""

from pathlib import Path

import pytest
import tiny_models
from weft_nodes.models.errors import CheckpointCorruptError, ModelFileMissingError
from weft_nodes.models.tokenizers import clip_tokenizer, load_tokenizer


def _ids(text: str) -> list[int]:
    ids = clip_tokenizer()(text)["input_ids"]
    assert isinstance(ids, list)
    return ids


# Known from OpenAI's reference implementation.
@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("", []),
        ("a photo of a cat", [320, 1125, 539, 320, 2368]),
        ("A PHOTO  of\na Cat", [320, 1125, 539, 320, 2368]),
        ("hello world!", [3306, 1002, 256]),
    ],
)
def test_known_texts_have_clips_ids(text: str, ids: list[int]) -> None:
    assert _ids(text) == [49406, *ids, 49407]


@pytest.mark.parametrize("text", ["übergröße", "你好", "🙂 don't", "1234", "a\u00a0b", "<|endoftext|>"])
def test_every_text_has_ids_within_the_vocabulary(text: str) -> None:
    assert all(0 <= token < 49408 for token in _ids(text))


def test_the_vocabulary_has_clips_size() -> None:
    assert len(clip_tokenizer()) == 49408


def test_the_padding_token_can_be_that_of_open_clip() -> None:
    assert clip_tokenizer().pad_token_id == 49407
    assert clip_tokenizer(pad_token="!").pad_token_id == 0


def test_a_folder_without_vocabulary_means_clips(tmp_path: Path) -> None:
    (tmp_path / "tokenizer_config.json").write_text('{"model_max_length": 33, "pad_token": "!"}')

    tokenizer = load_tokenizer(tmp_path)

    assert (len(tokenizer), tokenizer.model_max_length, tokenizer.pad_token) == (49408, 33, "!")


def test_a_folder_with_a_vocabulary_keeps_it(tmp_path: Path) -> None:
    tiny_models.tiny_tokenizer(length=20).save_pretrained(tmp_path)

    tokenizer = load_tokenizer(tmp_path)

    assert tokenizer.model_max_length == 20
    assert tokenizer("the singing")["input_ids"] == tiny_models.tiny_tokenizer()("the singing")["input_ids"]


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelFileMissingError, match="tokenizer_config"):
        load_tokenizer(tmp_path / "tokenizer")


@pytest.mark.parametrize("file", ["tokenizer.json", "tokenizer_config.json"])
def test_a_damaged_tokenizer_is_corrupt(tmp_path: Path, file: str) -> None:
    tiny_models.tiny_tokenizer().save_pretrained(tmp_path)
    (tmp_path / file).write_text("{ nonsense")

    with pytest.raises(CheckpointCorruptError, match="tokenizer cannot be built"):
        load_tokenizer(tmp_path)


def test_two_loads_give_two_tokenizers(tmp_path: Path) -> None:
    tiny_models.tiny_tokenizer().save_pretrained(tmp_path)

    assert load_tokenizer(tmp_path) is not load_tokenizer(tmp_path)
