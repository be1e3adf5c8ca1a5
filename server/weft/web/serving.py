"""A server from its first breath to its last: the port at once, the workers behind it, and an orderly end."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import ipaddress
import logging
import os
import signal
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from types import MappingProxyType

from aiohttp import web

from weft.garbage import end_loading
from weft.settings import Settings
from weft.web.allocation import return_memory_early
from weft.web.app import create_app
from weft.web.app_keys import ACCESS, CLOSING, METRICS
from weft.web.assembly import open_services
from weft.web.faults import AddressUnusableError
from weft.web.metrics import Metrics
from weft.web.services import Services
from weft.web.tokens import NewToken

LONGEST_LINE = 64 * 2**10
"""Bytes of a request line; a longer one is refused by the HTTP parser, in plain text."""

BACKLOG = 512
"""Connections that may wait to be accepted."""

KEEP_ALIVE_S = 75.0
FAREWELL_S = 0.5
"""Answers that are under way when all else has ended get so long."""

_LOG = logging.getLogger("weft.serve")
_HINTS = MappingProxyType(
    {
        errno.EADDRINUSE: "Another program, perhaps another weft, listens there; use --port, or stop it.",
        errno.EACCES: "Ports below 1024 are the administrator's; use --port with a larger one.",
        errno.EADDRNOTAVAIL: "No network of this machine has that address; correct --host.",
    }
)


@dataclass(frozen=True, slots=True)
class Listening:
    """A server that answers.

    Attributes:
        url: Where, without a slash at the end.
        token: The first token, where one was just made; it cannot be shown again.
    """

    url: str
    token: NewToken | None

    @property
    def page(self) -> str:
        """The address to open in a browser; what stands behind the # never leaves it."""
        return f"{self.url}/" if self.token is None else f"{self.url}/#token={self.token.secret}"


def serve(settings: Settings, announce: Callable[[Listening], None], *, installed: bool = True) -> None:
    """Serve until a signal ends it.

    Args:
        settings: The settings.
        announce: Is told once, as soon as the server answers.
        installed: Whether workers load installed packs, weft's own nodes among them.

    Raises:
        AddressUnusableError: The server cannot listen at its address.
        WeftError: The data folder cannot be used.
    """
    return_memory_early()
    asyncio.run(_serve(settings, announce, installed=installed))


async def _serve(settings: Settings, announce: Callable[[Listening], None], *, installed: bool) -> None:
    stopping = asyncio.Event()
    _heed_signals(stopping)
    async with running(settings, installed=installed) as listening:
        announce(listening)
        end_loading()
        _LOG.info("listening", extra={"url": listening.url, "pid": os.getpid()})
        await stopping.wait()
        _LOG.info("stopping")
    _LOG.info("stopped")


@asynccontextmanager
async def running(settings: Settings, *, installed: bool = True) -> AsyncIterator[Listening]:
    """Run a server in this process for as long as the block lasts.

    Args:
        settings: The settings.
        installed: Whether workers load installed packs, weft's own nodes among them.

    Yields:
        Where it listens.

    Raises:
        AddressUnusableError: The server cannot listen at its address.
        WeftError: The data folder cannot be used.
    """
    # First of all the port: what needs it most is the message that it is taken.
    with _listen(settings.host, settings.port) as listener:
        services = open_services(settings, installed=installed)
        try:
            app = create_app(services)
            token = app[ACCESS].first_token()
            await services.jobs.start()
            await services.models.start()
            runner = await _accept(app, listener)
        except BaseException:
            await services.models.close()
            await services.jobs.close()
            raise
        counting = asyncio.create_task(_count_jobs(services, app[METRICS]), name="weft-metrics")
        try:
            yield Listening(url=_url(settings.host, listener), token=token)
        finally:
            # New requests are refused, waiting ones answered; streams live until the queue has its last word.
            app[CLOSING].set()
            for site in list(runner.sites):
                await site.stop()
            await services.models.close()
            await services.jobs.close()
            await runner.cleanup()
            counting.cancel()
            await asyncio.gather(counting, return_exceptions=True)


async def _accept(app: web.Application, listener: socket.socket) -> web.AppRunner:
    runner = web.AppRunner(
        app,
        access_log=None,
        # A compressed body is refused; it must not be unpacked before that.
        auto_decompress=False,
        max_line_size=LONGEST_LINE,
        keepalive_timeout=KEEP_ALIVE_S,
        shutdown_timeout=FAREWELL_S,
    )
    await runner.setup()
    await web.SockSite(runner, listener, backlog=BACKLOG).start()
    return runner


async def _count_jobs(services: Services, metrics: Metrics) -> None:
    with services.events.subscribe(types={"job"}) as subscription:
        async for batch in subscription:
            for item in batch.events:
                metrics.count_event(item.event)


def _heed_signals(stopping: asyncio.Event) -> None:
    def heed() -> None:
        if stopping.is_set():
            # Asked twice: workers end by themselves when this process is gone; the ledger is always whole.
            os._exit(130)
        stopping.set()

    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):
            loop.add_signal_handler(name, heed)


def _listen(host: str, port: int) -> socket.socket:
    try:
        address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        listener = socket.socket(address[0], socket.SOCK_STREAM)
    except OSError as error:
        raise _unusable(host, port, error) from error
    try:
        if os.name == "posix":
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address[4])
        listener.listen(BACKLOG)
        listener.setblocking(False)
    except OSError as error:
        listener.close()
        raise _unusable(host, port, error) from error
    return listener


def _unusable(host: str, port: int, error: OSError) -> AddressUnusableError:
    reason = (error.strerror or str(error)).lower()
    return AddressUnusableError(host=host, port=port, reason=reason, hint=_HINTS.get(error.errno or 0, ""))


def _url(host: str, listener: socket.socket) -> str:
    port = listener.getsockname()[1]
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return f"http://{host}:{port}"
    if address.is_unspecified:
        return f"http://127.0.0.1:{port}"
    return f"http://[{address}]:{port}" if address.version == 6 else f"http://{address}:{port}"
