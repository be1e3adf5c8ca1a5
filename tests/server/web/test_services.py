"""What all handlers share."""

import subprocess
import sys


def test_naming_the_services_brings_in_neither_database_nor_torch() -> None:
    program = "import sys, weft.web.services; print({'sqlalchemy', 'torch', 'numpy'} & set(sys.modules))"

    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert ended.stdout == "set()\n"
