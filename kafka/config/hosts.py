"""kafka-python's helpers for addresses.  Looks nothing up; names only the address families."""

from __future__ import annotations

import ipaddress
import random
import socket
from typing import TYPE_CHECKING

from kafka.config.addresses import split_address

if TYPE_CHECKING:
    from collections.abc import Iterable


def get_ip_port_afi(host_and_port_str: str) -> tuple[str, int, socket.AddressFamily]:
    """Split ``host``, ``host:port``, ``[v6]:port`` or a bare IPv6 address.

    Args:
        host_and_port_str: the text; a missing port is 9092.

    Returns:
        The host without brackets, the port, and the address family (``AF_UNSPEC`` for names).

    Raises:
        ValueError: the text cannot be read.
    """
    host, port = split_address(host_and_port_str)
    try:
        version = ipaddress.ip_address(host).version
    except ValueError:
        return host, port, socket.AF_UNSPEC
    return host, port, socket.AF_INET6 if version == 6 else socket.AF_INET


def collect_hosts(
    hosts: str | Iterable[str], randomize: bool = True
) -> list[tuple[str, int, socket.AddressFamily]]:
    """Split bootstrap servers into (host, port, address family), shuffled unless told otherwise.

    Args:
        hosts: a comma-separated string, or strings of the form `get_ip_port_afi` takes.
        randomize: shuffle, so that many clients do not all start with the same broker.
    """
    parts = hosts.strip().split(",") if isinstance(hosts, str) else list(hosts)
    result = [get_ip_port_afi(part) for part in parts if part.strip()]
    if randomize:
        random.shuffle(result)
    return result
