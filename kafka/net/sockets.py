"""Connect to a broker: where errors of connections become Kafka's.

Errors of the operating system become Kafka's here and, for names that do not resolve, in
`kafka.net.addresses`; nowhere else.
"""

from __future__ import annotations

import asyncio
import os
import socket
import ssl
from typing import TYPE_CHECKING, Protocol, TypeVar

from kafka._base.native import is_patched, new_socket
from kafka.errors import KafkaConnectionError, KafkaError, TlsError
from kafka.net.tls_faults import HUNG_UP, NOT_TLS, SILENT

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from kafka.net.node_states import Address
    from kafka.net.tls import Tls

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
    if isinstance(error, ssl.SSLError):
        # TLS is there, so its import is paid for.
        from kafka.net.tls import tls_error  # noqa: PLC0415

        return tls_error(error, where)
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
    except (OSError, TypeError, OverflowError) as error:  # the last two: no numbers for the system
        transport.abort()
        raise KafkaConnectionError(f"{where}: socket option refused: {error}") from error
    return protocol


class Dialled(asyncio.Protocol):
    """A TCP connection on which nothing is said yet; broker and client wait for TLS.

    Attributes:
        transport: of the connection.
        received: whether the peer has spoken, which one that speaks TLS would not.
        has_ended: whether it has hung up.
    """

    transport: asyncio.Transport

    def __init__(self) -> None:
        self.received = False
        self.has_ended = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the transport."""
        self.transport = transport  # type: ignore[assignment]  # others derive from nothing

    def data_received(self, data: bytes) -> None:  # noqa: ARG002 - asyncio's signature
        """Note that the peer speaks first."""
        self.received = True

    def eof_received(self) -> None:
        """Note the end of the stream."""
        self.has_ended = True

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - as above
        """Note the end of the connection."""
        self.has_ended = True


async def secure(
    dialled: Dialled,
    protocol: asyncio.BaseProtocol,
    tls: Tls,
    *,
    host: str,
    where: str,
    timeout: float,  # noqa: ASYNC109 - the message names it
) -> None:
    """Shake hands on a new connection and let *protocol* speak over it from now on.

    Args:
        dialled: the connection.
        protocol: gets a transport that encrypts.
        tls: how to speak TLS.
        host: the broker's name, as configured or advertised.
        where: the node and the address, for messages.
        timeout: when to give up, in seconds.

    Raises:
        TlsError: the peer has shown that there will be no TLS between it and this client.
        KafkaConnectionError: it hung up.
        TimeoutError: it was silent; the message names the stage.
    """
    name = tls.name_for(host)
    try:
        protocol.connection_made(await _shake_hands(dialled, protocol, tls, name, where, timeout))
    except BaseException:
        dialled.transport.abort()
        raise


async def _shake_hands(
    dialled: Dialled,
    protocol: asyncio.BaseProtocol,
    tls: Tls,
    name: str,
    where: str,
    seconds: float,
) -> asyncio.BaseTransport:
    """Return the transport that encrypts; see `secure`."""
    if dialled.received:
        raise TlsError(f"{where}: {NOT_TLS}")
    try:
        if dialled.has_ended:
            raise ConnectionResetError
        async with asyncio.timeout(seconds):
            transport = await asyncio.get_running_loop().start_tls(
                dialled.transport,
                protocol,
                tls.context,
                server_hostname=name,
                # asyncio's own, which must not come first.
                ssl_handshake_timeout=max(seconds, 0.0) + 1.0,
            )
    except (OSError, ValueError) as error:
        raise _handshake_error(error, where, name, seconds) from error
    assert transport is not None  # asyncio's types allow it, no loop does it
    return transport


def _handshake_error(
    error: OSError | ValueError, where: str, name: str, seconds: float
) -> TlsError | KafkaConnectionError | TimeoutError:
    """Return Kafka's error for the one that ended a TLS handshake."""
    from kafka.net.tls import HANG_UPS, tls_error  # noqa: PLC0415 - as above

    if isinstance(error, TimeoutError):
        return TimeoutError(f"{where}: {SILENT} ({seconds:.1f} s)")
    if isinstance(error, ssl.SSLError) and not isinstance(error, HANG_UPS):
        return tls_error(error, where, name)
    if isinstance(error, OSError):
        reason = f" ({_os_text(error)})" if error.errno else ""
        return KafkaConnectionError(f"{where}: {HUNG_UP}{reason}")
    return TlsError(f"{where}: {name!r} cannot be asked for in a TLS handshake: {error}")


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
