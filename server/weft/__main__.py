"""The `weft` program, also as `python -m weft`."""

import sys

from weft.cli.app import execute
from weft.cli.terminal import standard_terminal
from weft.garbage import begin_ending, begin_loading


def main() -> int:
    """Carry out the command line of this process.

    Returns:
        The exit code.
    """
    begin_loading()
    try:
        return int(execute(sys.argv[1:], standard_terminal()))
    finally:
        begin_ending()


if __name__ == "__main__":
    sys.exit(main())
