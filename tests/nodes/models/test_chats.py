"""A prompt within a chat is read after the chat's own words, and its words may count more."""

import pytest
import torch
from tiny.flux2 import tiny_mistral_tokenizer
from tiny.qwenimage import tiny_qwen, tiny_qwen_tokenizer
from weft_nodes.models.architectures import language_model_part
from weft_nodes.models.chats import Chat, chat_of, read_chat
from weft_nodes.models.errors import CheckpointCorruptError
from weft_nodes.models.text import TextStack
from weft_nodes.models.wording import Wording, read_prompt

CHAT = Chat("<|im_start|>user\n", "<|im_end|>", 6)


@pytest.fixture(scope="module")
def stack() -> TextStack:
    """The text layers of a tiny language model that also sees."""
    whole = tiny_qwen()
    part = language_model_part("text_encoder", "Qwen2_5_VLTextModel")
    layers = part.build(whole.config.to_dict())
    layers.load_state_dict(part.rename(layers, dict(whole.state_dict())))
    return TextStack(layers.eval(), tiny_qwen_tokenizer())


def of(text: str) -> Wording:
    """The first prompt that a text stands for."""
    return read_prompt(text)[0].wording


def test_the_words_in_front_are_dropped_and_those_behind_are_kept(stack: TextStack) -> None:
    assert read_chat(stack, of("star"), CHAT).shape == (1, len("star") + 1, 32)
    assert read_chat(stack, of(""), CHAT).shape == (1, 1, 32)


def test_what_is_dropped_is_read_all_the_same(stack: TextStack) -> None:
    other = Chat("<|im_start|>cook\n", "<|im_end|>", 6)

    assert not read_chat(stack, of("star"), CHAT).equal(read_chat(stack, of("star"), other))


def test_a_weight_moves_its_words_away_from_an_empty_chat(stack: TextStack) -> None:
    plain, strong, silent = (
        read_chat(stack, of(f"a (red:{weight}) star"), CHAT) for weight in (1.0, 2.0, 0.0)
    )
    empty = read_chat(stack, of(""), CHAT)

    torch.testing.assert_close(strong[:, :2], plain[:, :2])
    torch.testing.assert_close(strong[:, 5:], plain[:, 5:])
    # The place of "r" is that of a padding, which another one looks back at.
    torch.testing.assert_close(strong[:, 2:5] + silent[:, 2:5], 2 * plain[:, 2:5])
    assert empty.shape[1] < silent.shape[1]


def test_a_prompt_shorter_than_what_follows_it_may_count_more(stack: TextStack) -> None:
    assert read_chat(stack, of("(a:1.5)"), Chat("", "<|im_end|>" * 9, 0)).shape == (1, 10, 32)


def test_layers_that_a_chat_names_stand_side_by_side(stack: TextStack) -> None:
    first, second, both = (
        read_chat(stack, of("a (red:1.5) star"), Chat("", "", 0, layers=layers))
        for layers in ((0,), (-2,), (0, -2))
    )

    assert both.equal(torch.cat([first, second], dim=-1))
    assert not first.equal(second)


def test_files_of_any_age_name_the_same_layers() -> None:
    whole = tiny_qwen()
    part = language_model_part("text_encoder", "Qwen2_5_VLTextModel")
    layers = part.build(whole.config.to_dict())
    new = dict(whole.state_dict())
    old = {name.replace("model.language_model.", "model."): tensor for name, tensor in new.items()}

    assert part.rename(layers, new).keys() == part.rename(layers, old).keys() == layers.state_dict().keys()


def test_a_tokenizer_says_how_a_chat_is_written(stack: TextStack) -> None:
    spoken = TextStack(stack.encoder, tiny_mistral_tokenizer())

    chat = chat_of(spoken, system="Be short.", layers=(1, 2), length=20)

    assert (chat.before, chat.after) == ("<s>[SYSTEM_PROMPT]Be short.[/SYSTEM_PROMPT][INST]", "[/INST]")
    assert (chat.layers, chat.length) == ((1, 2), 20)


def test_a_tokenizer_without_a_template_of_chats_is_refused(stack: TextStack) -> None:
    silent = TextStack(stack.encoder, tiny_mistral_tokenizer())
    silent.tokenizer.chat_template = "{{ bos_token }}"

    for one in (stack, silent):
        with pytest.raises(CheckpointCorruptError, match="how a chat is written"):
            chat_of(one, system="", layers=(), length=0)


@pytest.mark.parametrize("side", ["left", "right"])
def test_what_a_chat_is_filled_up_with_does_not_disturb_it(stack: TextStack, side: str) -> None:
    tokenizer = tiny_qwen_tokenizer()
    tokenizer.padding_side = side
    filled = TextStack(stack.encoder, tokenizer)
    words = of("a (star:1.3)")
    plain = read_chat(stack, words, Chat("", "!", 0))

    found = read_chat(filled, words, Chat("", "!", 0, (), 12))

    assert found.shape[1] == 12
    kept = found[:, -plain.shape[1] :] if side == "left" else found[:, : plain.shape[1]]
    torch.testing.assert_close(kept, plain)
