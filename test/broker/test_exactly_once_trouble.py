"""Stories of exactly-once loops in trouble: ends that fail, are cut short or go on."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from kafka.errors import (
    ConcurrentTransactionsError,
    GroupAuthorizationFailedError,
    IllegalStateError,
    InvalidRecordError,
    KafkaError,
    TransactionAbortableError,
    TransactionalIdAuthorizationFailedError,
    UnknownError,
)
from kafka.protocol.messages.end_txn import EndTxnRequest
from kafka.protocol.messages.init_producer_id import InitProducerIdRequest
from kafka.protocol.messages.offset_fetch import OffsetFetchRequest
from kafka.protocol.messages.produce import ProduceRequest
from kafka.testing import Delay
from test.support.group_stories import member
from test.support.transactions import cluster_and_transactions, transactional, visible

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from kafka.consumer.async_consumer import AsyncKafkaConsumer
    from kafka.producer.async_producer import AsyncKafkaProducer
    from kafka.structs import ConsumerRecord
    from kafka.testing import EmbeddedCluster

VALUES = [b"%d" % number for number in range(10)]


@asynccontextmanager
async def stage(
    level: int = 2,
) -> AsyncIterator[tuple[EmbeddedCluster, AsyncKafkaProducer, AsyncKafkaConsumer]]:
    """Start what copies the topic "in", of ten records, to the topic "t"."""
    async with cluster_and_transactions(level) as (cluster, producer):
        cluster.create_topic("in")
        for value in VALUES:
            cluster.append("in", value)
        consumer = member(
            cluster,
            "classic",
            isolation_level="read_committed",
            enable_auto_commit=False,
            max_poll_records=2,
        )
        consumer.subscribe(["in"])
        async with consumer:
            yield cluster, producer, consumer


async def polled(consumer: AsyncKafkaConsumer) -> list[ConsumerRecord]:
    """Return what the next polls return."""
    for _ in range(20):
        if batches := await consumer.poll(timeout_ms=500):
            return [record for records in batches.values() for record in records]
    return []


async def copy(
    consumer: AsyncKafkaConsumer, producer: AsyncKafkaProducer, records: list[ConsumerRecord]
) -> None:
    async with producer.transaction(consumer):
        for record in records:
            await producer.send("t", record.value)


async def copied_as_documented(
    consumer: AsyncKafkaConsumer, producer: AsyncKafkaProducer
) -> list[KafkaError]:
    """Copy as the loop of the documentation; return what it goes on after."""
    errors: list[KafkaError] = []
    while records := await polled(consumer):
        try:
            await copy(consumer, producer, records)
        except TransactionAbortableError as error:
            errors.append(error)
    return errors


# -- transactions that cannot begin ------------------------------------------------------------


async def test_loop_ends_when_the_producer_is_unusable() -> None:
    async with stage() as (cluster, producer, consumer):
        cluster.fail(ProduceRequest, InvalidRecordError, topic="t")
        cluster.fail(EndTxnRequest, TransactionAbortableError)
        with pytest.raises(KafkaError, match="close it and make a new one") as caught:
            await copied_as_documented(consumer, producer)
        assert not isinstance(caught.value, TransactionAbortableError)
        await producer.close(timeout=1)
        async with transactional(cluster) as following:
            await following.init_transactions()
            assert len(await copied_as_documented(consumer, following)) == 1
        assert await visible(cluster) == VALUES


async def test_loop_goes_on_after_an_abort_that_got_no_new_epoch() -> None:
    async with stage(0) as (cluster, producer, consumer):
        cluster.fail(ProduceRequest, UnknownError, topic="t")
        cluster.fail(InitProducerIdRequest, TransactionalIdAuthorizationFailedError)
        errors = await copied_as_documented(consumer, producer)
        assert len(errors) == 2
        assert await visible(cluster) == VALUES


async def test_block_aborts_first_what_has_failed_before() -> None:
    async with cluster_and_transactions() as (cluster, producer):
        await producer.begin_transaction()
        cluster.fail(ProduceRequest, InvalidRecordError, topic="t")
        delivery = await producer.send("t", b"refused")
        with pytest.raises(InvalidRecordError):
            await delivery
        async with producer.transaction():
            await producer.send("t", b"x")
        assert await visible(cluster) == [b"x"]


# -- consumers that cannot go back -------------------------------------------------------------


async def test_error_of_the_block_is_raised_although_the_consumer_cannot_go_back() -> None:
    async with stage() as (cluster, producer, consumer):
        await polled(consumer)
        cluster.fail(OffsetFetchRequest, GroupAuthorizationFailedError)
        with pytest.raises(ZeroDivisionError):
            async with producer.transaction(consumer):
                raise ZeroDivisionError
        errors = await copied_as_documented(consumer, producer)
        assert ["poll again" in str(error) for error in errors] == [True]
        assert await visible(cluster) == VALUES


async def test_consumer_goes_back_before_anything_else_until_it_can() -> None:
    async with stage() as (cluster, producer, consumer):
        await polled(consumer)
        cluster.fail(OffsetFetchRequest, GroupAuthorizationFailedError, times=2)
        with pytest.raises(ZeroDivisionError):
            async with producer.transaction(consumer):
                raise ZeroDivisionError
        with pytest.raises(GroupAuthorizationFailedError):
            await copied_as_documented(consumer, producer)
        assert len(await copied_as_documented(consumer, producer)) == 1
        assert await visible(cluster) == VALUES


async def test_cancelled_block_is_cancelled_although_the_consumer_cannot_go_back() -> None:
    async with stage() as (cluster, producer, consumer):
        await polled(consumer)
        cluster.fail(OffsetFetchRequest, GroupAuthorizationFailedError)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(1), producer.transaction(consumer):
                await asyncio.sleep(30)
        assert len(await copied_as_documented(consumer, producer)) == 1
        assert await visible(cluster) == VALUES


async def test_consumer_that_polled_while_it_went_back_goes_back_again() -> None:
    async with stage() as (cluster, producer, consumer):
        await polled(consumer)

        async def work() -> None:
            async with producer.transaction(consumer):
                await asyncio.sleep(3600)

        task = asyncio.create_task(work())
        await asyncio.sleep(1)
        cluster.inject(OffsetFetchRequest, Delay(5))
        for _ in range(2):
            task.cancel()
            await asyncio.sleep(1)
        assert task.cancelled()
        records = await polled(consumer)
        await asyncio.sleep(10)
        with pytest.raises(TransactionAbortableError, match="poll again"):
            await copy(consumer, producer, records)
        await copied_as_documented(consumer, producer)
        assert await visible(cluster) == VALUES


# -- commits that are cut short ----------------------------------------------------------------


async def test_commit_that_was_cancelled_goes_on_and_counts(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with stage() as (cluster, producer, consumer):
        records = await polled(consumer)
        cluster.inject(EndTxnRequest, Delay(5))
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(1):
                await copy(consumer, producer, records)
        lines = [record.message for record in caplog.records if record.levelname == "WARNING"]
        assert ["it goes on: call commit_transaction() again" in line for line in lines] == [True]
        await producer.commit_transaction()
        assert await copied_as_documented(consumer, producer) == []
        assert await visible(cluster) == VALUES


async def test_loop_goes_back_when_a_commit_that_was_cancelled_fails() -> None:
    async with stage() as (cluster, producer, consumer):
        records = await polled(consumer)
        cluster.fail(EndTxnRequest, ConcurrentTransactionsError, times=8)
        cluster.fail(EndTxnRequest, TransactionAbortableError)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(1):
                await copy(consumer, producer, records)
        await asyncio.sleep(30)
        assert len(await copied_as_documented(consumer, producer)) == 1
        assert await visible(cluster) == VALUES


async def test_records_polled_while_a_commit_goes_on_come_again() -> None:
    async with stage() as (cluster, producer, consumer):
        records = await polled(consumer)
        cluster.inject(EndTxnRequest, Delay(5))
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(1):
                await copy(consumer, producer, records)
        with pytest.raises(IllegalStateError, match="committing a transaction"):
            await copied_as_documented(consumer, producer)
        await producer.commit_transaction()
        assert len(await copied_as_documented(consumer, producer)) == 1
        assert await visible(cluster) == VALUES
