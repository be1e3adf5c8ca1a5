"""One prompt after another: the second has a say from its time on, and names what is seen."""

from workflow_runs import Desk, picture, seen_in, shown, small


def test_a_change_at_the_end_leaves_the_second_prompt_without_a_say(stocked: Desk) -> None:
    one, other, early = (
        picture(stocked.run("layout-then-detail", **small({"change": change, "detail": text}))).pixels_BHWC
        for change, text in ((1.0, "a red star"), (1.0, "a heart"), (0.0, "a heart"))
    )

    assert one.equal(other)
    assert not other.equal(early)


def test_the_second_prompt_names_what_is_seen(starter: Desk) -> None:
    result = starter.run("layout-then-detail", steps=10)

    assert shown(seen_in(picture(result))) == [("red", "star")]
