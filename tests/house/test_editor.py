"""The editor keeps to its budgets: small files, words in one place, nothing written as HTML."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from house.house import ROOT, shown

FRONTEND = ROOT / "frontend"
MAX_LINES = 400
LANGUAGES = ("en", "de")
PLURALS = ("zero", "one", "two", "few", "many", "other")
UNSAFE = re.compile(
    r"\b(innerHTML|outerHTML|insertAdjacentHTML|dangerouslySetInnerHTML|document\.write|setHTMLUnsafe"
    r"|eval\s*\(|new Function|srcdoc|javascript:)"
)

_QUOTED = re.compile(r'"([a-z][\w-]*(?:\.[\w-]+)+)"')
_TEMPLATE = re.compile(r"`([a-z][\w-]*\.[\w.-]*(?:\$\{[^`]*?\}[\w.-]*)+)`")
_READ = re.compile(r'\bsay\(\s*"([^"]+)"|\bid: "([a-z][\w-]*(?:\.[\w-]+)+)"')


def own_modules() -> list[Path]:
    """The modules of the editor that are our own, as they are written."""
    made = FRONTEND / "bundle.js"
    return [path for path in sorted(FRONTEND.rglob("*.js")) if "vendor" not in path.parts and path != made]


def _texts(language: str) -> dict[str, str]:
    texts: dict[str, str] = json.loads((FRONTEND / "locales" / f"{language}.json").read_text())
    return texts


def _sources() -> str:
    return "\n".join(path.read_text() for path in own_modules())


def _base(name: str) -> str:
    """The name of a text without the plural form that it is."""
    start, _, last = name.rpartition(".")
    return start if last in PLURALS else name


def test_modules_stay_within_their_budget_of_lines() -> None:
    counts = {shown(path): len(path.read_text().splitlines()) for path in own_modules()}

    assert {name: count for name, count in counts.items() if count > MAX_LINES} == {}


def test_every_module_begins_with_what_it_is_for() -> None:
    assert [shown(path) for path in own_modules() if not path.read_text().startswith("/**")] == []


def test_nothing_is_written_as_html_or_run_from_text() -> None:
    found = [
        f"{shown(path)}:{number}: {line.strip()}"
        for path in own_modules()
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if UNSAFE.search(line)
    ]

    assert found == []


def test_every_language_has_the_same_texts_in_the_same_order() -> None:
    english, other = (_texts(language) for language in LANGUAGES)

    assert {_base(name) for name in english} == {_base(name) for name in other}
    assert list(english) == sorted(english)
    assert list(other) == sorted(other)


def test_every_text_has_the_same_gaps_in_every_language() -> None:
    english, other = (_texts(language) for language in LANGUAGES)
    differing = [
        name
        for name in english.keys() & other.keys()
        if set(re.findall(r"\{\w+\}", english[name])) != set(re.findall(r"\{\w+\}", other[name]))
    ]

    # One form of a plural may say "an input" where another counts them.
    assert [name for name in differing if _base(name) == name] == []


def test_every_text_that_is_read_exists() -> None:
    known = {_base(name) for name in _texts("en")} | set(_texts("en"))
    missing = []
    for path in own_modules():
        for said, named in _READ.findall(path.read_text()):
            # What has a name may be a text, or a command, whose title is one.
            if (said or named) not in known and f"command.{named}" not in known:
                missing.append(f"{shown(path)}: {said or named}")

    assert missing == []


def test_every_text_is_read_somewhere() -> None:
    sources = _sources()
    quoted = set(_QUOTED.findall(sources))
    made = [re.compile(_pattern(template)) for template in _TEMPLATE.findall(sources)]

    def is_read(name: str) -> bool:
        ways = {name, _base(name), name.removeprefix("command.")}
        return bool(ways & quoted) or any(pattern.fullmatch(way) for pattern in made for way in ways)

    assert [name for name in _texts("en") if not is_read(name)] == []


def _pattern(template: str) -> str:
    """A pattern for what a template can make."""
    fixed = re.split(r"\$\{[^`]*?\}", template)
    return "[\\w.-]+".join(map(re.escape, fixed))


def _locked() -> Iterator[tuple[str, str]]:
    """Name and version of each third-party package."""
    for entry in json.loads((ROOT / "deno.lock").read_text())["npm"]:
        name, _, version = entry.partition("_")[0].rpartition("@")
        yield name, version


@pytest.mark.parametrize(("name", "version"), list(_locked()))
def test_every_third_party_package_is_listed_with_its_licence_and_a_reason(name: str, version: str) -> None:
    rows = [line.split("|") for line in (FRONTEND / "THIRD_PARTY.md").read_text().splitlines()]
    row = next((row for row in rows if f"`{name}`" in "".join(row[1:2])), None)

    assert row is not None
    assert row[2].strip() == version
    assert re.fullmatch(r" (MIT|Apache-2\.0|MPL-2\.0|ISC|BSD-[23]-Clause) ", row[3])
    assert len(row[5]) > 20
