"""How the membership in a KIP-848 group is going, for `health()` and the log.  Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kafka._base.logs import logger
from kafka.coordinator.consumer_states import BEATING, URGENT, MemberState
from kafka.coordinator.membership import NO_GENERATION, SILENCE, GroupHealth

if TYPE_CHECKING:
    from kafka.coordinator.consumer_heartbeats import Heartbeats
    from kafka.coordinator.poll_timer import PollTimer
    from kafka.coordinator.reconciliation import Reconciliation
    from kafka.coordinator.subscribed_topics import SubscribedTopics
    from kafka.errors import KafkaError

log = logger(__name__)


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
        self._has_warned = False

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

    def warn_of_wish(self, reason: str) -> None:
        """Log, once, that the group does not rebalance because a member asks for it."""
        if not self._has_warned:
            self._has_warned = True
            log.warning(
                "group=%s does not rebalance because a member asks for it (%s): with "
                "group_protocol 'consumer' the coordinator decides on that",
                self._heartbeats.me.group_id,
                reason,
            )

    def warn_of_fence(self, error: KafkaError) -> None:
        """Log that the coordinator has given the member up."""
        me = self._heartbeats.me
        log.warning(
            "group=%s member=%s was given up by the coordinator: %s",
            me.group_id,
            me.member_id,
            error,
        )

    def health(self, state: MemberState, now: float) -> GroupHealth:
        """Return the report."""
        beats, polled = self._heartbeats, self._user.last
        answered = beats.timer.answered_at
        silent_since = beats.timer.silent_since(now)
        silence = None if silent_since is None else (SILENCE, silent_since)
        waiting_for, since = self._waiting or silence or (None, None)
        return GroupHealth(
            group_id=beats.me.group_id,
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
