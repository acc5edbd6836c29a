"""Membership without a group: the consumer owns all partitions of what it subscribes to.  Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kafka._base.retry import RetryState
from kafka.cluster import ClusterSnapshot
from kafka.coordinator.membership import Assign, RaiseFromPoll, RequestMetadata, WantTopics
from kafka.errors import RetriableError
from kafka.structs import TopicPartition
from kafka.subscription import SubscriptionType

if TYPE_CHECKING:
    from kafka._base.backoff import ExponentialBackoff, Uniform
    from kafka.coordinator.membership import Action
    from kafka.subscription import SubscriptionState


class GrouplessMembership:
    """Follow the topics subscribed to, and the pattern; without a subscription, `assign`.

    Args:
        subscriptions: what the user wants; its subscription follows the pattern.
        exclude_internal: whether the pattern leaves internal topics out.
        backoff: between two questions about a topic that does not exist (yet).
        uniform: randomness for the back-off.
    """

    def __init__(
        self,
        subscriptions: SubscriptionState,
        *,
        exclude_internal: bool,
        backoff: ExponentialBackoff,
        uniform: Uniform,
    ) -> None:
        self._subscriptions = subscriptions
        self._exclude_internal = exclude_internal
        self._backoff = backoff
        self._uniform = uniform
        self._snapshot = ClusterSnapshot()
        self._actions: list[Action] = []
        self._errors: dict[str, RaiseFromPoll] = {}
        self._retry = RetryState()
        self._ask_at: float | None = None
        self._pattern_since = 0
        self._pattern_matched = False

    def __repr__(self) -> str:
        """Return a status line."""
        return f"<GrouplessMembership ask_at={self._ask_at} {self._subscriptions!r}>"

    # -- inputs ----------------------------------------------------------------------------

    def on_subscription(self, now: float) -> None:
        """Apply what subscribe, assign or unsubscribe have changed."""
        subscriptions = self._subscriptions
        kind = subscriptions.type
        if kind is SubscriptionType.AUTO_PATTERN:
            # What was listed for an older pattern may lack topics that are there by now.
            self._pattern_since, self._pattern_matched = self._snapshot.version, False
            self._actions += [WantTopics(None), RequestMetadata()]
        elif kind is SubscriptionType.AUTO_TOPICS:
            self._actions.append(WantTopics(subscriptions.subscription or frozenset()))
        else:
            wanted = subscriptions.user_assignment
            self._actions.append(WantTopics(frozenset(tp.topic for tp in wanted)))
            self._actions.append(Assign(wanted, ()))
        if not self._follow(now) and subscriptions.subscription is not None:
            # The partitions stay, but the errors of the subscription before are cleared.
            kept = tuple(state.tp for state in subscriptions.assignment)
            self._actions.append(Assign(kept, ()))

    def on_metadata(self, snapshot: ClusterSnapshot, now: float) -> None:
        """Follow topics and partitions that appear, and errors of topics."""
        self._snapshot = snapshot
        self._follow(now)

    def on_user_poll(self, now: float) -> None:
        """Do nothing: there is no group to join."""

    # -- decisions -------------------------------------------------------------------------

    def poll(self, now: float) -> list[Action]:
        """Return what the inputs asked for; ask again for missing topics when that is due."""
        if self._ask_at is not None and now >= self._ask_at:
            self._ask_at = None
            self._actions.append(RequestMetadata())
        # Errors come last: a new assignment clears those of the assignment before.
        actions = [*self._actions, *self._errors.values()]
        self._actions, self._errors = [], {}
        return actions

    def next_wakeup(self) -> float | None:
        """Return when to ask again for missing topics."""
        return self._ask_at

    def _follow(self, now: float) -> bool:
        """Make the assignment follow the subscription; return whether it changes."""
        subscriptions = self._subscriptions
        if subscriptions.pattern is not None and not self._match_pattern():
            return False
        if subscriptions.subscription is None:
            self._ask_again(now, missing=False)
            return False
        wanted: list[TopicPartition] = []
        late: list[TopicPartition] = []
        missing = False
        for topic in sorted(subscriptions.subscription):
            if self._snapshot.partitions(topic) is None:
                missing |= self._is_missing(topic)
                wanted += self._owned(topic)
            else:
                found, appeared = self._partitions(topic)
                wanted += found
                late += appeared
        self._ask_again(now, missing=missing)
        if frozenset(wanted) == subscriptions.assignment.partitions:
            return False
        self._actions.append(Assign(tuple(wanted), tuple(late)))
        return True

    def _match_pattern(self) -> bool:
        """Match the pattern against all topics; return whether they are known yet."""
        if self._snapshot.all_listed_in <= self._pattern_since:
            return False
        subscriptions = self._subscriptions
        before = subscriptions.subscription or frozenset()
        names = self._snapshot.topics(self._exclude_internal)
        # A topic that is not there for a moment keeps its partitions.
        subscriptions.match(names | before)
        if self._pattern_matched:
            for topic in (subscriptions.subscription or frozenset()) - before:
                subscriptions.note_partitions(topic, 0)
        self._pattern_matched = True
        return True

    def _partitions(self, topic: str) -> tuple[list[TopicPartition], list[TopicPartition]]:
        """Return all partitions of *topic*, and those that appeared after the subscription."""
        numbers = sorted(self._snapshot.partitions(topic) or ())
        appeared = self._subscriptions.note_partitions(topic, len(numbers))
        return (
            [TopicPartition(topic, number) for number in numbers],
            [TopicPartition(topic, number) for number in appeared],
        )

    def _is_missing(self, topic: str) -> bool:
        """React to a topic that is not known; return whether to ask about it again."""
        error = self._snapshot.topic_error(topic)
        if error is None:
            return False
        if not issubclass(error, RetriableError):
            self._errors[topic] = RaiseFromPoll(topic, error(topic))
            return False
        if not self._owned(topic):
            # Whatever it will have appears after the subscription.
            self._subscriptions.note_partitions(topic, 0)
        return True

    def _owned(self, topic: str) -> list[TopicPartition]:
        return [tp for tp in self._subscriptions.assignment.partitions if tp.topic == topic]

    def _ask_again(self, now: float, *, missing: bool) -> None:
        """Ask for metadata again, less and less often, while a topic does not exist."""
        if missing:
            self._retry = self._retry.failed(now, self._backoff, self._uniform)
            self._ask_at = self._retry.not_before
        else:
            self._retry, self._ask_at = RetryState(), None
