"""Two passes: the second picture is larger and grows out of the first."""

import re

import torch
from torch.nn import functional
from weft.engine.results import RunResult
from weft.errors import JSON
from weft.graph.document import parse_document
from workflow_runs import WORKFLOWS, Desk, picture, ran, seen_in, shown, size


def in_steps(desk: Desk, steps: int, **values: JSON) -> RunResult:
    """Run the workflow with so many steps in both passes, for which it has no input."""
    text = (WORKFLOWS / "two-pass-high-resolution.json").read_text()
    document = parse_document(re.sub(r'"steps": \d+', f'"steps": {steps}', text))
    result = desk.run_document(document, **values)
    assert result.state == "succeeded", result.problems
    return result


def test_the_second_picture_has_the_size_asked_for(tiny: Desk) -> None:
    result = in_steps(tiny, 2, width=160, height=192)

    assert size(picture(result)) == (160, 192, 1)
    assert size(picture(result, "draft")) == (128, 128, 1)


def test_changing_the_second_pass_keeps_the_first(tiny: Desk) -> None:
    in_steps(tiny, 2, denoise=0.4)

    assert ran(in_steps(tiny, 2, denoise=0.3)) == {"second", "decode"}


def test_both_pictures_show_the_prompt_in_the_same_places(starter: Desk) -> None:
    result = in_steps(starter, 8, prompt="a large red square on a white background", denoise=0.4)

    draft, larger = (picture(result, name).pixels_BHWC.movedim(-1, 1) for name in ("draft", "image"))
    shrunk = functional.interpolate(larger, size=(128, 128), mode="area")
    assert [colour for colour, _ in shown(seen_in(picture(result, "draft")))] == ["red"]
    assert float((shrunk - draft).abs().mean()) < 0.12
    assert float(torch.corrcoef(torch.stack([shrunk.flatten(), draft.flatten()]))[0, 1]) > 0.8
