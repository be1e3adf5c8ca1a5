"""What the house tests look at: the source files of both roots and what is written in them."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SOURCES = {
    ROOT / "server" / "weft": ROOT / "tests" / "server",
    ROOT / "nodes" / "weft_nodes": ROOT / "tests" / "nodes",
}


def source_files() -> list[Path]:
    """Every Python file of both roots."""
    return sorted(path for root in SOURCES for path in root.rglob("*.py"))


def files_of_tests() -> list[Path]:
    """Every Python file under tests/."""
    return sorted((ROOT / "tests").rglob("*.py"))


@cache
def tree_of(path: Path) -> ast.Module:
    """The syntax tree of one file."""
    return ast.parse(path.read_text(), filename=str(path))


def shown(path: Path) -> str:
    """A path as a reader of the repository would write it."""
    return path.relative_to(ROOT).as_posix()


def functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Every function of a file, methods and inner functions included."""
    for item in ast.walk(tree):
        if isinstance(item, ast.FunctionDef | ast.AsyncFunctionDef):
            yield item


def code_lines(function: ast.FunctionDef | ast.AsyncFunctionDef, lines: list[str]) -> int:
    """The lines of a function's body that hold code: no docstring, blank line or comment."""
    body = function.body[1:] if ast.get_docstring(function) is not None else function.body
    if not body:
        return 0
    end = function.end_lineno or function.lineno
    text = lines[body[0].lineno - 1 : end]
    return sum(1 for line in text if line.strip() and not line.strip().startswith("#"))


def public(name: str) -> bool:
    """A name that others may use."""
    return not name.startswith("_")
