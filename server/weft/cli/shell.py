"""Words as a shell takes them, so that what weft prints can be pasted."""

import re
import shlex
from types import MappingProxyType

_SPECIAL_IN_DOUBLE_QUOTES = frozenset('"$`\\!')
_ESCAPES = MappingProxyType({"\\": "\\\\", "'": "\\'", "\n": "\\n", "\r": "\\r", "\t": "\\t"})
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def shell_word(text: str) -> str:
    """Write a text as one word of a command line, on one line.

    Args:
        text: Any text.

    Returns:
        The text itself where no shell sees more in it; in double quotes, which all shells know, where these
        suffice; else in single quotes, with line breaks and the like as bash, zsh and ksh read ``$'…'``.
    """
    if _CONTROL.search(text):
        return "$'" + "".join(map(_escaped, text)) + "'"
    quoted = shlex.quote(text)
    if quoted == text or _SPECIAL_IN_DOUBLE_QUOTES & set(text):
        return quoted
    return f'"{text}"'


def shell_option(name: str, value: str) -> str:
    """Write an option with its value.

    Args:
        name: The option without its dashes.
        value: The value, any text.

    Returns:
        Such as ``--prompt "a red circle"``; joined with ``=`` where the value would pass for an option.
    """
    return f"--{name}{'=' if value.startswith('--') else ' '}{shell_word(value)}"


def _escaped(character: str) -> str:
    if _CONTROL.match(character):
        return _ESCAPES.get(character, f"\\x{ord(character):02x}")
    return _ESCAPES.get(character, character)
