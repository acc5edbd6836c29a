"""`AsyncMockConsumer`: the real consumer's calls, the test's records, on an event loop."""

from __future__ import annotations

import asyncio
import json

import pytest

from kafka import AsyncConsumerRebalanceListener, ConsumerRebalanceListener, TopicPartition
from kafka.errors import IllegalStateError, WakeupError
from kafka.structs import OffsetAndMetadata
from kafka.testing import AsyncMockConsumer

TP = TopicPartition("t", 0)
OTHER = TopicPartition("t", 1)


def consumer(count: int = 3, **configs: object) -> AsyncMockConsumer:
    """Return a consumer of partition 0 with *count* records."""
    made = AsyncMockConsumer(**configs)
    made.assign([TP])
    for number in range(count):
        made.add_record("t", 0, value=b"%d" % number)
    return made


async def test_records_come_in_order_and_once() -> None:
    tested = consumer()
    assert [one.value for one in (await tested.poll())[TP]] == [b"0", b"1", b"2"]
    assert await tested.poll() == {}
    assert await tested.position(TP) == 3


async def test_every_way_to_read_returns_records() -> None:
    tested = consumer(5)
    found = [list((await tested.getmany(max_records=1))[TP]), [await tested.getone()]]
    found += [list(batch) for batch in await tested.consume(1)]
    found += [list(batch) for batch in await tested.poll_batch(max_records=1)]
    found += [[record async for record in tested]]
    assert [record.offset for part in found for record in part] == [0, 1, 2, 3, 4]


async def test_deserializers_are_applied() -> None:
    tested = consumer(1, value_deserializer=json.loads)
    assert (await tested.getone()).value == 0


async def test_policy_for_deserializers_is_applied() -> None:
    tested = consumer(0, value_deserializer=json.loads, on_deserialize_error="skip")
    for value in (b"1", b"bad", b"2"):
        tested.add_record("t", 0, value=value)
    assert [record.value async for record in tested] == [1, 2]


async def test_iterating_ends_when_nothing_is_left() -> None:
    tested = consumer(1)
    tested.schedule(lambda: None)
    tested.schedule(lambda: tested.add_record("t", 0, value=b"later"))
    assert [record.value async for record in tested] == [b"0", b"later"]


async def test_a_single_record_is_waited_for() -> None:
    tested = consumer(0)
    waiting = asyncio.ensure_future(tested.getone())
    await asyncio.sleep(1)
    assert not waiting.done()
    added = tested.add_record("t", 0, value=b"v")
    assert await waiting == added


async def test_waiting_for_a_single_record_ends_with_the_consumer() -> None:
    tested = consumer(0)
    waiting = asyncio.ensure_future(tested.getone())
    await asyncio.sleep(1)
    await tested.close()
    with pytest.raises(IllegalStateError, match="AsyncMockConsumer is closed"):
        await waiting


async def test_a_program_that_polls_in_a_loop_lets_others_run_and_can_be_cancelled() -> None:
    tested = consumer(0)
    seen: list[bytes] = []

    async def program() -> None:
        while True:
            for records in (await tested.poll(timeout_ms=1000)).values():
                seen.extend(record.value for record in records)

    running = asyncio.ensure_future(program())
    await asyncio.sleep(5)
    tested.add_record("t", 0, value=b"v")
    await asyncio.sleep(5)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert seen == [b"v"]


async def test_a_scheduled_coroutine_is_awaited() -> None:
    tested = AsyncMockConsumer("t", group_id="g")
    tested.schedule(lambda: tested.rebalance([TP]))
    await tested.poll()
    assert tested.assignment() == {TP}


class Listener(ConsumerRebalanceListener):
    def __init__(self) -> None:
        self.heard: list[tuple[str, set[TopicPartition]]] = []

    def on_partitions_revoked(self, revoked: set[TopicPartition]) -> None:
        self.heard.append(("revoked", revoked))

    def on_partitions_assigned(self, assigned: set[TopicPartition]) -> None:
        self.heard.append(("assigned", assigned))


class AsyncListener(AsyncConsumerRebalanceListener):
    def __init__(self) -> None:
        self.heard: list[tuple[str, set[TopicPartition]]] = []

    async def on_partitions_revoked(self, revoked: set[TopicPartition]) -> None:
        await asyncio.sleep(0)
        self.heard.append(("revoked", revoked))

    async def on_partitions_assigned(self, assigned: set[TopicPartition]) -> None:
        await asyncio.sleep(0)
        self.heard.append(("assigned", assigned))


@pytest.mark.parametrize("kind", [Listener, AsyncListener])
async def test_a_rebalance_tells_either_kind_of_listener(kind: type) -> None:
    listener = kind()
    tested = AsyncMockConsumer(group_id="g")
    tested.subscribe(["t"], listener=listener)
    await tested.rebalance([TP])
    await tested.rebalance([OTHER])
    assert listener.heard == [("assigned", {TP}), ("revoked", {TP}), ("assigned", {OTHER})]


async def test_a_rebalance_needs_a_subscription() -> None:
    with pytest.raises(IllegalStateError):
        await consumer().rebalance([TP])


async def test_commits_are_kept() -> None:
    tested = consumer(group_id="g")
    await tested.poll()
    await tested.commit()
    assert await tested.committed(TP) == 3
    assert tested.committed_offsets() == {TP: OffsetAndMetadata(3, "", -1)}


async def test_questions_are_answered() -> None:
    tested = consumer()
    assert (await tested.beginning_offsets([TP]), await tested.end_offsets([TP])) == (
        {TP: 0},
        {TP: 3},
    )
    assert (await tested.topics(), await tested.partitions_for_topic("t")) == ({"t"}, {0})
    assert tested.health()[TP].lag == 3


async def test_wakeup_ends_the_next_poll() -> None:
    tested = consumer()
    tested.wakeup()
    with pytest.raises(WakeupError):
        await tested.poll()


async def test_it_may_be_started_once_and_used_without() -> None:
    tested = consumer()
    async with tested:
        assert tested.started
        with pytest.raises(IllegalStateError, match="once only"):
            await tested.start()
    assert tested.closed
    await tested.stop()
    with pytest.raises(IllegalStateError, match="closed"):
        await tested.poll()
