"""Packs are imported under names of their own, from their source, and leave no trace where they fail."""

import importlib
import os
import py_compile
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from weft.importing import NAMESPACE, FreshFinder, folder_pack, installed_pack, modules_below


@pytest.fixture(autouse=True)
def _forget_packs() -> Iterator[None]:
    """Begin without the packs of other tests, and forget the modules that a test imports."""
    packs = {name: found for name, found in sys.modules.items() if name.startswith(f"{NAMESPACE}.")}
    for name in packs:
        del sys.modules[name]
    before = set(sys.modules)
    yield
    for name in set(sys.modules) - before:
        del sys.modules[name]
    sys.modules.update(packs)


def write(folder: Path, **sources: str) -> Path:
    """Write files of a folder; ``init`` stands for ``__init__``."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, source in sources.items():
        (folder / f"{'__init__' if name == 'init' else name}.py").write_text(source)
    return folder


def imported(pack: str, path: Path) -> str:
    """Import a pack and give the name of its top module."""
    with folder_pack(pack, path) as root:
        return root


def test_a_folder_becomes_a_package_in_the_namespace_of_packs(tmp_path: Path) -> None:
    write(tmp_path / "toys", init="from . import part\nfrom .part import x\n", part="x = 5\n")

    root = imported("toys", tmp_path / "toys")

    assert root == f"{NAMESPACE}.toys"
    assert vars(sys.modules[root])["x"] == 5
    assert sorted(modules_below(root)) == [root, f"{root}.part"]


def test_a_single_file_becomes_a_module(tmp_path: Path) -> None:
    write(tmp_path, toys="x = 5\n")

    root = imported("toys", tmp_path / "toys.py")

    assert vars(sys.modules[root])["x"] == 5
    assert not hasattr(sys.modules[root], "__path__")


def test_the_search_path_of_python_is_not_touched(tmp_path: Path) -> None:
    before = list(sys.path)
    write(tmp_path / "json_toys", init="import json\nencoder = json.dumps\n", json="x = 5\n")

    root = imported("json_toys", tmp_path / "json_toys")

    assert sys.path == before
    assert vars(sys.modules[root])["encoder"]([1]) == "[1]"


def test_importing_again_gives_new_modules_and_keeps_the_old_ones_whole(tmp_path: Path) -> None:
    folder = write(
        tmp_path / "toys",
        init="from .part import x\ndef late():\n    from .part import x\n    return x\n",
        part="x = 1\n",
    )
    first = sys.modules[imported("toys", folder)]

    write(folder, part="x = 2\n")
    second = sys.modules[imported("toys", folder)]

    assert (vars(first)["x"], vars(second)["x"]) == (1, 2)
    assert (vars(first)["late"](), vars(second)["late"]()) == (1, 2)
    assert second.__name__ == f"{first.__name__}@2"


def test_quick_edits_are_seen_though_size_and_time_of_the_file_are_equal(tmp_path: Path) -> None:
    folder = write(tmp_path / "toys", init="from .part import x\n", part="x = 1\n")
    for path in (folder / "__init__.py", folder / "part.py"):
        py_compile.compile(str(path), doraise=True)
    state = (folder / "part.py").stat()

    write(folder, part="x = 2\n")
    os.utime(folder / "part.py", ns=(state.st_atime_ns, state.st_mtime_ns))

    assert vars(sys.modules[imported("toys", folder)])["x"] == 2


def test_no_bytecode_is_written_beside_a_pack(tmp_path: Path) -> None:
    folder = write(tmp_path / "toys", init="from . import part\n", part="x = 1\n")

    imported("toys", folder)

    assert not list(tmp_path.rglob("__pycache__"))


@pytest.mark.parametrize(
    "source", ["def x(:\n", "1 / 0\n", "raise SystemExit(1)\n", "from .missing import x\n"]
)
def test_a_pack_that_fails_leaves_no_module_behind(tmp_path: Path, source: str) -> None:
    folder = write(
        tmp_path / "toys", init="from . import part\nfrom . import broken\n", part="", broken=source
    )

    with pytest.raises((Exception, SystemExit)):
        imported("toys", folder)

    assert modules_below(f"{NAMESPACE}.toys") == {}


def test_a_pack_whose_use_fails_is_forgotten_too(tmp_path: Path) -> None:
    write(tmp_path, toys="x = 5\n")

    with pytest.raises(LookupError), folder_pack("toys", tmp_path / "toys.py"):
        raise LookupError

    assert modules_below(f"{NAMESPACE}.toys") == {}


def test_packs_with_like_names_are_kept_apart(tmp_path: Path) -> None:
    write(tmp_path, toys="x = 1\n", toys_more="x = 2\n")

    first, second = imported("toys", tmp_path / "toys.py"), imported("toys_more", tmp_path / "toys_more.py")

    assert list(modules_below(first)) == [first]
    assert list(modules_below(second)) == [second]


def test_the_finder_is_put_in_place_once(tmp_path: Path) -> None:
    write(tmp_path, toys="x = 1\n")

    imported("toys", tmp_path / "toys.py")
    imported("toys", tmp_path / "toys.py")

    found = [finder for finder in sys.meta_path if isinstance(finder, FreshFinder)]
    assert [finder.package for finder in found] == [NAMESPACE]


def test_the_finder_leaves_other_modules_alone() -> None:
    assert FreshFinder("toys").find_spec("json", None) is None
    assert FreshFinder("toys").find_spec("toyshop", None) is None


def test_an_installed_package_is_imported_as_usual(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    write(tmp_path / "toyfactory", init="", nodes="x = 1\n")

    with installed_pack("toyfactory.nodes", again=False) as root:
        assert root == "toyfactory"

    assert vars(sys.modules["toyfactory.nodes"])["x"] == 1


def test_an_installed_package_can_be_imported_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    folder = write(tmp_path / "toyfactory", init="from .nodes import x\n", nodes="x = 1\n")
    old = importlib.import_module("toyfactory")

    write(folder, nodes="x = 2\n")
    with installed_pack("toyfactory", again=True) as root:
        new = sys.modules[root]

    assert (vars(old)["x"], vars(new)["x"]) == (1, 2)
    assert not any(
        isinstance(found, FreshFinder) and found.package == "toyfactory" for found in sys.meta_path
    )


def test_an_installed_package_that_fails_anew_stays_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    folder = write(tmp_path / "toyfactory", init="from .nodes import x\n", nodes="x = 1\n")
    importlib.import_module("toyfactory")
    before = modules_below("toyfactory")

    write(folder, nodes="x = \n")
    with pytest.raises(SyntaxError), installed_pack("toyfactory", again=True):
        pass

    assert modules_below("toyfactory") == before
