"""The way of a KIP-848 member from the partitions it owns to those it is to own.  Pure.

What is not to be owned any more is given up first, inside a call of the user, and the coordinator
hears of that before anything else happens, because others wait for it. What is new is owned at
once, also while the user computes. A target that comes while partitions are given up waits until
that is done. The steps of giving and taking are in `kafka.coordinator.handover`.
"""

from __future__ import annotations

import math
from enum import Enum
from typing import TYPE_CHECKING

from kafka._base.retry import RetryState
from kafka.coordinator.handover import Handover
from kafka.coordinator.ownership import Ownership
from kafka.coordinator.rebalance_report import RebalanceReport

if TYPE_CHECKING:
    from collections.abc import Mapping
    from uuid import UUID

    from kafka._base.backoff import Uniform
    from kafka.coordinator.consumer_settings import ConsumerSettings
    from kafka.coordinator.ownership import TopicIdPartition
    from kafka.coordinator.topic_watch import TopicWatch
    from kafka.protocol.messages.consumer_group_heartbeat import ConsumerGroupHeartbeatResponse
    from kafka.structs import TopicPartition
    from kafka.subscription import SubscriptionState


class Progress(Enum):
    """Where a member stands."""

    TAKING = "taking"
    """Partitions are being given up."""
    CHANGED = "changed"
    """The coordinator has to hear of what it owns now, even if that is what it owned before."""
    WAITING = "waiting"
    """Topics of the target have no names yet, or a heartbeat has to be answered."""
    REACHED = "reached"


class Reconciliation:
    """Own what the coordinator assigns.

    Args:
        subscriptions: the listener.
        topics: the cluster as known, and the metadata that is needed.
        settings: of the member.
        uniform: randomness for the back-off.

    Attributes:
        ownership: what is owned, and the target.
        handover: the user's side.
        report: what is logged of it.
    """

    def __init__(
        self,
        subscriptions: SubscriptionState,
        topics: TopicWatch,
        settings: ConsumerSettings,
        uniform: Uniform,
    ) -> None:
        self._topics = topics
        self._settings = settings
        self._uniform = uniform
        self.ownership = Ownership()
        self.handover = Handover(settings.group_id, subscriptions, auto_commit=settings.auto_commit)
        self.report = RebalanceReport(settings.group_id, settings.observer)
        self._added: list[TopicPartition] = []
        # The coordinator waits for the word that a target is reached.
        self._is_new_target = False
        self._has_changed = False
        self._is_lost = False
        self._unresolved = 0
        self._names = RetryState()

    def __repr__(self) -> str:
        """Return a status line."""
        return f"<Reconciliation {self.ownership!r} unresolved={self._unresolved}>"

    @property
    def waits_for_names(self) -> bool:
        """Whether topics of the target have no names yet."""
        return self._unresolved > 0 and not self.handover.is_taking

    def next_wakeup(self) -> float:
        """Return when to ask for the names of topics again; infinity for never."""
        return self._names.not_before if self.waits_for_names else math.inf

    # -- decisions -------------------------------------------------------------------------

    def aim(self, assignment: ConsumerGroupHeartbeatResponse.Assignment) -> None:
        """Take over a target."""
        self._is_new_target |= self.ownership.aim(assignment)

    def advance(self, now: float, *, may_own: bool) -> Progress:
        """Go towards the target as far as possible; return where that is.

        Args:
            now: seconds.
            may_own: whether more may be owned. Not while the coordinator is about to hear what is
                owned: it would give to others what this member has come to own meanwhile.
        """
        if not self._has_taken():
            return Progress.TAKING
        plan = self.ownership.plan(self._topics.snapshot)
        if plan.revoked and not self._has_changed:
            self._take(plan.revoked, now)
            return Progress.TAKING
        self._ask_names(plan.unresolved, now)
        if not may_own:
            return Progress.WAITING
        if not plan.revoked and (plan.added or self._has_changed):
            self._give(plan.added)
        if self._has_changed:
            return Progress.CHANGED
        if plan.unresolved:
            return Progress.WAITING
        return Progress.CHANGED if self._is_new_target else Progress.REACHED

    def give_up(self, now: float) -> bool:
        """Give all partitions up; return whether that is done, or nothing is left to give."""
        if self._is_lost:
            return True
        has_taken = self._has_taken()
        if self.handover.keeps_some:
            # Also while some of them are taken: nothing is handed out any more.
            self._take(frozenset(self.handover.owned), now)
            return False
        return has_taken

    def lose(self) -> None:
        """Be no member any more: the user hears that all partitions are lost."""
        self._is_lost = True
        self.ownership.clear()
        self.handover.lose()
        self._topics.want_others(())
        self._has_changed = self._is_new_target = False
        self._added.clear()
        self._unresolved, self._names = 0, RetryState()
        self.report.fail()

    def begin(self, reason: str, now: float) -> None:
        """Say that a rebalance begins."""
        self._is_lost = False
        self.report.begin(reason, now)

    def said(self) -> frozenset[TopicIdPartition]:
        """Return what is owned, which the coordinator is about to hear."""
        self._has_changed = self._is_new_target = False
        return self.ownership.ids

    def nothing_to_own(self) -> None:
        """Tell the listener that a new member has no partitions."""
        self.handover.give(())

    def reached(self, epoch: int, now: float) -> None:
        """Say that the target is reached."""
        self.report.end(epoch, self._added, len(self.ownership.owned), now)
        self._added.clear()

    # -- steps -----------------------------------------------------------------------------

    def _has_taken(self) -> bool:
        """Note what the user has given up; return whether nothing is being taken."""
        if self.handover.is_taking:
            return False
        self._is_lost = False
        gone = self.ownership.owned.keys() - set(self.handover.owned)
        if gone:
            self.ownership.remove(gone)
            self.report.revoke(gone)
            self._changed()
        return True

    def _take(self, partitions: frozenset[TopicPartition], now: float) -> None:
        self.handover.take(partitions, commit_by=now + self._settings.max_poll_interval)

    def _give(self, added: Mapping[TopicPartition, UUID]) -> None:
        self.ownership.add(added)
        # Also nothing: the listener hears that a rebalance has ended.
        self._added += self.handover.give(self.ownership.partitions, self._topics.late)
        if added:
            self._changed()

    def _changed(self) -> None:
        self._has_changed = True
        self._topics.want_others({tp.topic for tp in self.ownership.owned})

    def _ask_names(self, unresolved: int, now: float) -> None:
        """Ask for metadata while topics that are assigned have no names, less and less often."""
        self._unresolved = unresolved
        if not unresolved:
            self._names = RetryState()
        elif self._names.may_start(now):
            self._names = self._names.failed(now, self._settings.backoff, self._uniform)
            self._topics.request_metadata()
