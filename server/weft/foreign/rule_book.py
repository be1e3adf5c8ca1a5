"""All rules there are: weft's own, and those that packs bring for their nodes, each in a `comfyui.toml`."""

from __future__ import annotations

import importlib.util
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from weft.errors import JSON
from weft.foreign.faults import RulesInvalidError
from weft.foreign.rules import Rule, read_rule

FILE_NAME = "comfyui.toml"
_BUILTIN_PACKAGE = "weft_nodes"


@dataclass(frozen=True, slots=True)
class Names:
    """What values are called here that have another name there.

    Attributes:
        same: What means the same, by their name.
        near: What comes near, by their name, and what is different about it.
        is_open: Whether other names than these are as good, and stay what they are.
    """

    same: Mapping[str, str] = field(default_factory=dict)
    near: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    is_open: bool = False


@dataclass(frozen=True, slots=True)
class RuleBook:
    """Rules and names.

    Attributes:
        rules: The rule for each type of their nodes.
        names: Tables of names by the name of the table.
        prompts: Nodes that stand in front of a prompt, each as a type and the inputs that matter: for
            ``learned`` words the one they pass through and that of the file, for ``drawn`` choices the text
            and the seed.
    """

    rules: Mapping[str, Rule] = field(default_factory=dict)
    names: Mapping[str, Names] = field(default_factory=dict)
    prompts: Mapping[str, tuple[str, str, str]] = field(default_factory=dict)

    def widget_names(self, type: str) -> tuple[str, ...] | None:
        """Give the names of a type's values in the order in which they are saved; None for an unknown one."""
        rule = self.rules.get(type)
        return None if rule is None else rule.widgets


def read_rule_book(data: Mapping[str, JSON], *, place: str) -> RuleBook:
    """Read the rules of one file.

    Args:
        data: What the file says.
        place: What errors call it.

    Raises:
        RulesInvalidError: A rule is not written as rules are.
    """
    nodes, names, prompts = (data.get(name, {}) for name in ("nodes", "names", "prompts"))
    if not (isinstance(nodes, Mapping) and isinstance(names, Mapping) and isinstance(prompts, Mapping)):
        raise RulesInvalidError(place=place, fault="nodes, names and prompts have to be tables")
    return RuleBook(
        {name: read_rule(entry, place=f"The rule for {name} in {place}") for name, entry in nodes.items()},
        {name: _names(entry, f"The names of {name} in {place}") for name, entry in names.items()},
        {name: _wrap(entry, f"The prompts' {name} in {place}") for name, entry in prompts.items()},
    )


def load_rule_book(pack_folders: Iterable[Path] = ()) -> RuleBook:
    """Read weft's own rules and those of packs.

    Args:
        pack_folders: Folders of packs. A rule of a pack comes before weft's own for the same type.

    Raises:
        RulesInvalidError: A file cannot be read.
    """
    found = _shipped_rule_book()
    for folder in pack_folders:
        for path in sorted(folder.glob(f"*/{FILE_NAME}")):
            more = _read_file(path)
            found = RuleBook(
                {**found.rules, **more.rules},
                {**found.names, **more.names},
                {**found.prompts, **more.prompts},
            )
    return found


@cache
def _shipped_rule_book() -> RuleBook:
    # Looked up without importing the package, which would bring torch along.
    spec = importlib.util.find_spec(_BUILTIN_PACKAGE)
    places = [] if spec is None else list(spec.submodule_search_locations or ())
    return _read_file(Path(places[0]) / FILE_NAME) if places else RuleBook()


def _read_file(path: Path) -> RuleBook:
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise RulesInvalidError(place=str(path), fault=str(error)) from error
    return read_rule_book(data, place=str(path))


def _names(entry: JSON, place: str) -> Names:
    if not isinstance(entry, Mapping):
        raise RulesInvalidError(place=place, fault="they are no table")
    same, renamed, near = (entry.get(key, {}) for key in ("same", "renamed", "near"))
    if not (isinstance(renamed, Mapping) and isinstance(near, Mapping)):
        raise RulesInvalidError(place=place, fault="renamed and near have to be tables")
    kept = {name: name for name in (same if isinstance(same, str) else "").split()}
    return Names(
        {**kept, **{theirs: str(ours) for theirs, ours in renamed.items()}},
        {theirs: _near(ours) for theirs, ours in near.items()},
        entry.get("open") is True,
    )


def _wrap(entry: JSON, place: str) -> tuple[str, str, str]:
    match str(entry).split():
        case [kind, passed, further]:
            return kind, passed, further
    raise RulesInvalidError(place=place, fault="it has to be a node type and two of its inputs")


def _near(entry: JSON) -> tuple[str, str]:
    match entry:
        case [str() as name, str() as what]:
            return name, what
    return str(entry), ""
