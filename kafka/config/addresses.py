"""Bootstrap addresses as text: ``host``, ``host:port``, ``[v6]:port``.  Pure; resolves nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

DEFAULT_KAFKA_PORT = 9092


def split_address(text: str) -> tuple[str, int]:
    """Return host and port of *text*; a leading ``PROTOCOL://`` is ignored, as Java does.

    Args:
        text: a name or an address, with or without a port. An IPv6 address with a port needs
            brackets.

    Raises:
        ValueError: there is no host, or the port is no number from 1 to 65535.
    """
    rest = text.strip().rpartition("://")[2]
    if rest.startswith("["):
        host, bracket, port = rest[1:].partition("]")
        if not bracket or (port and not port.startswith(":")):
            raise ValueError(f"{text!r} is not of the form [address]:port")
        port = port[1:] if port else str(DEFAULT_KAFKA_PORT)
    elif rest.count(":") > 1:
        host, port = rest, str(DEFAULT_KAFKA_PORT)
    else:
        host, colon, port = rest.partition(":")
        port = port if colon else str(DEFAULT_KAFKA_PORT)
    if not host:
        raise ValueError(f"{text!r} has no host name")
    if not (port.isascii() and port.isdigit() and 0 < int(port) < 65536):
        raise ValueError(f"{text!r}: the port must be a number from 1 to 65535")
    return host, int(port)


def join_address(host: str, port: int) -> str:
    """Return ``host:port``, with brackets around an IPv6 address."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def bootstrap_list(servers: str | Iterable[str]) -> list[str]:
    """Return the distinct addresses of *servers* as ``host:port``, in their order.

    Args:
        servers: one string, addresses separated by commas, or an iterable of strings.

    Raises:
        TypeError: neither a string nor an iterable of strings.
        ValueError: no address at all, or one that cannot be read.
    """
    texts = servers.split(",") if isinstance(servers, str) else list(servers)
    addresses: dict[str, None] = {}
    for text in texts:
        if not isinstance(text, str):
            raise TypeError(f"an address must be str, not {type(text).__name__}")
        if text.strip():
            addresses[join_address(*split_address(text))] = None
    if not addresses:
        raise ValueError("at least one host:port is needed")
    return list(addresses)
