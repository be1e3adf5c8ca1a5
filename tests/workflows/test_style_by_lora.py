"""A style by a LoRA: outlines with it, filled shapes without it, from one noise and one checkpoint."""

from workflow_runs import Desk, picture, ran, seen_in, shown


def test_the_lora_changes_the_style_and_keeps_the_colour(starter: Desk) -> None:
    result = starter.run("style-by-lora", steps=12)

    plain, styled = (seen_in(picture(result, name)).objects for name in ("plain", "image"))
    assert shown(seen_in(picture(result, "plain"))) == [("blue", "square")]
    assert [seen.colour for seen in styled] == ["blue"]
    assert plain[0].hole < 0.02
    assert styled[0].hole > 0.06


def test_another_strength_leaves_the_plain_picture_as_it_was(starter: Desk) -> None:
    starter.run("style-by-lora", steps=12)

    assert ran(starter.run("style-by-lora", steps=12, strength=0.5)) == {
        "style",
        "styled_sample",
        "styled_decode",
    }
