"""The families with U-Nets equal diffusers' pipelines in the measure that holds for all families."""

from collections.abc import Callable

import pytest
from parity.conftest import Opened
from parity.measuring import Case, assert_parity
from parity.staged import NEGATIVE

# Our samplers end at no noise at all, not at that of the first training step.
_TO_THE_END = {"set_alpha_to_one": True}
_GUIDED = {"negative_prompt": NEGATIVE, "guidance_scale": 3.0}

CASES = (
    Case("sd15", "ddim", _GUIDED, 3.0, scheduler=_TO_THE_END),
    Case("sd2", "ddim", _GUIDED, 3.0, scheduler=_TO_THE_END),
    Case("sdxl", "euler", _GUIDED, 3.0, schedule="ddim_uniform"),
    Case("starter", "ddim", _GUIDED, 3.0),
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.family)
def test_the_stages_equal_the_pipeline(opened: Callable[[str, str], Opened], case: Case) -> None:
    assert_parity(opened, case)
