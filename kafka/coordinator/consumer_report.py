"""How the membership in a KIP-848 group is going, for `health()` and the log.  Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kafka._base.logs import logger
from kafka.coordinator.consumer_states import BEATING, URGENT, MemberState
from kafka.coordinator.membership import NO_GENERATION, GroupHealth

if TYPE_CHECKING:
    from kafka.coordinator.consumer_heartbeats import Heartbeats
    from kafka.coordinator.poll_timer import PollTimer
    from kafka.coordinator.reconciliation import Reconciliation
    from kafka.coordinator.subscribed_topics import SubscribedTopics

log = logger(__name__)


def warn_of_silence(group_id: str, limit: float) -> None:
    """Log that the application has not polled for *limit* seconds."""
    log.warning(
        "group=%s leaves: the application has not polled for max_poll_interval_ms=%.0f. It joins "
        "again with the next poll; partitions go to other members meanwhile. Process fewer "
        "records at a time (max_poll_records), or raise max_poll_interval_ms",
        group_id,
        limit * 1000,
    )


class MemberReport:
    """Say what a member waits for, and since when.

    Args:
        heartbeats: the conversation with the coordinator.
        topics: what it subscribes to.
        way: to the partitions it is to own.
        user: when the application polled.
    """

    def __init__(
        self,
        heartbeats: Heartbeats,
        topics: SubscribedTopics,
        way: Reconciliation,
        user: PollTimer,
    ) -> None:
        self._heartbeats = heartbeats
        self._topics = topics
        self._way = way
        self._user = user
        self._waiting: tuple[str, float] | None = None

    def __repr__(self) -> str:
        """Return a status line."""
        return f"<MemberReport waiting={self._waiting}>"

    def note(self, state: MemberState, *, is_subscribed: bool, now: float) -> None:
        """Note what the member waits for now.

        Args:
            state: of the member.
            is_subscribed: whether it wants to be a member.
            now: seconds.
        """
        found = self._way.handover.waits_for
        if found is None and state in BEATING:
            found = self._beating(state)
        elif found is None and is_subscribed:
            found = "the application to ask for records"
        if found is None:
            self._waiting = None
        elif self._waiting is None or self._waiting[0] != found:
            self._waiting = (found, now)

    def _beating(self, state: MemberState) -> str | None:
        if self._heartbeats.timer.coordinator is None:
            return "the coordinator to be found"
        if state is MemberState.JOINING and self._topics.current is None:
            return "the list of all topics"
        if state is MemberState.RECONCILING and self._way.waits_for_names:
            return "the names of assigned topics"
        return "the coordinator's answer" if state in URGENT else None

    def health(self, state: MemberState, group_id: str, now: float) -> GroupHealth:
        """Return the report."""
        beats, polled = self._heartbeats, self._user.last
        answered = beats.timer.answered_at
        waiting_for, since = self._waiting or (None, None)
        return GroupHealth(
            group_id=group_id,
            protocol="consumer",
            state=state.value,
            member_id=beats.member_id,
            epoch=beats.epoch if beats.is_member else NO_GENERATION,
            coordinator=beats.timer.coordinator,
            last_heartbeat=None if answered is None else now - answered,
            last_poll=None if polled is None else now - polled,
            rebalance_reason=self._way.report.reason,
            waiting_for=waiting_for,
            waiting_since=None if since is None else now - since,
        )
