"""What weft prints for a shell reaches the program as it was meant."""

import subprocess

import pytest
from weft.cli.shell import shell_option, shell_word

TEXTS = [
    "a red circle",
    "8",
    "",
    "a\n\nb",
    'a "star"',
    "it's",
    "it's\na tab\there \\n and \\",
    "$HOME `date` ! \\",
    "größer 🌟",
    "\x1b[31m",
    "\x01f",
    "[1, 2]",
    "--bold",
    "#tag ~ * ?",
]


@pytest.mark.parametrize("text", TEXTS)
def test_a_shell_reads_the_text_that_was_meant(text: str) -> None:
    word = shell_word(text)

    heard = subprocess.run(["bash", "-c", f"printf '%s.' {word}"], capture_output=True, check=True)

    assert heard.stdout.decode() == f"{text}."
    assert word.isprintable()


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("circle", "circle"),
        ("a red circle", '"a red circle"'),
        ("it's", '"it\'s"'),
        ("5 $", "'5 $'"),
        ("a\n\nb", r"$'a\n\nb'"),
    ],
)
def test_a_word_is_quoted_as_plainly_as_can_be(text: str, word: str) -> None:
    assert shell_word(text) == word


def test_a_value_that_would_pass_for_an_option_is_joined_to_its_name() -> None:
    assert shell_option("prompt", "a star") == '--prompt "a star"'
    assert shell_option("style", "--bold") == "--style=--bold"
