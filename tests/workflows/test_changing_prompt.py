"""Changing prompt: the text is drawn by its own seed, and the picture shows what it says at the end."""

from workflow_runs import Desk, picture, ran, seen_in, shown, small


def drawn(desk: Desk, draw: int, **values: str) -> str:
    """The prompt that was drawn."""
    text = desk.run("changing-prompt", **small({"draw": draw, **values})).outputs["text"]
    assert isinstance(text, str)
    return text


def test_the_text_is_drawn_by_its_own_seed(tiny: Desk) -> None:
    texts = {drawn(tiny, draw) for draw in range(8)}

    assert texts == {
        f"a large {colour} [circle:star:0.1] on a white background" for colour in ("red", "green", "blue")
    }


def test_another_picture_of_the_same_text_draws_nothing_again(tiny: Desk) -> None:
    tiny.run("changing-prompt", **small({"seed": 100}))

    result = tiny.run("changing-prompt", **small({"seed": 101}))

    assert ran(result) == {"sample", "decode"}


def test_a_wildcard_is_drawn_again_where_its_file_has_changed(tiny: Desk) -> None:
    path = tiny.settings.data_dir / "wildcards" / "shape.txt"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("circle")
    before = drawn(tiny, 0, prompt="a __shape__")

    path.write_text("square, filled")

    assert [before, drawn(tiny, 0, prompt="a __shape__")] == ["a circle", "a square, filled"]


def test_a_prompt_that_means_nothing_fails_with_its_place(tiny: Desk) -> None:
    result = tiny.run_document(tiny.workflows.load("changing-prompt"), prompt="a (red circle")

    assert result.state == "failed"
    assert [problem.code for problem in result.problems] == ["prompt-unreadable"]


def test_the_picture_shows_what_the_prompt_has_become(starter: Desk) -> None:
    hits = 0
    for seed in range(4):
        result = starter.run("changing-prompt", seed=seed, draw=seed, steps=8)
        colour = str(result.outputs["text"]).split()[2]
        hits += shown(seen_in(picture(result))) == [(colour, "star")]

    assert hits >= 3


def test_the_weights_of_two_colours_decide_which_one_is_seen(starter: Desk) -> None:
    def seen(words: str) -> list[list[tuple[str, str]]]:
        text = f"a large {words} circle on a white background"
        return [
            shown(seen_in(picture(starter.run("changing-prompt", prompt=text, seed=seed, steps=8))))
            for seed in (0, 1)
        ]

    assert [("red", "circle")] in seen("(red:1.5) (blue:0.2)")
    assert [("red", "circle")] not in seen("(red:0.2) (blue:1.5)")
