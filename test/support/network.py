"""A network client on the running loop, for stories with the embedded cluster."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from kafka._base.deadline import Deadline
from kafka._base.observer import Observer
from kafka.config import NetworkConfig
from kafka.net.network_client import NetworkClient
from kafka.net.security import prepare
from test.support.loop_resolver import LoopResolver

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable

    from kafka.net.addresses import Resolver
    from kafka.net.connection import Connection


def middle(low: float, high: float) -> float:
    """Return the middle: jitter without chance."""
    return (low + high) / 2


def make_client(
    servers: Iterable[str],
    *,
    observer: Observer | None = None,
    resolver: Resolver | None = None,
    **options: object,
) -> NetworkClient:
    """Return a client that is not started."""
    config = NetworkConfig.from_kwargs({"bootstrap_servers": list(servers), **options})
    return NetworkClient.for_client(
        config,
        observer or Observer(),
        uniform=middle,
        resolver=resolver or LoopResolver(),
        security=prepare(config),
    )


@asynccontextmanager
async def connected(
    servers: Iterable[str],
    *,
    observer: Observer | None = None,
    resolver: Resolver | None = None,
    **options: object,
) -> AsyncIterator[NetworkClient]:
    """Run a client for the length of a block."""
    client = make_client(servers, observer=observer, resolver=resolver, **options)
    try:
        await client.start(in_seconds(30))
        yield client
    finally:
        await client.close()


def in_seconds(seconds: float) -> Deadline:
    """Return the deadline so many seconds from now on the running loop."""
    return Deadline.after(asyncio.get_running_loop().time(), seconds)


def connection_to(client: NetworkClient, node_id: int = 0) -> Connection:
    """Return the connection to a node that is connected and not busy."""
    connection = client.idle_connection(node_id, asyncio.get_running_loop().time())
    assert connection is not None
    return connection
