"""The loggers of the package, which do not wait for a handler on threads of our own.

A log handler is code of the application. While its ``emit()`` runs, a lock of the handler is held,
and an ``emit()`` that sends to Kafka may wait for a thread of ours. If that thread logged by itself
then, it would wait for the lock: both would stand still until a time-out.

So what a thread of ours logs is handed over to one that nobody waits for, see
`kafka._base.log_thread`. Nor does it take the lock of the logging module to find out which levels
are on: ``dictConfig()`` holds that lock while it makes a handler that makes a producer, and while
it closes one that closes it. On all other threads, and on an application's own event loop, logging
is what it always is.
"""

from __future__ import annotations

import _thread
import logging
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# Who takes what is logged on a thread of ours, by the thread's identifier.
_takers: Final[dict[int, Callable[[logging.LogRecord], object]]] = {}
_loggers: Final[dict[str, logging.Logger]] = {}


class _HandOver(logging.Filter):
    """Take the records of our own threads away from a logger, and hand them over."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether the logger may go on with *record* in this thread."""
        take = _takers.get(_thread.get_ident())
        if take is None:
            return True
        take(record)
        return False


_HAND_OVER: Final = _HandOver()


def logger(name: str) -> logging.Logger:
    """Return the logger *name*, which hands over what our own threads log.

    All modules of the package get their loggers here.
    """
    found = logging.getLogger(name)
    if name not in _loggers:
        _loggers[name] = found
        found.addFilter(_HAND_OVER)
        # Its own attribute, which comes before the method of its class.
        found.isEnabledFor = partial(_is_enabled, found, found.isEnabledFor)  # type: ignore[method-assign] # see above
    return found


def _is_enabled(asked: logging.Logger, ask: Callable[[int], bool], level: int) -> bool:
    """Return whether *asked* logs *level*, on threads of ours without taking a lock."""
    if _thread.get_ident() not in _takers:
        return ask(level)
    if asked.disabled or asked.manager.disable >= level:
        return False
    return level >= asked.getEffectiveLevel()


@contextmanager
def handing_over(take: Callable[[logging.LogRecord], object]) -> Iterator[None]:
    """Call *take* with what this thread logs in the ``with`` block, instead of the handlers."""
    ident = _thread.get_ident()
    _takers[ident] = take
    try:
        yield
    finally:
        _takers.pop(ident, None)


def forget_other_threads() -> None:
    """Forget all threads but the running one, in a forked child, where they do not exist."""
    for ident in _takers.keys() - {_thread.get_ident()}:
        del _takers[ident]


# What Python and asyncio log on our threads.
for _name in ("asyncio", "concurrent.futures", "py.warnings"):
    logger(_name)
