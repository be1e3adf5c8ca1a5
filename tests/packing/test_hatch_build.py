"""Packing weft: the editor and what it stands on come along, and nothing is fetched twice."""

import importlib.util
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from weft.web.editor.edition import is_bundled

ROOT = Path(__file__).resolve().parents[2]
MOST_BYTES = 400_000
"""Of JavaScript in a wheel, before it is compressed."""


@pytest.fixture(scope="module")
def hook() -> ModuleType:
    spec = importlib.util.spec_from_file_location("hatch_build", ROOT / "hatch_build.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout that has its third-party modules already."""
    for name in ("deno.json", "deno.lock"):
        shutil.copy(ROOT / name, tmp_path)
    shutil.copytree(ROOT / "frontend" / "vendor", tmp_path / "frontend" / "vendor")
    return tmp_path


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A machine that reaches no registry, and has never fetched anything."""
    monkeypatch.setenv("NPM_CONFIG_REGISTRY", "http://127.0.0.1:9/")
    monkeypatch.setenv("DENO_DIR", str(tmp_path / "deno"))


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[zipfile.ZipFile]:
    """Weft, packed."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    done = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    (path,) = folder.glob("*.whl")
    with zipfile.ZipFile(path) as wheel:
        yield wheel


def test_a_wheel_holds_what_a_browser_loads_and_the_licences(wheel: zipfile.ZipFile) -> None:
    for name in ("index.html", "bundle.js", "ui/ui.css", "locales/de.json", "vendor/LICENSE-htm"):
        assert f"weft/_frontend/{name}" in wheel.namelist()


def test_all_javascript_that_is_shipped_is_one_file_within_its_budget(wheel: zipfile.ZipFile) -> None:
    modules = [entry for entry in wheel.infolist() if entry.filename.endswith((".js", ".mjs"))]

    assert [entry.filename for entry in modules] == ["weft/_frontend/bundle.js"]
    assert modules[0].file_size <= MOST_BYTES
    assert b"/**" not in wheel.read(modules[0])
    assert b"\n  <" not in wheel.read(modules[0])


def test_an_editable_install_packs_nothing_and_joins_the_modules(hook: ModuleType, tmp_path: Path) -> None:
    editor = hook.EditorHook(str(ROOT), {}, None, None, str(tmp_path), "wheel")
    data: dict[str, dict[str, str]] = {"force_include": {}}

    editor.initialize("editable", data)

    assert data == {"force_include": {}}
    assert is_bundled(ROOT / "frontend")


@pytest.mark.usefixtures("offline")
def test_nothing_is_fetched_while_the_modules_are_in_step_with_the_lock(
    hook: ModuleType, checkout: Path
) -> None:
    assert hook.fetch(checkout) is False


@pytest.mark.usefixtures("offline")
def test_without_a_registry_it_says_so_and_leaves_what_is_there(hook: ModuleType, checkout: Path) -> None:
    stamp = checkout / "frontend" / "vendor" / "VERSIONS"
    stamp.write_text("another version\n")

    with pytest.raises(hook.EditorError, match="connect to the network") as caught:
        hook.fetch(checkout)
    assert "127.0.0.1:9" in str(caught.value)
    assert (checkout / "frontend" / "vendor" / "preact.mjs").is_file()
    assert stamp.read_text() == "another version\n"


def test_what_is_not_in_step_with_the_lock_is_fetched(hook: ModuleType, checkout: Path) -> None:
    vendor = checkout / "frontend" / "vendor"
    shipped = (vendor / "preact.mjs").read_bytes()
    (vendor / "preact.mjs").write_text("another version")
    (vendor / "VERSIONS").write_text("another version\n")

    assert hook.fetch(checkout) is True
    assert (vendor / "preact.mjs").read_bytes() == shipped
    assert hook.fetch(checkout) is False
