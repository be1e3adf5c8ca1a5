"""Print how far every family is from diffusers' own pipeline, and keep the table: `make parity`."""

import importlib
import sys
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path

import transformers
from parity import measuring
from parity.conftest import Openings
from parity.measuring import Case, Measured, measure, title_of

INTRODUCTION = f"""# Parity with diffusers

Each family's picture, made by our stages one after the other, against the one of diffusers' own pipeline: the
same prompt, seed and noise levels, {measuring.STEPS} steps, tiny random weights, float32 on a CPU. What is
shown is the largest difference, relative to the largest value of the pipeline's result. The tests hold the
limits of the last line; `make parity` writes this page.

| Family | in our loop, with its scheduler | with our sampler | | decoded |
|---|---|---|---|---|
"""


def cases() -> Iterator[Case]:
    """All cases of the test modules beside this one."""
    for path in sorted(Path(__file__).parent.glob("test_*.py")):
        yield from getattr(importlib.import_module(f"parity.{path.stem}"), "CASES", ())


def line(case: Case, found: Measured) -> str:
    """One line of the table."""
    return (
        f"| {title_of(case)} | {found.scheduler:.1e} | {found.native:.1e} | {case.sampler} "
        f"| {found.decoded:.1e} |"
    )


def table() -> str:
    """Measure everything."""
    with tempfile.TemporaryDirectory() as folder:
        openings = Openings(Path(folder))
        lines = [line(case, measure(openings, case)) for case in cases()]
    limits = (
        f"| at most | {measuring.MOST_SCHEDULER:.0e} | {measuring.MOST_NATIVE:.0e} | "
        f"| {measuring.MOST_DECODED:.0e} |"
    )
    return INTRODUCTION + "\n".join([*lines, limits]) + "\n"


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    transformers.utils.logging.disable_progress_bar()
    text = table()
    sys.stdout.write(text)
    if len(sys.argv) > 1:
        Path(sys.argv[1]).write_text(text, "utf-8")
