"""The released instrumentation libraries on a real broker: ``tox -e instrumentation``."""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable, Iterator

import pytest

from test.support.apache_kafka import KafkaCluster, missing_toolchain


@pytest.fixture(scope="session")
def kafka() -> Iterator[KafkaCluster]:
    missing = missing_toolchain()
    if missing and not os.environ.get("CI"):
        pytest.skip(missing)
    with KafkaCluster() as cluster:
        yield cluster


@pytest.fixture
def topic(kafka: KafkaCluster) -> str:
    name = f"traced-{uuid.uuid4().hex[:12]}"
    kafka.create_topic(name)
    return name


@pytest.fixture
def producer(kafka: KafkaCluster) -> Iterator[object]:
    from kafka import KafkaProducer

    with KafkaProducer(bootstrap_servers=kafka.bootstrap_servers, acks=1) as producer:
        yield producer


@pytest.fixture
def open_consumer(kafka: KafkaCluster) -> Iterator[Callable[[str], object]]:
    from kafka import KafkaConsumer

    opened = []

    def open_consumer(topic: str) -> object:
        consumer = KafkaConsumer(
            topic,
            bootstrap_servers=kafka.bootstrap_servers,
            auto_offset_reset="earliest",
            consumer_timeout_ms=10_000,
        )
        opened.append(consumer)
        return consumer

    yield open_consumer
    for consumer in opened:
        consumer.close()
