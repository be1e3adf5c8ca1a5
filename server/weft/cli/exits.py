"""The exit codes: what a script learns from weft without reading a word."""

from collections.abc import Iterable
from enum import IntEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from weft.errors import Problem


class ExitCode(IntEnum):
    """How a command ended."""

    OK = 0
    NODE_FAILED = 1
    BAD_INPUT = 2
    ENVIRONMENT = 3
    CANCELLED = 130


EXIT_CODE_HELP = """\
exit codes:
  0    done
  1    a node failed while running
  2    bad input: the workflow, an input, an option or a setting has problems
  3    the machine is in the way: a full disk, a pack that does not import, a device that is not there
  130  cancelled with Ctrl-C
"""

_ENVIRONMENT_CODES = frozenset(
    {
        "address-unusable",
        "cache-error",
        "data-folder-in-use",
        "database-damaged",
        "database-too-new",
        "device-unavailable",
        "disk-full",
        "file-unwritable",
        "internal",
        "manifest-invalid",
        "name-clash",
        "pack-broken",
        "provider-failed",
        "requirement-missing",
        "tokens-unreadable",
    }
)


def exit_code_of(problems: Iterable["Problem"]) -> ExitCode:
    """Tell how a command ends that never came to run a node.

    Args:
        problems: What was found; warnings count for nothing.

    Returns:
        OK without an error; ENVIRONMENT where the machine is to blame for one; otherwise BAD_INPUT.
    """
    codes = {problem.code for problem in problems if problem.severity == "error"}
    if not codes:
        return ExitCode.OK
    return ExitCode.ENVIRONMENT if codes & _ENVIRONMENT_CODES else ExitCode.BAD_INPUT
