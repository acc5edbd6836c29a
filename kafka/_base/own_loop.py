"""Event loops of clients on a thread of the system, in patched programs and in others."""

from __future__ import annotations

import asyncio
import os
import selectors
from _socket import socketpair
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from kafka._base.loop_clock import SteadyLoop
from kafka._base.native import is_patched, original

if TYPE_CHECKING:
    from collections.abc import Callable


class OwnLoop(SteadyLoop):
    """A loop on which nothing runs but one client.

    Attributes:
        kept: what is not collected before the loop is: it refers weakly to tasks that wait for
            nothing of the system, and they could be collected before their client is closed.
    """

    kept: object = None
    _ends = False

    def __init__(self, selector: selectors.BaseSelector) -> None:
        try:
            super().__init__(selector)
        except BaseException:
            # Or it would warn that nobody has closed it. Its own close() wants all that is missing.
            asyncio.BaseEventLoop.close(self)
            raise

    def end(self) -> None:
        """Stop, once: what is left is run to its end after that, and must not be stopped."""
        if not self._ends:
            self._ends = True
            self.stop()


class _PatchedOwnLoop(OwnLoop):
    """The same in a program whose sockets are those of gevent or eventlet."""

    # What asyncio keeps for the pair of sockets that wakes the loop.
    _add_reader: Callable[..., object]
    _read_from_self: Callable[[], None]

    def _make_self_pipe(self) -> None:
        """As asyncio does, but with sockets of the system."""
        self._ssock, self._csock = socketpair()
        self._ssock.setblocking(False)
        self._csock.setblocking(False)
        self._internal_fds = 1
        self._add_reader(self._ssock.fileno(), self._read_from_self)


class EpollSelector(selectors.SelectSelector):
    """`selectors.EpollSelector`, which patched programs do not have.

    Its base class keeps the books and is there in all programs.
    """

    def __init__(self) -> None:
        super().__init__()
        self._module = original("select")
        self._epoll = self._module.epoll()

    def fileno(self) -> int:
        """Return the descriptor of the epoll set."""
        descriptor: int = self._epoll.fileno()
        return descriptor

    # Any: what a user of the selector keeps with a file.
    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        """Watch *fileobj* for *events*."""
        key = super().register(fileobj, events, data)
        try:
            self._epoll.register(key.fd, self._mask(events))
        except BaseException:
            super().unregister(fileobj)
            raise
        return key

    def unregister(self, fileobj: Any) -> selectors.SelectorKey:
        """Watch *fileobj* no more."""
        key = super().unregister(fileobj)
        with suppress(OSError):  # it was closed before
            self._epoll.unregister(key.fd)
        return key

    def modify(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        """Watch *fileobj* for other *events*."""
        self.unregister(fileobj)
        return self.register(fileobj, events, data)

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Wait for events, at most *timeout* seconds."""
        wait = -1.0 if timeout is None else max(timeout, 0.0)
        keys = self.get_map()
        ready = []
        for fd, mask in self._epoll.poll(wait, max(len(keys), 1)):
            events = (mask & ~self._module.EPOLLIN and selectors.EVENT_WRITE) | (
                mask & ~self._module.EPOLLOUT and selectors.EVENT_READ
            )
            key = keys.get(fd)
            if key is not None and events & key.events:
                ready.append((key, events & key.events))
        return ready

    def close(self) -> None:
        """Close the epoll set."""
        self._epoll.close()
        super().close()

    def _mask(self, events: int) -> int:
        mask = 0
        if events & selectors.EVENT_READ:
            mask |= self._module.EPOLLIN
        if events & selectors.EVENT_WRITE:
            mask |= self._module.EPOLLOUT
        return mask


def new_own_loop() -> tuple[OwnLoop, selectors.BaseSelector]:
    """Return a loop, and the selector that it closes with itself.

    Raises:
        RuntimeError: it cannot be had in a patched program on this system.
    """
    kind: type[OwnLoop] = OwnLoop
    selector: selectors.BaseSelector
    if not is_patched():
        selector = selectors.DefaultSelector()
    elif hasattr(os, "eventfd"):
        kind, selector = _PatchedOwnLoop, EpollSelector()
    else:
        raise RuntimeError(
            "in a program that gevent or eventlet has patched, a blocking client needs event "
            "descriptors, which this system does not have (Linux does)"
        )
    try:
        return kind(selector), selector
    except BaseException:
        selector.close()
        raise
