"""Let the subscription follow the metadata: topics, patterns, and partitions that appear.  Pure.

`TopicWatch` says which topics the client has to know, matches the pattern against them, asks again
for topics that are missing, and remembers which partitions appeared after the subscription. Who
owns the partitions is for a `Membership` to decide.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kafka._base.retry import RetryState
from kafka.cluster import ClusterSnapshot
from kafka.coordinator.membership import RaiseFromPoll, RequestMetadata, WantTopics
from kafka.errors import RetriableError
from kafka.structs import TopicPartition
from kafka.subscription import SubscriptionType

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from kafka._base.backoff import ExponentialBackoff, Uniform
    from kafka.subscription import SubscriptionState


class TopicWatch:
    """Watch the topics of one consumer.

    Args:
        subscriptions: what the user wants; its subscription follows the pattern.
        exclude_internal: whether the pattern leaves internal topics out.
        backoff: between two questions about a topic that does not exist (yet).
        uniform: randomness for the back-off.

    Attributes:
        snapshot: the cluster, as known now.
        late: partitions that appeared after the subscription.
    """

    def __init__(
        self,
        subscriptions: SubscriptionState,
        *,
        exclude_internal: bool,
        backoff: ExponentialBackoff,
        uniform: Uniform,
    ) -> None:
        self.snapshot = ClusterSnapshot()
        self.late: set[TopicPartition] = set()
        self._subscriptions = subscriptions
        self._exclude_internal = exclude_internal
        self._backoff = backoff
        self._uniform = uniform
        self._actions: list[WantTopics | RequestMetadata] = []
        self._errors: dict[str, RaiseFromPoll] = {}
        self._others: frozenset[str] = frozenset()
        self._retry = RetryState()
        self._ask_at: float | None = None
        self._pattern_since = 0
        self._pattern_matched = False

    def __repr__(self) -> str:
        """Return a status line."""
        return f"<TopicWatch ask_at={self._ask_at} {self._subscriptions!r}>"

    # -- inputs ----------------------------------------------------------------------------

    def on_subscription(self) -> None:
        """Want the topics that subscribe, assign or unsubscribe have named."""
        self.late.clear()
        if self._subscriptions.type is SubscriptionType.AUTO_PATTERN:
            # What was listed for an older pattern may lack topics that are there by now.
            self._pattern_since, self._pattern_matched = self.snapshot.version, False
            self._actions += [WantTopics(None), RequestMetadata()]
        else:
            self._want()

    def want_others(self, topics: Collection[str]) -> None:
        """Want *topics* besides those of the subscription, in place of those named before."""
        others = frozenset(topics)
        if others != self._others:
            self._others = others
            if self._subscriptions.type is not SubscriptionType.AUTO_PATTERN:
                self._want()

    def request_metadata(self) -> None:
        """Ask the brokers soon."""
        self._actions.append(RequestMetadata())

    def on_metadata(self, snapshot: ClusterSnapshot) -> None:
        """Take over a new view of the cluster."""
        self.snapshot = snapshot

    # -- decisions -------------------------------------------------------------------------

    @property
    def is_matched(self) -> bool:
        """Whether the topics subscribed to are known by name, as those of a pattern need not be."""
        return self._subscriptions.pattern is None or self._pattern_matched

    def look(self, now: float) -> Mapping[str, tuple[TopicPartition, ...] | None] | None:
        """Let the subscription follow the metadata.

        Returns:
            The partitions of each topic subscribed to, in the order of the names; ``None`` for a
            topic that is not known now, and altogether without a subscription, or before the
            topics that the pattern matches are known.
        """
        subscriptions = self._subscriptions
        if subscriptions.pattern is not None and not self._match_pattern():
            return None
        topics = subscriptions.subscription
        if topics is None:
            self._ask_again(now, missing=False)
            return None
        missing = any(self._may_appear(topic) for topic in self._others - topics)
        found: dict[str, tuple[TopicPartition, ...] | None] = {}
        for topic in sorted(topics):
            found[topic] = self._partitions(topic)
            if found[topic] is None:
                missing |= self._is_missing(topic)
        self._ask_again(now, missing=missing)
        return found

    def poll(self, now: float) -> list[WantTopics | RequestMetadata]:
        """Return what the inputs asked for; ask again for missing topics when that is due."""
        if self._ask_at is not None and now >= self._ask_at:
            self._ask_at = None
            self._actions.append(RequestMetadata())
        actions, self._actions = self._actions, []
        return actions

    def take_errors(self) -> list[RaiseFromPoll]:
        """Return the errors of topics; to be told after a new assignment, which clears them."""
        errors, self._errors = self._errors, {}
        return list(errors.values())

    def next_wakeup(self) -> float | None:
        """Return when to ask again for missing topics."""
        return self._ask_at

    def _want(self) -> None:
        subscriptions = self._subscriptions
        assigned = {tp.topic for tp in subscriptions.user_assignment}
        topics = subscriptions.subscription or frozenset()
        self._actions.append(WantTopics(topics | assigned | self._others))

    def _match_pattern(self) -> bool:
        """Match the pattern against all topics; return whether they are known yet."""
        if self.snapshot.all_listed_in <= self._pattern_since:
            return False
        subscriptions = self._subscriptions
        before = subscriptions.subscription or frozenset()
        names = self.snapshot.topics(self._exclude_internal)
        # A topic that is not there for a moment keeps its partitions.
        subscriptions.match(names | before)
        if self._pattern_matched:
            for topic in (subscriptions.subscription or frozenset()) - before:
                subscriptions.note_partitions(topic, 0)
        self._pattern_matched = True
        return True

    def _partitions(self, topic: str) -> tuple[TopicPartition, ...] | None:
        """Return all partitions of *topic*, and note those that appeared after the subscription."""
        numbers = self.snapshot.partitions(topic)
        if numbers is None:
            return None
        appeared = self._subscriptions.note_partitions(topic, len(numbers))
        self.late.update(TopicPartition(topic, number) for number in appeared)
        return tuple(TopicPartition(topic, number) for number in sorted(numbers))

    def _is_missing(self, topic: str) -> bool:
        """React to a topic that is not known; return whether to ask about it again."""
        error = self.snapshot.topic_error(topic)
        if error is None:
            return False
        if not issubclass(error, RetriableError):
            self._errors[topic] = RaiseFromPoll(topic, error(topic))
            return False
        if all(tp.topic != topic for tp in self._subscriptions.assignment.partitions):
            # Whatever it will have appears after the subscription.
            self._subscriptions.note_partitions(topic, 0)
        return True

    def _may_appear(self, topic: str) -> bool:
        error = self.snapshot.topic_error(topic)
        return error is not None and issubclass(error, RetriableError)

    def _ask_again(self, now: float, *, missing: bool) -> None:
        """Ask for metadata again, less and less often, while a topic does not exist."""
        if missing:
            self._retry = self._retry.failed(now, self._backoff, self._uniform)
            self._ask_at = self._retry.not_before
        else:
            self._retry, self._ask_at = RetryState(), None
