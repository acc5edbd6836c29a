"""Three brokers and Java's Admin, which all tests of this package share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from kafka import KafkaAdminClient
from test.support.admin_kafka import AdminKafka, admin_kafka


@pytest.fixture(scope="package")
def kafka() -> Iterator[AdminKafka]:
    """Return the cluster, and the judge beside it."""
    with admin_kafka() as running:
        yield running


@pytest.fixture(scope="package")
def admin(kafka: AdminKafka) -> Iterator[KafkaAdminClient]:
    """Return a client that may everything."""
    with KafkaAdminClient(bootstrap_servers=kafka.servers) as client:
        yield client


@pytest.fixture
def topic(admin: KafkaAdminClient, topic_name: str) -> str:
    """Return a topic of three partitions, of which partition n is led by node n + 1."""
    replicas = {number: [(number + shift) % 3 + 1 for shift in range(3)] for number in range(3)}
    admin.create_topics({topic_name: {"assignments": replicas}}, wait_for_metadata=True)
    return topic_name
