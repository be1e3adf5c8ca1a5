"""The guard as such: which names and pages are the server's own, wherever it listens."""

import pytest
from multidict import CIMultiDict, CIMultiDictProxy
from weft.errors import WeftError
from weft.settings import load_settings
from weft.web.security import Guard, is_loopback


def _refusal(guard: Guard, **headers: str) -> str:
    named = CIMultiDictProxy(CIMultiDict({name.replace("_", "-"): value for name, value in headers.items()}))
    try:
        guard.check("GET", None, named, page=False)
    except WeftError as error:
        return error.code
    return ""


def _guard(**settings: object) -> Guard:
    return Guard.of(load_settings(settings))


def test_a_server_on_all_addresses_answers_to_every_address_and_to_no_name() -> None:
    guard = _guard(host="0.0.0.0")

    assert _refusal(guard, Host="192.168.1.5:9338") == ""
    assert _refusal(guard, Host="[fd00::1]:9338") == ""
    assert _refusal(guard, Host="weft.example") == "host-refused"


def test_a_server_on_one_address_answers_to_that_one() -> None:
    guard = _guard(host="192.168.1.5")

    assert _refusal(guard, Host="192.168.1.5:9338") == ""
    assert _refusal(guard, Host="192.168.1.6:9338") == "host-refused"


def test_a_name_behind_a_proxy_may_be_served_over_tls() -> None:
    guard = _guard(host_names=("weft.example",))

    assert _refusal(guard, Host="weft.example", Origin="https://weft.example") == ""
    assert _refusal(guard, Host="WEFT.example:8443", Origin="https://WEFT.example:8443") == ""
    assert _refusal(guard, Host="weft.example", Origin="https://other.example") == "origin-refused"
    assert _refusal(guard, Host="127.0.0.1", Origin="https://127.0.0.1") == "origin-refused"


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1.2.3", "::1", "localhost", "LOCALHOST"])
def test_these_addresses_are_this_machine_alone(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize(
    "host", ["0.0.0.0", "::", "192.168.1.5", "127.0.0.1.example", "localhost.example", ""]
)
def test_these_addresses_are_not(host: str) -> None:
    assert not is_loopback(host)
