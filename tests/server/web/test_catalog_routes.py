"""What is installed can be read over HTTP, kept, and asked about again."""

from pathlib import Path

import pytest
from live_server import LiveServer, eventually, lay_out, live_server
from weft.web.catalog_wire import NodesView, NodeView, PacksView, TypesView

OWN_PACK = '''"""A pack that is edited while the server runs."""

from weft.sdk import node


@node("edited.value", output="value")
def value(number: int = {number}) -> int:
    """Hold a number.

    Args:
        number: The number.
    """
    return number
'''
BROKEN = "import there_is_no_such_module\n"


def test_all_node_types_are_listed_with_the_schema_of_their_values(ready_server: LiveServer) -> None:
    answer = ready_server.call("GET", "/api/nodes")

    view = NodesView.model_validate_json(answer.body)
    assert [node.type for node in view.nodes] == ["toys:picture.draw", "toys:picture.measure"]
    assert view.nodes[0].values["required"] == ["text"]
    assert view.nodes[0].summary == "Draw noise that depends on the text."


def test_an_area_narrows_the_list(ready_server: LiveServer) -> None:
    assert len(ready_server.call("GET", "/api/nodes?area=picture").json["nodes"]) == 2
    assert ready_server.call("GET", "/api/nodes?area=sound").json["nodes"] == []
    assert ready_server.call("GET", "/api/nodes?aera=picture").code == "query-invalid"


@pytest.mark.parametrize("path", ["/api/nodes", "/api/nodes/toys:picture.draw", "/api/types"])
def test_what_is_at_hand_is_not_sent_again(ready_server: LiveServer, path: str) -> None:
    first = ready_server.call("GET", path)

    again = ready_server.call("GET", path, headers={"If-None-Match": first.headers["etag"]})

    assert (first.status, again.status, again.body) == (200, 304, b"")


def test_one_node_type_is_described(ready_server: LiveServer) -> None:
    answer = ready_server.call("GET", "/api/nodes/toys:picture.measure")

    assert NodeView.model_validate_json(answer.body).outputs[0].name == "width"


def test_a_node_type_that_is_not_there_is_not_found(ready_server: LiveServer) -> None:
    answer = ready_server.call("GET", "/api/nodes/toys:picture.drew")

    assert (answer.status, answer.code) == (404, "node-type-unknown")
    assert "toys:picture.draw" in answer.json["hint"]


def test_types_come_with_their_rules_and_converters(ready_server: LiveServer) -> None:
    view = TypesView.model_validate_json(ready_server.call("GET", "/api/types").body)

    assert [found.name for found in view.types] == sorted(found.name for found in view.types)
    assert {"image", "mask"} <= {found.name for found in view.types}
    assert view.rules[0].name == "same"
    converters = {(found.source, found.target): found.nodes for found in view.converters}
    assert converters["image", "int"] == ("toys:picture.measure",)
    assert ("image", "image") not in converters


def test_choices_that_are_not_there_are_not_found(ready_server: LiveServer) -> None:
    answer = ready_server.call("GET", "/api/choices/samplers")

    assert (answer.status, answer.code) == (404, "provider-unknown")


def test_a_pack_that_is_edited_is_loaded_again_without_a_restart(tmp_path: Path) -> None:
    lay_out(tmp_path)
    pack = tmp_path / "custom_nodes" / "own.py"
    pack.write_text(OWN_PACK.format(number=1))
    with live_server(tmp_path) as server:
        server.wait_until_ready()
        before = server.call("GET", "/api/nodes/own:edited.value")
        pack.write_text(OWN_PACK.format(number=22))
        reloaded = PacksView.model_validate_json(server.call("POST", "/api/packs/reload").body)
        eventually(lambda: default_of(server) == 22)
        pack.write_text(BROKEN)
        broken = PacksView.model_validate_json(server.call("POST", "/api/packs/reload").body)
        eventually(lambda: not all(found["ok"] for found in server.call("GET", "/api/packs").json["packs"]))
        told = server.call("GET", "/api/packs").json["packs"]

    assert before.json["inputs"][0]["default"] == 1
    assert all(found.ok for found in reloaded.packs)
    (own,) = [found for found in broken.packs if found.name == "own"]
    assert own.error is not None
    assert "there_is_no_such_module" in own.traceback
    assert own.nodes == ("own:edited.value",)
    assert [found["name"] for found in told if not found["ok"]] == ["own"]


def default_of(server: LiveServer) -> object:
    return server.call("GET", "/api/nodes/own:edited.value").json["inputs"][0]["default"]
