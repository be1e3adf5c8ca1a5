"""What was freed is given back, in a process of its own since it holds for the whole of one."""

import subprocess
import sys

PROGRAM = """
from weft.web.allocation import return_memory_early
from weft.web.metrics import resident_bytes

return_memory_early()
for _ in range(3):
    large = bytearray(20 * 2**20)
    parts = [bytes(large[:200_000]) for _ in range(200)]
    before = resident_bytes()
    del large, parts
print(before - resident_bytes() > 50 * 2**20)
"""


def test_what_large_requests_needed_is_given_back() -> None:
    ended = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)

    assert ended.stdout == "True\n"
