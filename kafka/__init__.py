"""Pure-Python client for Apache Kafka.

Names are imported on first use: ``from kafka import KafkaProducer`` does not load the consumer.
"""

from __future__ import annotations

import atexit
import logging
import sys
from typing import TYPE_CHECKING

from kafka._base.lazy import lazy_names, public_names
from kafka.version import __version__

if TYPE_CHECKING:
    from kafka.admin.client import KafkaAdminClient
    from kafka.client_async import KafkaClient
    from kafka.conn import BrokerConnection
    from kafka.consumer.group import KafkaConsumer
    from kafka.producer.kafka import KafkaProducer
    from kafka.serializer import DefaultSerializer, Deserializer, JsonSerializer, Serializer
    from kafka.structs import (
        ConsumerGroupMetadata,
        IsolationLevel,
        OffsetAndMetadata,
        OffsetSpec,
        TopicPartition,
        TopicPartitionReplica,
    )
    from kafka.subscription.listeners import (
        AsyncConsumerRebalanceListener,
        ConsumerRebalanceListener,
    )
    from kafka.subscription.subscription_pattern import SubscriptionPattern

__title__ = "kafka"
__author__ = "The kafka-python authors"
__license__ = "Apache License 2.0"
__copyright__ = "Copyright the kafka-python authors"

__all__ = [
    "AsyncConsumerRebalanceListener",
    "BrokerConnection",
    "ConsumerGroupMetadata",
    "ConsumerRebalanceListener",
    "DefaultSerializer",
    "Deserializer",
    "IsolationLevel",
    "JsonSerializer",
    "KafkaAdminClient",
    "KafkaClient",
    "KafkaConsumer",
    "KafkaProducer",
    "OffsetAndMetadata",
    "OffsetSpec",
    "Serializer",
    "SubscriptionPattern",
    "TopicPartition",
    "TopicPartitionReplica",
    "__version__",
]

_HOMES = {
    "BrokerConnection": "kafka.conn",
    "KafkaClient": "kafka.client_async",
    "AsyncConsumerRebalanceListener": "kafka.subscription.listeners",
    "ConsumerGroupMetadata": "kafka.structs",
    "ConsumerRebalanceListener": "kafka.subscription.listeners",
    "DefaultSerializer": "kafka.serializer",
    "Deserializer": "kafka.serializer",
    "IsolationLevel": "kafka.structs",
    "JsonSerializer": "kafka.serializer",
    "KafkaAdminClient": "kafka.admin.client",
    "KafkaConsumer": "kafka.consumer.group",
    "KafkaProducer": "kafka.producer.kafka",
    "OffsetAndMetadata": "kafka.structs",
    "OffsetSpec": "kafka.structs",
    "Serializer": "kafka.serializer",
    "SubscriptionPattern": "kafka.subscription.subscription_pattern",
    "TopicPartition": "kafka.structs",
    "TopicPartitionReplica": "kafka.structs",
}


def _close_open_clients() -> None:
    # Every client loads this module, and so does whatever logs on a thread of ours.
    if "kafka._base.log_thread" in sys.modules:
        from kafka._base.at_exit import close_open_clients  # noqa: PLC0415 - as all clients, late

        close_open_clients()


# Here, because Python calls what was registered last first: what a program registers after this
# import runs while its clients are still open.
atexit.register(_close_open_clients)

# The application decides where logs go; without this, Python would print warnings to stderr.
logging.getLogger(__name__).addHandler(logging.NullHandler())

__getattr__ = lazy_names(__name__, _HOMES)


def __dir__() -> list[str]:
    return public_names(__name__, _HOMES)
