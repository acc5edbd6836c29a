"""Bootstraps that the caller ends, or that time ends."""

from __future__ import annotations

import asyncio
import gc
from contextlib import suppress
from typing import Any

import pytest

from kafka.errors import NoBrokersAvailable
from kafka.protocol.messages.api_versions import ApiVersionsRequest
from kafka.protocol.messages.metadata import MetadataRequest
from kafka.testing import EmbeddedCluster
from kafka.testing.broker.faults import Disconnect, DropResponse
from test.support.network import in_seconds, make_client
from test.support.virtual_loop import run


@pytest.mark.parametrize("after", [0.5, 1.5])
def test_cancelled_handshake_leaves_no_exception_behind(after: float) -> None:
    unhandled: list[dict[str, Any]] = []  # asyncio's context: values of any type

    async def story() -> None:
        asyncio.get_running_loop().set_exception_handler(
            lambda _, context: unhandled.append(context)
        )
        async with EmbeddedCluster() as cluster:
            for _ in range(9):
                cluster.inject(ApiVersionsRequest, DropResponse(), optional=True)
            client = make_client(cluster.bootstrap_servers)
            starting = asyncio.ensure_future(client.start(in_seconds(30)))
            await asyncio.sleep(after)
            starting.cancel()
            with suppress(asyncio.CancelledError):
                await starting
            await client.close()
        del starting
        gc.collect()

    run(story())
    assert unhandled == []


def test_reason_found_in_time_is_told_rather_than_a_last_time_out() -> None:
    async def story() -> str:
        async with EmbeddedCluster() as cluster:
            cluster.inject(MetadataRequest, Disconnect())
            for _ in range(9):
                cluster.inject(MetadataRequest, DropResponse(), optional=True)
            client = make_client(cluster.bootstrap_servers)
            with pytest.raises(NoBrokersAvailable) as caught:
                await client.start(in_seconds(1.5))
            await client.close()
        return str(caught.value)

    assert "the broker closed the connection" in run(story())
