"""What a KIP-848 member says of its subscription, and the metadata it needs.  Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kafka.cluster import ClusterSnapshot
from kafka.coordinator.heartbeat_writer import Subscribed
from kafka.coordinator.membership import RaiseFromPoll, RequestMetadata, WantTopics
from kafka.errors import RetriableError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kafka.coordinator.membership import Action
    from kafka.subscription import SubscriptionState

_NO_TOPICS: frozenset[str] = frozenset()


class SubscribedTopics:
    """Follow the subscription; match its pattern, unless the brokers do that.

    Args:
        subscriptions: what the user wants; its subscription follows the pattern.
        actions: where to put what is to be done.
        exclude_internal: whether the pattern leaves internal topics out.

    Attributes:
        snapshot: the cluster as known now.
        current: what the coordinator is to hear; ``None`` while a first pattern waits for the list
            of all topics. What an earlier pattern matched stands until the new one is matched, so
            that nothing is taken from the member only because the pattern changes.
    """

    def __init__(
        self, subscriptions: SubscriptionState, actions: list[Action], *, exclude_internal: bool
    ) -> None:
        self._subscriptions = subscriptions
        self._actions = actions
        self._exclude_internal = exclude_internal
        self.snapshot = ClusterSnapshot()
        self.current: Subscribed | None = None
        self._pattern_since = 0
        self._wanted: frozenset[str] | None = _NO_TOPICS
        self._owned = _NO_TOPICS

    def __repr__(self) -> str:
        """Return a status line."""
        return f"<SubscribedTopics {self.current}>"

    @property
    def is_subscribed(self) -> bool:
        """Whether topics or a pattern are subscribed to."""
        return self._subscriptions.subscription is not None

    def on_subscription(self) -> None:
        """React to subscribe, assign or unsubscribe."""
        subscriptions = self._subscriptions
        if subscriptions.subscription is None:
            self.current = None
        elif subscriptions.remote_pattern is not None:
            self.current = Subscribed(_NO_TOPICS, subscriptions.remote_pattern)
        elif subscriptions.pattern is not None:
            # What was listed for an older pattern may lack topics that are there by now.
            self._pattern_since = self.snapshot.version
            self._actions.append(RequestMetadata())
        else:
            self.current = Subscribed(subscriptions.subscription)
        self._want()

    def on_metadata(self, snapshot: ClusterSnapshot) -> None:
        """React to a new view of the cluster: topics that appear, errors of topics."""
        self.snapshot = snapshot
        subscriptions = self._subscriptions
        if subscriptions.pattern is not None:
            self._match_pattern()
        for topic in sorted(subscriptions.subscription or ()):
            error = snapshot.topic_error(topic)
            if error is not None and not issubclass(error, RetriableError):
                self._actions.append(RaiseFromPoll(topic, error(topic)))

    def on_owned(self, topics: Iterable[str]) -> None:
        """React to partitions of *topics* being owned: they need metadata until they are not."""
        self._owned = frozenset(topics)
        self._want()

    def _match_pattern(self) -> None:
        if self.snapshot.all_listed_in <= self._pattern_since:
            return
        subscriptions = self._subscriptions
        # A topic that is not there for a moment stays subscribed to.
        before = subscriptions.subscription or _NO_TOPICS
        subscriptions.match(self.snapshot.topics(self._exclude_internal) | before)
        self.current = Subscribed(subscriptions.subscription or _NO_TOPICS)

    def _want(self) -> None:
        """Ask for the metadata of what is subscribed to and owned, if that has changed."""
        subscriptions = self._subscriptions
        wanted: frozenset[str] | None = None
        if subscriptions.pattern is None and subscriptions.remote_pattern is None:
            wanted = (subscriptions.subscription or _NO_TOPICS) | self._owned
        if wanted != self._wanted:
            self._wanted = wanted
            self._actions.append(WantTopics(wanted))
