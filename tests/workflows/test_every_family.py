"""Families are really one: the text-to-image workflow takes the checkpoint of any, with no other change."""

from collections.abc import Iterator

import pytest
import tiny_models
import torch
from weft_nodes.families import FAMILIES
from workflow_runs import Desk, open_desk, picture, size


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A desk with a tiny random checkpoint of every family."""
    folder = tmp_path_factory.mktemp("families")
    for family in FAMILIES:
        tiny_models.write_folder(folder / "models" / family, family)
    found = open_desk(folder)
    yield found
    found.engine.close()


@pytest.mark.parametrize("family", FAMILIES)
def test_the_workflow_of_the_first_family_runs_with_any_other(desk: Desk, family: str) -> None:
    result = desk.run("text-to-image", checkpoint=family, steps=2, width=64, height=96)

    image = picture(result)
    assert size(image) == (64, 96, 1)
    assert torch.isfinite(image.pixels_BHWC).all()
    assert float(image.pixels_BHWC.std()) > 0.001
