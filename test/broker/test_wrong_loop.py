"""Async clients that are used on another event loop than their own say so at once."""

from __future__ import annotations

import asyncio
import inspect
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from kafka import TopicPartition
from kafka.aio import AsyncKafkaConsumer, AsyncKafkaProducer
from kafka.errors import IllegalStateError
from kafka.testing import EmbeddedCluster

T0 = TopicPartition("t", 0)

# Methods that read what does not change, or say themselves that any thread may call them.
ANYWHERE = {
    "assignment", "bootstrap_connected", "current_lag", "group_metadata", "highwater", "metrics",
    "paused", "subscription", "wakeup",
}  # fmt: skip
ARGUMENTS: dict[str, tuple[object, ...]] = {
    "assign": ([T0],), "beginning_offsets": ([T0],), "committed": (T0,), "end_offsets": ([T0],),
    "offsets_for_times": ({T0: 0},), "partitions_for": ("t",), "partitions_for_topic": ("t",),
    "position": (T0,), "seek": (T0, 0), "send": ("t", b"value"), "send_many": ("t", [b"value"]),
    "subscribe": (["t"],),
}  # fmt: skip


def methods(kind: type) -> list[str]:
    return [
        name
        for name, _ in inspect.getmembers(kind, inspect.isfunction)
        if not name.startswith("_") and name not in {"start", *ANYWHERE}
    ]


@pytest.fixture
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    """Return an event loop that runs in a thread of its own."""
    found = asyncio.new_event_loop()
    thread = threading.Thread(target=found.run_forever)
    thread.start()
    yield found
    found.call_soon_threadsafe(found.stop)
    thread.join(60)
    found.close()


# Any: an async client.
async def call(client: Any, name: str) -> None:
    answer = getattr(client, name)(*ARGUMENTS.get(name, ()))
    if inspect.isawaitable(answer):
        await answer
    elif name == "transaction":
        async with answer:
            pass


# Any: the same.
async def iterate(client: Any) -> None:
    async for _ in client:
        pass


@pytest.mark.parametrize("kind", [AsyncKafkaProducer, AsyncKafkaConsumer])
def test_every_method_names_the_client(
    cluster: EmbeddedCluster, loop: asyncio.AbstractEventLoop, kind: type[Any]
) -> None:
    client = kind(bootstrap_servers=cluster.bootstrap_servers)
    asyncio.run_coroutine_threadsafe(client.start(), loop).result(60)
    if kind is AsyncKafkaProducer:  # so that the fast way of send() is open
        asyncio.run_coroutine_threadsafe(client.send("t", b"value"), loop).result(60)
    began = time.monotonic()
    for name in methods(kind):
        with pytest.raises(IllegalStateError, match=f"{kind.__name__} belongs to the event loop"):
            asyncio.run(call(client, name))
    assert time.monotonic() - began < 60
    asyncio.run_coroutine_threadsafe(client.close(), loop).result(60)


def test_an_iteration_names_the_consumer(
    cluster: EmbeddedCluster, loop: asyncio.AbstractEventLoop
) -> None:
    consumer = AsyncKafkaConsumer("t", bootstrap_servers=cluster.bootstrap_servers)
    asyncio.run_coroutine_threadsafe(consumer.start(), loop).result(60)
    with pytest.raises(IllegalStateError, match="AsyncKafkaConsumer belongs"):
        asyncio.run(iterate(consumer))
    asyncio.run_coroutine_threadsafe(consumer.close(), loop).result(60)


@pytest.mark.parametrize("kind", [AsyncKafkaProducer, AsyncKafkaConsumer])
def test_what_changes_nothing_may_be_asked_anywhere(
    cluster: EmbeddedCluster, loop: asyncio.AbstractEventLoop, kind: type[Any]
) -> None:
    client = kind(bootstrap_servers=cluster.bootstrap_servers)
    asyncio.run_coroutine_threadsafe(client.start(), loop).result(60)
    assert client.bootstrap_connected()
    assert client.metrics()
    asyncio.run_coroutine_threadsafe(client.close(), loop).result(60)
