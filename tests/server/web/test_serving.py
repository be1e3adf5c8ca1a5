"""Listening: at the address that was asked for, or one clear error."""

import errno
import socket
from pathlib import Path

import pytest
from weft.settings import load_settings
from weft.web.faults import AddressUnusableError
from weft.web.serving import Listening, _listen, _unusable, _url, running
from weft.web.tokens import NewToken


@pytest.mark.parametrize(
    ("host", "shown"),
    [("127.0.0.1", "127.0.0.1"), ("0.0.0.0", "127.0.0.1"), ("localhost", "localhost")],
)
def test_the_address_is_one_that_can_be_opened(host: str, shown: str) -> None:
    with _listen(host, 0) as listener:
        port = listener.getsockname()[1]

        assert _url(host, listener) == f"http://{shown}:{port}"


def test_an_address_of_version_six_stands_in_brackets() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        assert _url("::1", listener).startswith("http://[::1]:")


def test_a_first_token_stands_where_no_server_is_ever_told_it() -> None:
    listening = Listening("http://127.0.0.1:1", NewToken("first", "manage", "weft_x"))

    assert listening.page == "http://127.0.0.1:1/#token=weft_x"
    assert Listening("http://127.0.0.1:1", None).page == "http://127.0.0.1:1/"


async def test_a_port_that_is_taken_starts_nothing(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        settings = load_settings({"data_dir": tmp_path / "data", "port": taken.getsockname()[1]})
        with pytest.raises(AddressUnusableError, match="in use"):
            async with running(settings):
                raise AssertionError

    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize(
    ("number", "hint"),
    [(errno.EADDRINUSE, "--port"), (errno.EACCES, "1024"), (errno.EADDRNOTAVAIL, "--host")],
)
def test_what_helps_depends_on_what_is_wrong(number: int, hint: str) -> None:
    error = _unusable("10.0.0.1", 80, OSError(number, "Refused"))

    assert hint in error.hint
    assert error.message == "weft cannot listen on 10.0.0.1, port 80: refused."


def test_a_name_that_nobody_has_is_unusable() -> None:
    with pytest.raises(AddressUnusableError):
        _listen("no-such-host.invalid", 0)
