"""`weft nodes`: the nodes there are, and the help of one."""

from pathlib import Path

from cli.heard import Weft


def test_every_node_has_a_line_with_its_summary_and_pack(weft: Weft) -> None:
    heard = weft("nodes")

    assert heard.code == 0
    (line,) = [line for line in heard.data.splitlines() if line.startswith("toys:picture.draw ")]
    assert line.split(maxsplit=2)[1:] == ["toys", "Draw noise that depends on the text."]
    assert any(line.startswith("image.resize ") for line in heard.data.splitlines())


def test_the_help_of_a_node_tells_inputs_limits_outputs_and_errors(weft: Weft) -> None:
    data = weft("nodes", "toys:picture.draw").data

    assert data.startswith(
        "toys:picture.draw  version 1, from toys\n\nDraw noise that depends on the text.\n"
    )
    assert "  steps: int  (default 2, 1..1000)\n      Number of steps.\n" in data
    assert "  image: image\n" in data
    assert "Args:" not in data
    assert "errors:\n  ValueError: Never.\n" in weft("nodes", "toys:picture.measure").data


def test_an_input_that_takes_only_links_says_so(weft: Weft) -> None:
    assert "  image: image  (link only)\n" in weft("nodes", "toys:picture.measure").data


def test_choices_are_listed(weft: Weft) -> None:
    assert "one of stretch, inside, cover, pad" in weft("nodes", "image.resize").data


def test_an_unknown_type_suggests_the_right_one(weft: Weft) -> None:
    heard = weft("nodes", "image.rezise")

    assert heard.code == 2
    assert '"image.resize"' in heard.words


def test_json_gives_whole_schemas(weft: Weft) -> None:
    answer = weft("nodes", "toys:picture.draw", "--json").answer

    (schema,) = answer["nodes"]
    assert schema["type"] == "toys:picture.draw"
    assert [entry["name"] for entry in schema["inputs"]][:3] == ["text", "on", "seed"]
    assert {pack["name"]: pack["nodes"] for pack in answer["packs"]}["toys"] == 3


def test_a_broken_pack_is_reported_and_the_others_are_listed(weft: Weft, folder: Path) -> None:
    (folder / "custom_nodes" / "broken.py").write_text("1 / 0")

    heard = weft("nodes")

    assert heard.code == 0
    assert "toys:picture.draw" in heard.data
    assert "The pack broken is not loaded" in heard.words
    assert "Traceback" not in heard.words


def test_the_traceback_of_a_broken_pack_is_shown_on_demand(weft: Weft, folder: Path) -> None:
    (folder / "custom_nodes" / "broken.py").write_text("1 / 0")

    words = weft("nodes", "--traceback").words

    assert "ZeroDivisionError" in words
    assert "broken.py" in words


def test_a_broken_pack_is_part_of_the_answer(weft: Weft, folder: Path) -> None:
    (folder / "custom_nodes" / "broken.py").write_text("1 / 0")

    packs = {pack["name"]: pack for pack in weft("nodes", "--json").answer["packs"]}

    assert (packs["broken"]["ok"], packs["broken"]["error"]["code"]) == (False, "pack-broken")
