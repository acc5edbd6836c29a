"""Bootstraps that the caller ends, or that time ends."""

from __future__ import annotations

import asyncio
import gc
from contextlib import suppress
from typing import Any

import pytest

from kafka.errors import NoBrokersAvailable
from kafka.protocol.messages.api_versions import ApiVersionsRequest
from kafka.testing import EmbeddedCluster
from kafka.testing.broker.faults import DropResponse
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
