"""What all runs of a worker share: one instance per kind of service, made on first use, closed at the end."""

import threading
from typing import TypeVar

from weft.context import Service, ServiceScope

S = TypeVar("S", bound=Service)


class Services:
    """The services of one worker.

    Args:
        scope: What a service may know of the worker.
    """

    def __init__(self, scope: ServiceScope) -> None:
        self._scope = scope
        self._made: dict[type[Service], Service] = {}
        self._making: dict[type[Service], threading.Lock] = {}
        self._lock = threading.Lock()

    def get(self, kind: type[S]) -> S:
        """Return the one instance of a service, made now if this is its first use.

        Two threads that ask for the same kind at once get the same instance; different kinds are made side by
        side, and one may ask for another while it is made.

        Args:
            kind: The class of the service.
        """
        found = self._made.get(kind)
        if isinstance(found, kind):
            return found
        with self._lock:
            making = self._making.setdefault(kind, threading.Lock())
        with making:
            found = self._made.get(kind)
            if isinstance(found, kind):
                return found
            made = kind.create(self._scope)
            self._made[kind] = made
            return made

    def held_bytes(self) -> int:
        """Return how many bytes of device memory all services hold."""
        return sum(service.held_bytes() for service in tuple(self._made.values()))

    def release(self, needed_bytes: int) -> int:
        """Ask the services, one after the other, to free memory until so much is free.

        Args:
            needed_bytes: What is needed.

        Returns:
            The bytes that were freed.
        """
        freed = 0
        for service in tuple(self._made.values()):
            if freed >= needed_bytes:
                break
            freed += service.release(needed_bytes - freed)
        return freed

    def close(self) -> None:
        """Close every service, the youngest first."""
        with self._lock:
            made = list(self._made.values())
            self._made.clear()
        for service in reversed(made):
            service.close()
