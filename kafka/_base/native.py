"""Threads, locks and sockets of the system, in programs that gevent or eventlet has patched.

Such a program has replaced what blocks in Python's modules by what lets other greenlets run. A
blocking client works there as everywhere: its event loop runs on a thread of the system, and what
users wait for lets other greenlets run. So the loop's side needs the originals, and the users' side
what the program has put in their place:

=========================== ================================== ====================================
side                        threads                            waiting
=========================== ================================== ====================================
loop (connections, names)   `SystemThread`                     ``epoll``, ``_queue.SimpleQueue``
users (calls, callbacks,    ``threading.Thread``, which is a   `new_queue`
log handlers)               greenlet there
both                                                           ``_thread.RLock``, which nobody
                                                               patches; never held while greenlets
                                                               change
=========================== ================================== ====================================

The originals of C code are had by making the module a second time. Where nothing is patched, all
names here stand for the usual ones.
"""

from __future__ import annotations

import _socket
import _thread
import os
import select
import sys
import threading
import weakref
from _queue import Empty, SimpleQueue
from collections import deque
from contextlib import suppress
from importlib.machinery import BuiltinImporter, PathFinder
from importlib.util import module_from_spec
from types import BuiltinFunctionType
from typing import TYPE_CHECKING, Any, Final, Generic, Protocol, TypeVar, cast

from kafka._base.system import monotonic

if TYPE_CHECKING:
    from collections.abc import Callable
    from socket import socket
    from types import ModuleType

T = TypeVar("T")

# Seconds of one wait at most: pollers count milliseconds in 32 bits.
_LONGEST_WAIT: Final = 86_400.0


def is_patched() -> bool:
    """Return whether threads are greenlets in this program."""
    return not isinstance(_thread.start_new_thread, BuiltinFunctionType)


def original(name: str) -> ModuleType:
    """Make the C module *name* a second time; nobody has patched the copy."""
    spec = BuiltinImporter.find_spec(name) or PathFinder.find_spec(name)
    if spec is None or spec.loader is None:
        raise ImportError(f"this Python has no module {name}")
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


_system_threads: Final = original("_thread")
get_ident: Final[Callable[[], int]] = _system_threads.get_ident


class Thread(Protocol):
    """What is asked of a thread, of whichever kind."""

    @property
    def ident(self) -> int | None:
        """What `get_ident` returns in the thread; ``None`` before the start."""

    def start(self) -> None:
        """Start; raises `RuntimeError` if the system has no more threads."""

    def join(self, timeout: float | None = None) -> None:
        """Wait for the end, at most *timeout* seconds."""


class SystemThread:
    """A daemon thread of the system in a patched program.

    Args:
        target: what it runs.
        name: its name.
    """

    def __init__(self, target: Callable[[], object], name: str) -> None:
        self.ident: int | None = None
        self._target = target
        self._name = name
        self._ended: GreenQueue[None] = GreenQueue()

    def start(self) -> None:
        """Start the thread."""
        _system_threads.start_new_thread(self._run, ())

    def join(self, timeout: float | None = None) -> None:
        """Wait for the end of the thread, at most *timeout* seconds; one caller at a time."""
        try:
            self._ended.get(timeout=timeout)
        except Empty:
            return
        self._ended.put(None)  # for the next one

    def _run(self) -> None:
        self.ident = get_ident()
        threading.current_thread().name = self._name
        try:
            self._target()
        finally:
            self._ended.put(None)


def system_thread(target: Callable[[], object], name: str) -> Thread:
    """Return a daemon thread of the system, not started."""
    if is_patched():
        return SystemThread(target, name)
    return threading.Thread(target=target, name=name, daemon=True)


class Queue(Protocol[T]):
    """What is asked of a queue that one thread or greenlet gets from."""

    def put(self, item: T) -> None:
        """Add *item*; any thread."""

    def get(self, block: bool = True, timeout: float | None = None) -> T:
        """Return the next item; raise `Empty` after *timeout* seconds without one."""

    def empty(self) -> bool:
        """Return whether nothing is there."""


class GreenQueue(Generic[T]):
    """A queue of which a greenlet gets, while any thread puts."""

    def __init__(self) -> None:
        self._items: deque[T] = deque()
        self._event = _new_event()
        _GREEN_QUEUES.add(self)

    def put(self, item: T) -> None:
        """Add *item*; any thread."""
        self._items.append(item)
        os.eventfd_write(self._event, 1)

    def get(self, block: bool = True, timeout: float | None = None) -> T:
        """Return the next item, and let other greenlets run until there is one.

        Raises:
            Empty: none came within *timeout* seconds.
        """
        end = None if timeout is None else monotonic() + timeout
        while True:
            try:
                return self._items.popleft()
            except IndexError:
                left = _LONGEST_WAIT if end is None else end - monotonic()
                if left <= 0 or not block:
                    raise Empty from None
            if _wait_until_readable(self._event, min(left, _LONGEST_WAIT)):
                with suppress(BlockingIOError):
                    os.eventfd_read(self._event)

    def empty(self) -> bool:
        """Return whether nothing is there."""
        return not self._items

    def part_from_parent(self) -> None:
        """Take a descriptor of the child's own, in a fork: greenlets live on there, and wait."""
        own = _new_event()
        os.dup2(own, self._event, inheritable=False)
        os.close(own)

    def __del__(self) -> None:
        """Close the descriptor."""
        os.close(self._event)


# Any: of whatever items.
_GREEN_QUEUES: Final[weakref.WeakSet[GreenQueue[Any]]] = weakref.WeakSet()


def _new_event() -> int:
    return os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)


def _after_fork_in_child() -> None:
    for queue in list(_GREEN_QUEUES):
        queue.part_from_parent()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork_in_child)


def _wait_until_readable(descriptor: int, seconds: float) -> bool:
    """Wait as the program waits: what is called here is patched."""
    if not hasattr(select, "poll"):  # eventlet has taken it away
        return bool(select.select([descriptor], [], [], seconds)[0])
    poller = select.poll()
    poller.register(descriptor, select.POLLIN)
    return bool(poller.poll(seconds * 1000))


def new_queue() -> Queue[Any]:  # Any: whatever is put into it
    """Return a queue for a user's thread to get from."""
    return GreenQueue() if is_patched() else SimpleQueue()


def new_socket(family: int) -> socket:
    """Return a stream socket of the system that does not block."""
    made = _socket.socket(family, _socket.SOCK_STREAM)
    made.setblocking(False)
    return cast("socket", made)  # what asyncio asks of one is all in its base class


def socket_module() -> ModuleType:
    """Return the module to look names up with: in C, it is not patched."""
    return _socket if is_patched() else sys.modules["socket"]
