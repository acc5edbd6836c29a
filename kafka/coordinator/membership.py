"""The seam between a consumer and whatever decides which partitions it owns.  Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kafka.cluster import ClusterSnapshot
    from kafka.errors import KafkaError
    from kafka.structs import TopicPartition


# -- actions: named tuples, because the dataclass decorator takes 1 ms of import time for each --


class WantTopics(NamedTuple):
    """Keep the metadata of exactly *topics* fresh; ``None`` for all topics."""

    topics: frozenset[str] | None


class RequestMetadata(NamedTuple):
    """Ask the brokers for metadata soon."""


class RaiseFromPoll(NamedTuple):
    """Let a poll raise *error*, which is about *topic*."""

    topic: str
    error: KafkaError


class Assign(NamedTuple):
    """Own exactly *partitions* from now on.

    Args:
        partitions: all partitions to own; those owned before keep their positions.
        late: those of them that appeared after the subscription.
    """

    partitions: tuple[TopicPartition, ...]
    late: tuple[TopicPartition, ...]


Action = WantTopics | RequestMetadata | RaiseFromPoll | Assign


class Membership(Protocol):
    """A pure machine that makes an assignment out of a subscription; see `kafka._base.drive`."""

    def on_subscription(self, now: float) -> None:
        """React to subscribe, assign or unsubscribe: the `SubscriptionState` has changed."""

    def on_metadata(self, snapshot: ClusterSnapshot, now: float) -> None:
        """React to a new view of the cluster."""

    def on_user_poll(self, now: float) -> None:
        """React to the application asking for records or a position for the first time."""

    def poll(self, now: float) -> Sequence[Action]:
        """Return the actions that are due."""

    def next_wakeup(self) -> float | None:
        """Return when to poll again if no input comes before; ``None`` for never."""
