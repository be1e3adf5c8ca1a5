"""Logs: one record, one line, whoever reads it."""

import io
import json
import logging
import sys

import pytest
from weft.web.logs import REQUEST_ID, JSONFormatter, PlainFormatter, configure_logging


def _record(message: str, **fields: object) -> logging.LogRecord:
    return logging.makeLogRecord(
        {"name": "weft.test", "msg": message, "levelno": 20, "levelname": "INFO", **fields}
    )


def test_a_record_is_one_object_with_what_it_was_given() -> None:
    text = JSONFormatter().format(_record("job\nended", job="j1", path=sys))

    entry = json.loads(text)
    assert "\n" not in text
    assert (entry["message"], entry["job"], entry["level"]) == ("job\nended", "j1", "info")
    assert "module 'sys'" in entry["path"]


def test_a_record_of_a_request_carries_its_id() -> None:
    token = REQUEST_ID.set("abc")
    try:
        assert json.loads(JSONFormatter().format(_record("x")))["request"] == "abc"
    finally:
        REQUEST_ID.reset(token)


def test_an_exception_stands_in_its_record() -> None:
    try:
        raise ValueError("broken")  # noqa: TRY301
    except ValueError:
        text = JSONFormatter().format(_record("x", exc_info=sys.exc_info()))

    assert "ValueError: broken" in json.loads(text)["exception"]
    assert (
        "ValueError: broken"
        in PlainFormatter().format(_record("x", exc_info=None)) + json.loads(text)["exception"]
    )


def test_a_line_for_people_holds_nothing_that_moves_their_cursor() -> None:
    text = PlainFormatter().format(_record("a\x1b[2Jb\nc", job="j1", levelno=30, levelname="WARNING"))

    assert text.endswith("warning: a\\x1b[2Jb\\nc job=j1")
    assert text.isprintable()


@pytest.mark.parametrize("is_terminal", [True, False])
def test_a_terminal_gets_plain_lines_and_all_else_json(
    is_terminal: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    root, weft = logging.getLogger(), logging.getLogger("weft")
    monkeypatch.setattr(root, "handlers", [])
    stream = io.StringIO()
    monkeypatch.setattr(stream, "isatty", lambda: is_terminal, raising=False)
    levels = root.level, weft.level
    try:
        configure_logging(stream)
        logging.getLogger("weft.test").info("told")
        logging.getLogger("other").info("not told")
    finally:
        root.setLevel(levels[0])
        weft.setLevel(levels[1])

    assert stream.getvalue().count("\n") == 1
    assert stream.getvalue().startswith("{") is not is_terminal
