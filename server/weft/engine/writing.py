"""One background thread that writes, so that nothing on the way to a picture waits for a disk."""

import queue
import threading
from collections.abc import Callable

FLUSH_TIMEOUT_S = 600.0


class BackgroundWriter:
    """Jobs done one after the other on a thread of their own, which starts with the first job.

    Args:
        failed: What is called, on that thread, with the exception of a job that failed.
    """

    def __init__(self, failed: Callable[[Exception], None]) -> None:
        self._failed = failed
        self._jobs: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def submit(self, job: Callable[[], None]) -> None:
        """Have a job done soon.

        Args:
            job: What to do; its exception is reported, never raised.
        """
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="weft-cache-writer", daemon=True)
                self._thread.start()
        self._jobs.put(job)

    def flush(self) -> None:
        """Wait until every job that was submitted before has been done."""
        with self._lock:
            if self._thread is None:
                return
        done = threading.Event()
        self._jobs.put(done.set)
        done.wait(FLUSH_TIMEOUT_S)

    def close(self) -> None:
        """Do what is left and end the thread; a later job starts a new one."""
        with self._lock:
            thread, self._thread = self._thread, None
        if thread is not None:
            self._jobs.put(None)
            thread.join(FLUSH_TIMEOUT_S)

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            try:
                job()
            # A job writes values of foreign classes; whatever they raise must not end the thread.
            except Exception as error:  # noqa: BLE001
                self._failed(error)
            # What a job writes may be large, and the next one may be long in coming.
            del job
