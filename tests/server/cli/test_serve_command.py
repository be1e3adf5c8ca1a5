"""`weft serve` as far as it is refused; `tests/web/test_lifecycle.py` has real servers."""

import socket
from pathlib import Path

import pytest
from cli.heard import Weft
from weft.cli.exits import ExitCode
from weft.cli.serve_command import announcement
from weft.jobs.ledger.ledger import Ledger
from weft.web.serving import Listening


@pytest.mark.parametrize(
    ("flag", "value"), [("--port", "70000"), ("--port", "http"), ("--workers", "0"), ("--device", "tpu")]
)
def test_a_setting_that_cannot_be_is_named_with_its_flag(weft: Weft, flag: str, value: str) -> None:
    heard = weft("serve", flag, value)

    assert heard.code == ExitCode.BAD_INPUT
    assert f"[settings-invalid] The setting \"{flag[2:]}\" from the flag {flag} is '{value}'" in heard.words


def test_a_port_that_is_taken_is_the_machines_fault(weft: Weft) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        heard = weft("serve", "--json", "--port", str(taken.getsockname()[1]))

    assert heard.code == ExitCode.ENVIRONMENT
    assert heard.codes() == ["address-unusable"]


def test_a_host_that_is_not_this_machines_is_its_fault_too(weft: Weft) -> None:
    heard = weft("serve", "--port", "0", "--host", "192.0.2.1")

    assert heard.code == ExitCode.ENVIRONMENT
    assert heard.words.startswith("error [address-unusable] weft cannot listen on 192.0.2.1, port 0:")


def test_two_servers_do_not_share_a_data_folder(weft: Weft, folder: Path) -> None:
    ledger = Ledger.open(folder / "data")
    heard = weft("serve", "--port", "0")
    ledger.close()

    assert heard.code == ExitCode.ENVIRONMENT
    assert "[data-folder-in-use]" in heard.words


def test_a_subject_is_refused(weft: Weft) -> None:
    assert weft("serve", "text-to-image").code == ExitCode.BAD_INPUT


def test_the_line_that_makes_a_first_picture_has_a_place_for_a_token_that_is_needed() -> None:
    listening = Listening(url="http://h", token=None)

    words, open_words = announcement(listening, is_open=False), announcement(listening, is_open=True)

    assert "-H 'Authorization: Bearer TOKEN'" in words
    assert "weft token add NAME" in words
    assert "TOKEN" not in open_words
