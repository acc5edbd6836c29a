"""Names as the running event loop knows them; for loops whose ``getaddrinfo`` does not block."""

from __future__ import annotations

import asyncio
import socket

from kafka.errors import KafkaConnectionError
from kafka.net.node_states import Address


class LoopResolver:
    """Ask the running event loop; the resolver of the virtual loop."""

    async def resolve(self, host: str, port: int) -> list[Address]:
        """Return the addresses of *host*."""
        loop = asyncio.get_running_loop()
        try:
            found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except OSError as error:
            reason = error.strerror or str(error)
            raise KafkaConnectionError(f"the name {host!r} does not resolve: {reason}") from error
        return [Address(ip, port) for ip in dict.fromkeys(str(entry[4][0]) for entry in found)]

    async def canonical_names(self, host: str) -> list[str]:
        """Return *host* itself."""
        return [host]

    def close(self) -> None:
        """Do nothing."""
