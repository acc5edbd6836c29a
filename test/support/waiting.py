"""To act while a thread waits, whenever it comes to that, on any machine.

Nothing here gives up: what never happens is ended by the time-out of the test.
"""

from __future__ import annotations

import sys
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FunctionType

#: Longer than any test may take: a wait of a day that ends was ended by what the test did.
A_DAY: Final = 86_400.0
A_DAY_MS: Final = A_DAY * 1000


def until(condition: Callable[[], object]) -> None:
    """Return as soon as *condition* holds."""
    pause = threading.Event()
    while not condition():
        pause.wait(0.001)


def is_inside(function: FunctionType, thread_id: int | None, times: int = 1) -> bool:
    """Return whether a thread is in a call of *function*, or in so many within each other."""
    frame = sys._current_frames().get(thread_id or 0)  # noqa: SLF001 - public but for its name
    while frame is not None:
        times -= frame.f_code is function.__code__
        frame = frame.f_back
    return times <= 0


@contextmanager
def once_inside(function: FunctionType, act: Callable[[], object]) -> Iterator[threading.Event]:
    """Have *act* called by a thread of its own once this one is inside *function*.

    Yields:
        An event, set just before the call.
    """
    waits, over, acting = threading.get_ident(), threading.Event(), threading.Event()

    def watch() -> None:
        until(lambda: over.is_set() or is_inside(function, waits))
        if not over.is_set():
            acting.set()
            act()

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield acting
    finally:
        over.set()
        watcher.join()
