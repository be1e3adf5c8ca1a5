"""Print how large the published models are, and keep the table: `python -m published docs/sizes.md`."""

import sys
from pathlib import Path

from published.sizes import page

if __name__ == "__main__":
    sys.stdout.write(page())
    if len(sys.argv) > 1:
        Path(sys.argv[1]).write_text(page(), "utf-8")
