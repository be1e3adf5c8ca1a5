"""A module's digest changes with its source and with what it imports from its pack, and with nothing else."""

import importlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest
from weft.digests import CodeDigests

Build = Callable[..., Path]


@pytest.fixture(autouse=True)
def _forget_packages(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """Let packages be imported from the temporary folder, and forget them afterwards."""
    monkeypatch.syspath_prepend(tmp_path)
    before = set(sys.modules)
    yield
    for name in set(sys.modules) - before:
        del sys.modules[name]


def write(folder: Path, **sources: str) -> None:
    """Write a package whose files are given by their dotted names; `__init__` files are added."""
    for name, source in sources.items():
        path = folder.joinpath(*name.split("__in__")).with_suffix(".py")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(source)
    for directory in {path.parent for path in folder.rglob("*.py")} | {folder}:
        (directory / "__init__.py").touch()


def digest(name: str) -> str:
    """Digest a module of the package ``toypack`` as it is on disk now."""
    importlib.invalidate_caches()
    return CodeDigests("toypack").digest(importlib.import_module(name))


def changes(tmp_path: Path, target: str, edited: str) -> bool:
    """Tell whether editing a file changes the digest of a module of ``toypack``."""
    before = digest(target)
    path = tmp_path / "toypack" / edited
    path.write_text(path.read_text() + "\n# edited\n")
    return digest(target) != before


def test_the_digest_of_unchanged_code_is_the_same(tmp_path: Path) -> None:
    write(tmp_path / "toypack", nodes="x = 1")

    assert digest("toypack.nodes") == digest("toypack.nodes")
    assert len(digest("toypack.nodes")) == 32


def test_a_module_changes_with_its_own_source(tmp_path: Path) -> None:
    write(tmp_path / "toypack", nodes="x = 1")

    assert changes(tmp_path, "toypack.nodes", "nodes.py")


@pytest.mark.parametrize(
    "statement",
    [
        "from .part import x",
        "from . import part",
        "from toypack.part import x",
        "from toypack import part",
        "import toypack.part",
        "import toypack.part as p",
        "def late():\n    from .part import x",
        "try:\n    from .part import x\nexcept ImportError:\n    x = 0",
        "try:\n    x = 0\nexcept ImportError:\n    from .part import x",
        "try:\n    x = 0\nfinally:\n    from .part import x",
        "if False:\n    x = 0\nelse:\n    import toypack.part",
        "for x in ():\n    x += 1\nelse:\n    from . import part",
        "match 1:\n    case 1:\n        from .part import x",
        "class Late:\n    async def x(self):\n        with open('x'):\n            from .part import x",
        "x = 0; from .part import x",
        "from .part import (\n    x,\n)",
    ],
)
def test_a_module_changes_with_what_it_imports_however_it_does_so(tmp_path: Path, statement: str) -> None:
    write(tmp_path / "toypack", nodes=statement, part="x = 1")

    assert changes(tmp_path, "toypack.nodes", "part.py")


def test_words_about_an_import_are_none(tmp_path: Path) -> None:
    write(tmp_path / "toypack", nodes='"""\nfrom .part import x\n"""\n# import toypack.part\n', part="x = 1")

    assert not changes(tmp_path, "toypack.nodes", "part.py")


def test_an_import_that_is_added_later_counts_from_then_on(tmp_path: Path) -> None:
    write(tmp_path / "toypack", nodes="x = 1", part="y = 1")
    assert not changes(tmp_path, "toypack.nodes", "part.py")

    (tmp_path / "toypack" / "nodes.py").write_text("from .part import y")

    assert changes(tmp_path, "toypack.nodes", "part.py")


def test_a_module_changes_with_what_its_imports_import(tmp_path: Path) -> None:
    write(
        tmp_path / "toypack", nodes="from .a import x", a="from .b import x", b="from .c import x", c="x = 1"
    )

    assert changes(tmp_path, "toypack.nodes", "c.py")


def test_a_module_does_not_change_with_what_it_does_not_import(tmp_path: Path) -> None:
    write(tmp_path / "toypack", nodes="from .a import x", a="x = 1", other="from .nodes import x")

    assert not changes(tmp_path, "toypack.nodes", "other.py")


def test_importing_a_module_by_name_does_not_pull_in_the_package_itself(tmp_path: Path) -> None:
    write(tmp_path / "toypack", nodes="from . import part", part="x = 1")

    assert not changes(tmp_path, "toypack.nodes", "__init__.py")


def test_importing_a_name_of_the_package_does(tmp_path: Path) -> None:
    write(tmp_path / "toypack", nodes="from . import setting\n", part="")
    (tmp_path / "toypack" / "__init__.py").write_text("setting = 1\n")

    assert changes(tmp_path, "toypack.nodes", "__init__.py")


def test_relative_imports_are_followed_up_and_down_the_tree(tmp_path: Path) -> None:
    write(
        tmp_path / "toypack",
        area__in__nodes="from ..shared.maths import x",
        shared__in__maths="from .deep.numbers import x",
        shared__in__deep__in__numbers="x = 1",
    )

    assert changes(tmp_path, "toypack.area.nodes", "shared/maths.py")
    assert changes(tmp_path, "toypack.area.nodes", "shared/deep/numbers.py")
    assert not changes(tmp_path, "toypack.area.nodes", "area/__init__.py")


def test_a_package_imports_relative_to_itself(tmp_path: Path) -> None:
    write(tmp_path / "toypack", area__in__part="x = 1")
    (tmp_path / "toypack" / "area" / "__init__.py").write_text("from .part import x\n")

    assert changes(tmp_path, "toypack.area", "area/part.py")


def test_modules_that_import_each_other_are_no_endless_loop(tmp_path: Path) -> None:
    write(tmp_path / "toypack", nodes="import toypack.part\nx = 1", part="import toypack.nodes\ny = 1")

    assert changes(tmp_path, "toypack.nodes", "part.py")


def test_imports_from_outside_of_the_pack_do_not_count(tmp_path: Path) -> None:
    write(tmp_path / "toypack", nodes="import json, otherpack\nfrom otherpack import x")
    write(tmp_path / "otherpack", unused="")
    (tmp_path / "otherpack" / "__init__.py").write_text("x = 1\n")
    before = digest("toypack.nodes")

    (tmp_path / "otherpack" / "__init__.py").write_text("x = 2\n")

    assert digest("toypack.nodes") == before


def test_imports_of_what_is_not_there_or_not_correct_are_no_error(tmp_path: Path) -> None:
    source = "if False:\n    from .missing import x\n    from .broken import y\n"
    write(tmp_path / "toypack", nodes=source, broken="def x(:\n")

    assert changes(tmp_path, "toypack.nodes", "broken.py")


def test_a_single_file_is_a_pack_too(tmp_path: Path) -> None:
    (tmp_path / "toypack.py").write_text("x = 1\n")
    before = digest("toypack")

    (tmp_path / "toypack.py").write_text("x = 2\n")

    assert digest("toypack") != before


def test_equal_code_in_modules_of_different_names_has_different_digests(tmp_path: Path) -> None:
    write(tmp_path / "toypack", nodes="x = 1", part="x = 1")

    assert digest("toypack.nodes") != digest("toypack.part")


def test_equal_packs_at_different_places_have_equal_digests(tmp_path: Path) -> None:
    write(tmp_path / "toypack", nodes="from .part import x", part="x = 1")
    first = digest("toypack.nodes")
    for name in [name for name in sys.modules if name.startswith("toypack")]:
        del sys.modules[name]
    (tmp_path / "toypack").rename(tmp_path / "elsewhere")
    module = importlib.import_module("elsewhere.nodes")

    assert CodeDigests("elsewhere").digest(module) == first


def test_a_module_without_a_file_is_known_by_its_name() -> None:
    first = CodeDigests("console").digest(ModuleType("console"))

    assert first == CodeDigests("console").digest(ModuleType("console"))
    assert first != CodeDigests("other").digest(ModuleType("other"))
