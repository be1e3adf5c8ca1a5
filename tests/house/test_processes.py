"""Tests run in several processes as they run in one, and a process that dies is a failed test."""

import os
import subprocess
import sys
from collections.abc import Mapping
from getpass import getuser
from pathlib import Path

import pytest

FILES = {
    "conftest.py": """
import os, pathlib, pytest
HERE = pathlib.Path(__file__).parent
BEGUN_BY = os.getpid()
@pytest.fixture(scope="session")
def place(tmp_path_factory):
    yield tmp_path_factory.mktemp("session", numbered=False)
    (HERE / "given back").touch()
@pytest.hookimpl(wrapper=True)
def pytest_sessionfinish():
    yield
    has_garbage = any(HERE.glob("temporary/*/garbage-*"))
    who = "first" if os.getpid() == BEGUN_BY else "forked"
    (HERE / f"{who}-{os.getpid()}").write_text("left" if has_garbage else "removed")
""",
    "test_first.py": """
import os, time, pathlib
def test_passes(place, tmp_path):
    assert tmp_path.parent == place.parent
    deadline = time.monotonic() + 60
    other = pathlib.Path(__file__).with_name("met")
    while not other.exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert other.read_text() != str(os.getpid())
def test_is_left_out():
    import pytest
    pytest.skip("for a reason")
""",
    "test_second.py": """
import os, pathlib
def test_fails(place):
    pathlib.Path(__file__).with_name("met").write_text(str(os.getpid()))
    print("said before")
    assert 1 == 2
def test_passes_after_a_failure(place): pass
""",
    "test_third.py": """
import os
def test_dies(): os._exit(7)
def test_is_never_run(): pass
""",
    "test_together_one.py": """
import os, pathlib, pytest
pytestmark = pytest.mark.together
def test_is_run(): pathlib.Path(__file__).with_name("one").write_text(str(os.getpid()))
""",
    "test_together_other.py": """
import os, pathlib, pytest
pytestmark = pytest.mark.together
def test_is_run_where_the_other_was():
    assert pathlib.Path(__file__).with_name("one").read_text() == str(os.getpid())
""",
}

UNRETURNED = """
import pytest
@pytest.fixture(scope="session")
def place():
    yield
    raise RuntimeError("cannot be given back")
def test_passes(place): pass
"""


def run_in_two(folder: Path, files: Mapping[str, str]) -> str:
    """Run test files in two processes, which fails, and return what pytest says."""
    for name, text in files.items():
        (folder / name).write_text(text)
    temporary = folder / "temporary"
    (temporary / f"pytest-of-{getuser()}" / "garbage-of-an-earlier-run").mkdir(parents=True, mode=0o700)
    options = ("-p", "processes", "--processes", "2", "-rA", "--rootdir", ".")
    command = (sys.executable, "-m", "pytest", *options)
    surroundings = os.environ | {
        "PYTHONPATH": str(Path(__file__).parents[1]),
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        "PYTEST_ADDOPTS": "",
        "PYTEST_DEBUG_TEMPROOT": str(temporary),
    }
    ended = subprocess.run(
        command, cwd=folder, env=surroundings, capture_output=True, text=True, timeout=120, check=False
    )
    assert ended.returncode == pytest.ExitCode.TESTS_FAILED, ended.stdout + ended.stderr
    return ended.stdout


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the files lie."""
    return tmp_path_factory.mktemp("tests")


@pytest.fixture(scope="module")
def told(folder: Path) -> str:
    """What pytest says of the files in two processes, which wait for each other."""
    return run_in_two(folder, FILES)


def test_files_are_spread_and_their_reports_are_one(told: str) -> None:
    assert "PASSED test_first.py::test_passes" in told
    assert "SKIPPED [1] test_first.py" in told
    assert "PASSED test_second.py::test_passes_after_a_failure" in told
    assert "2 failed, 4 passed, 1 skipped" in told


def test_files_that_belong_together_are_run_by_one_process(told: str) -> None:
    assert "PASSED test_together_other.py::test_is_run_where_the_other_was" in told


def test_a_failure_is_told_with_its_place_and_output(told: str) -> None:
    assert "FAILED test_second.py::test_fails - assert 1 == 2" in told
    assert "said before" in told


def test_a_process_that_dies_fails_its_test(told: str) -> None:
    assert "FAILED test_third.py::test_dies - The process of this test ended with 7" in told
    assert "test_is_never_run" not in told


def test_what_was_set_up_for_the_session_is_given_back(told: str, folder: Path) -> None:
    assert (folder / "given back").exists()


def test_only_the_process_that_was_forked_removes_what_earlier_runs_left(told: str, folder: Path) -> None:
    assert [found.read_text() for found in folder.glob("first-*")] == ["removed"]
    assert [found.read_text() for found in folder.glob("forked-*")] == ["left"]


def test_what_cannot_be_given_back_is_a_failure(tmp_path: Path) -> None:
    assert "ended with 1 before its end" in run_in_two(tmp_path, {"test_it.py": UNRETURNED})
