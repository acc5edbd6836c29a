"""What a KIP-848 member tells its coordinator of the subscription.  Pure."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from kafka.coordinator.topic_watch import TopicWatch

if TYPE_CHECKING:
    from kafka._base.backoff import Uniform
    from kafka.cluster import ClusterSnapshot
    from kafka.coordinator.consumer_settings import ConsumerSettings
    from kafka.subscription import SubscriptionState


class Subscribed(NamedTuple):
    """What a member subscribes to.

    Args:
        names: of topics.
        regex: matched by the coordinator.
    """

    names: frozenset[str]
    regex: str | None = None


class SubscribedTopics:
    """Follow the subscription, and the metadata that it needs.

    Args:
        subscriptions: what the user wants; its subscription follows a pattern of Python's.
        settings: of the member.
        uniform: randomness for the back-off.

    Attributes:
        watch: the topics, as far as the client knows them.
        current: what the coordinator is to hear; ``None`` if nothing is, or is known yet. What an
            earlier pattern has matched stands until the new one is matched: nothing is taken from
            the member only because the pattern changes.
    """

    def __init__(
        self, subscriptions: SubscriptionState, settings: ConsumerSettings, uniform: Uniform
    ) -> None:
        self._subscriptions = subscriptions
        self.watch = TopicWatch(
            subscriptions,
            exclude_internal=settings.exclude_internal,
            backoff=settings.backoff,
            uniform=uniform,
        )
        self.current: Subscribed | None = None

    def __repr__(self) -> str:
        """Return a status line."""
        return f"<SubscribedTopics {self.current}>"

    @property
    def is_subscribed(self) -> bool:
        """Whether topics or a pattern are subscribed to."""
        return self._subscriptions.subscription is not None

    def on_subscription(self, now: float) -> None:
        """React to subscribe, assign or unsubscribe."""
        self.watch.on_subscription()
        self._look(now)

    def on_metadata(self, snapshot: ClusterSnapshot, now: float) -> None:
        """React to a new view of the cluster."""
        self.watch.on_metadata(snapshot)
        self._look(now)

    def next_wakeup(self) -> float:
        """Return when to ask for missing topics again; infinity for never."""
        asks_at = self.watch.next_wakeup()
        return math.inf if asks_at is None else asks_at

    def _look(self, now: float) -> None:
        self.watch.look(now)
        topics = self._subscriptions.subscription
        regex = self._subscriptions.remote_pattern
        if topics is None:
            self.current = None
        elif regex is not None:
            self.current = Subscribed(frozenset(), regex)
        elif self.watch.is_matched:
            self.current = Subscribed(topics)
