"""What the log and the calls under way say when a transactional producer is closed."""

from __future__ import annotations

import asyncio

import pytest

from kafka.errors import (
    BrokerResponseError,
    ConcurrentTransactionsError,
    KafkaError,
    KafkaTimeoutError,
    MessageSizeTooLargeError,
    ProducerFencedError,
)
from kafka.protocol.messages.end_txn import EndTxnRequest
from kafka.protocol.messages.produce import ProduceRequest
from kafka.testing import DropResponse
from test.support.transactions import cluster_and_transactions, visible


def lines(caplog: pytest.LogCaptureFixture, level: str) -> list[str]:
    """Return what the producer has logged at *level*."""
    found = [record for record in caplog.records if record.name.startswith("kafka.producer")]
    return [record.message for record in found if record.levelname == level]


# -- a call that has not ended -----------------------------------------------------------------


async def test_close_during_a_commit_does_not_say_that_it_was_aborted(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with cluster_and_transactions() as (cluster, producer):
        await producer.begin_transaction()
        await producer.send("t", b"x")
        await producer.flush()
        cluster.inject(EndTxnRequest, DropResponse())
        commit = asyncio.create_task(producer.commit_transaction())
        await asyncio.sleep(0.5)
        await producer.close(timeout=1)
        told = r"closed before commit_transaction\(\) ended; whether the transaction counts is not"
        with pytest.raises(KafkaTimeoutError, match=told):
            await commit
        assert await visible(cluster) == [b"x"]
    (line,) = lines(caplog, "WARNING")
    assert "whether the transaction counts is not known" in line
    assert not lines(caplog, "ERROR")


async def test_close_during_an_abort_says_that_nothing_counts(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with cluster_and_transactions() as (cluster, producer):
        await producer.begin_transaction()
        await producer.send("t", b"x")
        await producer.flush()
        cluster.inject(EndTxnRequest, DropResponse())
        abort = asyncio.create_task(producer.abort_transaction())
        await asyncio.sleep(0.5)
        await producer.close(timeout=1)
        with pytest.raises(KafkaTimeoutError, match=r"abort_transaction\(\) ended; the records of"):
            await abort
    (line,) = lines(caplog, "WARNING")
    assert "the records of the transaction do not count" in line
    assert not lines(caplog, "ERROR")


async def test_close_before_a_commit_has_sent_its_records_says_that_nothing_counts() -> None:
    async with cluster_and_transactions(nodes=2) as (cluster, producer):
        cluster.control.move_leader("t", 0, 1)
        cluster.control.move_coordinator("transaction", "tx", 0)
        await producer.begin_transaction()
        await producer.send("t", b"x")
        await producer.flush()
        cluster.control.freeze(1)
        await producer.send("t", b"y")
        commit = asyncio.create_task(producer.commit_transaction())
        await asyncio.sleep(0.5)
        await producer.close(timeout=1)
        with pytest.raises(KafkaError) as caught:
            await commit
        assert "the records of the transaction do not count" in str(caught.value)
        cluster.control.thaw(1)


# -- an outcome that nobody has fetched --------------------------------------------------------


@pytest.mark.parametrize("pause", [0, 5], ids=["fails in close", "has failed"])
async def test_close_says_that_a_commit_which_timed_out_was_refused(
    pause: float, caplog: pytest.LogCaptureFixture
) -> None:
    async with cluster_and_transactions() as (cluster, producer):
        await producer.begin_transaction()
        await producer.send("t", b"x")
        await producer.flush()
        cluster.fail(EndTxnRequest, ConcurrentTransactionsError, times=3)
        cluster.fail(EndTxnRequest, ProducerFencedError)
        with pytest.raises(KafkaTimeoutError):
            await producer.commit_transaction(timeout_ms=100)
        await asyncio.sleep(pause)
        await producer.close(timeout=5)
    (line,) = lines(caplog, "ERROR")
    assert "commit_transaction() had timed out, was not called again, and has failed" in line
    assert "ProducerFencedError" in line


async def test_close_says_nothing_of_a_commit_that_ended_well_after_its_time_out(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with cluster_and_transactions() as (cluster, producer):
        await producer.begin_transaction()
        await producer.send("t", b"x")
        await producer.flush()
        cluster.fail(EndTxnRequest, ConcurrentTransactionsError, times=3)
        with pytest.raises(KafkaTimeoutError):
            await producer.commit_transaction(timeout_ms=100)
        await producer.close(timeout=5)
        assert await visible(cluster) == [b"x"]
    assert not lines(caplog, "ERROR")
    assert not lines(caplog, "WARNING")


# -- records that failed -----------------------------------------------------------------------


@pytest.mark.parametrize("seconds", [0, 5])
async def test_close_says_which_records_of_the_open_transaction_are_lost(
    seconds: float, caplog: pytest.LogCaptureFixture
) -> None:
    async with cluster_and_transactions(linger_ms=60_000) as (_, producer):
        await producer.begin_transaction()
        for _ in range(5):
            await producer.send("t", b"x")
        await producer.close(timeout=seconds)
    (warning,) = lines(caplog, "WARNING")
    assert "closed in the middle of a transaction; " in warning
    (line,) = lines(caplog, "ERROR")
    assert line.startswith("topic=t: 5 records were not delivered and nobody looked")


@pytest.mark.parametrize("error", [MessageSizeTooLargeError, ProducerFencedError])
async def test_close_says_what_has_failed_before(
    error: type[BrokerResponseError], caplog: pytest.LogCaptureFixture
) -> None:
    async with cluster_and_transactions() as (cluster, producer):
        await producer.begin_transaction()
        cluster.fail(ProduceRequest, error, topic="t")
        await producer.send("t", b"x")
        await producer.flush()
        await producer.close(timeout=5)
    (line,) = lines(caplog, "ERROR")
    assert line.startswith("topic=t: 1 records were not delivered")
    assert error.__name__ in line
    warnings = lines(caplog, "WARNING")
    if error is MessageSizeTooLargeError:
        assert error.__name__ in warnings[0]


@pytest.mark.parametrize("error", [MessageSizeTooLargeError, ProducerFencedError])
async def test_close_says_nothing_of_transactions_that_the_application_aborted(
    error: type[BrokerResponseError], caplog: pytest.LogCaptureFixture
) -> None:
    async with cluster_and_transactions() as (cluster, producer):
        cluster.fail(ProduceRequest, error, topic="t")
        with pytest.raises(KafkaError):
            async with producer.transaction():
                await producer.send("t", b"x")
        await producer.close(timeout=5, raise_on_error=True)
    assert not lines(caplog, "ERROR")
