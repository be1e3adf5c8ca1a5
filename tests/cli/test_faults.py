"""What goes wrong gives one clear error with its code, and leaves cache and outputs as they were."""

import pytest
from cli.conftest import Desk

RUN = ("run", "text-to-image", "--steps", "2", "--json")


@pytest.mark.parametrize(
    ("checkpoint", "code"),
    [("cut.safetensors", "checkpoint-corrupt"), ("evil.safetensors", "pickle-refused")],
)
def test_a_bad_checkpoint_is_refused_by_the_node_that_loads_it(
    desk: Desk, checkpoint: str, code: str
) -> None:
    heard = desk.hear(*RUN, "--checkpoint", checkpoint)

    assert (heard.code, heard.codes(), heard.words) == (1, [code], "")
    assert heard.answer["nodes"]["checkpoint"]["problem"]["code"] == code
    assert heard.states()["sample"] == "skipped"
    assert desk.files("output") == set()


def test_a_checkpoint_that_is_not_there_is_found_by_the_check(desk: Desk) -> None:
    heard = desk.hear(*RUN, "--checkpoint", "starer")

    assert (heard.code, heard.codes(), heard.answer["state"]) == (2, ["input-invalid"], "refused")
    assert "starter" in heard.answer["problems"][0]["message"] + heard.answer["problems"][0]["hint"]


def test_a_truncated_picture_is_refused_as_workflow_and_as_input(desk: Desk) -> None:
    made = desk.hear("run", "draw.json", "--json").answer["outputs"]["image"]["paths"][0]
    (desk.folder / "input").mkdir()
    whole = (desk.folder / made).read_bytes()
    (desk.folder / "input" / "cut.png").write_bytes(whole[: len(whole) // 2])
    (desk.folder / "load.json").write_text(
        '{"weft": 1, "outputs": {"image": {"from": "load.image"}},'
        ' "nodes": {"load": {"type": "image.load", "inputs": {"image": "cut.png"}}}}'
    )

    as_workflow = desk.hear("run", "input/cut.png", "--json")
    as_input = desk.hear("run", "load.json", "--json")

    assert (as_workflow.code, as_workflow.codes()) == (2, ["picture-unreadable"])
    assert (as_input.code, as_input.codes()) == (1, ["picture-unreadable"])


def test_a_full_disk_fails_the_saving_and_leaves_nothing_half_written(desk: Desk) -> None:
    desk.hear("run", "draw.json")
    kept = desk.files("output")

    full = desk.weft("run", "draw.json", "--seed", "5", "--json", limit_bytes=64)
    after = [desk.hear("run", "draw.json", "--json") for _ in range(2)]

    assert full.code == 3
    assert "disk-full" in full.codes()
    assert full.answer["outputs"]["width"]["value"] == 8
    assert desk.files("output") == kept | {"draw-image-00002.png", "draw-image-00003.png"}
    assert not [name for name in desk.files("output") | desk.files("data") if name.endswith(".tmp")]
    assert [heard.code for heard in after] == [0, 0]
    assert [heard.states()["draw"] for heard in after] == ["hit", "hit"]


def test_five_faults_are_listed_in_one_go(desk: Desk) -> None:
    heard = desk.hear("check", "faults.json")

    assert heard.code == 2
    assert heard.data == ""
    found = [line.split()[1] for line in heard.words.splitlines() if line.startswith("error")]
    assert sorted(found) == [
        "[cycle]",
        "[input-invalid]",
        "[input-missing]",
        "[node-type-unknown]",
        "[socket-mismatch]",
    ]
