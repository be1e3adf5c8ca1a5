"""The messages of taking over refuse what they do not know."""

import pytest
from pydantic import ValidationError
from weft.web.files.convert_wire import ConvertRequest, TakenView


def test_a_request_is_a_workflow_and_nothing_else() -> None:
    assert ConvertRequest(workflow={"3": {"class_type": "A"}}).workflow["3"] == {"class_type": "A"}
    with pytest.raises(ValidationError):
        ConvertRequest.model_validate({"workflow": {}, "name": "a"})


def test_a_node_is_the_same_different_or_unknown() -> None:
    entry = {"node": "3", "type": "A", "title": "", "made": (), "notes": ()}

    assert TakenView.model_validate({**entry, "state": "same"}).state == "same"
    with pytest.raises(ValidationError):
        TakenView.model_validate({**entry, "state": "perhaps"})
