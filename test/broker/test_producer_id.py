"""Where a producer without transactions gets its id from, and what becomes of it without one."""

from __future__ import annotations

import asyncio
import logging
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from kafka.errors import (
    ClusterAuthorizationFailedError,
    CoordinatorLoadInProgressError,
    InvalidRecordError,
    KafkaTimeoutError,
    NotEnoughReplicasError,
    ProducerFencedError,
    RequestTimedOutError,
    UnsupportedVersionError,
)
from kafka.producer.async_producer import AsyncKafkaProducer
from kafka.protocol.messages.init_producer_id import InitProducerIdRequest, InitProducerIdResponse
from kafka.protocol.messages.produce import ProduceRequest
from kafka.testing.broker.faults import Answer, Disconnect, Fail
from test.support.numbers import numbers
from test.support.producer_story import cluster_and_producer, known_producer, send_each, values
from test.support.stage import cluster_of, inject_each

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from kafka.errors import KafkaError
    from kafka.testing import EmbeddedCluster
    from kafka.testing.broker.faults import Action

EXPIRY = {"delivery_timeout_ms": 6000, "request_timeout_ms": 2000}
FIVE = [b"1", b"2", b"3", b"4", b"5"]


def given(producer_id: int, epoch: int) -> Answer:
    return Answer(InitProducerIdResponse(producer_id=producer_id, producer_epoch=epoch))


@asynccontextmanager
async def without_id(
    *faults: Action, **options: object
) -> AsyncIterator[tuple[EmbeddedCluster, AsyncKafkaProducer]]:
    """Start a producer whose requests for a producer id meet *faults*, one after the other."""
    async with cluster_of() as cluster:
        cluster.create_topic("t", 1)
        inject_each(cluster, InitProducerIdRequest, *faults)
        async with AsyncKafkaProducer(
            bootstrap_servers=cluster.bootstrap_servers, **{"batch_size": 1, **options}
        ) as producer:
            yield cluster, producer


async def test_the_id_is_asked_for_before_the_first_record() -> None:
    async with without_id() as (cluster, _):
        await cluster.until(lambda c: c.count(InitProducerIdRequest) == 1)


async def test_another_id_is_asked_for_when_the_epochs_are_used_up() -> None:
    last = Answer(InitProducerIdResponse(producer_id=5000, producer_epoch=32_767))
    async with without_id(last) as (cluster, producer):
        await (await producer.send("t", b"warm up"))
        cluster.inject(ProduceRequest, Fail(InvalidRecordError), topic="t")
        await send_each(producer, *FIVE)
        await producer.flush()
        assert values(cluster) == [b"warm up", *FIVE[1:]]
        found = numbers(cluster)
        assert {number.producer_id for number in found} == {5000, found[-1].producer_id}
        assert (found[-1].epoch, found[-1].sequence) == (0, 3)


async def test_an_id_that_cannot_be_had_yet_is_asked_for_again() -> None:
    loading = [Fail(CoordinatorLoadInProgressError)] * 3
    async with without_id(*loading, Fail(RequestTimedOutError), Disconnect()) as (
        cluster,
        producer,
    ):
        await (await producer.send("t", b"x"))
        assert values(cluster) == [b"x"]
        assert cluster.count(InitProducerIdRequest) == 6


async def test_records_expire_while_there_is_no_id() -> None:
    async with without_id(**EXPIRY) as (cluster, _):
        cluster.inject(InitProducerIdRequest, Fail(CoordinatorLoadInProgressError), times=None)
        producer = AsyncKafkaProducer(bootstrap_servers=cluster.bootstrap_servers, **EXPIRY)
        await producer.start()
        with pytest.raises(KafkaTimeoutError, match="no producer id") as caught:
            await (await producer.send("t", b"x"))
        assert not caught.value.may_be_written
        cluster.clear_faults()
        await (await producer.send("t", b"y"))
        await producer.close()
        assert values(cluster) == [b"y"]


async def test_who_may_not_write_idempotently_is_told_so_and_goes_on_when_allowed() -> None:
    refused = [Fail(ClusterAuthorizationFailedError)] * 2
    async with without_id(*refused) as (cluster, producer):
        await cluster.until(lambda c: c.count(InitProducerIdRequest) == 1)
        with pytest.raises(ClusterAuthorizationFailedError, match="no producer id"):
            await (await producer.send("t", b"x"))
        await (await producer.send("t", b"y"))
        assert values(cluster) == [b"y"]


async def test_brokers_before_0_11_are_written_to_without_numbers(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.INFO, "kafka"):
        async with cluster_and_producer(api_versions={InitProducerIdRequest: None}) as (
            cluster,
            producer,
        ):
            await (await producer.send("t", b"x"))
            assert values(cluster) == [b"x"]
    assert "a retry may write a batch twice" in caplog.text


async def test_brokers_before_0_11_are_an_error_if_idempotence_was_asked_for() -> None:
    async with cluster_and_producer(
        api_versions={InitProducerIdRequest: None}, enable_idempotence=True
    ) as (_, producer):
        with pytest.raises(UnsupportedVersionError, match=r"enable_idempotence=True.* 0\.11"):
            await (await producer.send("t", b"x"))


async def test_brokers_that_store_no_numbers_fail_the_start_if_idempotence_was_asked_for() -> None:
    old = {ProduceRequest: (0, 2), InitProducerIdRequest: None}
    async with cluster_of(api_versions=old) as cluster:
        producer = AsyncKafkaProducer(
            bootstrap_servers=cluster.bootstrap_servers, enable_idempotence=True
        )
        with pytest.raises(UnsupportedVersionError, match=r"enable_idempotence=True takes .*0\.11"):
            await producer.start()


@pytest.mark.parametrize("error", [ProducerFencedError, UnsupportedVersionError])
async def test_what_brokers_refuse_for_good_ends_the_producer(error: type[KafkaError]) -> None:
    async with known_producer() as (cluster, producer):
        cluster.inject(ProduceRequest, Fail(error), topic="t")
        with pytest.raises(error):
            await (await producer.send("t", b"first"))
        before = cluster.count(ProduceRequest)
        with pytest.raises(error):
            await (await producer.send("t", b"later"))
        assert cluster.count(ProduceRequest) == before


async def test_a_batch_that_waits_to_be_sent_again_is_not_sent_once_the_producer_is_fenced() -> (
    None
):
    async with known_producer(partitions=2, retry_backoff_ms=1000) as (cluster, producer):
        cluster.inject(ProduceRequest, Fail(NotEnoughReplicasError), topic="t")
        waiting = await producer.send("t", b"waits", partition=0)
        await asyncio.sleep(0.1)
        cluster.inject(ProduceRequest, Fail(ProducerFencedError), topic="t")
        with pytest.raises(ProducerFencedError):
            await (await producer.send("t", b"fenced", partition=1))
        before = cluster.count(ProduceRequest)
        with pytest.raises(ProducerFencedError):
            await waiting
        assert cluster.count(ProduceRequest) == before


async def test_a_fenced_producer_fails_every_record_with_the_same_error() -> None:
    async with known_producer() as (cluster, producer):
        cluster.inject(ProduceRequest, Fail(ProducerFencedError), topic="t")
        futures = await send_each(producer, *FIVE)
        await producer.flush()
        assert isinstance(futures[0].exception, ProducerFencedError)
        before = cluster.count(ProduceRequest)
        with pytest.raises(ProducerFencedError):
            await (await producer.send("t", b"later"))
        assert cluster.count(ProduceRequest) == before
