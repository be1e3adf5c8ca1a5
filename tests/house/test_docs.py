"""Every name that others may use says what it is for."""

import ast
from collections.abc import Iterator
from pathlib import Path

from house.house import public, shown, source_files, tree_of


def _documentable(body: list[ast.stmt]) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef]:
    for item in body:
        if isinstance(item, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and public(item.name):
            yield item
            if isinstance(item, ast.ClassDef):
                yield from _documentable(item.body)


def _is_override(item: ast.AST) -> bool:
    """An overriding or overloading method is documented where it is declared first."""
    decorators = getattr(item, "decorator_list", [])
    return any(isinstance(d, ast.Name) and d.id in {"override", "overload"} for d in decorators)


def _public_modules() -> list[Path]:
    return [path for path in source_files() if public(path.stem) or path.stem == "__init__"]


def test_every_module_says_what_it_holds() -> None:
    assert [shown(path) for path in source_files() if not ast.get_docstring(tree_of(path))] == []


def test_every_public_name_is_documented() -> None:
    silent = []
    for path in _public_modules():
        for item in _documentable(tree_of(path).body):
            if not ast.get_docstring(item) and not _is_override(item):
                silent.append(f"{shown(path)}:{item.lineno} {item.name}")

    assert silent == []
