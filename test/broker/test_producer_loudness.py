"""What is said of records that were not delivered, and what became of them."""

from __future__ import annotations

import asyncio
import gc
import logging
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from kafka.errors import (
    KafkaError,
    KafkaTimeoutError,
    NotEnoughReplicasError,
    TopicAuthorizationFailedError,
    UndeliveredRecordsError,
)
from kafka.producer.async_producer import AsyncKafkaProducer
from kafka.protocol.messages.produce import ProduceRequest
from kafka.testing.broker.faults import Delay, DropResponse, Fail
from test.support.blocking_producer import make
from test.support.producer_story import cluster_and_producer, values
from test.support.stage import cluster_of
from test.support.waiting import until

if TYPE_CHECKING:
    from kafka.testing import EmbeddedCluster

ROOT = Path(__file__).parents[2]
REFUSED = TopicAuthorizationFailedError


def lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.message for record in caplog.records if "nobody looked" in record.message]


# -- errors that are asked for -------------------------------------------------------------------


async def test_flush_raises_what_was_not_delivered_if_it_is_to(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with cluster_and_producer(partitions=2, linger_ms=50) as (cluster, producer):
        cluster.fail(ProduceRequest, REFUSED, topic="t", partition=0)
        for partition in (0, 0, 1):
            await producer.send("t", b"x", partition=partition)
        with pytest.raises(UndeliveredRecordsError, match=r"2 records.*t-0.*not written") as caught:
            await producer.flush(raise_on_error=True)
        (failure,) = caught.value.failures
        assert (failure.topic, failure.partition, failure.records) == ("t", 0, 2)
        assert isinstance(failure.cause, REFUSED)
        await producer.flush(raise_on_error=True)
        assert len(values(cluster, 1)) == 1
    assert not lines(caplog)


async def test_flush_raises_nothing_that_somebody_has_looked_at() -> None:
    async with cluster_and_producer(linger_ms=50) as (cluster, producer):
        cluster.inject(ProduceRequest, Fail(REFUSED))
        seen: list[object] = []
        (await producer.send("t", b"x")).add_errback(seen.append)
        await producer.flush(raise_on_error=True)
        assert len(seen) == 1


async def test_close_raises_what_was_not_delivered_when_all_is_closed(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with cluster_and_producer(linger_ms=60_000) as (_, producer):
        delivery = await producer.send("t", b"x")
        with pytest.raises(UndeliveredRecordsError, match=r"1 records.*was not sent"):
            await producer.close(0, raise_on_error=True)
        assert delivery.failed()
        await producer.close(raise_on_error=True)
        with pytest.raises(KafkaError, match="closed"):
            await producer.send("t", b"y")
    assert not lines(caplog)


def test_a_blocking_close_raises_what_was_not_delivered_and_has_ended_the_threads(
    cluster: EmbeddedCluster, caplog: pytest.LogCaptureFixture
) -> None:
    producer = make(cluster)
    cluster.fail(ProduceRequest, REFUSED, topic="t")
    producer.send("t", b"x")
    with pytest.raises(UndeliveredRecordsError, match=r"1 records.*t-0.*TopicAuthorization"):
        producer.close(raise_on_error=True)
    producer.close(raise_on_error=True)
    assert not lines(caplog)


def test_a_blocking_flush_raises_what_was_not_delivered(cluster: EmbeddedCluster) -> None:
    producer = make(cluster)
    cluster.fail(ProduceRequest, REFUSED, topic="t")
    producer.send("t", b"x")
    with pytest.raises(UndeliveredRecordsError):
        producer.flush(raise_on_error=True)
    producer.flush(raise_on_error=True)
    producer.close()


def test_a_callback_that_does_not_end_holds_up_no_close(cluster: EmbeddedCluster) -> None:
    never = threading.Event()
    # It lingers until close(): a callback of what is delivered already would run in this thread.
    producer = make(cluster, linger_ms=60_000)
    producer.send("t", b"x").add_callback(lambda _: never.wait())
    producer.close(4)
    assert len(values(cluster)) == 1
    never.set()


def test_a_failure_that_an_errback_is_told_of_at_the_close_is_not_logged(
    cluster: EmbeddedCluster, caplog: pytest.LogCaptureFixture
) -> None:
    producer = make(cluster, linger_ms=60_000)
    seen: list[object] = []
    producer.send("t", b"x").add_errback(seen.append)
    producer.close(0)
    until(lambda: len(seen) == 1)
    assert not lines(caplog)


async def test_a_broker_that_goes_away_while_a_program_sends_and_flushes_is_noticed(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Regression R31; that nobody hears of it by `close` alone: the lines in the log, below."""
    async with cluster_and_producer(delivery_timeout_ms=5000, request_timeout_ms=2000) as (
        cluster,
        producer,
    ):
        deliveries, too_late = [], 0
        for number in range(20):
            if number == 5:
                cluster.cut_off(0)
            deliveries.append(await producer.send("t", b"%d" % number))
            try:
                await producer.flush(1)
            except KafkaTimeoutError:
                too_late += 1
        assert too_late > 10
        with pytest.raises(UndeliveredRecordsError) as caught:
            await producer.flush(raise_on_error=True)
        assert sum(failure.records for failure in caught.value.failures) == 15
        acked = sum(delivery.succeeded() for delivery in deliveries)
        assert acked == len(values(cluster)) == 5
    assert not lines(caplog)


# -- garbage collection --------------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore:.*was not closed:ResourceWarning")
async def test_failures_of_an_async_producer_that_is_collected_are_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with cluster_of() as cluster:
        cluster.create_topic("t")
        producer = AsyncKafkaProducer(bootstrap_servers=cluster.bootstrap_servers)
        await producer.start()
        cluster.fail(ProduceRequest, REFUSED, topic="t")
        await asyncio.gather(await producer.send("t", b"x"), return_exceptions=True)
        cluster.fail(ProduceRequest, REFUSED, topic="t")
        delivery = await producer.send("t", b"y")
        await asyncio.sleep(1)
        assert delivery.is_done
        client = producer._client  # noqa: SLF001 - closed below, when its face is gone
        del producer
        gc.collect()
        assert [line.split(" were")[0] for line in lines(caplog)] == ["topic=t: 1 records"]
        await client.close()


@pytest.mark.filterwarnings("ignore:.*was not closed:ResourceWarning")
def test_failures_of_a_blocking_producer_that_is_collected_are_logged(
    cluster: EmbeddedCluster, caplog: pytest.LogCaptureFixture
) -> None:
    producer = make(cluster)
    cluster.fail(ProduceRequest, REFUSED, topic="t")
    producer.send("t", b"x")
    del producer
    gc.collect()
    until(lambda: bool(lines(caplog)))
    assert lines(caplog)[0].startswith("topic=t: 1 records")
    assert "TopicAuthorizationFailedError" in lines(caplog)[0]


# -- what became of a record ---------------------------------------------------------------------


async def test_a_record_that_lingers_when_the_producer_is_closed_was_not_sent() -> None:
    async with cluster_and_producer(linger_ms=60_000) as (_, producer):
        delivery = await producer.send("t", b"x")
        await producer.close(0)
        assert delivery.exception is not None
        assert not delivery.exception.may_be_written
        assert "t-0: it was not sent; the producer was closed" in str(delivery.exception)


async def test_a_record_in_flight_when_the_producer_is_closed_may_have_been_written() -> None:
    async with cluster_and_producer() as (cluster, producer):
        cluster.inject(ProduceRequest, DropResponse(applied=True))
        delivery = await producer.send("t", b"x")
        await producer.close(1)
        assert delivery.exception is not None
        assert delivery.exception.may_be_written
        assert "t-0: it was sent and not answered; the producer was closed" in str(
            delivery.exception
        )
        assert values(cluster) == [b"x"]


async def test_a_record_that_was_refused_each_time_until_the_close_was_not_written() -> None:
    async with cluster_and_producer() as (cluster, producer):
        cluster.inject(ProduceRequest, Fail(NotEnoughReplicasError), times=None)
        delivery = await producer.send("t", b"x")
        await asyncio.sleep(1)
        await producer.close(0)
        assert delivery.exception is not None
        assert not delivery.exception.may_be_written
        assert "it was not written; last: [Error 19] NotEnoughReplicas" in str(delivery.exception)
        assert values(cluster) == []


async def test_a_record_whose_broker_is_never_reached_was_not_written() -> None:
    async with cluster_and_producer(delivery_timeout_ms=5000, request_timeout_ms=2000) as (
        cluster,
        producer,
    ):
        await (await producer.send("t", b"warm up"))
        cluster.cut_off(0)
        await asyncio.sleep(1)
        delivery = await producer.send("t", b"x")
        with pytest.raises(KafkaTimeoutError, match="t-0: not delivered within 5 s"):
            await delivery
        assert delivery.exception is not None
        assert not delivery.exception.may_be_written
        assert "it was not written" in str(delivery.exception)


async def test_a_record_that_expires_in_flight_may_have_been_written() -> None:
    async with cluster_and_producer(delivery_timeout_ms=5000, request_timeout_ms=5000) as (
        cluster,
        producer,
    ):
        cluster.inject(ProduceRequest, Delay(60))
        delivery = await producer.send("t", b"x")
        with pytest.raises(KafkaTimeoutError, match="sent and not answered, the records may have"):
            await delivery
        assert delivery.exception is not None
        assert delivery.exception.may_be_written


async def test_a_record_once_unanswered_may_have_been_written_whatever_is_answered_later() -> None:
    async with cluster_and_producer(request_timeout_ms=2000) as (cluster, producer):
        rule = cluster.inject(ProduceRequest, DropResponse(applied=True))
        delivery = await producer.send("t", b"x")
        await asyncio.sleep(1)
        assert rule.hits == 1
        cluster.inject(ProduceRequest, Fail(REFUSED))
        with pytest.raises(REFUSED):
            await delivery
        assert delivery.exception is not None
        assert delivery.exception.may_be_written
        assert values(cluster) == [b"x"]


async def test_a_record_that_was_refused_was_not_written() -> None:
    async with cluster_and_producer() as (cluster, producer):
        cluster.inject(ProduceRequest, Fail(REFUSED))
        delivery = await producer.send("t", b"x")
        with pytest.raises(REFUSED):
            await delivery
        assert delivery.exception is not None
        assert not delivery.exception.may_be_written
        assert values(cluster) == []


async def test_the_line_about_lost_records_says_how_many_may_have_been_written(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with cluster_and_producer(partitions=2) as (cluster, producer):
        cluster.inject(ProduceRequest, Fail(REFUSED), topic="t", partition=0)
        cluster.inject(ProduceRequest, DropResponse(applied=True), topic="t", partition=1)
        await producer.send("t", b"x", partition=0)
        await asyncio.sleep(1)
        await producer.send("t", b"y", partition=1)
        await producer.close(1)
    (line,) = lines(caplog)
    assert line.startswith("topic=t: 2 records were not delivered")
    assert "1 of them may have been written" in line


# -- nothing is silenced -------------------------------------------------------------------------

SILENT = """
import logging, sys, threading, warnings

def state():
    kafka = logging.getLogger("kafka")
    return (
        logging.root.level, logging.root.disabled, logging.root.manager.disable, logging.lastResort,
        logging.raiseExceptions, logging.getLogRecordFactory(), kafka.level, kafka.propagate,
        kafka.disabled, list(warnings.filters), sys.excepthook, threading.excepthook,
        sys.unraisablehook, warnings.showwarning,
    )

before = state()
from kafka import KafkaProducer
producer = KafkaProducer(bootstrap_servers=sys.argv[1])
producer.send("t", b"x").get(60)
producer.close(null_logger=True)
assert state() == before, (state(), before)
logging.getLogger("kafka.producer").error("a line of kafka")
logging.getLogger("application").error("a line of the application")
"""


def test_a_producer_silences_nothing_in_its_process(cluster: EmbeddedCluster) -> None:
    program = "import logging; logging.basicConfig(format='%(message)s')\n" + SILENT
    done = subprocess.run(
        [sys.executable, "-c", program, cluster.bootstrap_servers[0]],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    assert done.stderr == "a line of kafka\na line of the application\n"


def test_a_callback_that_raises_is_logged_with_its_traceback(
    cluster: EmbeddedCluster, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(_: object) -> None:
        raise ValueError("of the user")

    producer = make(cluster)
    producer.send("t", b"x").add_callback(fail)
    producer.flush()
    producer.close()
    (record,) = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert "topic=t partition=0: a delivery callback raised" in record.message
    assert record.exc_text is not None or record.exc_info is not None
    assert producer.metrics()["producer-metrics"]["callback-error-total"] == 1
