"""Fixtures of the stories: an embedded cluster on TCP and a blocking producer of it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from kafka.producer.kafka import KafkaProducer
from kafka.testing import EmbeddedCluster
from test.support.blocking_producer import make
from test.support.stage import cluster_of


@pytest.fixture
def cluster() -> Iterator[EmbeddedCluster]:
    with cluster_of() as found:
        found.create_topic("t")
        yield found


@pytest.fixture
def producer(cluster: EmbeddedCluster) -> Iterator[KafkaProducer]:
    with make(cluster) as found:
        yield found
