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
                cluster.inject(ApiVersionsRequest, DropResponse())
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


def test_refused_bootstrap_uses_the_whole_time() -> None:
    async def story() -> None:
        client = make_client(["127.0.0.1:1"])
        with pytest.raises(NoBrokersAvailable):
            await client.start(in_seconds(1.5))
        await client.close()
        assert 1.4 <= asyncio.get_running_loop().time() <= 1.5

    run(story())


def test_broker_that_starts_shortly_before_the_deadline_is_found() -> None:
    async def story() -> None:
        async with EmbeddedCluster() as cluster:
            cluster.kill(0)
            client = make_client(cluster.bootstrap_servers)
            starting = asyncio.ensure_future(client.start(in_seconds(1.5)))
            await asyncio.sleep(1.4)
            await cluster.control.revive(0)
            await starting
            await client.close()

    run(story())


def test_reason_found_in_time_is_told_rather_than_a_last_time_out() -> None:
    async def story() -> str:
        async with EmbeddedCluster() as cluster:
            cluster.inject(MetadataRequest, Disconnect())
            for _ in range(9):
                cluster.inject(MetadataRequest, DropResponse())
            client = make_client(cluster.bootstrap_servers)
            with pytest.raises(NoBrokersAvailable) as caught:
                await client.start(in_seconds(1.5))
            await client.close()
        return str(caught.value)

    assert "the broker closed the connection" in run(story())
