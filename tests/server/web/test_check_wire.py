"""A check takes a workflow or the name of one, never neither."""

import pytest
from pydantic import ValidationError
from weft.web.check_wire import CheckRequest


def test_a_workflow_or_a_name_is_taken() -> None:
    assert CheckRequest(name="text-to-image").inputs == {}
    assert CheckRequest(workflow={"weft": 1}, inputs={"seed": 1}, outputs=("image",)).outputs == ("image",)


@pytest.mark.parametrize("given", [{}, {"name": "a", "outputs": ()}, {"name": ""}, {"name": "a", "seed": 1}])
def test_anything_else_is_refused(given: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        CheckRequest.model_validate(given)
