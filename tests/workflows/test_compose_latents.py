"""Compose while sampling: each part becomes what it was begun with, and the end alone is made anew."""

from workflow_runs import Desk, picture, ran, seen_in, shown


def test_each_part_becomes_what_it_was_begun_with(starter: Desk) -> None:
    values = {"steps": 10, "joined_after": 3}

    result = starter.run("compose-latents", **values)

    assert shown(seen_in(picture(result))) == [("red", "circle"), ("blue", "star")]
    again = ran(starter.run("compose-latents", **values, prompt="a red circle left of a cyan star"))
    assert again == {"whole", "finish", "decode"}
