"""The `weft` program, also as `python -m weft`."""

import sys

from weft.cli.app import execute
from weft.cli.terminal import standard_terminal


def main() -> int:
    """Carry out the command line of this process.

    Returns:
        The exit code.
    """
    return int(execute(sys.argv[1:], standard_terminal()))


if __name__ == "__main__":
    sys.exit(main())
