"""Stories of loops that consume, transform and produce: each record counts exactly once."""

from __future__ import annotations

import asyncio
import gc
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from kafka.errors import (
    CommitFailedError,
    GroupAuthorizationFailedError,
    KafkaConfigurationError,
    KafkaError,
    KafkaTimeoutError,
    TransactionAbortableError,
    UnknownMemberIdError,
)
from kafka.protocol.messages.add_offsets_to_txn import AddOffsetsToTxnRequest
from kafka.protocol.messages.end_txn import EndTxnRequest
from kafka.protocol.messages.offset_fetch import OffsetFetchRequest
from kafka.protocol.messages.txn_offset_commit import TxnOffsetCommitRequest
from kafka.structs import ConsumerGroupMetadata, OffsetAndMetadata, TopicPartition
from kafka.testing import Disconnect, DropResponse
from test.support.group_stories import ALL, both_protocols, member, with_records
from test.support.stage import asked, cluster_of
from test.support.transactions import both, cluster_and_transactions, transactional, visible

if TYPE_CHECKING:
    from kafka.consumer.async_consumer import AsyncKafkaConsumer
    from kafka.producer.async_producer import AsyncKafkaProducer
    from kafka.structs import ConsumerRecord
    from kafka.testing import EmbeddedCluster

T0 = TopicPartition("t", 0)


def reader(
    cluster: EmbeddedCluster, protocol: str = "classic", **options: object
) -> AsyncKafkaConsumer:
    """Return a consumer of group "g" whose offsets are committed in transactions."""
    options = {"isolation_level": "read_committed", "enable_auto_commit": False, **options}
    consumer = member(cluster, protocol, **options)
    consumer.subscribe(["t"])
    return consumer


async def copy_once(consumer: AsyncKafkaConsumer, producer: AsyncKafkaProducer) -> int:
    """Copy what one poll returns to the topic "out", in one transaction; return how much."""
    batches = await consumer.poll(timeout_ms=500)
    if not batches:
        return 0
    async with producer.transaction(consumer):
        for records in batches.values():
            for record in records:
                value = b"%d:" % record.partition + record.value
                await producer.send("out", value, partition=record.partition)
    return sum(map(len, batches.values()))


async def copy_all(consumer: AsyncKafkaConsumer, producer: AsyncKafkaProducer, count: int) -> None:
    """Copy until *count* records are copied."""
    async with asyncio.timeout(600):
        while count > 0:
            with suppress(CommitFailedError):
                count -= await copy_once(consumer, producer)


async def first_batches(
    consumer: AsyncKafkaConsumer,
) -> dict[TopicPartition, list[ConsumerRecord]]:
    """Return the first records that a poll returns."""
    async with asyncio.timeout(600):
        while True:
            batches = await consumer.poll(timeout_ms=500)
            if batches:
                return batches


async def joined(consumer: AsyncKafkaConsumer) -> None:
    """Poll until the consumer owns partitions."""
    async with asyncio.timeout(600):
        while not consumer.assignment():
            await consumer.poll(timeout_ms=0)
            await asyncio.sleep(0.1)


async def copy(consumer: AsyncKafkaConsumer, producer: AsyncKafkaProducer) -> None:
    """Copy until cancelled, whatever fails."""
    while True:
        with suppress(CommitFailedError, TransactionAbortableError):
            await copy_once(consumer, producer)


def expected(count: int) -> list[bytes]:
    return sorted(b"%d:%d" % (tp.partition, n) for tp in ALL for n in range(count))


async def copied(cluster: EmbeddedCluster) -> list[bytes | None]:
    return sorted(await visible(cluster, "out"), key=lambda value: value or b"")


# -- offsets in transactions -------------------------------------------------------------------


@both
async def test_offsets_count_when_the_transaction_is_committed(level: int) -> None:
    async with cluster_and_transactions(level) as (cluster, producer):
        for number, commits in enumerate((True, False, True)):
            await producer.begin_transaction()
            offsets = {T0: OffsetAndMetadata(number + 1, "note", 3)}
            await producer.send_offsets_to_transaction(offsets, "g")
            await (producer.commit_transaction() if commits else producer.abort_transaction())
            committed = cluster.control.group("g").offsets[T0]
            assert committed == (number + 1 if commits else 1)
        assert len(asked(cluster, AddOffsetsToTxnRequest)) == (3 if level == 0 else 0)


async def test_no_offsets_are_no_request() -> None:
    async with cluster_and_transactions() as (cluster, producer):
        await producer.begin_transaction()
        await producer.send_offsets_to_transaction({}, "g")
        await producer.commit_transaction()
        assert asked(cluster, TxnOffsetCommitRequest) == []


async def test_offsets_of_wrong_types_are_refused() -> None:
    async with cluster_and_transactions() as (_, producer):
        await producer.begin_transaction()
        with pytest.raises(TypeError, match="must be an OffsetAndMetadata"):
            await producer.send_offsets_to_transaction({T0: 1}, "g")  # type: ignore[dict-item] # that is the point
        with pytest.raises(TypeError, match=r"consumer.group_metadata\(\) or the name"):
            await producer.send_offsets_to_transaction({}, 5)  # type: ignore[arg-type] # the same
        with pytest.raises(ValueError, match="names no group"):
            await producer.send_offsets_to_transaction({}, "")


@both
async def test_refused_group_fails_the_transaction(level: int) -> None:
    async with cluster_and_transactions(level) as (cluster, producer):
        cluster.fail(TxnOffsetCommitRequest, GroupAuthorizationFailedError)
        await producer.begin_transaction()
        with pytest.raises(TransactionAbortableError) as caught:
            await producer.send_offsets_to_transaction({T0: OffsetAndMetadata(1)}, "g")
        assert isinstance(caught.value.__cause__, GroupAuthorizationFailedError)
        await producer.abort_transaction()
        async with producer.transaction():
            await producer.send_offsets_to_transaction({T0: OffsetAndMetadata(2)}, "g")
        assert cluster.control.group("g").offsets[T0] == 2


@both
async def test_offsets_whose_call_timed_out_can_be_aborted(level: int) -> None:
    async with cluster_and_transactions(level, nodes=2) as (cluster, producer):
        cluster.control.move_coordinator("transaction", "tx", 0)
        cluster.control.move_coordinator("group", "g", 1)
        await producer.begin_transaction()
        cluster.control.freeze(1)
        offsets = {T0: OffsetAndMetadata(1)}
        with pytest.raises(KafkaTimeoutError, match=r"send_offsets_to_transaction\(\) did not end"):
            await producer.send_offsets_to_transaction(offsets, "g", timeout_ms=1000)
        with pytest.raises(KafkaError, match="call it again"):
            await producer.commit_transaction()
        cluster.control.thaw(1)
        await producer.abort_transaction()
        async with producer.transaction():
            await producer.send_offsets_to_transaction({T0: OffsetAndMetadata(2)}, "g")
        assert cluster.control.group("g").offsets[T0] == 2


# -- the loop ----------------------------------------------------------------------------------


@both
@both_protocols
async def test_loop_copies_each_record_once(level: int, protocol: str) -> None:
    async with cluster_of() as cluster:
        cluster.control.set_transaction_version(level)
        with_records(cluster, 5)
        cluster.create_topic("out", len(ALL))
        async with reader(cluster, protocol) as consumer, transactional(cluster) as producer:
            await producer.init_transactions()
            await copy_all(consumer, producer, 20)
        assert await copied(cluster) == expected(5)
        assert dict(cluster.control.group("g").offsets) == (dict.fromkeys(ALL, 5))


@both
async def test_aborted_records_come_again(level: int) -> None:
    async with cluster_of() as cluster:
        cluster.control.set_transaction_version(level)
        with_records(cluster, 5)
        cluster.create_topic("out", len(ALL))
        async with reader(cluster) as consumer, transactional(cluster) as producer:
            await producer.init_transactions()
            for _ in range(2):
                await fail_once(consumer, producer)
                await copy_once(consumer, producer)
            await copy_all(consumer, producer, 20 - len(await visible(cluster, "out")))
        assert await copied(cluster) == expected(5)


async def fail_once(consumer: AsyncKafkaConsumer, producer: AsyncKafkaProducer) -> None:
    """Process what a poll returns, and fail before the end."""
    batches = await first_batches(consumer)

    async def work() -> None:
        async with producer.transaction(consumer):
            for records in batches.values():
                for record in records:
                    await producer.send("out", b"wrong " + record.value)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await work()


async def test_rewind_waits_for_transactions_that_are_not_settled() -> None:
    async with cluster_of() as cluster:
        with_records(cluster, 5)
        async with (
            reader(cluster, max_poll_records=1) as consumer,
            transactional(cluster) as producer,
        ):
            await producer.init_transactions()
            await first_batches(consumer)
            await producer.begin_transaction()
            await producer.send_offsets_to_transaction(
                consumer.consumed_offsets(), consumer.group_metadata()
            )
            cluster.control.hold_transaction_markers()
            await producer.abort_transaction()
            rewind = asyncio.ensure_future(consumer.rewind())
            await asyncio.sleep(5)
            assert not rewind.done()
            cluster.control.hold_transaction_markers(False)
            await rewind
            assert all(request.require_stable for request in asked(cluster, OffsetFetchRequest))
            assert [await consumer.position(tp) for tp in ALL] == [0, 0, 0, 0]


async def test_rewind_without_committed_offsets_goes_back_to_where_it_began() -> None:
    async with cluster_of() as cluster:
        with_records(cluster, 5)
        async with reader(cluster, auto_offset_reset="latest") as consumer:
            await joined(consumer)
            for tp in ALL:
                assert await consumer.position(tp) == 5
            cluster.append("t", b"new")
            await first_batches(consumer)
            assert await consumer.position(T0) == 6
            await consumer.rewind()
            assert await consumer.position(T0) == 5


async def test_record_in_hand_comes_again_after_a_rewind_to_it() -> None:
    async with cluster_of() as cluster:
        with_records(cluster, 2)
        async with reader(cluster) as consumer:
            first = await anext(consumer)
            for _ in range(2):
                await consumer.rewind()
                assert consumer.consumed_offsets().get(T0, OffsetAndMetadata(0)).offset == 0
                again = await anext(consumer)
                assert again.offset == first.offset == 0


async def test_member_that_was_expelled_aborts() -> None:
    async with cluster_of() as cluster:
        with_records(cluster, 5)
        cluster.create_topic("out", len(ALL))
        async with (
            reader(cluster, max_poll_records=3) as consumer,
            transactional(cluster) as producer,
        ):
            await producer.init_transactions()
            batches = await first_batches(consumer)
            cluster.control.expel("g", consumer.group_metadata().member_id)

            async def work() -> None:
                async with producer.transaction(consumer):
                    for records in batches.values():
                        for record in records:
                            await producer.send("out", b"wrong " + record.value)

            with pytest.raises(CommitFailedError, match="member"):
                await work()
            await copy_all(consumer, producer, 20)
        assert await copied(cluster) == expected(5)


async def test_partitions_revoked_within_a_transaction_abort_it() -> None:
    async with cluster_of() as cluster:
        with_records(cluster, 5)
        cluster.create_topic("out", len(ALL))
        async with (
            reader(cluster, max_poll_records=2) as consumer,
            transactional(cluster) as producer,
        ):
            await producer.init_transactions()
            await joined(consumer)

            async def work() -> None:
                async with producer.transaction(consumer):
                    for _ in range(3):
                        for records in (await consumer.poll(timeout_ms=500)).values():
                            for record in records:
                                await producer.send("out", b"wrong " + record.value)
                        cluster.control.rebalance("g")
                        await asyncio.sleep(5)

            with pytest.raises(CommitFailedError, match="partitions were taken"):
                await work()
            await copy_all(consumer, producer, 20)
        assert await copied(cluster) == expected(5)


@both
@both_protocols
async def test_members_come_and_go_and_each_record_is_copied_once(
    level: int, protocol: str
) -> None:
    async with cluster_of() as cluster:
        cluster.control.set_transaction_version(level)
        with_records(cluster, 20)
        cluster.create_topic("out", len(ALL))
        options = {"max_poll_records": 3}
        for number in range(3):
            async with (
                reader(cluster, protocol, **options) as first,
                reader(cluster, protocol, **options) as second,
                transactional(cluster, f"a{number}") as one,
                transactional(cluster, f"b{number}") as two,
            ):
                await one.init_transactions()
                await two.init_transactions()
                tasks = [asyncio.ensure_future(copy(first, one))]
                await asyncio.sleep(3)
                tasks.append(asyncio.ensure_future(copy(second, two)))
                await asyncio.sleep(4 if number < 2 else 60)
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
        assert await copied(cluster) == expected(20)


@both
async def test_lost_answers_do_not_double_records(level: int) -> None:
    async with cluster_of() as cluster:
        cluster.control.set_transaction_version(level)
        with_records(cluster, 5)
        cluster.create_topic("out", len(ALL))
        async with (
            reader(cluster, max_poll_records=5) as consumer,
            transactional(cluster) as producer,
        ):
            await producer.init_transactions()
            total = 0
            for _ in range(20):
                cluster.inject(EndTxnRequest, Disconnect(applied=True), optional=True)
                cluster.inject(TxnOffsetCommitRequest, Disconnect(applied=True), optional=True)
                cluster.fail(TxnOffsetCommitRequest, "NOT_COORDINATOR", optional=True)
                total += await copy_once(consumer, producer)
        assert await copied(cluster) == expected(5)


# -- what does not go together -----------------------------------------------------------------


async def test_consumer_that_commits_by_itself_is_refused() -> None:
    async with cluster_and_transactions() as (cluster, producer):
        async with reader(cluster, enable_auto_commit=True) as consumer:
            with pytest.raises(KafkaConfigurationError, match="enable_auto_commit=False"):
                producer.transaction(consumer)
        async with reader(cluster, group_id=None) as consumer:
            with pytest.raises(KafkaConfigurationError, match="group_id"):
                producer.transaction(consumer)
        with pytest.raises(TypeError, match="must be an AsyncKafkaConsumer, not str"):
            producer.transaction("t")  # type: ignore[arg-type] # that is the point


async def test_offsets_refused_for_one_partition_are_named() -> None:
    async with cluster_and_transactions() as (cluster, producer):
        cluster.fail(TxnOffsetCommitRequest, UnknownMemberIdError)
        await producer.begin_transaction()
        with pytest.raises(CommitFailedError, match=r"the offsets of t-0 were not added"):
            await producer.send_offsets_to_transaction({T0: OffsetAndMetadata(1)}, "g")
        await producer.abort_transaction()


async def test_member_s_offsets_need_brokers_that_know_members() -> None:
    async with cluster_of(version="1.1") as cluster, transactional(cluster) as producer:
        cluster.create_topic("t")
        await producer.init_transactions()
        await producer.begin_transaction()
        group = ConsumerGroupMetadata("g", 3, "me")
        with pytest.raises(TransactionAbortableError, match="TxnOffsetCommit"):
            await producer.send_offsets_to_transaction({T0: OffsetAndMetadata(1)}, group)
        await producer.abort_transaction()
        async with producer.transaction():
            await producer.send_offsets_to_transaction({T0: OffsetAndMetadata(2)}, "g")
        assert cluster.control.group("g").offsets[T0] == 2


async def test_what_a_block_that_was_cancelled_leaves_behind_fails_in_the_log_only(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with cluster_and_transactions() as (cluster, producer):
        cluster.append("t", b"x", partition=0)
        async with reader(cluster) as consumer:
            await first_batches(consumer)

            async def work() -> None:
                async with producer.transaction(consumer):
                    await producer.send("t", b"y")
                    await producer.flush()
                    await asyncio.sleep(3600)

            task = asyncio.create_task(work())
            await asyncio.sleep(1)
            # The first cancellation aborts, which takes long; the second one leaves that alone.
            cluster.inject(EndTxnRequest, DropResponse())
            for _ in range(2):
                task.cancel()
                await asyncio.sleep(1)
            assert task.cancelled()
        # Now the abort ends, and would go back to what the consumer has committed.
        await asyncio.sleep(60)
    gc.collect()
    left = [record for record in caplog.records if "did not go back" in record.message]
    assert [record.levelname for record in left] == ["WARNING"]
    assert not [record for record in caplog.records if record.name == "asyncio"]
