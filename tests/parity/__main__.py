"""Print how far every family is from diffusers' own pipeline, and keep the tables: `make parity`."""

import importlib
import sys
import tempfile
import warnings
from pathlib import Path
from types import ModuleType

import transformers
from parity import measuring, staged, steering
from parity.conftest import Openings
from parity.measuring import Case, measure, title_of
from parity.steering import Steering, compare
from weft_nodes.families import FACTS

FAMILIES = f"""# Parity with diffusers

Each family's picture, made by our stages one after the other, against the one of diffusers' own pipeline: the
same prompt, seed and noise levels, {staged.STEPS} steps, tiny random weights, float32 on a CPU. What is
shown is the largest difference, relative to the largest value of the pipeline's result. The tests hold the
limits of the last line; `make parity` writes this page.

| Family | in our loop, with its scheduler | with our sampler | | decoded |
|---|---|---|---|---|
"""
STEERED = f"""
## What steers

The same of pictures that something steers, in {steering.STEPS} steps; where a picture is begun with, in the
last 3 of {staged.STEPS}. Our sampler takes the steps where one is named, otherwise the pipeline's scheduler
in our loop. Models that read pictures beside the noise are in the table above.

| What steers | Family | | steps by | difference | at most |
|---|---|---|---|---|---|
"""


def modules() -> list[ModuleType]:
    """The test modules beside this one."""
    paths = sorted(Path(__file__).parent.glob("test_*.py"))
    return [importlib.import_module(f"parity.{path.stem}") for path in paths]


def line(opened: Openings, case: Case) -> str:
    """One line of the first table."""
    found = measure(opened, case)
    wider = f" (at most {measuring.MOST_NATIVE:.0e}: {case.wider})" if case.wider else ""
    return (
        f"| {title_of(case)}{wider} | {found.scheduler:.1e} | {found.native:.1e} | {case.sampler} "
        f"| {found.decoded:.1e} |"
    )


def steered_line(opened: Openings, row: Steering) -> str:
    """One line of the second table."""
    sampler = row.base.sampler if row.is_native else "its scheduler"
    return (
        f"| {row.kind} | {FACTS[row.base.family].title} | {row.title} | {sampler} "
        f"| {compare(opened, row).steered:.1e} | {row.most:.0e} |"
    )


def page() -> str:
    """Measure everything."""
    with tempfile.TemporaryDirectory() as folder:
        opened = Openings(Path(folder))
        lines = [line(opened, case) for module in modules() for case in getattr(module, "CASES", ())]
        rows = [row for module in modules() for row in getattr(module, "STEERINGS", ())]
        steered = [steered_line(opened, row) for row in sorted(rows, key=lambda row: row.kind)]
        opened.run.close()
    limits = (
        f"| at most | {measuring.MOST_SCHEDULER:.0e} | {measuring.MOST_NATIVE:.0e} | "
        f"| {measuring.MOST_DECODED:.0e} |"
    )
    return FAMILIES + "\n".join([*lines, limits, ""]) + STEERED + "\n".join([*steered, ""])


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    transformers.utils.logging.disable_progress_bar()
    text = page()
    sys.stdout.write(text)
    if len(sys.argv) > 1:
        Path(sys.argv[1]).write_text(text, "utf-8")
