"""The thread that gives what other threads of ours have logged to the handlers.

Nobody waits for it: a handler may take its time, send to Kafka, or wait for a client.
"""

from __future__ import annotations

import logging
import os
import threading
import traceback
from typing import TYPE_CHECKING, Final

from kafka._base import logs
from kafka._base.native import is_patched, new_queue
from kafka._base.reentrant_lock import reentrant_lock
from kafka._base.waiting import Notification

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from kafka._base.native import Queue

# Seconds that closing a client waits for its last lines. The handler may be waiting for the thread
# that closes; then it gets them later.
_SETTLE: Final = 0.25


class _LogThread:
    """A daemon thread that gives records to their loggers, in the order they were logged.

    It starts with the first record and lives as long as the process. After a fork the child has
    neither the thread nor its records.
    """

    def __init__(self) -> None:
        self._queue: Queue[logging.LogRecord | Notification] = new_queue()
        self._starting = reentrant_lock()
        self._thread: threading.Thread | None = None

    def put(self, record: logging.LogRecord) -> None:
        """Hand *record* to the thread; called on other threads of ours."""
        self._queue.put(record)
        if not is_patched():
            self.start()

    def start(self) -> None:
        """Start the thread unless it runs."""
        with self._starting:
            if self._thread is not None:
                return
            self._thread = threading.Thread(target=self._run, name="kafka-log", daemon=True)
            try:
                self._thread.start()
            except RuntimeError:
                # The program ends, or the system has no more threads: the record stays in the
                # queue for the next attempt, or for `flush`.
                self._thread = None

    def flush(self, timeout: float) -> None:
        """Wait at most *timeout* seconds until what was handed over before has been handled."""
        if self._thread is None:
            # At the end of the program no thread can start any more.
            while not self._queue.empty():
                _handle(self._queue.get())
        elif self._thread is not threading.current_thread():
            done = Notification()
            self._queue.put(done)
            done.wait(timeout)

    def _run(self) -> None:
        while True:
            _handle(self._queue.get())


def _handle(item: logging.LogRecord | Notification) -> None:
    if isinstance(item, Notification):
        item.notify()
        return
    ident = threading.get_ident()
    _handling.add(ident)
    try:
        logging.getLogger(item.name).handle(item)
    except BaseException:  # noqa: BLE001 - code of users; the next records are to be logged as well
        if logging.raiseExceptions:
            traceback.print_exc()
    finally:
        _handling.discard(ident)


def is_handling() -> bool:
    """Return whether this thread is in a handler, with a line that a thread of ours has logged."""
    return threading.get_ident() in _handling


_making = reentrant_lock()
_log_thread: _LogThread | None = None
# The threads that give a record to its handlers: the log thread, or what flushes in its place.
_handling: Final[set[int]] = set()


def prepare() -> None:
    """Start the thread where a thread of ours could not: in a patched program it is a greenlet.

    A greenlet lives in the thread of the system that starts it, so a user's thread must do it.
    """
    if is_patched():
        _the_thread().start()


def own_thread() -> AbstractContextManager[None]:
    """Return a context in which what this thread logs is handed over; for threads of ours."""
    return logs.handing_over(_put)


def settle(timeout: float = _SETTLE) -> None:
    """Wait at most *timeout* seconds until what our threads have logged has been handled."""
    if _log_thread is not None:
        _log_thread.flush(timeout)


def _put(record: logging.LogRecord) -> None:
    _the_thread().put(record)


def _the_thread() -> _LogThread:
    """Return the thread; made when it is needed, because programs import first, then patch."""
    global _log_thread  # noqa: PLW0603 - one for the process
    if _log_thread is None:
        with _making:
            _log_thread = _log_thread or _LogThread()
    return _log_thread


def _after_fork_in_child() -> None:
    global _log_thread, _making
    _log_thread, _making = None, reentrant_lock()
    _handling.intersection_update({threading.get_ident()})
    logs.forget_other_threads()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork_in_child)
