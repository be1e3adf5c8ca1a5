"""Reading Google-style docstrings, from which a node's help is made."""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

_SECTIONS = frozenset(
    {
        "args",
        "arguments",
        "attributes",
        "example",
        "examples",
        "note",
        "notes",
        "raises",
        "reference",
        "references",
        "returns",
        "see also",
        "source",
        "sources",
        "warning",
        "warnings",
        "yields",
    }
)
_HEADER = re.compile(r"([A-Z][A-Za-z ]*):\s*")
_ENTRY = re.compile(r"\*{0,2}(\w+)(?:\s*\([^)]*\))?:\s*(.*)")


@dataclass(frozen=True, slots=True)
class Docstring:
    """A docstring taken apart.

    Attributes:
        summary: First paragraph as one line.
        text: The whole docstring, without indentation.
        arguments: Documentation of the parameters, by name.
        attributes: Documentation of the attributes of a class, by name.
        returns: What is returned or yielded, as one paragraph.
        returned: The same by name, where it is written as a list of names.
    """

    summary: str = ""
    text: str = ""
    arguments: Mapping[str, str] = field(default_factory=dict, hash=False)
    attributes: Mapping[str, str] = field(default_factory=dict, hash=False)
    returns: str = ""
    returned: Mapping[str, str] = field(default_factory=dict, hash=False)


def parse_docstring(raw: str | None) -> Docstring:
    """Take a Google-style docstring apart; None gives an empty one."""
    text = inspect.cleandoc(raw or "").strip()
    sections: dict[str, list[str]] = {"": []}
    current = ""
    for line in text.splitlines():
        header = _HEADER.fullmatch(line)
        if header is not None and header[1].lower() in _SECTIONS:
            current = header[1].lower()
            sections.setdefault(current, [])
        elif line and not line[0].isspace() and current:
            # A line at the margin ends a section, as the text goes on.
            current = ""
            sections[""].append(line)
        else:
            sections[current].append(line)
    returned = sections.get("returns", []) + sections.get("yields", [])
    return Docstring(
        summary=_joined("\n".join(sections[""]).strip().split("\n\n")[0]),
        text=text,
        arguments=_entries(sections.get("args", []) + sections.get("arguments", [])),
        attributes=_entries(sections.get("attributes", [])),
        returns=_joined("\n".join(returned)),
        returned=_entries(returned),
    )


def _joined(text: str) -> str:
    return " ".join(text.split())


def _entries(lines: list[str]) -> dict[str, str]:
    """Read ``name: text`` entries, whose further lines are indented more deeply than the names."""
    found: dict[str, list[str]] = {}
    filled = [line for line in lines if line.strip()]
    if not filled:
        return {}
    margin = len(filled[0]) - len(filled[0].lstrip())
    name = ""
    for line in filled:
        indent = len(line) - len(line.lstrip())
        entry = _ENTRY.fullmatch(line.strip()) if indent <= margin else None
        if entry is not None:
            name = entry[1]
            found[name] = [entry[2]]
        elif name:
            found[name].append(line.strip())
    return {name: _joined(" ".join(parts)) for name, parts in found.items()}
