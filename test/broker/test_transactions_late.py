"""A record expires while its request is under way: what the broker writes after that (2.8)."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from kafka.errors import KafkaTimeoutError, NotEnoughReplicasError, TransactionAbortableError
from kafka.protocol.messages.end_txn import EndTxnRequest
from kafka.protocol.messages.produce import ProduceRequest
from kafka.testing import Delay
from test.support.stage import asked, cluster_of
from test.support.transactions import transactional, visible

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from kafka.producer.async_producer import AsyncKafkaProducer
    from kafka.testing import EmbeddedCluster


@asynccontextmanager
async def expired_under_way() -> AsyncIterator[tuple[EmbeddedCluster, AsyncKafkaProducer]]:
    """Yield a producer of Kafka 2.8 whose record has expired, but is written a little later."""
    async with cluster_of(version="2.8") as cluster:
        cluster.create_topic("t", 1)
        options = {"delivery_timeout_ms": 2000, "request_timeout_ms": 2000, "linger_ms": 0}
        backoff = {"retry_backoff_ms": 1000, "retry_backoff_max_ms": 1000}
        async with transactional(cluster, **options, **backoff) as producer:
            await producer.init_transactions()
            await producer.begin_transaction()
            await producer.send("t", b"written")
            await producer.flush()
            # The second attempt has a time-out of its own, which ends after that of the record.
            cluster.fail(ProduceRequest, NotEnoughReplicasError, topic="t")
            cluster.inject(ProduceRequest, Delay(1.5), topic="t")
            await producer.send("t", b"late")
            with pytest.raises(TransactionAbortableError, match="not delivered within"):
                await producer.commit_transaction()
            yield cluster, producer


async def test_abort_waits_for_the_request_of_a_record_that_has_expired() -> None:
    async with expired_under_way() as (cluster, producer):
        await producer.abort_transaction()
        async with producer.transaction():
            await producer.send("t", b"next")
        assert await visible(cluster) == [b"next"]


async def test_abort_that_waits_for_a_request_keeps_its_time_out_and_goes_on() -> None:
    async with expired_under_way() as (cluster, producer):
        with pytest.raises(KafkaTimeoutError, match="have no answer yet"):
            await producer.abort_transaction(timeout_ms=50)
        assert not asked(cluster, EndTxnRequest)
        await producer.abort_transaction()
        async with producer.transaction():
            await producer.send("t", b"next")
        assert await visible(cluster) == [b"next"]


async def test_close_does_not_wait_longer_than_it_may_for_a_request() -> None:
    async with expired_under_way() as (cluster, producer):
        await producer.close(timeout=0.05)
        assert not asked(cluster, EndTxnRequest)
