"""What a run of weft knows of those before it: what is reused, what runs again, and why."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from cli.conftest import Desk
from cli.heard import Heard
from weft.pictures import read_picture

RUN = ("run", "text-to-image", "--steps", "2", "--width", "64", "--height", "64", "--json")


@dataclass(frozen=True)
class Story:
    """The runs of one afternoon, each by an engine of its own."""

    desk: Desk
    first: Heard
    again: Heard
    seed: Heard
    prompt: Heard
    undone: Heard

    def picture(self, heard: Heard) -> bytes:
        """The picture that a run made."""
        paths: list[str] = heard.answer["outputs"]["image"]["paths"]
        return (self.desk.folder / paths[0]).read_bytes()


@pytest.fixture(scope="module")
def story(new_desk: Callable[[], Desk]) -> Story:
    desk = new_desk()
    return Story(
        desk,
        first=desk.hear(*RUN),
        again=desk.hear(*RUN),
        seed=desk.hear(*RUN, "--seed", "8"),
        prompt=desk.hear(*RUN, "--seed", "8", "--prompt", "a blue star"),
        undone=desk.hear(*RUN),
    )


def _ran(heard: Heard) -> set[str]:
    return {name for name, state in heard.states().items() if state == "ran"}


def test_the_first_run_runs_every_node_for_the_first_time(story: Story) -> None:
    assert story.first.code == 0, story.first.words
    assert _ran(story.first) == {"checkpoint", "positive", "negative", "size", "sample", "decode"}
    assert set(story.first.reasons().values()) == {"first-run"}


def test_nothing_but_the_answer_is_printed(story: Story) -> None:
    assert story.first.words == ""
    assert story.first.answer["problems"] == []


def test_a_second_run_runs_no_node(story: Story) -> None:
    assert set(story.again.states().values()) == {"hit"}
    assert story.again.reasons()["decode"] == "hit-disk"
    assert story.picture(story.again) == story.picture(story.first)


def test_a_changed_seed_runs_the_sampling_and_what_follows(story: Story) -> None:
    assert _ran(story.seed) == {"sample", "decode"}
    assert story.seed.answer["nodes"]["sample"]["reason"]["inputs"] == ["seed"]
    assert (
        story.seed.reasons() | {"sample": "input-changed", "decode": "upstream-changed"}
        == story.seed.reasons()
    )
    assert story.picture(story.seed) != story.picture(story.first)


def test_a_changed_prompt_does_not_load_the_model_again(story: Story) -> None:
    assert _ran(story.prompt) == {"positive", "sample", "decode"}
    assert story.prompt.reasons()["positive"] == "input-changed"
    assert story.prompt.states()["checkpoint"] == "hit"


def test_undoing_it_all_runs_nothing(story: Story) -> None:
    assert set(story.undone.states().values()) == {"hit"}
    assert story.picture(story.undone) == story.picture(story.first)


def test_a_picture_makes_itself_again_with_a_cold_cache(story: Story) -> None:
    (path,) = story.seed.answer["outputs"]["image"]["paths"]

    heard = story.desk.hear("run", path, data="cold")

    assert heard.code == 0
    assert f"This is {path} again, bit for bit." in heard.words
    assert "✓ sample" in heard.words
    copy = story.desk.folder / heard.data.strip()
    assert copy.read_bytes() == (story.desk.folder / path).read_bytes()
    assert (read_picture(copy) == read_picture(story.desk.folder / path)).all()


def test_a_picture_makes_itself_again_in_another_process_with_a_cold_cache(desk: Desk) -> None:
    (path,) = desk.hear("run", "draw.json", "--json").answer["outputs"]["image"]["paths"]

    heard = desk.weft("run", path, data="cold")

    assert heard.code == 0, heard.words
    assert f"This is {path} again, bit for bit." in heard.words
    assert "✓ draw" in heard.words
    copy = heard.data.splitlines()[0]
    assert (desk.folder / copy).read_bytes() == (desk.folder / path).read_bytes()
