"""What a rebalance of a classic group takes from a member, and gives to it.  Pure.

With the eager protocol a member gives up all of its partitions before it joins. With the
cooperative one (KIP-429) it keeps them, and gives up afterwards what it was not given again; then
it joins once more, so that others get that. Partitions of topics that are not subscribed to any
more go before in any case.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kafka.coordinator.assignors.configured import group_protocol
from kafka.coordinator.assignors.strategy import RebalanceProtocol
from kafka.coordinator.handover import Handover
from kafka.coordinator.rebalance_report import RebalanceReport

if TYPE_CHECKING:
    from collections.abc import Collection

    from kafka.coordinator.classic_states import ClassicSettings
    from kafka.structs import TopicPartition
    from kafka.subscription import SubscriptionState


class Rebalance:
    """The partitions of one member, from one rebalance to the next.

    Args:
        subscriptions: what the user wants.
        settings: assignors and time-outs.
        late: partitions that appeared after the subscription; kept up to date by the caller.

    Attributes:
        handover: what the user's side is asked.
        report: what is logged.
    """

    def __init__(
        self,
        subscriptions: SubscriptionState,
        settings: ClassicSettings,
        late: Collection[TopicPartition],
    ) -> None:
        self.handover = Handover(settings.group_id, subscriptions, auto_commit=settings.auto_commit)
        self.report = RebalanceReport(settings.group_id, settings.observer)
        self._subscriptions = subscriptions
        self._settings = settings
        self._is_eager = group_protocol(settings.strategies) is RebalanceProtocol.EAGER
        self._late = late
        self._commit_by = 0.0
        # What SyncGroup has brought, until what others get is given up.
        self._given: tuple[TopicPartition, ...] | None = None

    def __repr__(self) -> str:
        """Return a status line."""
        protocol = "EAGER" if self._is_eager else "COOPERATIVE"
        return f"<Rebalance {protocol} {self.handover!r} {self.report!r}>"

    def begin(self, reason: str, now: float) -> None:
        """Begin one, because of *reason*; the coordinator waits so long for the member to join."""
        self.report.begin(reason, now)
        self._commit_by = now + self._settings.rebalance_timeout
        self._given = None

    def make_way(self, generation: int, now: float) -> bool:
        """Revoke what has to be before JoinGroup; return whether that is done.

        Args:
            generation: the current one.
            now: seconds.
        """
        if self.handover.is_taking:
            return False
        if self._given is not None:
            self._give(self._given, generation, now)
            self.begin("partitions that others wait for were given up", now)
        owned = self.handover.owned
        unwanted = [tp for tp in owned if self._is_eager or not self._wants(tp)]
        self._take(unwanted)
        return not unwanted

    def apply(self, assigned: tuple[TopicPartition, ...], generation: int, now: float) -> bool:
        """Own what SyncGroup has brought; return whether something has to be revoked before.

        Args:
            assigned: all partitions to own.
            generation: the new one.
            now: seconds.
        """
        owned = self.handover.owned
        wanted = tuple(tp for tp in assigned if tp in owned or self._wants(tp))
        revoked = [tp for tp in owned if tp not in wanted]
        if not revoked:
            self._give(wanted, generation, now)
            return False
        self._given = wanted
        self._commit_by = now + self._settings.rebalance_timeout
        self._take(revoked)
        return True

    def give_up_all(self, commit_by: float) -> bool:
        """Revoke all partitions, because the member leaves; return whether that is done."""
        self._given = None
        if self.handover.keeps_some:
            # Also while some of them are taken: nothing is handed out any more.
            self._commit_by = commit_by
            self._take(self.handover.owned)
        elif self.handover.is_taking:
            # A commit for a rebalance that was about to give up may go on while it leaves.
            self.handover.extend(commit_by)
        return not self.handover.is_taking

    def lose(self, *, wait_for_user: bool = False) -> None:
        """Give up all partitions: the member is none any more."""
        self._given = None
        self.report.revoke(self.handover.owned)
        self.handover.lose(wait_for_user=wait_for_user)

    def _take(self, partitions: Collection[TopicPartition]) -> None:
        self.report.revoke(partitions)
        self.handover.take(partitions, commit_by=self._commit_by)

    def _give(self, partitions: tuple[TopicPartition, ...], generation: int, now: float) -> None:
        added = self.handover.give(partitions, self._late)
        self.report.end(generation, added, len(partitions), now)

    def _wants(self, tp: TopicPartition) -> bool:
        """Return whether a partition belongs to the subscription, whoever knew of it first."""
        pattern, topics = self._subscriptions.pattern, self._subscriptions.subscription
        if pattern is not None:
            return pattern.match(tp.topic) is not None
        return topics is not None and tp.topic in topics
