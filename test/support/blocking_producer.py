"""A blocking producer of a scripted broker, and what the broker got."""

from __future__ import annotations

from kafka.producer.kafka import KafkaProducer
from test.support.scripted_broker import ScriptedCluster


def make(cluster: ScriptedCluster, **options: object) -> KafkaProducer:
    return KafkaProducer(bootstrap_servers=cluster.bootstrap_servers, **options)


def values(cluster: ScriptedCluster) -> list[bytes | None]:
    return [record.value for record in cluster.log("t", 0).records()]
