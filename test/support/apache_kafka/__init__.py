"""Real Apache Kafka for the integration tests, fetched from Maven Central and run by them."""

from test.support.apache_kafka.cluster import KafkaCluster, live_clusters
from test.support.apache_kafka.jars import (
    LADDER,
    NEWEST,
    SHORT_LADDER,
    ToolchainError,
    missing_toolchain,
)
from test.support.apache_kafka.tools import ConsoleRecord, ConsoleTools, ToolError
from test.support.apache_kafka.waiting import ClusterError

__all__ = [
    "LADDER",
    "NEWEST",
    "SHORT_LADDER",
    "ClusterError",
    "ConsoleRecord",
    "ConsoleTools",
    "KafkaCluster",
    "ToolError",
    "ToolchainError",
    "live_clusters",
    "missing_toolchain",
]
