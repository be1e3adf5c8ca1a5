"""Arrows between packages point down only, and the server knows nothing of diffusion."""

import subprocess
import sys
from pathlib import Path

from house.house import ROOT


def test_import_linter_keeps_every_contract() -> None:
    linter = Path(sys.executable).with_name("lint-imports")

    result = subprocess.run([linter, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)

    assert result.returncode == 0, result.stdout + result.stderr
