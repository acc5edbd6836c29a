"""What a member of a classic group waits for, in words.  Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kafka.coordinator.classic_states import State
from kafka.protocol.messages.join_group import JoinGroupRequest
from kafka.protocol.messages.leave_group import LeaveGroupRequest
from kafka.protocol.messages.sync_group import SyncGroupRequest

if TYPE_CHECKING:
    from kafka.coordinator.handover import Handover
    from kafka.coordinator.join_round import JoinRound
    from kafka.coordinator.outbox import Outbox
    from kafka.coordinator.poll_timer import PollTimer

_ANSWERS = {
    JoinGroupRequest: "all members to join",
    SyncGroupRequest: "the leader of the group to assign partitions",
    LeaveGroupRequest: "the coordinator to let the member go",
}


def what_is_waited_for(
    state: State, user: PollTimer, outbox: Outbox, handover: Handover, current: JoinRound
) -> str | None:
    """Return what keeps the member from going on, ``None`` for nothing.

    Args:
        state: where it stands.
        user: whether the application polls.
        outbox: what was asked of the coordinator.
        handover: what the user's side is asked about its partitions.
        current: the round of joining.
    """
    if state is State.FATAL:
        return "another subscription, because of an error that stays"
    if state is State.UNJOINED and not user.is_running:
        return "the application to poll"
    if handover.is_taking or state is State.STABLE:
        return handover.waits_for or _coordinator(outbox)
    if current.work.is_busy:
        return "the application to poll, which runs its assignors"
    for kind, answer in _ANSWERS.items():
        if outbox.waits_for(kind):
            return answer
    if outbox.coordinator is None:
        return _coordinator(outbox)
    if state is State.SYNCING and not current.is_ready:
        return "the metadata of the topics of the group"
    if state is State.UNJOINED or (state is State.JOINING and not current.is_ready):
        return "the topics that match the pattern"
    return "the end of a back-off"


def _coordinator(outbox: Outbox) -> str | None:
    return "the coordinator of the group to be found" if outbox.coordinator is None else None
