"""Programs whose tests freeze the clock: clients go on, records have the time of the program."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any

import pytest

from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka._base.system import monotonic
from kafka.aio import AsyncKafkaProducer
from kafka.testing import EmbeddedCluster
from test.support.stage import cluster_of

freezegun = pytest.importorskip("freezegun")

Freeze = Callable[[str], AbstractContextManager[Any]]

FREEZES: dict[str, Freeze] = {
    "still": freezegun.freeze_time,
    "tick": lambda at: freezegun.freeze_time(at, tick=True),
    "auto-tick": lambda at: freezegun.freeze_time(at, auto_tick_seconds=15),
}
T0 = TopicPartition("t", 0)
YEAR_2001 = range(978_307_200_000, 1_009_843_200_000)


@pytest.fixture(params=FREEZES.values(), ids=FREEZES)
def freeze(request: pytest.FixtureRequest) -> Freeze:
    found: Freeze = request.param
    return found


@pytest.fixture
def served() -> Iterator[EmbeddedCluster]:
    with cluster_of(topics={"t": 1, "u": 1}) as found:
        yield found


def make_producer(cluster: EmbeddedCluster, **options: object) -> KafkaProducer:
    return KafkaProducer(
        bootstrap_servers=cluster.bootstrap_servers, linger_ms=20, max_block_ms=60_000, **options
    )


def make_consumer(cluster: EmbeddedCluster, **options: object) -> KafkaConsumer:
    return KafkaConsumer(
        "t",
        bootstrap_servers=cluster.bootstrap_servers,
        auto_offset_reset="earliest",
        consumer_timeout_ms=60_000,
        **options,
    )


def make_every_call(producer: KafkaProducer, consumer: KafkaConsumer) -> int:
    """Use all that waits; return the timestamp of the record that was sent and read."""
    sent = producer.send("t", b"value").get(60)
    producer.send("t", b"value", timestamp_ms=1)
    producer.flush(60)
    assert producer.partitions_for("u") == {0}
    assert consumer.position(T0) is not None
    record = next(record for record in consumer if record.offset == sent.offset)
    assert consumer.poll(60_000)
    assert consumer.poll(50) == {}
    assert consumer.end_offsets([T0]) == {T0: sent.offset + 2}
    assert record.timestamp == sent.timestamp
    return sent.timestamp


def test_clients_made_before_work_while_the_clock_is_frozen_and_afterwards(
    served: EmbeddedCluster, freeze: Freeze
) -> None:
    with make_producer(served) as producer, make_consumer(served) as consumer:
        with freeze("2001-05-01"):
            assert make_every_call(producer, consumer) in YEAR_2001
        assert abs(make_every_call(producer, consumer) / 1000 - time.time()) < 60


def test_clients_made_while_the_clock_is_frozen_work_then_and_afterwards(
    served: EmbeddedCluster, freeze: Freeze
) -> None:
    with freeze("2001-05-01"):
        producer, consumer = make_producer(served), make_consumer(served)
        assert make_every_call(producer, consumer) in YEAR_2001
    with producer, consumer:
        assert abs(make_every_call(producer, consumer) / 1000 - time.time()) < 60


def test_clients_and_a_cluster_end_while_the_clock_is_frozen(freeze: Freeze) -> None:
    began = monotonic()
    with (
        freeze("2001-05-01"),
        cluster_of(topics={"t": 1, "u": 1}) as cluster,
        make_producer(cluster) as producer,
        make_consumer(cluster) as consumer,
    ):
        assert make_every_call(producer, consumer) in YEAR_2001
    assert monotonic() - began < 60


def test_a_time_out_takes_as_long_as_ever(served: EmbeddedCluster, freeze: Freeze) -> None:
    with make_consumer(served) as consumer, freeze("2001-05-01"):
        began = monotonic()
        assert consumer.poll(200) == {}
        assert 0.15 < monotonic() - began < 60


def test_records_of_serializers_have_the_frozen_time_too(
    served: EmbeddedCluster, freeze: Freeze
) -> None:
    with make_producer(served, value_serializer=str.encode) as producer, freeze("2001-05-01"):
        assert producer.send("t", "value").get(60).timestamp in YEAR_2001
        sent = producer.send_many("t", ["one", "two"]).get(60)
        assert all(record.timestamp in YEAR_2001 for record in sent)


def test_an_async_client_works_on_a_loop_that_is_kept_from_freezing(
    served: EmbeddedCluster,
) -> None:
    async def story() -> None:
        servers = served.bootstrap_servers
        async with AsyncKafkaProducer(bootstrap_servers=servers, linger_ms=20) as producer:
            with freezegun.freeze_time("2001-05-01", real_asyncio=True):
                sent = await producer.send("t", b"value")
                assert (await sent).timestamp in YEAR_2001

    asyncio.run(story())


def test_a_program_may_import_the_package_while_the_clock_is_frozen(
    served: EmbeddedCluster,
) -> None:
    program = (
        "import sys, freezegun\n"
        "with freezegun.freeze_time('2001-05-01'):\n"
        "    from kafka import KafkaProducer\n"
        "    with KafkaProducer(bootstrap_servers=sys.argv[1:], linger_ms=20) as producer:\n"
        "        assert producer.send('t', b'value').get(60).timestamp == 988675200000\n"
    )
    subprocess.run(
        [sys.executable, "-c", program, *served.bootstrap_servers], check=True, timeout=100
    )
