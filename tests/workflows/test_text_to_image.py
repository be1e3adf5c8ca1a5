"""Text to image: the picture follows the seed and the prompt, and only what changed is made again."""

import pytest
from weft.sdk import Image
from workflow_runs import Desk, open_tiny_desk, picture, ran, seen_in, shown, size, small


def test_the_picture_has_the_size_and_the_number_asked_for(tiny: Desk) -> None:
    result = tiny.run("text-to-image", **small({"width": 64, "height": 48, "batch_size": 2}))

    assert size(picture(result)) == (64, 48, 2)


def test_the_same_seed_gives_identical_pixels_in_another_engine(
    tiny: Desk, tmp_path_factory: pytest.TempPathFactory
) -> None:
    other = open_tiny_desk(tmp_path_factory.mktemp("other"))

    first = picture(tiny.run("text-to-image", **small({"seed": 3})))
    again = picture(other.run("text-to-image", **small({"seed": 3})))
    changed = picture(other.run("text-to-image", **small({"seed": 4})))

    other.engine.close()
    assert first.pixels_BHWC.equal(again.pixels_BHWC)
    assert not first.pixels_BHWC.equal(changed.pixels_BHWC)


def test_only_what_a_change_reaches_runs_again(tiny: Desk) -> None:
    def rerun(**values: object) -> set[str]:
        return ran(tiny.run("text-to-image", **small({"prompt": "a", **values})))  # type: ignore[dict-item]

    rerun(seed=100)

    assert rerun(seed=100) == set()
    assert rerun(seed=101) == {"sample", "decode"}
    assert rerun(seed=101, prompt="b") == {"positive", "sample", "decode"}
    assert rerun(seed=100) == set()


def test_a_new_start_finds_every_result_on_disk(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("restart")
    before = open_tiny_desk(folder)
    first = picture(before.run("text-to-image", **small()))
    before.engine.close()
    after = open_tiny_desk(folder)

    result = after.run("text-to-image", **small())

    after.engine.close()
    assert not ran(result) & {"positive", "negative", "sample", "decode"}
    assert picture(result).pixels_BHWC.equal(first.pixels_BHWC)


def test_the_provenance_names_the_content_of_the_model(tiny: Desk) -> None:
    files = tiny.run("text-to-image", **small()).files

    assert set(files) == {"starter/encoder", "starter/model", "starter/vae"}


@pytest.mark.parametrize(
    ("prompt", "objects", "background", "least"),
    [
        ("a large green square on a navy background", [("green", "square")], "navy", 3),
        (
            "a large red circle left of a small blue star on a white background",
            [("red", "circle"), ("blue", "star")],
            "white",
            2,
        ),
    ],
)
def test_most_pictures_show_what_the_prompt_says(
    starter: Desk, prompt: str, objects: list[tuple[str, str]], background: str, least: int
) -> None:
    batch = picture(starter.run("text-to-image", prompt=prompt, batch_size=4, steps=10))

    readings = [seen_in(Image(pixels_HWC[None])) for pixels_HWC in batch.pixels_BHWC]
    assert sum(shown(reading) == objects for reading in readings) >= least
    assert sum(background in reading.background.value for reading in readings) >= 3
