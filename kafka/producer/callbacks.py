"""Run users' delivery callbacks: on a thread of their own, or on the user's event loop."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Protocol

from kafka._base.log_thread import own_thread
from kafka._base.logs import logger
from kafka._base.native import new_queue
from kafka._base.reentrant_lock import reentrant_lock

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

    from kafka._base.native import Queue

log = logger(__name__)


class CallbackRunner(Protocol):
    """Runs jobs one after the other, in the order they are submitted."""

    def prepare(self) -> None:
        """Get ready to run jobs; called in a user's thread before the first job is submitted."""

    def submit(self, job: Callable[[], None]) -> None:
        """Run *job* soon; any thread."""

    def is_current(self) -> bool:
        """Return whether the caller runs inside a job."""

    def stop(self, timeout: float) -> None:
        """Accept no more jobs; wait up to *timeout* seconds for the submitted ones."""


class CallbackThread:
    """Run callbacks on a daemon thread that starts when the first callback is added.

    Args:
        name: name of the thread.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._jobs: Queue[Callable[[], None] | None] = new_queue()
        self._thread: threading.Thread | None = None
        self._starting = reentrant_lock()

    def prepare(self) -> None:
        """Start the thread unless it runs."""
        if self._thread is None:
            with self._starting:
                if self._thread is None:
                    thread = threading.Thread(target=self._run, name=self._name, daemon=True)
                    # At interpreter exit no thread can start; `submit` then runs the jobs.
                    try:
                        self._thread = thread
                        thread.start()
                    except RuntimeError:
                        self._thread = None

    def submit(self, job: Callable[[], None]) -> None:
        """Queue *job*; run it at once if there is no thread."""
        if self._thread is None:
            job()
        else:
            self._jobs.put(job)

    def is_current(self) -> bool:
        """Return whether the caller is the callback thread."""
        return self._thread is not None and self._thread.ident == threading.get_ident()

    def stop(self, timeout: float) -> None:
        """Wait up to *timeout* seconds until the thread has run the queued jobs and ended."""
        thread = self._thread
        if thread is not None and not self.is_current():
            self._jobs.put(None)
            thread.join(timeout)

    def _run(self) -> None:
        # flush() and close() wait for this thread, too.
        with own_thread():
            while (job := self._jobs.get()) is not None:
                try:
                    job()
                except BaseException:
                    # SystemExit and the like end this callback, not the thread that runs the rest.
                    log.exception("a delivery callback ended with an exit request; it is ignored")


class LoopCallbacks:
    """Runs callbacks on the user's event loop, after what is running now.

    Args:
        loop: the loop of the asynchronous producer.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._running = False

    def prepare(self) -> None:
        """Do nothing: the loop runs already."""

    def submit(self, job: Callable[[], None]) -> None:
        """Schedule *job* on the loop."""
        self._loop.call_soon(self._run, job)

    def is_current(self) -> bool:
        """Return whether the caller runs inside a job."""
        return self._running

    def stop(self, timeout: float) -> None:
        """Do nothing: what is scheduled runs before the loop ends."""

    def _run(self, job: Callable[[], None]) -> None:
        self._running = True
        try:
            job()
        finally:
            self._running = False
