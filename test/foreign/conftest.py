"""A cluster for clients that know nothing of it, and the means to run those of other runtimes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from kafka.testing import EmbeddedCluster
from test.foreign.java import Java
from test.foreign.released import Released, ReleasedError
from test.support.apache_kafka import missing_toolchain


@pytest.fixture
def cluster() -> Iterator[EmbeddedCluster]:
    """Return three brokers; leaving fails if one of them failed."""
    config = {
        "auto.create.topics.enable": "false",
        "group.initial.rebalance.delay.ms": "0",
        "group.consumer.min.heartbeat.interval.ms": "100",
        "group.consumer.heartbeat.interval.ms": "100",
    }
    with EmbeddedCluster(3, config=config) as found:
        found.create_topic("t", 4, 3)
        yield found


@pytest.fixture
def servers(cluster: EmbeddedCluster) -> str:
    """Return the bootstrap servers as most clients want them."""
    return ",".join(cluster.bootstrap_servers)


@pytest.fixture
def java(cluster: EmbeddedCluster, tmp_path: Path) -> Java:
    """Return the tools of Apache Kafka, pointed at the cluster."""
    if missing := missing_toolchain():
        pytest.skip(missing)
    return Java(cluster.bootstrap_servers, tmp_path)


@pytest.fixture(scope="session")
def released() -> Released:
    """Return the released kafka-python, in an environment of its own."""
    try:
        return Released.installed()
    except ReleasedError as error:
        pytest.skip(str(error))
