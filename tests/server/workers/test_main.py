"""The program of a worker process."""

import subprocess
import sys


def test_nothing_large_is_imported_before_garbage_is_left_alone() -> None:
    program = "import sys, weft.workers.__main__; print({'asyncio', 'pydantic'} & {*sys.modules})"

    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert ended.stdout == "set()\n"
