"""Models and their downloads are written with what is known of them, and null for what is not."""

from pathlib import Path

import pytest
from pydantic import ValidationError
from weft.jobs.files.file_faults import PullUnknownError
from weft.jobs.hub.model_pictures import ModelPicture
from weft.jobs.hub.models import Model
from weft.jobs.hub.pull_choice import PullRequest
from weft.jobs.hub.pull_store import Pull, PullFile
from weft.jobs.hub.weight_files import WeightFacts
from weft.web.files.model_wire import PullRequestBody, model_view, pull_view


def test_what_is_not_known_of_a_model_is_null() -> None:
    view = model_view(Model("checkpoint", "starter", {"family": "weft"}))

    assert (view.size, view.modified_at, view.digest, view.facts, view.fault) == (
        None,
        None,
        None,
        None,
        None,
    )
    assert view.traits == {"family": "weft"}
    assert view.picture_url is None


def test_what_is_known_of_a_model_is_written() -> None:
    facts = WeightFacts(2, 30, "F16", {"format": "pt"})
    picture = ModelPicture("cd" * 32, Path("x.png"))
    view = model_view(Model("lora", "x", {}, 5, 10.0, "ab" * 32, facts, picture=picture))

    assert view.facts is not None
    assert (view.facts.parameters, view.facts.notes) == (30, {"format": "pt"})
    assert (view.size, view.digest) == (5, "ab" * 32)
    assert view.picture_url == f"/api/models/pictures/{'cd' * 32}"


def test_a_download_is_written_before_anything_of_it_is_known() -> None:
    view = pull_view(Pull("id", PullRequest("o/m"), "queued", 1.0))

    assert (view.commit, view.total_bytes, view.finished_at, view.files) == (None, None, None, ())
    assert view.links.self == "/api/models/pulls/id"


def test_a_download_is_written_with_its_files_and_what_went_wrong() -> None:
    problem = PullUnknownError(pull="x").problem().to_json()
    files = (PullFile("a/x.safetensors", "x.safetensors", 5, "ab" * 32), PullFile("b.json", "b.json"))
    view = pull_view(Pull("id", PullRequest("o/m"), "failed", 1.0, 2.0, "c" * 40, files, 3, (problem,)))

    assert [(file.target, file.size, bool(file.digest)) for file in view.files] == [
        ("x.safetensors", 5, True),
        ("b.json", None, False),
    ]
    assert [entry.code for entry in view.problems] == ["pull-unknown"]


@pytest.mark.parametrize(
    "body", [{}, {"repo": ""}, {"repo": "x" * 201}, {"repo": "o/m", "file": ""}, {"repo": "o/m", "x": 1}]
)
def test_a_request_that_does_not_fit_is_refused(body: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        PullRequestBody.model_validate(body)
