"""Habits that make code hard to trust do not enter the source."""

import ast
from pathlib import Path

import pytest
from house.house import parts_of, shown, source_files, tree_of

FORBIDDEN_NAMES = {"utils.py", "helpers.py", "manager.py", "misc.py", "common.py"}


def _where(path: Path, item: ast.AST) -> str:
    return f"{shown(path)}:{getattr(item, 'lineno', 0)}"


def _found(kind: type[ast.AST]) -> list[tuple[Path, ast.AST]]:
    return [(path, item) for path in source_files() for item in parts_of(path) if isinstance(item, kind)]


def test_no_function_reaches_for_a_global() -> None:
    assert [_where(path, item) for path, item in _found(ast.Global)] == []


def test_no_except_hides_what_it_caught() -> None:
    hiding = []
    for path, item in _found(ast.ExceptHandler):
        assert isinstance(item, ast.ExceptHandler)
        if item.type is None or all(isinstance(statement, ast.Pass) for statement in item.body):
            hiding.append(_where(path, item))

    assert hiding == []


def test_the_library_never_prints() -> None:
    calls = [(path, item) for path, item in _found(ast.Call) if isinstance(item, ast.Call)]

    assert [_where(p, c) for p, c in calls if isinstance(c.func, ast.Name) and c.func.id == "print"] == []


def test_no_import_takes_everything() -> None:
    starred = [(p, i) for p, i in _found(ast.ImportFrom) if isinstance(i, ast.ImportFrom)]

    assert [_where(p, i) for p, i in starred if any(alias.name == "*" for alias in i.names)] == []


def test_no_file_has_a_name_that_says_nothing() -> None:
    assert [shown(path) for path in source_files() if path.name in FORBIDDEN_NAMES] == []


@pytest.mark.parametrize("kind", [ast.List, ast.Dict, ast.Set, ast.ListComp, ast.DictComp, ast.SetComp])
def test_modules_hold_no_mutable_state(kind: type[ast.AST]) -> None:
    mutable = []
    for path in source_files():
        for statement in tree_of(path).body:
            if isinstance(statement, ast.Assign | ast.AnnAssign) and isinstance(statement.value, kind):
                targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
                names = [target.id for target in targets if isinstance(target, ast.Name)]
                if names != ["__all__"]:
                    mutable.append(_where(path, statement))

    assert mutable == []
