"""What a consumer reads and from where: subscription, assignment, positions.  Pure."""

from kafka.subscription.hold import Hold
from kafka.subscription.listeners import (
    AsyncConsumerRebalanceListener,
    ConsumerRebalanceListener,
)
from kafka.subscription.partition_state import FetchState, PartitionState
from kafka.subscription.reset import OffsetReset
from kafka.subscription.subscription_pattern import SubscriptionPattern
from kafka.subscription.subscription_state import (
    Assignment,
    SubscriptionState,
    SubscriptionType,
    check_partitions,
    check_topic_name,
)

__all__ = [
    "Assignment",
    "AsyncConsumerRebalanceListener",
    "ConsumerRebalanceListener",
    "FetchState",
    "Hold",
    "OffsetReset",
    "PartitionState",
    "SubscriptionPattern",
    "SubscriptionState",
    "SubscriptionType",
    "check_partitions",
    "check_topic_name",
]
