"""What the house tests look at: the source files of both roots and what is written in them."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SOURCES = {
    ROOT / "server" / "weft": ROOT / "tests" / "server",
    ROOT / "nodes" / "weft_nodes": ROOT / "tests" / "nodes",
}


TEXT_BY_ITSELF = re.compile(r'^\s*"""(?:.|\n)*?"""', re.MULTILINE)


def source_files() -> list[Path]:
    """Every Python file of both roots."""
    return sorted(path for root in SOURCES for path in root.rglob("*.py"))


def files_of_tests() -> list[Path]:
    """Every Python file under tests/."""
    return sorted((ROOT / "tests").rglob("*.py"))


DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


@cache
def tree_of(path: Path) -> ast.Module:
    """The syntax tree of one file."""
    return ast.parse(path.read_text(), filename=str(path))


@cache
def parts_of(path: Path) -> tuple[ast.AST, ...]:
    """Every part of the syntax tree of one file."""
    return tuple(ast.walk(tree_of(path)))


@cache
def statements_of(path: Path) -> tuple[ast.AST, ...]:
    """The syntax tree of one file and every statement in it, which are few beside all of its parts."""
    found: list[ast.AST] = [tree_of(path)]
    for item in found:
        for field in ("body", "orelse", "finalbody", "handlers", "cases"):
            found.extend(getattr(item, field, ()))
    return tuple(found)


@cache
def lines_of(path: Path) -> tuple[str, ...]:
    """The lines of one file."""
    return tuple(path.read_text().splitlines())


def count_of_code(path: Path) -> int:
    """Count the lines of a file that hold code, by its text alone, since to parse all tests takes seconds."""
    lines = TEXT_BY_ITSELF.sub("", path.read_text()).splitlines()
    return sum(1 for line in lines if line.strip() and line.strip()[0] != "#")


@cache
def prose_of(path: Path) -> frozenset[int]:
    """The numbers of the lines of one file that hold docstrings."""
    documented = (part for part in statements_of(path) if isinstance(part, DOCUMENTED))
    return frozenset(number for part in documented for number in _docstring_lines(part))


def shown(path: Path) -> str:
    """A path as a reader of the repository would write it."""
    return path.relative_to(ROOT).as_posix()


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Every function of a file, methods and inner functions included."""
    for item in statements_of(path):
        if isinstance(item, ast.FunctionDef | ast.AsyncFunctionDef):
            yield item


def code_lines(path: Path, item: ast.AST | None = None) -> int:
    """The lines of a file, or of a function in it, that hold code: no docstring, blank line or comment."""
    prose, lines = prose_of(path), lines_of(path)
    first, last = getattr(item, "lineno", 1), getattr(item, "end_lineno", len(lines))
    numbered = enumerate(lines[first - 1 : last], first)
    return sum(
        1 for number, line in numbered if number not in prose and line.strip() and line.strip()[0] != "#"
    )


def _docstring_lines(item: ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) -> range:
    if ast.get_docstring(item, clean=False) is None:
        return range(0)
    return range(item.body[0].lineno, (item.body[0].end_lineno or 0) + 1)


def public(name: str) -> bool:
    """A name that others may use."""
    return not name.startswith("_")
