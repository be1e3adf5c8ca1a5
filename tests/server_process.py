"""A server process that begins with everything imported, since that takes nine tenths of its start.

It is forked from a process of its own that has imported the server and does nothing else, so that there is
nothing in it that `weft serve` would not have. Who measures what a server needs starts a fresh one; servers
that are started as users do it are in `stock_server` and in the tests of a server's life.
"""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path

from weft.web.app import ROUTE_MODULES

IMPORTED = (
    "weft.web.logs",
    "weft.web.serving",
    "weft.jobs.files.thumbnails",
    "weft.jobs.hub.models",
    "weft.jobs.service",
    *ROUTE_MODULES,
)
"""What a server imports when it starts, with all that these modules import."""


class ServerProcess:
    """A server in a process of its own.

    Args:
        folder: The folder that it is started in; what it says is added to the file `log`.
        environment: Its variables.

    Attributes:
        url: Where it listens; empty if it ended before.
        token: The first token, where it made one.
    """

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        forking = multiprocessing.get_context("forkserver")
        forking.set_forkserver_preload(list(IMPORTED))
        hearing, telling = forking.Pipe(duplex=False)
        with hearing:
            with telling:
                given = (folder, dict(environment), telling)
                self._process = forking.Process(target=_serve, args=given, daemon=True)
                self._process.start()
            self.url, self.token = "", None
            with suppress(EOFError):
                self.url, self.token = hearing.recv()

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid or 0

    def poll(self) -> int | None:
        """Its exit code, negative for the signal that ended it; None while it runs."""
        return self._process.exitcode

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end and give its exit code.

        Args:
            timeout: Seconds after which waiting is a fault.
        """
        self._process.join(timeout)
        code = self.poll()
        assert code is not None, f"the server did not end within {timeout} s"
        return code

    def send_signal(self, number: int) -> None:
        """Send it a signal, if it runs."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """End it without asking."""
        self._process.kill()


FRESH = """
import sys
from weft.garbage import begin_ending, begin_loading
begin_loading()
from weft.settings import load_settings
from weft.web.logs import configure_logging
from weft.web.serving import serve

def announce(listening):
    print(listening.url, listening.token.secret if listening.token else "", flush=True)

configure_logging(sys.stderr)
serve(load_settings(), announce, installed=False)
begin_ending()
"""
"""What a process runs that imports everything itself, as `weft serve` does, and nothing else."""


class FreshServerProcess(subprocess.Popen[str]):
    """The same for those who measure what a server needs: one that was not forked.

    Args:
        folder: The folder that it is started in; what it says is added to the file `log`.
        environment: Its variables.

    Attributes:
        url: Where it listens; empty if it ended before.
        token: The first token, where it made one.
    """

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        with (folder / "log").open("a") as log:
            super().__init__(
                [sys.executable, "-c", FRESH],
                cwd=folder,
                env=environment,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        assert self.stdout is not None
        with self.stdout:
            self.url, _, token = self.stdout.readline().strip().partition(" ")
        self.token = token or None


def _serve(folder: Path, environment: Mapping[str, str], telling: Connection) -> None:
    """Become the server; this is all that the process does after it was forked."""
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    log = os.open("log", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for stream in (1, 2):
        os.dup2(log, stream)
    os.close(log)

    from weft.garbage import begin_loading
    from weft.settings import load_settings
    from weft.web.logs import configure_logging
    from weft.web.serving import Listening, serve

    def announce(listening: Listening) -> None:
        with telling:
            telling.send((listening.url, listening.token.secret if listening.token else None))

    begin_loading()
    configure_logging(sys.stderr)
    serve(load_settings(), announce, installed=False)
