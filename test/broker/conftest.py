"""Fixtures of the stories: a scripted broker on TCP and a blocking producer of it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from kafka.producer.kafka import KafkaProducer
from test.support.blocking_producer import make
from test.support.scripted_broker import ScriptedCluster


@pytest.fixture
def cluster() -> Iterator[ScriptedCluster]:
    with ScriptedCluster.in_thread() as found:
        found.add_topic("t")
        yield found


@pytest.fixture
def producer(cluster: ScriptedCluster) -> Iterator[KafkaProducer]:
    with make(cluster) as found:
        yield found
