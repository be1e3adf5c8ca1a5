"""Codes are stable names: each stands for one kind of error, and one page tells of them all."""

import importlib
import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import weft
import weft_nodes
from weft import errors
from weft.errors import WeftError

# The sampling core says of a job what `CancelledRunError` says of a run; its node turns one into the other.
SAID_TWICE = {"cancelled"}


def _below(cls: type[WeftError]) -> Iterator[type[WeftError]]:
    for child in cls.__subclasses__():
        yield child
        yield from _below(child)


@cache
def _all_errors() -> tuple[type[WeftError], ...]:
    """Every error that weft and its own nodes define, whether or not anything has imported it yet."""
    for package in (weft, weft_nodes):
        root = Path(package.__path__[0])
        for path in root.rglob("*.py"):
            if re.search(r"^class \w+Error\(", path.read_text(), re.MULTILINE):
                importlib.import_module(".".join(path.relative_to(root.parent).with_suffix("").parts))
    known: dict[type[WeftError], None] = dict.fromkeys([WeftError, *_below(WeftError)])
    return tuple(cls for cls in known if cls.__module__.startswith(("weft.", "weft_nodes.")))


def _told_elsewhere() -> dict[str, str]:
    """The module of each code that `weft.errors` tells of without drawing its class."""
    told = {}
    listing = (errors.__doc__ or "").partition("with these codes::")[2].partition("\n\nPacks")[0]
    for module, codes in re.findall(r"(weft[\w.]+) +((?:[a-z-]+,?\s+|[a-z-]+$)+)", listing):
        told.update(dict.fromkeys(re.findall(r"[a-z-]+", codes), module))
    return told


def test_every_code_stands_for_one_kind_of_error() -> None:
    counts = Counter(cls.__dict__["code"] for cls in _all_errors() if "code" in cls.__dict__)

    assert {code for code, count in counts.items() if count > 1} == SAID_TWICE


def test_every_code_is_made_of_small_words_and_hyphens() -> None:
    assert [cls for cls in _all_errors() if not re.fullmatch(r"[a-z]+(-[a-z]+)*", cls.code)] == []


def test_an_error_without_a_code_of_its_own_is_a_special_case_of_the_one_it_names() -> None:
    borrowed = {cls.__name__: cls.code for cls in _all_errors() if "code" not in cls.__dict__}

    assert borrowed == {
        "GivenInputUnknownError": "workflow-input-unknown",
        "AnswerUnwritableError": "file-unwritable",
    }


def test_the_page_of_errors_tells_of_every_code_of_weft_and_where_it_stands() -> None:
    own = [cls for cls in _all_errors() if cls.__module__.startswith("weft.") and "code" in cls.__dict__]
    elsewhere = {cls.code: cls.__module__ for cls in own if cls.__module__ != errors.__name__}

    assert _told_elsewhere() == elsewhere


def test_every_error_of_weft_and_its_nodes_says_what_it_stands_for() -> None:
    assert [cls for cls in _all_errors() if not (cls.__doc__ or "").strip().endswith(".")] == []
