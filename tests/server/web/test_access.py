"""Who is taken for whom: when a token is needed, and who made the first."""

from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request
from weft.settings import Settings, load_settings
from weft.web.access import LOCAL_OWNER, Access, needs_token
from weft.web.faults import ScopeMissingError, TokenMissingError, TokenRefusedError
from weft.web.routing import Caller, Policy


def _settings(folder: Path, **more: object) -> Settings:
    return load_settings({"data_dir": folder, **more})


def _request(**headers: str) -> web.Request:
    return make_mocked_request("GET", "/", headers=headers)


@pytest.mark.parametrize(
    ("settings", "is_needed"),
    [
        ({}, False),
        ({"host": "localhost"}, False),
        ({"host": "::1"}, False),
        ({"host": "0.0.0.0"}, True),
        ({"host": "192.168.1.5"}, True),
        ({"host_names": ("weft.example",)}, True),
        ({"require_token": True}, True),
    ],
)
def test_a_token_is_needed_as_soon_as_others_can_reach_the_server(
    tmp_path: Path, settings: dict[str, object], is_needed: bool
) -> None:
    assert needs_token(_settings(tmp_path, **settings)) is is_needed


def test_the_first_token_is_made_once(tmp_path: Path) -> None:
    access = Access.of(_settings(tmp_path, require_token=True))
    first = access.first_token()

    assert first is not None
    assert first.scope == "manage"
    assert access.first_token() is None
    assert Access.of(_settings(tmp_path / "open")).first_token() is None


def test_whoever_calls_an_open_server_is_the_local_owner(tmp_path: Path) -> None:
    caller = Access.of(_settings(tmp_path)).caller(_request(), Policy.MANAGE)

    assert caller == Caller(LOCAL_OWNER, Policy.MANAGE)
    assert caller.sees is None


def test_a_token_makes_its_holder_the_owner_on_an_open_server_too(tmp_path: Path) -> None:
    access = Access.of(_settings(tmp_path))
    held = f"Bearer {access.tokens.add('ann', 'submit').secret}"

    caller = access.caller(_request(Authorization=held), Policy.SUBMIT)

    assert caller == Caller("ann", Policy.SUBMIT)
    assert caller.sees == "ann"
    with pytest.raises(ScopeMissingError):
        access.caller(_request(Authorization=held), Policy.MANAGE)


def test_an_open_server_takes_no_notice_of_an_old_cookie(tmp_path: Path) -> None:
    request = _request(Cookie="weft_session=old.1.x")

    assert Access.of(_settings(tmp_path)).caller(request, Policy.READ).owner == LOCAL_OWNER
    with pytest.raises(TokenRefusedError):
        Access.of(_settings(tmp_path, require_token=True)).caller(request, Policy.READ)


def test_a_public_route_knows_nobody_and_refuses_nobody(tmp_path: Path) -> None:
    access = Access.of(_settings(tmp_path, require_token=True))

    assert access.caller(_request(Authorization="Bearer x"), Policy.PUBLIC) == Caller("", Policy.PUBLIC)
    with pytest.raises(TokenMissingError):
        access.caller(_request(), Policy.READ)
