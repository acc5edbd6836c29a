"""Membership without a group: the consumer owns all partitions of what it subscribes to.  Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kafka.coordinator.membership import Assign
from kafka.coordinator.topic_watch import TopicWatch
from kafka.subscription import SubscriptionType

if TYPE_CHECKING:
    from kafka._base.backoff import ExponentialBackoff, Uniform
    from kafka.cluster import ClusterSnapshot
    from kafka.coordinator.membership import Action
    from kafka.structs import TopicPartition
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
        self._topics = TopicWatch(
            subscriptions, exclude_internal=exclude_internal, backoff=backoff, uniform=uniform
        )
        self._assigns: list[Assign] = []

    def __repr__(self) -> str:
        """Return a status line."""
        return f"<GrouplessMembership ask_at={self.next_wakeup()} {self._subscriptions!r}>"

    # -- inputs ----------------------------------------------------------------------------

    def on_subscription(self, now: float) -> None:
        """Apply what subscribe, assign or unsubscribe have changed."""
        subscriptions = self._subscriptions
        self._topics.on_subscription()
        if subscriptions.type in {SubscriptionType.NONE, SubscriptionType.USER_ASSIGNED}:
            self._assigns.append(Assign(subscriptions.user_assignment, ()))
        if not self._follow(now) and subscriptions.subscription is not None:
            # The partitions stay, but the errors of the subscription before are cleared.
            kept = tuple(state.tp for state in subscriptions.assignment)
            self._assigns.append(Assign(kept, ()))

    def on_metadata(self, snapshot: ClusterSnapshot, now: float) -> None:
        """Follow topics and partitions that appear, and errors of topics."""
        self._topics.on_metadata(snapshot)
        self._follow(now)

    def on_user_poll(self, now: float) -> None:
        """Do nothing: there is no group to join."""

    # -- decisions -------------------------------------------------------------------------

    def poll(self, now: float) -> list[Action]:
        """Return what the inputs asked for; ask again for missing topics when that is due."""
        assigns, self._assigns = self._assigns, []
        return [*self._topics.poll(now), *assigns, *self._topics.take_errors()]

    def next_wakeup(self) -> float | None:
        """Return when to ask again for missing topics."""
        return self._topics.next_wakeup()

    def _follow(self, now: float) -> bool:
        """Make the assignment follow the subscription; return whether it changes."""
        found = self._topics.look(now)
        if found is None:
            return False
        wanted: list[TopicPartition] = []
        for topic, partitions in found.items():
            wanted += self._owned(topic) if partitions is None else partitions
        owned = self._subscriptions.assignment.partitions
        if frozenset(wanted) == owned:
            return False
        late = tuple(tp for tp in wanted if tp in self._topics.late and tp not in owned)
        self._assigns.append(Assign(tuple(wanted), late))
        return True

    def _owned(self, topic: str) -> list[TopicPartition]:
        return [tp for tp in self._subscriptions.assignment.partitions if tp.topic == topic]
