"""How membership in a classic group is going, for `health()`.  Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kafka.coordinator.classic_states import State
from kafka.coordinator.membership import SILENCE, GroupHealth
from kafka.protocol.messages.join_group import JoinGroupRequest
from kafka.protocol.messages.leave_group import LeaveGroupRequest
from kafka.protocol.messages.sync_group import SyncGroupRequest

if TYPE_CHECKING:
    from kafka.coordinator.classic_member import ClassicMember
    from kafka.coordinator.poll_timer import PollTimer
    from kafka.coordinator.rebalance import Rebalance

_ANSWERS = {
    JoinGroupRequest: "all members to join",
    SyncGroupRequest: "the leader of the group to assign partitions",
    LeaveGroupRequest: "the coordinator to let the member go",
}


class ClassicHealth:
    """Say what a member waits for, and since when.

    Args:
        member: what it has asked of its coordinator.
        rebalance: what comes and goes.
        user: whether the application polls.
    """

    def __init__(self, member: ClassicMember, rebalance: Rebalance, user: PollTimer) -> None:
        self._member = member
        self._rebalance = rebalance
        self._user = user
        self._waits_for: str | None = None
        self._since = 0.0

    def __repr__(self) -> str:
        """Return a status line."""
        return f"<ClassicHealth waits_for={self._waits_for!r} since={self._since:.3f}>"

    def note(self, state: State, now: float) -> None:
        """Note what the member waits for now."""
        waits_for = self._find(state)
        if waits_for != self._waits_for:
            self._waits_for, self._since = waits_for, now

    def report(self, state: State, now: float) -> GroupHealth:
        """Return how it is going."""
        member, heartbeat, poll = self._member, self._member.beats.answered_at, self._user.last
        waits_for, since = self._waits_for, self._since
        silent_since = member.beats.silent_since(now)
        if waits_for is None and silent_since is not None:
            waits_for, since = SILENCE, silent_since
        return GroupHealth(
            group_id=member.me.group_id,
            protocol="classic",
            state=state.value,
            member_id=member.me.member_id,
            epoch=member.me.epoch,
            coordinator=member.outbox.coordinator,
            last_heartbeat=None if heartbeat is None else now - heartbeat,
            last_poll=None if poll is None else now - poll,
            rebalance_reason=self._rebalance.report.reason,
            waiting_for=waits_for,
            waiting_since=None if waits_for is None else now - since,
        )

    def _find(self, state: State) -> str | None:
        handover = self._rebalance.handover
        if state is State.FATAL:
            return "another subscription, because of an error that stays"
        if handover.waits_for is not None:
            return handover.waits_for
        if state is State.UNJOINED and not self._user.is_running:
            return "the application to poll"
        if self._member.outbox.coordinator is None:
            return "the coordinator of the group to be found"
        return None if state is State.STABLE else self._joining(state)

    def _joining(self, state: State) -> str:
        current, outbox = self._member.round, self._member.outbox
        if current.work.is_busy:
            return "the application to poll, which runs its assignors"
        for kind, answer in _ANSWERS.items():
            if outbox.waits_for(kind):
                return answer
        if current.is_ready or state is State.LEAVING:
            return "the end of a back-off"
        topics = (
            "topics of the group" if state is State.SYNCING else "topics that match the pattern"
        )
        return f"the metadata of the {topics}"
