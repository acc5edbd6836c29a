"""Each record is written once and in its order, whatever happens on the way (KIP-98)."""

from __future__ import annotations

import asyncio

import pytest

from kafka.errors import (
    DuplicateSequenceNumberError,
    InvalidRecordError,
    KafkaError,
    KafkaTimeoutError,
    MessageSizeTooLargeError,
    NotEnoughReplicasError,
    NotLeaderForPartitionError,
    OutOfOrderSequenceNumberError,
)
from kafka.protocol.messages.init_producer_id import InitProducerIdRequest
from kafka.protocol.messages.produce import ProduceRequest
from kafka.testing.broker.faults import Delay, Disconnect, DropResponse, Fail, HalfFrame
from test.support.numbers import numbers, places
from test.support.producer_story import cluster_and_producer, known_producer, send_each, values
from test.support.stage import inject_each

EXPIRY = {"delivery_timeout_ms": 6000, "request_timeout_ms": 2000}
FIVE = [b"1", b"2", b"3", b"4", b"5"]


# -- numbers -------------------------------------------------------------------------------------


async def test_batches_are_numbered_by_the_records_before_them() -> None:
    async with cluster_and_producer() as (cluster, producer):
        for count in (1, 3, 2):
            await producer.send_many("t", [b"x"] * count)
            await producer.flush()
        (first, second, third) = numbers(cluster)
        assert [found[1:4] for found in (first, second, third)] == [(0, 0, 1), (0, 1, 3), (0, 4, 2)]
        assert first.producer_id == second.producer_id >= 0


async def test_several_partitions_in_one_request_are_numbered_one_by_one() -> None:
    async with cluster_and_producer(partitions=3, linger_ms=50) as (cluster, producer):
        for turn in range(2):
            for partition in range(3):
                await producer.send("t", b"%d" % turn, partition=partition)
            await producer.flush()
        assert [places(cluster, number) for number in range(3)] == [[(0, 0), (0, 1)]] * 3
        assert cluster.count(ProduceRequest) == 2


async def test_five_batches_of_a_partition_are_in_flight_at_once_and_no_more() -> None:
    async with known_producer() as (cluster, producer):
        cluster.inject(ProduceRequest, DropResponse(), topic="t", times=5)
        sent = [b"%d" % number for number in range(12)]
        await send_each(producer, *sent)
        await asyncio.sleep(1)
        assert len(numbers(cluster)) == 1 + 5
        await producer.flush()
        assert values(cluster)[1:] == sent


async def test_without_idempotence_batches_carry_no_numbers() -> None:
    async with cluster_and_producer(enable_idempotence=False) as (cluster, producer):
        await (await producer.send("t", b"x"))
        assert numbers(cluster)[0][:3] == (-1, -1, -1)
        assert cluster.count(InitProducerIdRequest) == 0


@pytest.mark.parametrize("options", [{"acks": 1}, {"acks": 0}, {"retries": 0}])
async def test_options_that_do_not_go_with_it_switch_it_off(options: dict[str, object]) -> None:
    async with cluster_and_producer(**options) as (cluster, producer):
        await (await producer.send("t", b"x"))
        await cluster.until(lambda c: c.count(ProduceRequest) == 1)
        assert numbers(cluster)[0][:3] == (-1, -1, -1)


# -- order through retries -----------------------------------------------------------------------


@pytest.mark.parametrize("failing", [1, 3, 5])
@pytest.mark.parametrize("trouble", [NotEnoughReplicasError, NotLeaderForPartitionError])
async def test_five_in_flight_keep_their_order_when_some_are_refused(
    trouble: type[KafkaError], failing: int
) -> None:
    async with known_producer() as (cluster, producer):
        cluster.inject(ProduceRequest, Fail(trouble), topic="t", times=failing)
        futures = await send_each(producer, *FIVE, b"6", b"7")
        await producer.flush()
        assert values(cluster)[1:] == [*FIVE, b"6", b"7"]
        assert [future.get().offset for future in futures] == list(range(1, 8))
        assert {epoch for epoch, _ in places(cluster)} == {0}


@pytest.mark.parametrize(
    "trouble",
    [DropResponse(), DropResponse(applied=False), Disconnect(applied=True), HalfFrame()],
    ids=repr,
)
async def test_a_batch_whose_answer_is_lost_is_written_once(trouble: object) -> None:
    async with known_producer(request_timeout_ms=1000) as (cluster, producer):
        cluster.inject(ProduceRequest, trouble, topic="t")
        futures = await send_each(producer, *FIVE)
        await producer.flush()
        assert values(cluster)[1:] == FIVE
        assert [future.get().offset for future in futures] == [1, 2, 3, 4, 5]


async def test_after_a_lost_connection_one_batch_goes_after_the_other() -> None:
    async with known_producer() as (cluster, producer):
        cluster.inject(ProduceRequest, Disconnect(applied=True), topic="t")
        await send_each(producer, *FIVE)
        await asyncio.sleep(0)
        cluster.inject(ProduceRequest, Delay(3), topic="t")
        await asyncio.sleep(2)
        waiting = len(numbers(cluster))
        await asyncio.sleep(2)
        assert len(numbers(cluster)) > waiting
        assert values(cluster)[1:] == FIVE


async def test_a_batch_that_the_broker_calls_a_duplicate_is_delivered_without_an_offset() -> None:
    async with known_producer() as (cluster, producer):
        cluster.inject(ProduceRequest, Fail(DuplicateSequenceNumberError, applied=True), topic="t")
        found = await (await producer.send("t", b"x"))
        assert (found.offset, found.topic, found.partition) == (-1, "t", 0)
        again = await (await producer.send("t", b"y"))
        assert (again.offset, values(cluster)) == (2, [b"warm up", b"x", b"y"])


async def test_batches_keep_their_numbers_when_the_leader_moves() -> None:
    async with known_producer(nodes=2, config={"default.replication.factor": "2"}) as (
        cluster,
        producer,
    ):
        leader = cluster.topic("t").partitions[0].leader
        cluster.inject(ProduceRequest, Delay(1), topic="t")
        await send_each(producer, *FIVE[:3])
        await asyncio.sleep(0.1)
        cluster.move_leader("t", 0, 1 - leader)
        await send_each(producer, *FIVE[3:])
        await producer.flush()
        assert values(cluster)[1:] == FIVE
        assert sorted(set(places(cluster))) == [(0, number) for number in range(6)]


async def test_a_frozen_leader_holds_its_partitions_up_no_longer_than_it_leads_them() -> None:
    async with known_producer(
        nodes=2, config={"default.replication.factor": "2"}, metadata_max_age_ms=500
    ) as (cluster, producer):
        loop = asyncio.get_running_loop()
        leader = cluster.topic("t").partitions[0].leader
        cluster.freeze(leader)
        sent = [b"%d" % number for number in range(8)]
        futures = await send_each(producer, *sent)
        await asyncio.sleep(1)
        cluster.move_leader("t", 0, 1 - leader)
        began = loop.time()
        await producer.flush()
        assert loop.time() - began < 3
        cluster.thaw(leader)
        await asyncio.sleep(40)
        await (await producer.send("t", b"later"))
        assert values(cluster)[1:] == [*sent, b"later"]
        assert [future.get().offset for future in futures] == list(range(1, 9))


# -- splits --------------------------------------------------------------------------------------


async def test_the_parts_of_a_batch_share_its_numbers_and_those_behind_it_keep_theirs() -> None:
    async with cluster_and_producer(linger_ms=20) as (cluster, producer):
        await (await producer.send("t", b"warm up"))
        cluster.inject(ProduceRequest, Fail(MessageSizeTooLargeError), topic="t")
        sent = [b"%d" % number for number in range(8)]
        for value in sent[:4]:
            await producer.send("t", value)
        await asyncio.sleep(0.02)
        for value in sent[4:]:
            await producer.send("t", value)
        await producer.flush()
        assert values(cluster)[1:] == sent
        found = [(number.sequence, number.count) for number in numbers(cluster)]
        assert found[1] == (1, 4)
        assert {(1, 2), (3, 2), (5, 4)} <= set(found)
        assert {number.epoch for number in numbers(cluster)} == {0}


async def test_a_batch_that_was_written_and_is_too_large_now_is_not_written_twice() -> None:
    async with cluster_and_producer(linger_ms=20, request_timeout_ms=1000) as (cluster, producer):
        await (await producer.send("t", b"warm up"))
        inject_each(cluster, ProduceRequest, DropResponse(), Fail(MessageSizeTooLargeError))
        futures = [await producer.send("t", b"%d" % number) for number in range(4)]
        with pytest.raises(KafkaError):
            await futures[0]
        after = await producer.send("t", b"after")
        await producer.flush()
        assert values(cluster) == [b"warm up", b"0", b"1", b"2", b"3", b"after"]
        assert after.get().offset == 5
        for future in futures:
            error = future.exception
            assert error is None or error.may_be_written


# -- failed batches ------------------------------------------------------------------------------


async def test_a_refused_batch_leaves_no_gap_if_none_was_sent_behind_it() -> None:
    async with known_producer() as (cluster, producer):
        cluster.inject(ProduceRequest, Fail(InvalidRecordError), topic="t")
        with pytest.raises(InvalidRecordError) as caught:
            await (await producer.send("t", b"bad"))
        assert not caught.value.may_be_written
        await (await producer.send("t", b"good"))
        assert places(cluster) == [(0, 0), (0, 1), (0, 1)]


async def test_batches_behind_a_refused_one_are_written_in_the_next_epoch() -> None:
    async with known_producer() as (cluster, producer):
        cluster.inject(ProduceRequest, Fail(InvalidRecordError), topic="t")
        first, *others = await send_each(producer, *FIVE)
        await producer.flush()
        assert isinstance(first.exception, InvalidRecordError)
        assert not first.exception.may_be_written
        assert [future.get().offset for future in others] == [1, 2, 3, 4]
        assert values(cluster)[1:] == FIVE[1:]
        assert places(cluster)[-4:] == [(1, 0), (1, 1), (1, 2), (1, 3)]


async def test_other_partitions_finish_with_the_epoch_they_have() -> None:
    """Regression R37: batches in flight are not numbered anew because another partition asks."""
    async with known_producer(nodes=2, partitions=2, request_timeout_ms=1000) as (
        cluster,
        producer,
    ):
        await (await producer.send("t", b"warm up", partition=1))
        cluster.inject(ProduceRequest, DropResponse(), topic="t", partition=1)
        theirs = await send_each(producer, b"A", partition=1)
        cluster.inject(ProduceRequest, Fail(OutOfOrderSequenceNumberError), topic="t", partition=0)
        ours = await send_each(producer, *FIVE, partition=0)
        await producer.flush()
        more = await send_each(producer, b"B", partition=1)
        await producer.flush()
        assert values(cluster, 1) == [b"warm up", b"A", b"B"]
        assert values(cluster, 0)[1:] == FIVE
        assert [future.get().offset for future in theirs + more] == [1, 2]
        assert [future.get().offset for future in ours] == [1, 2, 3, 4, 5]
        assert places(cluster, 1) == [(0, 0), (0, 1), (0, 1), (1, 0)]


async def test_a_batch_that_expires_in_flight_and_was_written_leaves_no_gap() -> None:
    async with known_producer(delivery_timeout_ms=3000, request_timeout_ms=3000) as (
        cluster,
        producer,
    ):
        inject_each(
            cluster, ProduceRequest, Fail(NotEnoughReplicasError), Fail(NotEnoughReplicasError)
        )
        cluster.inject(ProduceRequest, Delay(2.9), topic="t")
        first = await producer.send("t", b"late")
        with pytest.raises(KafkaTimeoutError, match="may have been written") as caught:
            await first
        assert caught.value.may_be_written
        found = await (await producer.send("t", b"next"))
        assert (found.offset, values(cluster)) == (2, [b"warm up", b"late", b"next"])
        assert {epoch for epoch, _ in places(cluster)} == {0}


async def test_behind_a_batch_that_expired_and_was_not_written_the_next_epoch_begins() -> None:
    async with known_producer(**EXPIRY) as (cluster, producer):
        cluster.inject(ProduceRequest, DropResponse(applied=False), topic="t", times=3)
        with pytest.raises(KafkaTimeoutError) as caught:
            await (await producer.send("t", b"late"))
        assert caught.value.may_be_written
        found = await (await producer.send("t", b"next"))
        assert (found.offset, values(cluster)) == (1, [b"warm up", b"next"])
        assert places(cluster)[-1] == (1, 0)


async def test_a_batch_that_was_never_sent_is_known_not_to_be_written() -> None:
    async with known_producer(**EXPIRY) as (cluster, producer):
        await cluster.kill(0)
        with pytest.raises(KafkaTimeoutError, match=r"not delivered within") as caught:
            await (await producer.send("t", b"x"))
        assert not caught.value.may_be_written


async def test_close_says_of_each_record_whether_it_may_have_been_written() -> None:
    async with known_producer() as (cluster, producer):
        cluster.inject(ProduceRequest, Delay(60), topic="t")
        futures = await send_each(producer, *FIVE, b"6")
        await asyncio.sleep(0.1)
        await producer.close(timeout=1)
        errors = [future.exception for future in futures]
        assert all(isinstance(error, KafkaTimeoutError) for error in errors)
        assert [error.may_be_written for error in errors if error] == [True] * 5 + [False]
