"""Stories of a producer whose broker is gone: how much memory its buffer really takes."""

from __future__ import annotations

import gc
import tracemalloc
from typing import NamedTuple

import pytest

from kafka.errors import KafkaTimeoutError
from kafka.producer.async_producer import AsyncKafkaProducer
from test.support.producer_story import cluster_and_producer

BUFFER = 1 << 20
# Held beside the buffer: open batches' lists, caches that have not grown to their limits yet.
HELD = 400_000
# For moments: a batch being encoded, and whatever the garbage collector has not found yet.
PASSING = 600_000


class Sent(NamedTuple):
    """What the records of a story look like, and whether each has a callback."""

    size: int
    keyed: bool = False
    headers: int = 0
    callback: bool = False


def record(
    sent: Sent, number: int
) -> tuple[bytes, bytes | None, list[tuple[str, bytes | None]] | None]:
    """Return value, key and headers: objects of their own, though one of 100 keys."""
    value = (b"%d" % number).ljust(sent.size, b"v")[: sent.size]
    key = b"%08d" % (number % 100) if sent.keyed else None
    headers: list[tuple[str, bytes | None]] = [
        (f"name-{n}-{number}", b"%d" % number) for n in range(sent.headers)
    ]
    return value, key, headers or None


def ignore(_: object) -> None:
    """Do nothing with an outcome."""


async def fill(producer: AsyncKafkaProducer, sent: Sent) -> tuple[int, int]:
    """Send until there is no memory; return the bytes taken in the end, and at most."""
    gc.collect()
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        number = 0
        with pytest.raises(KafkaTimeoutError, match="buffer_memory"):  # noqa: PT012 - one of them
            while True:
                value, key, headers = record(sent, number)
                delivery = await producer.send("t", value, key, headers)
                if sent.callback:
                    delivery.add_callback(ignore)
                number += 1
        _, most = tracemalloc.get_traced_memory()
        gc.collect()
        return tracemalloc.get_traced_memory()[0] - before, most - before
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    ("sent", "batch_size"),
    [
        pytest.param(Sent(1), 16_384, id="1-byte"),
        pytest.param(Sent(100), 16_384, id="100-bytes"),
        pytest.param(Sent(10_000), 16_384, id="10000-bytes"),
        pytest.param(Sent(1, keyed=True), 16_384, id="keyed"),
        pytest.param(Sent(10, headers=3), 16_384, id="headers"),
        pytest.param(Sent(10, callback=True), 16_384, id="callbacks"),
        pytest.param(Sent(10), 0, id="single-records"),
    ],
)
async def test_the_buffer_of_an_unreachable_broker_takes_no_more_than_it_may(
    sent: Sent, batch_size: int
) -> None:
    async with cluster_and_producer(
        buffer_memory=BUFFER, batch_size=batch_size, max_block_ms=1000
    ) as (cluster, producer):
        await (await producer.send("t", b"warm up"))
        cluster.kill(0)
        held, most = await fill(producer, sent)
        assert held <= BUFFER + HELD
        assert most <= BUFFER + HELD + PASSING
        await producer.close(0)
