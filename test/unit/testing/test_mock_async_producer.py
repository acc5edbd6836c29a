"""`AsyncMockProducer`: the real producer's calls, the test's outcomes, on an event loop."""

from __future__ import annotations

import asyncio

import pytest

from kafka.errors import (
    IllegalStateError,
    KafkaError,
    KafkaTimeoutError,
    MessageSizeTooLargeError,
    NotLeaderForPartitionError,
)
from kafka.testing import AsyncMockProducer


async def test_records_are_delivered_at_once() -> None:
    producer = AsyncMockProducer()
    offsets = [(await (await producer.send("t", value))).offset for value in (b"a", b"b")]
    assert (offsets, [record.value for record in producer.history()]) == ([0, 1], [b"a", b"b"])


async def test_without_auto_complete_the_test_decides() -> None:
    producer = AsyncMockProducer(auto_complete=False)
    first, second = await producer.send("t", b"a"), await producer.send("t", b"b")
    waiting = asyncio.ensure_future(_awaited(first))
    await asyncio.sleep(0)
    assert not waiting.done()
    producer.error_next(NotLeaderForPartitionError())
    with pytest.raises(NotLeaderForPartitionError):
        await waiting
    await producer.flush()
    assert (await second).offset == 0
    assert producer.flushes == 1


async def _awaited(future: object) -> object:
    return await future  # type: ignore[misc] # a record's future


async def test_many_records_have_one_future() -> None:
    producer = AsyncMockProducer(partitions={"t": 2})
    future = await producer.send_many("t", [b"a", b"b", b"c"])
    assert [(place.partition, place.offset) for place in await future] == [(0, 0), (1, 0), (0, 1)]
    assert await producer.partitions_for("t") == {0, 1}


async def test_what_is_too_large_is_refused() -> None:
    with pytest.raises(MessageSizeTooLargeError, match="max_request_size=100"):
        await AsyncMockProducer(max_request_size=100).send("t", bytes(100))


async def test_the_next_call_can_be_made_to_fail() -> None:
    producer = AsyncMockProducer()
    producer.raise_next("send", KafkaTimeoutError("no metadata"))
    with pytest.raises(KafkaTimeoutError, match="no metadata"):
        await producer.send("t", b"a")
    await producer.send("t", b"b")


async def test_the_delivery_of_the_next_record_can_be_made_to_fail() -> None:
    producer = AsyncMockProducer()
    producer.fail_next(NotLeaderForPartitionError())
    delivery = await producer.send("t", b"a")
    with pytest.raises(NotLeaderForPartitionError):
        await delivery


async def test_closing_delivers_and_ends() -> None:
    async with AsyncMockProducer(auto_complete=False) as producer:
        future = await producer.send("t", b"a")
        assert producer.started
    assert (future.succeeded(), producer.closed) == (True, True)
    await producer.stop()
    with pytest.raises(KafkaError, match="closed"):
        await producer.send("t", b"b")
    with pytest.raises(IllegalStateError, match="make a new one"):
        await producer.start()


async def test_closing_without_time_drops() -> None:
    producer = AsyncMockProducer(auto_complete=False)
    future = await producer.send("t", b"a")
    await producer.close(timeout=0)
    assert isinstance(future.exception, KafkaTimeoutError)


async def test_committed_records_count() -> None:
    producer = AsyncMockProducer(transactional_id="tx")
    await producer.init_transactions()
    await producer.begin_transaction()
    await producer.send("t", b"a")
    await producer.send_offsets_to_transaction({}, "g")
    assert producer.history() == []
    await producer.commit_transaction()
    await producer.begin_transaction()
    await producer.abort_transaction()
    assert (len(producer.history()), producer.commits) == (1, 1)
