"""Resolve names to addresses, on threads of the client's own (KIP-235, KIP-302).

The default executor of an event loop is not used: a lookup that hangs would hold up the exit of
the whole process.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from _queue import SimpleQueue
from functools import partial
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

from kafka._base.native import socket_module, system_thread
from kafka.errors import KafkaConnectionError
from kafka.net.node_states import Address

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


_MAX_THREADS: Final = 4


class Resolver(Protocol):
    """Resolves names; `ThreadResolver` is one."""

    async def resolve(self, host: str, port: int) -> list[Address]:
        """Return the addresses of *host*; raise `KafkaConnectionError` if there are none."""

    async def canonical_names(self, host: str) -> list[str]:
        """Return the canonical names of the addresses of *host*."""

    def close(self) -> None:
        """End; no lookup follows."""


def literal(host: str, port: int) -> Address | None:
    """Return *host* as an address if it is one already, ``None`` if it is a name."""
    try:
        ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return None
    return Address(host, port)


class _Job(NamedTuple):
    work: Callable[[], list[str]]
    loop: asyncio.AbstractEventLoop
    finish: Callable[[list[str] | OSError], None]


class ThreadResolver:
    """Ask the system on daemon threads, for one event loop.

    The first lookup starts a thread, and one that finds it busy another, so that a name whose
    lookup hangs does not hold up all others.

    Args:
        name: name of the threads.
        lookup: blocks until it knows the addresses of a host and port, or raises `OSError`.
    """

    def __init__(self, name: str, lookup: Callable[[str, int], list[str]] | None = None) -> None:
        self._name = name
        self._lookup = lookup or _lookup
        self._jobs: SimpleQueue[_Job | None] = SimpleQueue()
        self._threads = 0
        self._unfinished = 0

    async def resolve(self, host: str, port: int) -> list[Address]:
        """Return the addresses of *host*, in the system's order of preference.

        Raises:
            KafkaConnectionError: the name does not resolve.
        """
        known = literal(host, port)
        if known is not None:
            return [known]
        try:
            return _addresses(await self._run(lambda: self._lookup(host, port)), port)
        except OSError as error:
            raise _failure(host, error) from error

    async def canonical_names(self, host: str) -> list[str]:
        """Return the canonical names of the addresses of *host*; *host* if there are none."""
        try:
            return await self._run(lambda: _canonical(host)) or [host]
        except OSError as error:
            raise _failure(host, error) from error

    def close(self) -> None:
        """Let the threads end, when they have finished."""
        for _ in range(self._threads):
            self._jobs.put(None)
        self._threads = 0

    async def _run(self, work: Callable[[], list[str]]) -> list[str]:
        if self._unfinished >= self._threads and self._threads < _MAX_THREADS:
            thread = system_thread(partial(_serve, self._jobs), self._name)
            try:
                thread.start()
            except RuntimeError as error:
                # The system has no more threads now: another one may serve, or a later attempt.
                if not self._threads:
                    raise OSError(f"no thread to look it up: {error}") from error
            else:
                self._threads += 1
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[list[str]] = loop.create_future()
        self._unfinished += 1
        self._jobs.put(_Job(work, loop, lambda result: self._finish(answer, result)))
        return await answer

    def _finish(self, answer: asyncio.Future[list[str]], result: list[str] | OSError) -> None:
        self._unfinished -= 1
        if answer.done():
            return
        if isinstance(result, OSError):
            answer.set_exception(result)
        else:
            answer.set_result(result)


def _serve(jobs: SimpleQueue[_Job | None]) -> None:
    while (job := jobs.get()) is not None:
        try:
            result: list[str] | OSError = job.work()
        except OSError as error:
            result = error
        except UnicodeError as error:  # a name that no DNS label can hold
            result = OSError(f"not a host name: {error}")
        try:
            job.loop.call_soon_threadsafe(job.finish, result)
        except RuntimeError:  # the loop is closed: nobody waits
            continue


def _lookup(host: str, port: int) -> list[str]:
    found = socket_module().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(entry[4][0]) for entry in found]


def _canonical(host: str) -> list[str]:
    names = dict.fromkeys(
        socket_module().getnameinfo(entry[4], socket.NI_NUMERICSERV)[0]
        for entry in socket_module().getaddrinfo(host, None, type=socket.SOCK_STREAM)
    )
    return list(names)


def _addresses(texts: Iterable[str], port: int) -> list[Address]:
    return [Address(text, port) for text in dict.fromkeys(texts)]


def _failure(host: str, error: OSError) -> KafkaConnectionError:
    reason = error.strerror or str(error)
    return KafkaConnectionError(f"the name {host!r} does not resolve: {reason}")
