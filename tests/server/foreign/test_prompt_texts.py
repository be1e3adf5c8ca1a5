"""A prompt of ComfyUI means here what it meant there."""

import pytest
from weft.foreign.prompt_texts import read_prompt_text
from weft_nodes.models.wording import read_prompt


@pytest.mark.parametrize(
    "text",
    [
        "a [red] circle",
        "bread AND butter BREAK fast",
        "a smile :) and (a half",
        r"a \(plain\) circle",
        r"back\slash \[ here",
        "a|b:c",
    ],
)
def test_what_is_no_sign_there_is_none_here(text: str) -> None:
    (read,) = read_prompt(read_prompt_text(text).text)

    plain = text.replace(r"\(", "(").replace(r"\)", ")")
    assert read.wording.text == plain
    assert {span.weight for chunk in read.wording.chunks for span in chunk} == {1.0}


def test_weights_stay() -> None:
    text = "a (red:1.3) ((bold)) circle"

    assert read_prompt_text(text).text == text


def test_a_learned_word_gets_its_file() -> None:
    read = read_prompt_text("a (embedding:dusk.pt:1.2), embedding:deep\\night by day")

    assert read.text == "a (embedding:dusk:1.2), embedding:deep/night by day"
    assert read.learned == {"dusk": "dusk.safetensors", "deep/night": "deep/night.safetensors"}


def test_choices_are_found_and_escaped_braces_are_letters() -> None:
    assert read_prompt_text("a {red|green} circle").is_drawn
    plain = read_prompt_text(r"a \{plain\} circle")
    assert (plain.is_drawn, plain.text) == (False, "a {plain} circle")
