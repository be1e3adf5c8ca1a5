"""Wire models take what fits and nothing else."""

import pytest
from pydantic import ValidationError
from weft.errors import JSON
from weft.web.wire_base import JSONValue, Wire


class Parcel(Wire):
    """Something sent."""

    weight: int
    content: dict[str, JSONValue] | None = None


def test_json_passes_as_it_came() -> None:
    content: dict[str, JSON] = {"a": [1, 2.5, None, {"b": "c"}], "big": 2**70}

    assert Parcel(weight=1, content=content).content == content
    assert Parcel.model_validate_json('{"weight": 1, "content": {"x": [1, null]}}').content == {
        "x": [1, None]
    }


@pytest.mark.parametrize("text", ['{"weight": "1"}', '{"weight": 1, "more": 2}', '{"weight": 1.5}', "{}"])
def test_what_does_not_fit_is_refused(text: str) -> None:
    with pytest.raises(ValidationError):
        Parcel.model_validate_json(text)


def test_the_description_shows_any_json() -> None:
    assert "properties" in Parcel.model_json_schema()
