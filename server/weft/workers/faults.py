"""What only goes wrong between a server and its workers."""

from __future__ import annotations

from weft.errors import CacheError, GraphError, WeftError


class WorkerUnavailableError(WeftError):
    """No worker can do what is wanted now."""

    code = "worker-unavailable"

    def __init__(self, *, reason: str) -> None:
        super().__init__(f"No worker can answer: {reason}.", hint="Try again in a moment; the log says more.")


class WorkerDeviceError(WeftError):
    """The device that the settings ask for is not there."""

    code = "worker-device-unavailable"

    def __init__(self, *, device: str) -> None:
        super().__init__(
            f"The device {device} is not available here.",
            hint="Set WEFT_DEVICE, or --device, to auto or cpu.",
        )


class WorkerFaultError(WeftError):
    """The worker itself failed at a job, where no node did."""

    code = "worker-fault"

    def __init__(self, *, cause: BaseException, traceback: str = "") -> None:
        super().__init__(
            f"The worker failed at the job: {type(cause).__name__}: {cause}",
            hint="Try again; if it stays, report it with the traceback.",
            details={"exception": type(cause).__name__, "traceback": traceback},
        )


class MigrationNeedsWorkerError(GraphError):
    """A node was saved by an older version, and only a worker can bring it up to date."""

    code = "migration-needs-worker"

    def __init__(self, *, type: str, found: int, newest: int) -> None:
        super().__init__(
            f'"{type}" was saved with version {found} and is installed with version {newest}.',
            hint="A worker brings it up to date; wait until one is ready.",
            details={"type": type, "found": found, "newest": newest},
        )


class CatalogUnreadableError(CacheError):
    """The catalogue that was saved cannot be used; the next worker publishes a new one."""

    code = "catalog-unreadable"

    def __init__(self, *, path: str, fault: str) -> None:
        super().__init__(
            f"The saved catalogue {path} cannot be used: {fault}.",
            hint="It is replaced as soon as a worker is ready.",
        )


class ChannelBrokenError(WeftError):
    """What comes from the other process is not what it should say."""

    code = "channel-broken"

    def __init__(self, *, fault: str) -> None:
        super().__init__(
            f"The connection to a worker is out of step: {fault}.", hint="The worker is replaced."
        )


class MessageTooLongError(WeftError):
    """A message is longer than a frame may be."""

    code = "message-too-long"

    def __init__(self, *, kind: str, size: int, most: int) -> None:
        super().__init__(
            f'A message "{kind}" has {size} bytes, but {most} are the most.',
            hint="Give the workflow fewer or smaller values as outputs.",
        )
