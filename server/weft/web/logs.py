"""Structured logs: one JSON object per line for programs, or plain lines for a person at a terminal.

A record carries the id of the request that it was written for, and what `extra` gives it, such as the job::

    _LOG.info("job finished", extra={"job": job.id, "seconds": 1.2})
"""

from __future__ import annotations

import json
import logging
import sys
from contextvars import ContextVar
from datetime import UTC, datetime
from types import MappingProxyType
from typing import TYPE_CHECKING

from typing_extensions import override

if TYPE_CHECKING:
    from typing import TextIO

REQUEST_ID: ContextVar[str] = ContextVar("request_id", default="")
"""Id of the request that is being answered; empty outside of one."""

_OWN_FIELDS = frozenset(
    {*vars(logging.makeLogRecord({})), "message", "asctime", "request", "color_message", "taskName"}
)
_NOISY = MappingProxyType({"aiohttp.server": logging.CRITICAL, "asyncio": logging.ERROR})
"""What aiohttp logs of clients that speak no HTTP, and what is logged of it here already."""


def configure_logging(stream: TextIO | None = None, *, level: int = logging.INFO) -> None:
    """Let everything below `weft` be logged, and warnings of the libraries.

    Args:
        stream: Where lines go; by default standard error. A terminal gets plain lines, all else JSON.
        level: The least level of weft's own records.
    """
    target = sys.stderr if stream is None else stream
    handler = logging.StreamHandler(target)
    handler.setFormatter(PlainFormatter() if target.isatty() else JSONFormatter())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("weft").setLevel(level)
    for name, least in _NOISY.items():
        logging.getLogger(name).setLevel(least)


def fields_of(record: logging.LogRecord) -> dict[str, object]:
    """Give what a record carries beside its message: the request's id, and what `extra` gave it."""
    request = getattr(record, "request", "") or REQUEST_ID.get()
    given = {name: value for name, value in vars(record).items() if name not in _OWN_FIELDS}
    return ({"request": request} if request else {}) | given


class JSONFormatter(logging.Formatter):
    """Writes a record as one JSON object on one line."""

    @override
    def format(self, record: logging.LogRecord) -> str:
        entry: dict[str, object] = {
            "time": _time(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        } | fields_of(record)
        if record.exc_info:
            entry["exception"] = self.formatException(record.exc_info)
        return json.dumps(entry, default=str)


class PlainFormatter(logging.Formatter):
    """Writes a record as a line that a person reads."""

    @override
    def format(self, record: logging.LogRecord) -> str:
        fields = "".join(f" {name}={value}" for name, value in fields_of(record).items())
        level = "" if record.levelno == logging.INFO else f"{record.levelname.lower()}: "
        # What was logged may come from outside; control characters could redraw the terminal.
        line = "".join(c if c.isprintable() else repr(c)[1:-1] for c in f"{record.getMessage()}{fields}")
        trace = f"\n{self.formatException(record.exc_info)}" if record.exc_info else ""
        return f"{_time(record)[11:19]} {level}{line}{trace}"


def _time(record: logging.LogRecord) -> str:
    return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
