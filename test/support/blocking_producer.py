"""A blocking producer of an embedded cluster, and what the cluster got."""

from __future__ import annotations

from kafka.producer.kafka import KafkaProducer
from kafka.testing import EmbeddedCluster


def make(cluster: EmbeddedCluster, **options: object) -> KafkaProducer:
    return KafkaProducer(bootstrap_servers=cluster.bootstrap_servers, **options)


def values(cluster: EmbeddedCluster) -> list[bytes | None]:
    return [record.value for record in cluster.records("t")]
