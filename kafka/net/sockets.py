"""Connect to a broker: where errors of connections become Kafka's.

Errors of the operating system become Kafka's here and, for names that do not resolve, in
`kafka.net.addresses`; nowhere else.
"""

from __future__ import annotations

import asyncio
import os
import socket
from typing import TYPE_CHECKING, Protocol, TypeVar

from kafka._base.native import is_patched, new_socket
from kafka.errors import KafkaConnectionError, KafkaError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from kafka.net.node_states import Address

P = TypeVar("P", bound=asyncio.BaseProtocol)


class SocketSettings(Protocol):
    """The socket settings of a client's configuration."""

    @property
    def socket_options(self) -> Sequence[tuple[int, int, int | bytes]]:
        """Arguments for ``setsockopt``."""

    @property
    def send_buffer_bytes(self) -> int | None:
        """``SO_SNDBUF``; ``None`` or -1 leaves it to the system."""

    @property
    def receive_buffer_bytes(self) -> int | None:
        """``SO_RCVBUF``; ``None`` or -1 leaves it to the system, which is fastest."""


def translate(error: BaseException | None, where: str) -> KafkaError:
    """Return the Kafka error for the error with which a connection ended.

    Args:
        error: of the operating system or of asyncio; ``None`` for a regular end of the stream.
        where: the node and the address, for the message.
    """
    if isinstance(error, KafkaError):
        return error
    if error is None:
        return KafkaConnectionError(f"{where}: the broker closed the connection")
    return KafkaConnectionError(f"{where}: {describe(error)}")


def describe(error: BaseException) -> str:
    """Return the text of *error*, or the name of its class if there is no text."""
    if isinstance(error, TimeoutError) and not error.args:
        return "timed out"
    return str(error) or type(error).__name__


async def connect(
    address: Address,
    factory: Callable[[], P],
    *,
    where: str,
    timeout: float,  # noqa: ASYNC109 - the message names it
    sockets: SocketSettings,
) -> P:
    """Connect to *address* and return the protocol object that *factory* made.

    Args:
        address: where to connect to.
        factory: makes the protocol.
        where: the node and the address, for messages.
        timeout: when to give up, in seconds.
        sockets: options for the socket.

    Raises:
        KafkaConnectionError: the attempt failed, or took too long.
    """
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(timeout):
            if is_patched():
                own = await _connect_unpatched(address)
                transport, protocol = await loop.create_connection(factory, sock=own)
            else:
                transport, protocol = await loop.create_connection(
                    factory, address.ip, address.port
                )
    except TimeoutError as error:
        raise KafkaConnectionError(f"{where}: no connection after {timeout:.1f} s") from error
    except OSError as error:
        raise KafkaConnectionError(f"{where}: {_os_text(error)}") from error
    connected = transport.get_extra_info("socket")
    try:
        if connected is not None:
            _configure(connected, sockets)
    except OSError as error:
        transport.abort()
        raise KafkaConnectionError(f"{where}: socket option refused: {error}") from error
    return protocol


async def _connect_unpatched(address: Address) -> socket.socket:
    """Return a connected socket of the system: asyncio would take one of gevent or eventlet."""
    made = new_socket(socket.AF_INET6 if ":" in address.ip else socket.AF_INET)
    try:
        await asyncio.get_running_loop().sock_connect(made, (address.ip, address.port))
    except BaseException:
        made.close()
        raise
    return made


def _os_text(error: OSError) -> str:
    """Return the system's own text: asyncio adds the address, which the caller names already."""
    if error.errno is None or error.errno < 0:
        return describe(error)
    return f"{os.strerror(error.errno)} (errno {error.errno})"


def _configure(connected: socket.socket, sockets: SocketSettings) -> None:
    for level, option, value in sockets.socket_options:
        connected.setsockopt(level, option, value)
    for option, size in (
        (socket.SO_SNDBUF, sockets.send_buffer_bytes),
        (socket.SO_RCVBUF, sockets.receive_buffer_bytes),
    ):
        if size is not None and size > 0:
            connected.setsockopt(socket.SOL_SOCKET, option, size)
