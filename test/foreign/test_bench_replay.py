"""The server of the benchmarks that replays a fixed log, read by the clients it is there for."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from test.bench.replay import ReplayServer, build_log
from test.foreign.released import Released

COUNT = 2000
PATIENCE = 100.0


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with ReplayServer("t", build_log(COUNT, 100), 2) as running:
        yield running.address


def test_confluent_kafka_reads_all(address: str) -> None:
    confluent_kafka = pytest.importorskip("confluent_kafka")
    consumer = confluent_kafka.Consumer({"bootstrap.servers": address, "group.id": "g"})
    consumer.assign([confluent_kafka.TopicPartition("t", number, 0) for number in range(2)])
    seen = [consumer.poll(PATIENCE) for _ in range(2 * COUNT)]
    consumer.close()
    places = sorted((message.partition(), message.offset()) for message in seen)
    assert places == [(part, offset) for part in range(2) for offset in range(COUNT)]


def test_aiokafka_reads_all(address: str) -> None:
    aiokafka = pytest.importorskip("aiokafka")

    async def story() -> list[tuple[int, int]]:
        async with aiokafka.AIOKafkaConsumer(
            "t", bootstrap_servers=address, auto_offset_reset="earliest"
        ) as consumer:
            seen = [await consumer.getone() for _ in range(2 * COUNT)]
        return sorted((record.partition, record.offset) for record in seen)

    places = asyncio.run(asyncio.wait_for(story(), PATIENCE))
    assert places == [(part, offset) for part in range(2) for offset in range(COUNT)]


def test_the_released_client_reads_all(released: Released, address: str) -> None:
    assert released.run("read_all", address) == 2 * COUNT
