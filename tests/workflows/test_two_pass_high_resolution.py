"""Two passes: the second picture is larger and grows out of the first."""

import torch
from torch.nn import functional
from workflow_runs import Desk, picture, ran, seen_in, shown, size


def test_the_second_picture_has_the_size_asked_for(tiny: Desk) -> None:
    result = tiny.run("two-pass-high-resolution", width=160, height=192)

    assert size(picture(result)) == (160, 192, 1)
    assert size(picture(result, "draft")) == (128, 128, 1)


def test_changing_the_second_pass_keeps_the_first(tiny: Desk) -> None:
    tiny.run("two-pass-high-resolution", denoise=0.4)

    assert ran(tiny.run("two-pass-high-resolution", denoise=0.3)) == {"second", "decode"}


def test_both_pictures_show_the_prompt_in_the_same_places(starter: Desk) -> None:
    result = starter.run(
        "two-pass-high-resolution", prompt="a large red square on a white background", denoise=0.4
    )

    draft, larger = (picture(result, name).pixels_BHWC.movedim(-1, 1) for name in ("draft", "image"))
    shrunk = functional.interpolate(larger, size=(128, 128), mode="area")
    assert [colour for colour, _ in shown(seen_in(picture(result, "draft")))] == ["red"]
    assert float((shrunk - draft).abs().mean()) < 0.12
    assert float(torch.corrcoef(torch.stack([shrunk.flatten(), draft.flatten()]))[0, 1]) > 0.8
