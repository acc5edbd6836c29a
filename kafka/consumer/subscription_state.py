"""kafka-python's path of the classes that say what a consumer reads."""

from kafka.subscription import (
    AsyncConsumerRebalanceListener,
    ConsumerRebalanceListener,
    SubscriptionState,
    SubscriptionType,
)
from kafka.subscription import PartitionState as TopicPartitionState

__all__ = [
    "AsyncConsumerRebalanceListener",
    "ConsumerRebalanceListener",
    "SubscriptionState",
    "SubscriptionType",
    "TopicPartitionState",
]
