"""A picture can be used in workflows by those to whom it belongs, by name as little as by address."""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from live_server import LiveServer
from poster_server import poster_server
from server.web.files.test_asset_routes import png, uploaded
from weft.web.tokens import Tokens


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, LiveServer]]:
    """A server whose workflows take pictures, as several people see it."""
    with poster_server(tmp_path_factory.mktemp("people"), require_token=True) as server:
        tokens = Tokens(server.folder / "data")

        def holding(secret: str | None) -> LiveServer:
            return replace(server, headers={"Authorization": f"Bearer {secret}"})

        names = ("ann", "bob")
        yield {name: holding(tokens.add(name, "submit").secret) for name in names} | {
            "manager": holding(server.token)
        }


def use_of(picture: str) -> dict[str, Any]:
    """A workflow that loads a picture."""
    return {
        "weft": 1,
        "inputs": {"image": {"to": ["load.image"]}},
        "outputs": {"loaded": {"from": "load.image"}},
        "nodes": {"load": {"type": "posters:poster.load", "inputs": {"image": picture}}},
    }


def submitted(server: LiveServer, picture: str) -> int:
    """Use a picture in a job, and give the status."""
    answer = server.call("POST", "/api/jobs?wait=100", {"workflow": use_of(picture)})
    assert answer.status == 422 or answer.json["state"] == "succeeded", answer.body
    return answer.status


def test_ones_picture_is_an_input_of_ones_workflow(people: dict[str, LiveServer]) -> None:
    assert submitted(people["ann"], uploaded(people["ann"], png(50))["input"]) == 200


def test_a_picture_of_others_is_as_unknown_as_one_that_is_not_there(people: dict[str, LiveServer]) -> None:
    theirs, nobodys = uploaded(people["ann"], png(51))["input"], f"asset:{'ab' * 32}"

    def said_of(picture: str) -> list[str]:
        by_value = people["bob"].call("POST", "/api/jobs", {"workflow": use_of(picture)})
        given = {"workflow": use_of("x"), "inputs": {"image": picture}}
        by_input = people["bob"].call("POST", "/api/jobs", given)
        batch = {"workflow": use_of("x"), "vary": {"image": [picture]}}
        by_batch = people["bob"].call("POST", "/api/batches", batch)
        checked = people["bob"].call("POST", "/api/check", {"workflow": use_of(picture)})
        planned = people["bob"].call("POST", "/api/plan", {"workflow": use_of(picture)})
        refused = (by_value, by_input, by_batch, planned)
        assert [answer.status for answer in refused] == [422] * 4
        return [re.sub(r"asset:\w+…?", "it", answer.body.decode()) for answer in (*refused, checked)]

    assert said_of(theirs) == said_of(nobodys)


def test_a_saved_workflow_with_a_picture_of_others_does_not_run(people: dict[str, LiveServer]) -> None:
    theirs = uploaded(people["ann"], png(52))["input"]
    assert people["bob"].call("PUT", "/api/workflows/borrowed", use_of(theirs)).status == 201

    answer = people["bob"].call("POST", "/api/workflows/borrowed/run", {})

    assert (answer.status, answer.code) == (422, "input-invalid")


def test_a_picture_of_others_cannot_come_over_a_link_either(people: dict[str, LiveServer]) -> None:
    workflow = use_of("x")
    workflow["nodes"]["load"]["inputs"]["image"] = {"from": "title.text"}
    theirs = uploaded(people["ann"], png(54))["input"]
    workflow["nodes"]["title"] = {"type": "posters:poster.title", "inputs": {"text": theirs}}
    del workflow["inputs"]

    answer = people["bob"].call("POST", "/api/jobs", {"workflow": workflow})

    assert (answer.status, answer.code) == (422, "input-invalid")


def test_a_manager_may_use_every_picture(people: dict[str, LiveServer]) -> None:
    theirs = uploaded(people["ann"], png(53))["input"]
    job = people["manager"].call("POST", "/api/jobs?wait=100", {"workflow": use_of(theirs)}).json

    assert people["manager"].call("POST", f"/api/jobs/{job['id']}/retry").status == 202


def test_who_made_a_picture_too_may_use_it(people: dict[str, LiveServer]) -> None:
    for name in ("ann", "bob"):
        job = people[name].submit({"name": "poster", "inputs": {"prompt": "twice", "seed": 1}}, wait=100)
        made = job["outputs"][0]["asset"]["digest"]

        assert submitted(people[name], f"asset:{made}") == 200


def test_an_upload_that_was_deleted_is_no_input_from_then_on(people: dict[str, LiveServer]) -> None:
    view = uploaded(people["ann"], png(54))
    assert submitted(people["ann"], view["input"]) == 200

    assert people["ann"].call("DELETE", view["url"]).status == 204
    assert submitted(people["ann"], view["input"]) == 422
    assert submitted(people["manager"], view["input"]) == 422


def test_what_was_deleted_by_one_stays_for_the_other(people: dict[str, LiveServer]) -> None:
    data = png(55)
    for name in ("ann", "bob"):
        view = uploaded(people[name], data)

    assert people["bob"].call("DELETE", view["url"]).status == 204
    assert submitted(people["ann"], view["input"]) == 200
    assert submitted(people["bob"], view["input"]) == 422
