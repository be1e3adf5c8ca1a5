"""Packs load under their names; a broken one is reported and hurts nothing; reloading needs no restart."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from weft.plugin_errors import PackNotReloadableError, PackUnknownError
from weft.plugins import Loaded, PackReport, PackSource, load, reload, reload_changed
from weft.settings import Settings

SCALE = '''from weft.sdk import node

from .part import factor


@node("math.scale")
def scale(number: float) -> float:
    """Scale a number.

    Args:
        number: What is scaled.
    """
    return number * factor
'''
SINGLE = """from weft.sdk import choices, node


@choices("{name}_words")
def words():
    return ["a", "b"]


@node("text.{name}")
def _text(text: str) -> str:
    return text
"""
VALUE = '''from dataclasses import dataclass

from weft.sdk import node, value


@value("{name}")
@dataclass(frozen=True)
class Thing:
    """A thing."""


@node("thing.make")
def _make() -> Thing:
    return Thing()
'''


@pytest.fixture(autouse=True)
def _forget_packs() -> Iterator[None]:
    """Forget the modules that a test imports."""
    before = set(sys.modules)
    yield
    for name in set(sys.modules) - before:
        if name.startswith(("weft_custom_nodes", "toyfactory")):
            del sys.modules[name]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A ``custom_nodes`` folder with one good pack, ``good``."""
    folder = tmp_path / "custom_nodes"
    write(folder, "good/__init__.py", SCALE)
    write(folder, "good/part.py", "factor = 2\n")
    return folder


def write(folder: Path, name: str, text: str) -> None:
    """Write a file and the folders above it."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def loaded_from(*folders: Path, installed: bool = False) -> Loaded:
    """Load the packs of some folders."""
    return load(Settings(custom_nodes_dirs=folders), installed=installed)


def report_of(loaded: Loaded, pack: str) -> PackReport:
    """Give the report of a pack that must have one."""
    report = loaded.report(pack)
    assert report is not None
    return report


def run(loaded: Loaded, type: str, *arguments: Any) -> object:
    """Call the function of a node type."""
    return loaded.registry.definition(type).function(*arguments)


def test_a_folder_pack_loads_with_its_nodes_under_its_name(folder: Path) -> None:
    loaded = loaded_from(folder)

    assert loaded.registry.types() == ("good:math.scale",)
    assert run(loaded, "good:math.scale", 3.0) == 6.0
    schema = loaded.registry.schema("good:math.scale")
    assert schema is not None
    assert (schema.type, schema.pack, schema.category) == ("good:math.scale", "good", "math")
    assert len(schema.code_digest) == 32


def test_a_report_says_what_a_pack_offers_and_where_it_lies(folder: Path) -> None:
    write(folder, "good/weft-pack.toml", 'name = "Good nodes"\nversion = "2.1"\n')

    report = report_of(loaded_from(folder), "good")

    assert report == PackReport(
        name="good",
        path=str(folder / "good"),
        ok=True,
        nodes=("good:math.scale",),
        title="Good nodes",
        version="2.1",
    )
    assert report.to_json()["nodes"] == ["good:math.scale"]


def test_a_single_file_is_a_pack(folder: Path) -> None:
    write(folder, "single.py", SINGLE.format(name="single"))

    loaded = loaded_from(folder)

    assert run(loaded, "single:text.single", "hello") == "hello"
    assert loaded.registry.choices("single_words") == ("a", "b")


def test_nodes_in_submodules_are_found(folder: Path) -> None:
    write(folder, "deep/__init__.py", "from . import nodes\n")
    write(folder, "deep/nodes.py", SINGLE.format(name="deep"))

    assert "deep:text.deep" in loaded_from(folder).registry.types()


def test_missing_and_empty_folders_are_no_error(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()

    loaded = loaded_from(tmp_path / "missing", tmp_path / "empty")

    assert loaded.reports == ()


def test_a_folder_that_is_named_twice_is_searched_once(folder: Path) -> None:
    assert [report.name for report in loaded_from(folder, folder).reports] == ["good"]


def test_a_relative_folder_means_the_same_wherever_one_goes_later(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    late = SCALE.replace("from .part import factor\n", "").replace(
        "return", "from .part import factor; return"
    )
    write(folder, "good/__init__.py", late)
    monkeypatch.chdir(folder.parent)
    loaded = loaded_from(Path("custom_nodes"))

    monkeypatch.chdir("/")

    assert run(loaded, "good:math.scale", 3.0) == 6.0


def test_hidden_files_and_folders_without_python_are_passed_over(folder: Path) -> None:
    for name in (".hidden.py", "_private.py", "__pycache__/x.py", "notes/readme.txt", "readme.md"):
        write(folder, name, "")

    assert [report.name for report in loaded_from(folder).reports] == ["good"]


BROKEN = {
    "syntax.py": ("def x(:\n", "pack-broken", "SyntaxError"),
    "raises.py": ("x = {}['key']\n", "pack-broken", "KeyError"),
    "exits.py": ("raise SystemExit(3)\n", "pack-broken", "SystemExit"),
    "imports.py": ("import surely_not_there\n", "pack-broken", "ModuleNotFoundError"),
    "defines.py": (
        "from weft.sdk import node\n@node('a.b')\ndef _f(x): ...\n",
        "node-definition",
        'parameter "x" has no annotation',
    ),
    "marks.py": (
        "from weft.sdk import value\n@value('x')\nclass X: ...\n",
        "node-error",
        "not a frozen dataclass",
    ),
    "inner/__init__.py": ("from . import missing\n", "pack-broken", "ImportError"),
    "recurses.py": ("def f():\n    f()\nf()\n", "pack-broken", "RecursionError"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_pack_is_reported_with_its_traceback_and_hurts_nothing(folder: Path, name: str) -> None:
    source, code, said = BROKEN[name]
    write(folder, name, source)

    loaded = loaded_from(folder)

    report = report_of(loaded, name.split("/", maxsplit=1)[0].removesuffix(".py"))
    assert not report.ok
    assert report.error is not None
    assert report.error.code == code
    assert said in report.error.message
    assert str(folder / name) in report.traceback
    assert "importlib._bootstrap" not in report.traceback.split(str(folder / name))[0]
    assert report.nodes == ()
    assert run(loaded, "good:math.scale", 3.0) == 6.0


def test_a_broken_pack_names_the_last_line_of_its_own_that_was_reached(folder: Path) -> None:
    write(folder, "bad/__init__.py", "from . import parts\n")
    write(folder, "bad/parts.py", "import json\n\njson.loads('{')\n")

    error = report_of(loaded_from(folder), "bad").error

    assert error is not None
    assert error.message.endswith(f"({folder / 'bad' / 'parts.py'}, line 3)")


def test_a_pack_with_a_name_that_cannot_namespace_is_reported(folder: Path) -> None:
    write(folder, "my nodes/__init__.py", "")
    write(folder, "dotted.name.py", "")

    loaded = loaded_from(folder)

    errors = {report.name: report.error for report in loaded.reports}
    for name in ("my nodes", "dotted.name"):
        assert errors[name] is not None
        assert "cannot namespace nodes" in str(errors[name])


def test_a_folder_without_an_init_file_is_reported_with_what_to_do(folder: Path) -> None:
    write(folder, "loose/nodes.py", "x = 1\n")

    error = report_of(loaded_from(folder), "loose").error

    assert error is not None
    assert "has no __init__.py" in error.message
    assert "Add one" in error.hint


def test_missing_requirements_are_named_before_anything_is_imported(folder: Path) -> None:
    write(folder, "needy/__init__.py", "raise AssertionError('imported')\n")
    write(folder, "needy/weft-pack.toml", 'requirements = ["surely-not-there>=2", "numpy>=1"]\n')

    error = report_of(loaded_from(folder), "needy").error

    assert error is not None
    assert error.code == "requirement-missing"
    assert "surely-not-there>=2 (not installed)" in error.message
    assert "numpy" not in error.message


def test_two_packs_of_one_name_are_a_clash_and_the_first_stays(folder: Path, tmp_path: Path) -> None:
    write(tmp_path / "more", "good.py", SINGLE.format(name="rival"))

    loaded = loaded_from(folder, tmp_path / "more")

    assert [(report.name, report.ok) for report in loaded.reports] == [("good", True), ("good", False)]
    error = loaded.reports[1].error
    assert error is not None
    assert error.code == "name-clash"
    assert str(folder / "good") in error.message
    assert str(tmp_path / "more" / "good.py") in error.message
    assert loaded.registry.types() == ("good:math.scale",)


def test_two_packs_that_define_one_value_type_are_a_clash_that_names_both(folder: Path) -> None:
    write(folder, "first.py", VALUE.format(name="toy_plugin_thing"))
    write(folder, "second.py", VALUE.format(name="toy_plugin_thing"))

    loaded = loaded_from(folder)

    error = report_of(loaded, "second").error
    assert error is not None
    assert error.code == "name-clash"
    assert "weft_custom_nodes.first.Thing" in error.message
    assert "weft_custom_nodes.second.Thing" in error.message
    assert loaded.registry.types() == ("first:thing.make", "good:math.scale")
    assert "weft_custom_nodes.second" not in sys.modules


def test_reloading_sees_an_edit_and_leaves_the_old_registry_valid(folder: Path) -> None:
    before = loaded_from(folder)
    write(folder, "good/part.py", "factor = 3\n")

    after = reload(before, "good")

    assert run(after, "good:math.scale", 3.0) == 9.0
    assert run(before, "good:math.scale", 3.0) == 6.0
    digests = [found.registry.definition("good:math.scale").schema.code_digest for found in (before, after)]
    assert digests[0] != digests[1]
    assert report_of(after, "good").ok


def test_reloading_can_be_done_again_and_again(folder: Path) -> None:
    loaded = loaded_from(folder)

    for factor in range(3, 8):
        write(folder, "good/part.py", f"factor = {factor}\n")
        loaded = reload(loaded, "good")

        assert run(loaded, "good:math.scale", 1.0) == factor


def test_reloading_unchanged_code_gives_the_same_digest(folder: Path) -> None:
    before = loaded_from(folder)

    after = reload(before, "good")

    assert after.registry.schema("good:math.scale") == before.registry.schema("good:math.scale")


def test_a_reload_that_fails_keeps_the_old_version_and_says_why(folder: Path) -> None:
    before = loaded_from(folder)
    write(folder, "good/part.py", "factor = \n")

    after = reload(before, "good")

    report = report_of(after, "good")
    assert (report.ok, report.nodes) == (False, ("good:math.scale",))
    assert "SyntaxError" in report.traceback
    assert run(after, "good:math.scale", 3.0) == 6.0


def test_a_pack_recovers_once_it_is_corrected(folder: Path) -> None:
    write(folder, "late.py", "def x(:\n")
    loaded = loaded_from(folder)
    write(folder, "late.py", SINGLE.format(name="late"))

    after = reload(loaded, "late")

    assert report_of(after, "late").ok
    assert "late:text.late" in after.registry.types()


def test_a_reloaded_pack_may_offer_other_nodes(folder: Path) -> None:
    loaded = loaded_from(folder)
    write(folder, "good/__init__.py", SCALE.replace("math.scale", "math.stretch"))

    after = reload(loaded, "good")

    assert after.registry.types() == ("good:math.stretch",)
    assert report_of(after, "good").nodes == ("good:math.stretch",)


def test_a_value_type_of_a_reloaded_pack_is_its_new_class(folder: Path) -> None:
    write(folder, "things.py", VALUE.format(name="toy_reloaded_thing"))
    before = loaded_from(folder)

    after = reload(before, "things")

    old, new = (found.registry.value_types()["toy_reloaded_thing"] for found in (before, after))
    assert old is not new
    assert isinstance(run(after, "things:thing.make"), new)
    assert isinstance(run(before, "things:thing.make"), old)


def test_a_pack_that_was_added_since_is_loaded(folder: Path) -> None:
    loaded = loaded_from(folder)
    write(folder, "fresh.py", SINGLE.format(name="fresh"))

    after = reload(loaded, "fresh")

    assert [report.name for report in after.reports] == ["good", "fresh"]
    assert "fresh:text.fresh" in after.registry.types()


def test_a_pack_that_was_removed_since_is_gone(folder: Path) -> None:
    write(folder, "brief.py", SINGLE.format(name="brief"))
    loaded = loaded_from(folder)
    (folder / "brief.py").unlink()

    after = reload(loaded, "brief")

    assert after.report("brief") is None
    assert after.registry.types() == ("good:math.scale",)
    assert run(loaded, "brief:text.brief", "x") == "x"


def test_reloading_an_unknown_pack_is_refused_with_a_suggestion(folder: Path) -> None:
    with pytest.raises(PackUnknownError) as caught:
        reload(loaded_from(folder), "goood")

    assert '"good"' in caught.value.hint


def install(site: Path, name: str, module: str) -> None:
    """Write what an installer writes for a distribution with one entry point."""
    write(site, f"{name}-1.0.dist-info/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    write(site, f"{name}-1.0.dist-info/entry_points.txt", f"[weft.nodes]\n{name} = {module}\n")


def without_builtins(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Hide weft's own entry point behind one whose nodes import quickly."""
    monkeypatch.syspath_prepend(site)
    install(site, "weft", "weft_nodes")
    write(site, "weft_nodes/__init__.py", 'NODE_MODULES = ("texts", "broken", "more")\n')
    write(site, "weft_nodes/texts.py", SINGLE.format(name="builtin"))
    write(site, "weft_nodes/broken.py", "1 / 0\n")
    write(site, "weft_nodes/more.py", SINGLE.format(name="more"))
    for name in [name for name in sys.modules if name.partition(".")[0] == "weft_nodes"]:
        monkeypatch.delitem(sys.modules, name)


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder of installed packages: small built-in nodes, one module of them broken, and a toy factory."""
    site = tmp_path / "site"
    without_builtins(site, monkeypatch)
    install(site, "toyfactory", "toyfactory.nodes")
    write(site, "toyfactory/__init__.py", "")
    write(site, "toyfactory/nodes.py", SCALE)
    write(site, "toyfactory/part.py", "factor = 2\n")
    yield site
    for name in [name for name in sys.modules if name.partition(".")[0] == "weft_nodes"]:
        del sys.modules[name]


def test_builtin_nodes_have_no_prefix_and_installed_packs_have_theirs(site: Path) -> None:
    loaded = loaded_from(installed=True)

    assert loaded.registry.types() == ("text.builtin", "text.more", "toyfactory:math.scale")
    assert run(loaded, "toyfactory:math.scale", 3.0) == 6.0


def test_a_broken_module_of_the_builtin_nodes_is_reported_while_the_others_load(site: Path) -> None:
    report = report_of(loaded_from(installed=True), "weft")

    assert not report.ok
    assert "ZeroDivisionError" in report.traceback
    assert report.nodes == ("text.builtin", "text.more")


def test_an_installed_pack_reloads_and_falls_back(site: Path) -> None:
    before = loaded_from(installed=True)
    write(site, "toyfactory/part.py", "factor = 5\n")
    edited = reload(before, "toyfactory")
    write(site, "toyfactory/part.py", "factor = \n")
    broken = reload(edited, "toyfactory")

    assert run(before, "toyfactory:math.scale", 1.0) == 2.0
    assert run(edited, "toyfactory:math.scale", 1.0) == 5.0
    assert not report_of(broken, "toyfactory").ok
    assert run(broken, "toyfactory:math.scale", 1.0) == 5.0


def test_the_builtin_nodes_cannot_be_reloaded(site: Path) -> None:
    with pytest.raises(PackNotReloadableError):
        reload(loaded_from(installed=True), "weft")


def test_a_source_says_where_a_pack_lies() -> None:
    assert str(PackSource("a", path=Path("custom/a.py"))) == "custom/a.py"
    assert str(PackSource("a", module="a.nodes")) == "the installed package a.nodes"


def test_only_packs_that_changed_are_loaded_again(folder: Path) -> None:
    write(folder, "other.py", SINGLE.format(name="other"))
    before = loaded_from(folder)
    write(folder, "good/part.py", "factor = 30\n")

    after = reload_changed(before)

    assert run(after, "good:math.scale", 3.0) == 90.0
    definitions = [found.registry.definition("other:text.other") for found in (before, after)]
    assert definitions[0].function is definitions[1].function


def test_where_nothing_changed_nothing_is_loaded_again(folder: Path) -> None:
    before = loaded_from(folder)

    assert reload_changed(before) is before


def test_packs_that_came_and_went_are_noticed(folder: Path) -> None:
    before = loaded_from(folder)

    write(folder, "new.py", SINGLE.format(name="new"))
    came = reload_changed(before)
    (folder / "new.py").unlink()
    went = reload_changed(came)

    assert came.registry.types() == ("good:math.scale", "new:text.new")
    assert went.registry.types() == ("good:math.scale",)
    assert went.report("new") is None


def test_a_broken_pack_is_tried_again_though_its_files_stayed(folder: Path) -> None:
    write(folder, "needy.py", "import toyneed\n")
    before = loaded_from(folder)
    write(folder, "needy.py", "import toyneed\n")

    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "toyneed", sys)
        after = reload_changed(before)

    assert (report_of(before, "needy").ok, report_of(after, "needy").ok) == (False, True)


def test_a_pack_that_breaks_works_again_once_it_is_mended(folder: Path) -> None:
    before = loaded_from(folder)
    write(folder, "good/part.py", "factor = \n")

    broken = reload_changed(before)
    write(folder, "good/part.py", "factor = 5\n")
    mended = reload_changed(broken)

    assert not report_of(broken, "good").ok
    assert run(broken, "good:math.scale", 3.0) == 6.0
    assert run(mended, "good:math.scale", 3.0) == 15.0


def test_an_edited_installed_pack_is_loaded_again_and_the_builtin_nodes_are_not(site: Path) -> None:
    before = loaded_from(installed=True)
    write(site, "toyfactory/part.py", "factor = 55\n")

    after = reload_changed(before)

    assert run(after, "toyfactory:math.scale", 1.0) == 55.0
    assert after.report("weft") is before.report("weft")
