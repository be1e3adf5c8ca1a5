"""`weft run`: what is made, kept, said and answered."""

from pathlib import Path
from typing import Any

import pytest
from cli.heard import Weft
from weft.pictures import read_picture, read_provenance


def _carried(folder: Path) -> dict[str, Any]:
    found = read_provenance(folder / "output" / "draw-image-00001.png")
    assert found is not None
    return dict(found)


def test_a_run_prints_what_it_made_and_says_the_rest_elsewhere(weft: Weft, folder: Path) -> None:
    heard = weft("run", "draw.json")

    assert heard.code == 0
    assert heard.data == "output/draw-image-00001.png\nwidth: 8\n"
    assert (folder / "output" / "draw-image-00001.png").exists()
    assert "✓ draw" in heard.words
    assert "Done in" in heard.words
    assert heard.words.endswith('weft run draw.json --prompt "a circle"\n')


def test_what_a_node_prints_is_never_part_of_the_answer(weft: Weft, folder: Path) -> None:
    assert "a node prints" not in weft("run", "draw.json").data


def test_values_are_given_by_name(weft: Weft, folder: Path) -> None:
    weft("run", "draw.json", "--prompt", "a star", "--set", "seed=12")

    provenance = _carried(folder)
    assert provenance["weft"]["nodes"]["draw"]["inputs"]["text"] == "a star"
    assert provenance["seeds"] == {"draw.seed": 12}


def test_a_picture_carries_versions_files_and_its_own_name(weft: Weft, folder: Path) -> None:
    weft("run", "draw.json")

    provenance = _carried(folder)
    assert provenance["files"] == {"pen.safetensors": "abc123"}
    assert set(provenance["versions"]) == {"weft", "torch", "python"}
    assert (provenance["workflow"], provenance["output"]) == ("draw", "image")


def test_a_picture_makes_itself_again_bit_for_bit(weft: Weft, folder: Path) -> None:
    weft("run", "draw.json", "--prompt", "a star", "--seed", "99")
    first = folder / "output" / "draw-image-00001.png"

    heard = weft("run", str(first), "--no-cache")

    assert heard.code == 0
    assert (folder / "output" / "draw-image-00002.png").read_bytes() == first.read_bytes()
    assert f"This is {first} again, bit for bit." in heard.words


def test_a_picture_can_be_run_with_another_prompt(weft: Weft, folder: Path) -> None:
    weft("run", "draw.json")
    first = folder / "output" / "draw-image-00001.png"

    heard = weft("run", str(first), "--prompt", "a square")

    second = folder / "output" / "draw-image-00002.png"
    assert (read_picture(second) != read_picture(first)).any()
    assert "bit for bit" not in heard.words


def test_a_second_run_reuses_everything_and_says_so(weft: Weft, folder: Path) -> None:
    weft("run", "draw.json")

    answer = weft("run", "draw.json", "--json").answer

    states = {name: node["state"] for name, node in answer["nodes"].items()}
    assert states["draw"] == states["measure"] == "hit"


def test_without_the_cache_everything_runs_and_nothing_is_kept(weft: Weft, folder: Path) -> None:
    weft("run", "draw.json", "--no-cache")

    answer = weft("run", "draw.json", "--no-cache", "--json").answer

    assert {node["state"] for node in answer["nodes"].values()} == {"ran"}
    assert not (folder / "data").exists()


def test_a_changed_seed_runs_what_it_feeds_and_names_itself(weft: Weft, folder: Path) -> None:
    weft("run", "draw.json")

    answer = weft("run", "draw.json", "--seed", "4", "--json").answer

    nodes = answer["nodes"]
    assert nodes["draw"]["reason"]["code"] == "input-changed"
    assert nodes["draw"]["reason"]["inputs"] == ["seed"]
    assert nodes["prepare"]["state"] == "hit"


def test_json_is_one_object_and_nothing_is_said(weft: Weft, folder: Path) -> None:
    heard = weft("run", "draw.json", "--json")

    answer = heard.answer
    assert heard.words == ""
    assert (answer["state"], answer["workflow"], answer["problems"]) == ("succeeded", "draw", [])
    assert answer["outputs"]["image"]["paths"] == ["output/draw-image-00001.png"]
    assert answer["outputs"]["width"] == {"type": "int", "paths": [], "value": 8}
    assert set(answer["nodes"]) == {"prepare", "draw", "measure"}
    held = {name: (node["held_bytes"], node["peak_bytes"]) for name, node in answer["nodes"].items()}
    assert (held["draw"], held["measure"]) == ((8 * 8 * 3 * 4, None), (0, None))


def test_only_the_wanted_output_is_made(weft: Weft, folder: Path) -> None:
    answer = weft("run", "draw.json", "--only", "image", "--json").answer

    assert list(answer["outputs"]) == ["image"]
    assert "measure" not in answer["nodes"]


def test_another_folder_can_be_chosen(weft: Weft, folder: Path) -> None:
    heard = weft("run", "draw.json", "--out", "pictures/today")

    assert heard.data.startswith("pictures/today/draw-image-00001.png\n")
    assert not (folder / "output").exists()


def test_every_fault_of_document_and_inputs_is_listed_at_once(weft: Weft) -> None:
    heard = weft("run", "draw.json", "--promt", "x", "--seed", "one", "--steps", "5000", "--only", "imag")

    assert heard.code == 2
    codes = [line.split("]")[0] for line in heard.words.splitlines() if line.startswith("error")]
    assert codes == [
        "error [workflow-input-unknown",
        "error [input-invalid",
        "error [output-unknown",
        "error [input-invalid",
    ]


def test_an_unknown_input_names_those_there_are(weft: Weft) -> None:
    heard = weft("run", "draw.json", "--negative", "blur")

    assert 'draw has no input "negative".' in heard.words
    assert "Its inputs are prompt, seed, steps, pause-s, fault." in heard.words


def test_dashes_and_underscores_are_the_same_in_names_of_inputs(weft: Weft) -> None:
    assert weft("run", "draw.json", "--pause_s", "0.001").code == 0


def test_a_failing_node_exits_with_one_and_its_problem(weft: Weft) -> None:
    heard = weft("run", "draw.json", "--fault", "raise")

    assert heard.code == 1
    assert "error [node-failed] draw:" in heard.words
    assert "the pen broke" in heard.words
    assert "Traceback" not in heard.words
    assert "Failed in" in heard.words


def test_the_traceback_of_a_failing_node_is_shown_on_demand(
    weft: Weft, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("WEFT_TRACEBACK", raising=False)
    plain = weft("run", "draw.json", "--fault", "raise").words
    asked = weft("run", "draw.json", "--fault", "raise", "--traceback").words
    monkeypatch.setenv("WEFT_TRACEBACK", "1")
    by_setting = weft("run", "draw.json", "--fault", "raise").words

    assert "Add --traceback to see it." in plain
    for words in (asked, by_setting):
        assert words.count("Traceback (most recent call last)") == 1
        assert 'raise ValueError("the pen broke")' in words
        assert "--traceback" not in words


@pytest.mark.parametrize("command", ["run", "check", "plan"])
def test_the_traceback_of_a_broken_pack_is_shown_on_demand(weft: Weft, folder: Path, command: str) -> None:
    (folder / "custom_nodes" / "toys.py").write_text("def draw():\n    return 1 / 0\n\n\ndraw()\n")

    plain = weft(command, "draw.json").words
    asked = weft(command, "draw.json", "--traceback").words

    assert "toys.py, line 2)" in plain
    assert "Add --traceback to see it." in plain
    assert "Traceback" not in plain
    assert asked.count("Traceback (most recent call last)") == 1


@pytest.mark.parametrize("flags", [(), ("--json",)])
def test_a_truncated_picture_is_refused_before_anything_runs(
    weft: Weft, folder: Path, flags: tuple[str, ...]
) -> None:
    made = folder / "output" / "draw-image-00001.png"
    weft("run", "draw.json")
    made.write_bytes(made.read_bytes()[:-40])

    heard = weft("run", str(made), *flags)

    assert heard.code == 2
    assert "picture-unreadable" in heard.words + heard.data
    assert str(made) in heard.words + heard.data
    assert len(list((folder / "output").iterdir())) == 1


def test_a_result_that_is_no_number_is_one_clear_error(weft: Weft, folder: Path) -> None:
    heard = weft("run", "draw.json", "--fault", "nan", "--json")

    answer = heard.answer
    assert heard.code == 1
    assert [problem["code"] for problem in answer["problems"]] == ["not-finite"]
    assert answer["nodes"]["measure"]["state"] == "skipped"
    assert not (folder / "output").exists()


def test_after_a_failure_what_was_finished_is_reused(weft: Weft) -> None:
    weft("run", "draw.json", "--fault", "raise")

    answer = weft("run", "draw.json", "--json").answer

    assert answer["nodes"]["prepare"]["state"] == "hit"
    assert answer["state"] == "succeeded"


def test_a_folder_that_cannot_be_written_is_refused_before_anything_runs(weft: Weft, folder: Path) -> None:
    (folder / "taken").write_text("a file, not a folder")

    heard = weft("run", "draw.json", "--out", "taken/pictures", "--json")

    assert heard.code == 3
    assert heard.answer["state"] == "refused"
    assert [problem["code"] for problem in heard.answer["problems"]] == ["file-unwritable"]
    assert heard.answer["nodes"] == {}


def test_where_nothing_is_saved_nobody_needs_a_folder(weft: Weft, folder: Path) -> None:
    (folder / "output").write_text("a file, not a folder")

    heard = weft("run", "draw.json", "--only", "width")

    assert (heard.code, heard.data) == (0, "width: 8\n")


def test_a_folder_that_is_lost_during_the_run_is_an_environment_error(weft: Weft, folder: Path) -> None:
    # Nothing can be made below it, and nobody could know before it is tried.
    (folder / "loop").symlink_to(folder / "loop")

    heard = weft("run", "draw.json", "--out", "loop")

    assert heard.code == 3
    assert "error [file-unwritable]" in heard.words
    assert "width: 8" in heard.data


def test_a_device_that_is_not_there_is_an_environment_error(weft: Weft) -> None:
    heard = weft("run", "draw.json", "--device", "cuda:7")

    assert heard.code == 3
    assert "error [device-unavailable]" in heard.words


def test_a_device_that_cannot_be_is_bad_input(weft: Weft) -> None:
    heard = weft("run", "draw.json", "--device", "toaster")

    assert heard.code == 2
    assert "error [settings-invalid]" in heard.words


def test_a_broken_pack_hurts_only_who_needs_it(weft: Weft, folder: Path) -> None:
    (folder / "custom_nodes" / "broken.py").write_text("import no_such_module")

    heard = weft("run", "draw.json")

    assert heard.code == 0
    path = folder / "custom_nodes" / "broken.py"
    assert heard.words.splitlines()[0] == (
        "warning [pack-broken] The pack broken is not loaded: it cannot be imported:"
        f" ModuleNotFoundError: No module named 'no_such_module' ({path}, line 1)"
    )
    assert "reload" not in heard.words


@pytest.mark.parametrize("command", ["run", "check", "plan"])
def test_a_workflow_that_needs_a_broken_pack_is_an_environment_error(
    weft: Weft, folder: Path, command: str
) -> None:
    (folder / "custom_nodes" / "toys.py").write_text("import no_such_module")

    heard = weft(command, "draw.json")

    assert heard.code == 3
    assert "error [pack-broken]" in heard.words
    assert "error [node-type-unknown]" in heard.words
