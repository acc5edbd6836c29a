"""How a member of a classic group leaves it.  Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kafka.coordinator.classic_requests import leave_request
from kafka.coordinator.membership import GROUP, LeaveMode
from kafka.errors import KafkaTimeoutError
from kafka.protocol.messages.heartbeat import HeartbeatRequest
from kafka.protocol.messages.leave_group import LeaveGroupRequest

if TYPE_CHECKING:
    from kafka.coordinator.membership import MemberIdentity
    from kafka.coordinator.outbox import Outbox
    from kafka.errors import KafkaError


class Departure:
    """One attempt to leave, which begins when nothing is owned any more.

    Args:
        mode: whether to tell the group (KIP-1092).
        reason: why, for the broker's log (KIP-800).
        timeout: seconds to try for.

    Attributes:
        error: what keeps the coordinator from being told.
        gives_up_at: when to stop trying; ``None`` before the attempt has begun.
    """

    def __init__(self, mode: LeaveMode, reason: str, timeout: float) -> None:
        self.error: KafkaError | None = None
        self.gives_up_at: float | None = None
        self._mode = mode
        self._reason = reason
        self._timeout = timeout

    def __repr__(self) -> str:
        """Return a status line."""
        return f"<Departure {self._mode.name} gives_up_at={self.gives_up_at}>"

    def is_over(self, member: MemberIdentity, now: float) -> bool:
        """Return whether there is nobody to tell (any more); the first call begins the attempt."""
        has_run_out = self.has_run_out(now)
        if not self._tells(member) or self.error is not None:
            return True
        if has_run_out:
            self.error = KafkaTimeoutError(
                f"the coordinator of group {member.group_id} did not answer within "
                f"{self._timeout:.1f} s that this member has left; it counts as a member until "
                "its session ends"
            )
        return self.error is not None

    def has_run_out(self, now: float) -> bool:
        """Return whether the time for it is over; the first call begins the attempt."""
        if self.gives_up_at is None:
            self.gives_up_at = now + self._timeout
        return now >= self.gives_up_at

    def stays(self, member: MemberIdentity) -> bool:
        """Return whether the coordinator counts *member* on, until its session ends."""
        return bool(member.member_id) and self.error is None and not self._tells(member)

    def tell(self, member: MemberIdentity, outbox: Outbox, now: float) -> None:
        """Send LeaveGroup as soon as there is a coordinator."""
        outbox.find_coordinator()
        if self.gives_up_at is None or outbox.waits_for(LeaveGroupRequest):
            return
        if outbox.is_open(now):
            # Whatever a heartbeat brings now changes nothing.
            outbox.forget(HeartbeatRequest)
            request = leave_request(member, self._reason)
            outbox.send(request, GROUP, timeout=self.gives_up_at - now, sender=member)

    def _tells(self, member: MemberIdentity) -> bool:
        if not member.member_id or self._mode is LeaveMode.REMAIN:
            return False
        return self._mode is LeaveMode.LEAVE or member.instance_id is None
