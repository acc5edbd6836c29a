"""What a connection is for and where it goes.  Pure."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple

from kafka.config.addresses import join_address

if TYPE_CHECKING:
    from kafka.net.node_states import Address

# The channel of requests that need no connection of their own.
MAIN: Final = "main"


class ConnectionKey(NamedTuple):
    """A node, and which of possibly several connections to it.

    A broker answers the requests of one connection in order. A request that must not wait behind
    others, or hold them up, goes over a channel of its own.
    """

    node_id: int
    channel: str = MAIN


@lru_cache(maxsize=1024)
def main_key(node_id: int) -> ConnectionKey:
    """Return the key of a node's main connection."""
    return ConnectionKey(node_id)


class Endpoint(NamedTuple):
    """A broker's name and the address to connect to.

    Attributes:
        host: as configured or advertised; messages print it.
        port: goes with the host.
        address: one of those that the host resolves to.
    """

    host: str
    port: int
    address: Address

    @property
    def name(self) -> str:
        """``host:port``, as users write it."""
        return join_address(self.host, self.port)

    def __str__(self) -> str:
        """Return the name, and the address unless the name is one."""
        name, address = self.name, str(self.address)
        return name if name == address else f"{name} ({address})"


def describe(key: ConnectionKey, endpoint: Endpoint) -> str:
    """Return the start of each message about a connection: node, name, address, channel.

    A bootstrap server has no node id yet; the main channel is not mentioned.
    """
    text = str(endpoint) if key.node_id < 0 else f"node {key.node_id} {endpoint}"
    return text if key.channel == MAIN else f"{text} [{key.channel}]"
