r"""Prompts of ComfyUI in the syntax of weft: weights are alike, and signs of weft alone get a backslash.

There `(word:1.2)` weighs words, `embedding:name` is a learned word, and `{a|b}` is drawn before a run. Square
brackets, AND and BREAK are letters like others, and so is a round bracket without a partner.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

_SIGN = re.compile(r"\\.|[()\[\]]|\b(?:AND|BREAK)\b", re.DOTALL)
_CHOICE = re.compile(r"(?<!\\)\{[^{}]*\|[^{}]*\}")
_LEARNED = re.compile(r"\bembedding:([^\s,():\[\]{}|]*[^\W\d_][^\s,():\[\]{}|]*)")
_SUFFIX = re.compile(r"\.(?:safetensors|pt|bin)$")
_UNNAMEABLE = re.compile(r"[^\w./-]+")


@dataclass(frozen=True, slots=True)
class PromptText:
    """A prompt as weft reads it.

    Attributes:
        text: The text.
        learned: Files of the learned words in it, by the word that stands in the text.
        is_drawn: Whether it holds choices that are drawn before a run.
    """

    text: str
    learned: Mapping[str, str] = field(default_factory=dict)
    is_drawn: bool = False


def read_prompt_text(text: str) -> PromptText:
    """Put a prompt into weft's syntax.

    Args:
        text: The prompt as ComfyUI has it.

    Returns:
        A prompt that means the same.
    """
    learned: dict[str, str] = {}

    def name(found: re.Match[str]) -> str:
        written = found[1].rstrip(".").replace("\\", "/")
        stem = _SUFFIX.sub("", written)
        word = _UNNAMEABLE.sub("_", stem).strip("./-") or "word"
        learned[word] = f"{stem}.safetensors"
        return f"embedding:{word}"

    named = _LEARNED.sub(name, text)
    is_drawn = _CHOICE.search(named) is not None
    if not is_drawn:
        named = re.sub(r"\\([{}])", r"\1", named)
    return PromptText(_escaped(named), learned, is_drawn)


def _escaped(text: str) -> str:
    lonely = _lonely_brackets(text)

    def write(found: re.Match[str]) -> str:
        sign = found[0]
        if sign[0] == "\\":
            # Before any other letter a backslash is one itself.
            return sign if sign[1] in "(){}|" or sign[1] not in "\\[]:" else f"\\\\{_escaped(sign[1])}"
        if sign in "()" and found.start() not in lonely:
            return sign
        return f"\\{sign}"

    return _SIGN.sub(write, text)


def _lonely_brackets(text: str) -> set[int]:
    """Find round brackets that have no partner."""
    opened: list[int] = []
    lonely: set[int] = set()
    for found in _SIGN.finditer(text):
        if found[0] == "(":
            opened.append(found.start())
        elif found[0] == ")" and opened:
            opened.pop()
        elif found[0] == ")":
            lonely.add(found.start())
    return lonely | set(opened)
