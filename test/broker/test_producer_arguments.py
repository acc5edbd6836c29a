"""Arguments of the wrong type, on both faces: the error names the argument."""

from __future__ import annotations

import asyncio

import pytest

from kafka.aio import AsyncKafkaProducer
from kafka.producer.kafka import KafkaProducer
from kafka.testing import EmbeddedCluster
from test.support.producer_story import cluster_and_producer

WRONG = [
    ({"topic": []}, "topic must be a str, not list"),
    ({"topic": {}}, "topic must be a str, not dict"),
    ({"topic": None}, "topic must be a str, not NoneType"),
    ({"partition": "x"}, "partition must be an int, not str"),
    ({"partition": []}, "partition must be an int, not list"),
    ({"partition": 0.0}, "partition must be an int, not float"),
    ({"topic": "unknown", "partition": "x"}, "partition must be an int, not str"),
]


def test_a_blocking_producer_names_the_argument() -> None:
    with EmbeddedCluster() as cluster:
        cluster.create_topic("t")
        with KafkaProducer(bootstrap_servers=cluster.bootstrap_servers) as producer:
            producer.send("t", b"x").get(60)
            for arguments, words in WRONG:
                given = {"topic": "t", **arguments}
                with pytest.raises(TypeError, match=words):
                    producer.send(value=b"x", **given)  # type: ignore[arg-type]
                with pytest.raises(TypeError, match=words):
                    producer.send_many(values=[b"x"], **given)  # type: ignore[arg-type]


async def send_wrong(servers: list[str]) -> None:
    async with AsyncKafkaProducer(bootstrap_servers=servers) as producer:
        await (await producer.send("t", b"x"))
        for arguments, words in WRONG:
            given = {"topic": "t", **arguments}
            with pytest.raises(TypeError, match=words):
                await producer.send(value=b"x", **given)  # type: ignore[arg-type]
            with pytest.raises(TypeError, match=words):
                await producer.send_many(values=[b"x"], **given)  # type: ignore[arg-type]
        for call in (producer.flush, producer.close):
            with pytest.raises(TypeError, match=f"{call.__name__}: timeout must be a number"):
                await call("x")  # type: ignore[arg-type]


def test_an_asynchronous_producer_names_the_argument() -> None:
    with EmbeddedCluster() as cluster:
        cluster.create_topic("t")
        asyncio.run(send_wrong(cluster.bootstrap_servers))


async def test_a_time_that_is_over_is_refused_by_name() -> None:
    async with cluster_and_producer() as (_, producer):
        for call in (producer.flush, producer.close):
            with pytest.raises(ValueError, match=f"{call.__name__}: timeout must not be negative"):
                await call(-1)
        assert (await (await producer.send("t", b"x"))).offset == 0


def test_a_blocking_producer_refuses_a_time_that_is_over_by_name(
    producer: KafkaProducer,
) -> None:
    for call in (producer.flush, producer.close):
        with pytest.raises(ValueError, match=f"{call.__name__}: timeout must not be negative"):
            call(timeout=-1)
    assert producer.send("t", b"x").get(60).offset == 0
