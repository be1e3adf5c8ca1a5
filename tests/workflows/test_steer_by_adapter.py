"""T2I-Adapters: what they see changes the picture, and at no strength or for no step it does not."""

import torch
from weft.errors import JSON
from workflow_runs import Desk, picture, ran, small


def test_an_adapter_steers_as_strongly_and_as_long_as_it_is_told(stocked: Desk) -> None:
    values: dict[str, JSON] = {**small({"adapter": "hints"}), "width": 64, "height": 64}

    full, none, short = (
        stocked.run("steer-by-adapter", **values, **changed)
        for changed in ({}, {"strength": 0.0}, {"end": 0.4})
    )

    images = [picture(result).pixels_BHWC for result in (full, none, short)]
    assert all(not torch.equal(images[0], other) for other in images[1:])
    assert not torch.equal(images[1], images[2])
    assert ran(none) == {"positive", "sample", "decode"}
