"""The way of a KIP-848 member from the partitions it owns to those it is to own.  Pure.

What is not to be owned any more is given up first, inside a call of the user, and the coordinator
hears of that before anything else happens, because others wait for it. What is new is owned at
once, also while the user computes. A target that comes while partitions are being given up waits
until that is done.
"""

from __future__ import annotations

import math
from enum import Enum
from typing import TYPE_CHECKING

from kafka._base.retry import RetryState
from kafka.coordinator.membership import Assign, RequestMetadata
from kafka.coordinator.ownership import Ownership
from kafka.coordinator.user_side import UserSide

if TYPE_CHECKING:
    from collections.abc import Mapping
    from uuid import UUID

    from kafka._base.backoff import Uniform
    from kafka.coordinator.consumer_settings import ConsumerSettings
    from kafka.coordinator.membership import Action, UserTask
    from kafka.coordinator.ownership import TopicIdPartition
    from kafka.coordinator.rebalance_log import RebalanceLog
    from kafka.coordinator.subscribed_topics import SubscribedTopics
    from kafka.structs import TopicPartition


class Progress(Enum):
    """Where a member stands."""

    REVOKING = "revoking"
    """It waits for the user's side."""
    CHANGED = "changed"
    """The coordinator has to hear of what it owns now."""
    WAITING = "waiting"
    """Topics of the target have no names yet."""
    REACHED = "reached"


class Reconciliation:
    """Own what the coordinator assigns.

    Args:
        actions: where to put what is to be done.
        topics: the cluster as known, and the metadata that is needed.
        settings: of the member.
        uniform: randomness for the back-off.
        log: hears of what changes.

    Attributes:
        ownership: what is owned, and the target.
        user: the user's side.
    """

    def __init__(
        self,
        actions: list[Action],
        topics: SubscribedTopics,
        settings: ConsumerSettings,
        uniform: Uniform,
        log: RebalanceLog,
    ) -> None:
        self._actions = actions
        self._topics = topics
        self._settings = settings
        self._uniform = uniform
        self._log = log
        self.ownership = Ownership()
        self.user = UserSide(actions, commits=settings.auto_commit)
        self._has_changed = False
        self._unresolved = 0
        self._names = RetryState()

    def __repr__(self) -> str:
        """Return a status line."""
        return f"<Reconciliation {self.ownership!r} unresolved={self._unresolved}>"

    @property
    def waits_for_names(self) -> bool:
        """Whether topics of the target have no names yet."""
        return self._unresolved > 0 and not self.user.is_revoking

    def next_wakeup(self) -> float:
        """Return when to ask for the names of topics again; infinity for never."""
        return self._names.not_before if self.waits_for_names else math.inf

    def advance(self, now: float) -> Progress:
        """Go as far as possible; return where that is."""
        if self.user.is_revoking:
            return Progress.REVOKING
        plan = self.ownership.plan(self._topics.snapshot)
        if plan.revoked and not self._has_changed:
            self._revoke(plan.revoked, now)
            return Progress.REVOKING
        if not plan.revoked and (plan.added or self._has_changed):
            self._own(plan.added)
        self._ask_names(plan.unresolved, now)
        if self._has_changed:
            return Progress.CHANGED
        return Progress.WAITING if plan.unresolved else Progress.REACHED

    def give_up(self, now: float) -> bool:
        """Give all partitions up; return whether that is done."""
        if self.user.is_revoking:
            return False
        if self.ownership.owned:
            self._revoke(frozenset(self.ownership.owned), now)
            return False
        return True

    def said(self) -> frozenset[TopicIdPartition]:
        """Return what is owned, which the coordinator is about to hear."""
        self._has_changed = False
        return self.ownership.ids

    def on_task_done(self, task: UserTask, error: BaseException | None) -> None:
        """Go on: the application has come back, or the listener has."""
        revoked = self.user.on_task_done(task, error)
        if revoked:
            self.ownership.remove(revoked)
            self._assign()
            self._log.change(revoked=revoked, owned=len(self.ownership.owned))

    def lose(self) -> None:
        """Own nothing from now on; the listener hears that it was lost."""
        lost = self.ownership.clear()
        if lost:
            self._assign()
        self._has_changed = False
        self._unresolved, self._names = 0, RetryState()
        self._log.abandon()
        self.user.lose(lost)

    def _revoke(self, partitions: frozenset[TopicPartition], now: float) -> None:
        self.user.revoke(partitions, now + self._settings.max_poll_interval)

    def _own(self, added: Mapping[TopicPartition, UUID]) -> None:
        self.ownership.add(added)
        if added:
            self._assign()
            self._log.change(assigned=added, owned=len(self.ownership.owned))
        # Also of nothing: the listener hears that a rebalance has ended.
        self.user.tell_assigned(frozenset(added))

    def _assign(self) -> None:
        """Have the consumer own what the member owns."""
        self._has_changed = True
        self._actions.append(Assign(self.ownership.partitions, ()))
        self._topics.on_owned(tp.topic for tp in self.ownership.owned)

    def _ask_names(self, unresolved: int, now: float) -> None:
        """Ask for metadata while topics that are assigned have no names, less and less often."""
        self._unresolved = unresolved
        if not unresolved:
            self._names = RetryState()
        elif self._names.may_start(now):
            self._names = self._names.failed(now, self._settings.backoff, self._uniform)
            self._actions.append(RequestMetadata())
