"""The fuzz corpus of the protocol, thrown at the embedded cluster."""

from __future__ import annotations

import contextlib
from itertools import chain

import pytest

from kafka.protocol.messages.metadata import MetadataRequest
from kafka.protocol.schema import Request
from kafka.testing import EmbeddedCluster
from test.support.corpus import mutations, truncations
from test.support.messages import message_classes
from test.support.raw_client import RawClient

REQUESTS = sorted(
    name for name, cls in message_classes().items() if issubclass(cls, Request) and cls.API_KEY >= 0
)
# Longer than any wait a mutated request can ask for, in virtual seconds.
FOR_EVER = 3_000_000.0


def framed(request: type[Request], version: int, body: bytes) -> bytes:
    """Return *body* behind the size and the header of a request."""
    flexible = request.FLEXIBLE_SINCE is not None and version >= request.FLEXIBLE_SINCE
    header = request.API_KEY.to_bytes(2) + version.to_bytes(2) + b"\0\0\0\1\xff\xff"
    data = header + (b"\0" if flexible else b"") + body
    return len(data).to_bytes(4) + data


@pytest.mark.parametrize("name", REQUESTS)
async def test_damaged_requests_end_their_connection_at_most(name: str) -> None:
    request = message_classes()[name]

    # Leaving the cluster raises if a request broke a broker.
    async with EmbeddedCluster(topics={"t": 1}) as cluster:
        server = cluster.bootstrap_servers[0]
        good = await RawClient.connect(server)
        for version, body in chain(truncations(name), mutations(name)):
            bad = await RawClient.connect(server)
            bad.write(framed(request, version, body))
            with contextlib.suppress(ConnectionError, TimeoutError):
                await bad.frame(FOR_EVER)
            bad.close()
        await good.send(MetadataRequest(), 9)
        good.close()
