"""Resolve names to addresses, on threads of the client's own (KIP-235, KIP-302)."""

from __future__ import annotations

import ipaddress
import socket
from typing import TYPE_CHECKING, Protocol

from kafka._base.blocking_work import BlockingWork
from kafka._base.native import socket_module
from kafka.errors import KafkaConnectionError
from kafka.net.node_states import Address

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


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


class ThreadResolver:
    """Ask the system on daemon threads, for one event loop.

    Args:
        name: name of the threads.
        lookup: blocks until it knows the addresses of a host and port, or raises `OSError`.
    """

    def __init__(self, name: str, lookup: Callable[[str, int], list[str]] | None = None) -> None:
        self._lookup = lookup or _lookup
        self._work = BlockingWork(name)

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
        self._work.close()

    async def _run(self, work: Callable[[], list[str]]) -> list[str]:
        try:
            return await self._work.run(work)
        except UnicodeError as error:  # a name that no DNS label can hold
            raise OSError(f"not a host name: {error}") from error
        except KafkaConnectionError as error:
            raise OSError(str(error.args[0])) from error


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
