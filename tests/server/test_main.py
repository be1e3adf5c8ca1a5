"""The program starts at once and says what it can do."""

import subprocess
import sys

HEAVY = "{'torch', 'diffusers', 'transformers', 'rich', 'pydantic', 'numpy'}"


def _python(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *words], capture_output=True, text=True, check=False)


def test_help_exits_with_success() -> None:
    ended = _python("-m", "weft", "--help")

    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout.startswith("usage: weft")


def test_a_wrong_command_exits_with_two() -> None:
    ended = _python("-m", "weft", "ran")

    assert (ended.returncode, ended.stdout) == (2, "")
    assert 'Did you mean "run"?' in ended.stderr


def test_help_and_version_import_nothing_heavy() -> None:
    program = f"""
import sys, weft.__main__
for word in ("--help", "--version"):
    sys.argv = ["weft", word]
    try:
        weft.__main__.main()
    except SystemExit:
        print({HEAVY} & set(sys.modules))
"""

    ended = _python("-c", program)

    assert ended.stdout.count("set()") == 2, ended.stdout + ended.stderr


def test_finding_no_workflow_does_not_wait_for_torch() -> None:
    program = """
import sys, weft.__main__
sys.argv = ["weft", "run", "no-such-workflow"]
print(weft.__main__.main(), "torch" in sys.modules)
"""

    ended = _python("-c", program)

    assert ended.stdout == "2 False\n", ended.stderr
