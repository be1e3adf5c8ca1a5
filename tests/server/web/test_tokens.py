"""Tokens: kept as digests, checked against the file as it is now, sessions signed."""

import os
import threading
from pathlib import Path

import pytest
from weft.web.faults import TokenNameError, TokensUnreadableError
from weft.web.tokens import FILE_NAME, SESSION_S, StoredToken, Tokens


def _found(token: StoredToken | None) -> tuple[str, str] | None:
    return None if token is None else (token.name, token.scope)


def test_a_token_is_found_by_its_secret_alone(tmp_path: Path) -> None:
    made = Tokens(tmp_path).add("laptop", "submit")

    assert _found(Tokens(tmp_path).find(made.secret)) == ("laptop", "submit")
    assert Tokens(tmp_path).find(made.secret[:-1]) is None
    assert Tokens(tmp_path).find("\udcff") is None


def test_the_file_holds_no_secret_and_is_private(tmp_path: Path) -> None:
    made = Tokens(tmp_path / "new").add("laptop", "manage")
    file = tmp_path / "new" / FILE_NAME

    assert made.secret not in file.read_text()
    assert file.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in file.parent.iterdir()] == [FILE_NAME]


def test_a_change_by_another_process_counts_at_once(tmp_path: Path) -> None:
    tokens = Tokens(tmp_path)
    made = Tokens(tmp_path).add("laptop", "read")
    before = tokens.find(made.secret)

    Tokens(tmp_path).remove("laptop")

    assert _found(before) == ("laptop", "read")
    assert tokens.find(made.secret) is None


@pytest.mark.parametrize("name", ["", "two words", "a/b", "x" * 65, "ü", "a\n"])
def test_a_name_is_letters_digits_and_dashes(tmp_path: Path, name: str) -> None:
    with pytest.raises(TokenNameError):
        Tokens(tmp_path).add(name, "read")


def test_a_name_is_given_once_and_removed_once(tmp_path: Path) -> None:
    tokens = Tokens(tmp_path)
    tokens.add("laptop", "read")
    with pytest.raises(TokenNameError, match="already"):
        tokens.add("laptop", "read")
    with pytest.raises(TokenNameError) as caught:
        tokens.remove("laptob")

    assert caught.value.hint == 'Did you mean "laptop"?'


def test_a_session_ends_after_its_time(tmp_path: Path) -> None:
    now = [1000.0]
    tokens = Tokens(tmp_path, clock=lambda: now[0])
    tokens.add("laptop", "read")
    session = tokens.begin_session(tokens.all()[0])
    before = tokens.find_session(session)

    now[0] += SESSION_S

    assert _found(before) == ("laptop", "read")
    assert tokens.find_session(session) is None


def test_a_session_of_a_token_that_was_made_anew_under_the_same_name_is_refused(tmp_path: Path) -> None:
    tokens = Tokens(tmp_path)
    tokens.add("laptop", "read")
    session = tokens.begin_session(tokens.all()[0])
    tokens.remove("laptop")
    tokens.add("laptop", "manage")

    assert tokens.find_session(session) is None


@pytest.mark.parametrize(
    "session", ["", "laptop", "laptop.1", "laptop..", "laptop.99999999999.x", "laptop.-1.é"]
)
def test_what_was_never_a_session_is_none(tmp_path: Path, session: str) -> None:
    tokens = Tokens(tmp_path)
    tokens.add("laptop", "read")

    assert tokens.find_session(session) is None


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"session_key": "k", "tokens": [{"name": 3}]}', "\x00"])
def test_a_damaged_file_lets_nobody_in(tmp_path: Path, text: str) -> None:
    (tmp_path / FILE_NAME).write_text(text)

    with pytest.raises(TokensUnreadableError, match="damaged"):
        Tokens(tmp_path).find("weft_x")


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(TokensUnreadableError):
        Tokens(tmp_path / "file").add("laptop", "read")


def test_a_reader_never_sees_half_a_file(tmp_path: Path) -> None:
    """One thread adds and removes while another reads as fast as it can."""
    Tokens(tmp_path).add("kept", "read")
    ended = threading.Event()
    seen: list[int] = []

    def read() -> None:
        while not ended.is_set():
            seen.append(len(Tokens(tmp_path).all()))
            os.sched_yield()

    reader = threading.Thread(target=read)
    reader.start()
    for number in range(20):
        Tokens(tmp_path).add(f"t{number}", "read")
    ended.set()
    reader.join()

    assert seen == sorted(seen)
