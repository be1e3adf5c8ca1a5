"""Workflows of ComfyUI are taken over through HTTP."""

from comfy_files import node, saved_text_to_image, text_to_image
from live_server import LiveServer
from weft.web.files.convert_wire import ConversionView


def test_a_workflow_comes_back_with_what_became_of_its_nodes(server: LiveServer) -> None:
    tree = {**text_to_image(), "10": node("Fancy", "My own", images=("8", 0))}

    answer = server.call("POST", "/api/convert", {"workflow": tree})

    view = ConversionView.model_validate_json(answer.body)
    assert answer.status == 200
    assert view.workflow["outputs"] == {"image": {"from": "8.image", "title": "Save Image"}}
    assert [(entry.node, entry.title) for entry in view.nodes if entry.state == "unknown"] == [
        ("10", "My own")
    ]


def test_what_is_damaged_is_refused_with_one_reason(server: LiveServer) -> None:
    tree = saved_text_to_image()
    tree["links"][2] = [3, 4]

    answer = server.call("POST", "/api/convert", {"workflow": tree})

    assert (answer.status, answer.code) == (422, "foreign-unreadable")
    assert "a link is not written as one" in answer.json["detail"]
