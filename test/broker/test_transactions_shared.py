"""Several callers wait for the end of one transaction."""

from __future__ import annotations

import asyncio

import pytest

from kafka.errors import IllegalStateError, KafkaTimeoutError
from kafka.protocol.messages.end_txn import EndTxnRequest
from kafka.testing import Delay
from test.support.transactions import cluster_and_transactions, visible


async def test_everybody_whose_commit_timed_out_gets_its_outcome_when_calling_again() -> None:
    async with cluster_and_transactions() as (cluster, producer):
        await producer.begin_transaction()
        await producer.send("t", b"x")
        await producer.flush()
        cluster.inject(EndTxnRequest, Delay(2.0))
        patient = asyncio.create_task(producer.commit_transaction())
        for _ in range(2):
            with pytest.raises(KafkaTimeoutError):
                await producer.commit_transaction(timeout_ms=300)
        late = asyncio.create_task(producer.commit_transaction(timeout_ms=300))
        with pytest.raises(KafkaTimeoutError):
            await producer.commit_transaction(timeout_ms=300)
        with pytest.raises(KafkaTimeoutError):
            await late
        await patient
        for _ in range(2):
            await producer.commit_transaction(timeout_ms=300)
        with pytest.raises(IllegalStateError, match=r"call begin_transaction\(\) first"):
            await producer.commit_transaction()
        async with producer.transaction():
            await producer.send("t", b"y")
        assert await visible(cluster) == [b"x", b"y"]


async def test_abort_of_another_caller_leaves_nobody_waiting() -> None:
    async with cluster_and_transactions() as (cluster, producer):
        await producer.begin_transaction()
        await producer.send("t", b"x")
        await producer.flush()
        cluster.inject(EndTxnRequest, Delay(2.0))
        patient = asyncio.create_task(producer.abort_transaction())
        with pytest.raises(KafkaTimeoutError):
            await producer.abort_transaction(timeout_ms=300)
        await asyncio.sleep(3)
        await producer.begin_transaction()
        await producer.abort_transaction()
        await patient
        assert await visible(cluster) == []
