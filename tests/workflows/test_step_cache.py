"""Skip steps that change little: nothing is lost where nothing counts as little."""

from weft.errors import JSON
from workflow_runs import Desk, picture


def test_the_difference_is_nothing_where_nothing_is_skipped(stocked: Desk) -> None:
    values: dict[str, JSON] = {"checkpoint": "flux", "width": 64, "height": 64, "steps": 4}

    careful, careless = (
        picture(stocked.run("step-cache", **values, threshold=threshold), "difference").pixels_BHWC
        for threshold in (0.0, 1.0)
    )

    assert float(careful.abs().max()) < 1e-3 < float(careless.abs().max())
