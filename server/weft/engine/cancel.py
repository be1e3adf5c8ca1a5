"""The wish that a run should stop, passed from whoever wants it to whoever works."""

import threading
from collections.abc import Callable


class CancelToken:
    """A wish that is made once and cannot be taken back.

    May be used from any thread and from a signal handler.
    """

    def __init__(self) -> None:
        self._event = threading.Event()
        self._listeners: list[Callable[[], None]] = []

    @property
    def cancelled(self) -> bool:
        """Whether the run should stop."""
        return self._event.is_set()

    def cancel(self) -> None:
        """Ask the run to stop; asking twice changes nothing."""
        if self._event.is_set():
            return
        self._event.set()
        for listener in tuple(self._listeners):
            listener()

    def subscribe(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Have something called when the wish is made; at once where it was made already.

        Args:
            listener: Called on the thread that cancels, so it must be quick.

        Returns:
            What ends the subscription.
        """
        self._listeners.append(listener)
        if self._event.is_set():
            listener()

        def unsubscribe() -> None:
            if listener in self._listeners:
                self._listeners.remove(listener)

        return unsubscribe
