"""When a member of a classic group sends heartbeats, and when its session is over.  Pure.

While JoinGroup waits for the other members, heartbeats go on: nothing else would tell that its
coordinator is not there any more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kafka.coordinator.classic_requests import heartbeat_request
from kafka.coordinator.membership import GROUP, UNANSWERED
from kafka.protocol.messages.heartbeat import HeartbeatRequest
from kafka.protocol.messages.join_group import JoinGroupRequest
from kafka.protocol.messages.leave_group import LeaveGroupRequest

if TYPE_CHECKING:
    from kafka.coordinator.classic_states import ClassicSettings
    from kafka.coordinator.membership import MemberIdentity
    from kafka.coordinator.outbox import Outbox


class Heartbeats:
    """The heartbeats of one member.

    Args:
        settings: interval and time-outs.
        outbox: where they go.

    Attributes:
        answered_at: when the coordinator last answered one, ``None`` before the first.
        is_doubtful: whether the coordinator may have dropped the member without this client having
            asked since.
    """

    def __init__(self, settings: ClassicSettings, outbox: Outbox) -> None:
        self.answered_at: float | None = None
        self.is_doubtful = False
        self._interval = settings.heartbeat_interval
        self._session_timeout = settings.session_timeout
        # Given up early enough for another one within the session.
        half_session = max(settings.heartbeat_interval, settings.session_timeout / 2)
        self._request_timeout = min(settings.request_timeout, half_session)
        self._outbox = outbox
        self._due_at = 0.0
        self._session_ends = 0.0

    def __repr__(self) -> str:
        """Return a status line."""
        return f"<Heartbeats due_at={self._due_at:.3f} session_ends={self._session_ends:.3f}>"

    def on_session(self, now: float) -> None:
        """Begin a session: the coordinator hears of the member by another request."""
        self._due_at = now + self._interval
        self._session_ends = now + self._session_timeout

    def on_answered(self, now: float) -> None:
        """React to a coordinator that is there."""
        self.answered_at = now
        self._session_ends = now + self._session_timeout

    def doubt(self, now: float) -> None:
        """Ask at once whether the member is still one; what was asked before does not tell."""
        self.is_doubtful = True
        self._outbox.forget(HeartbeatRequest)
        self._due_at = now

    def hasten(self, now: float) -> None:
        """Send the next one at once."""
        self._due_at = now

    def beat(self, member: MemberIdentity, now: float) -> None:
        """Send one if it is due."""
        if not self._beats(member):
            return
        outbox = self._outbox
        outbox.find_coordinator()
        if outbox.waits_for(HeartbeatRequest) or now < self._due_at or not outbox.is_open(now):
            return
        request = heartbeat_request(member)
        outbox.send(request, GROUP, timeout=self._request_timeout, sender=member)
        self._due_at = now + self._interval

    def has_lost(self, member: MemberIdentity, now: float) -> bool:
        """Return whether the coordinator was silent for a session; true once in a session."""
        if not self._beats(member) or now < self._session_ends:
            return False
        self._session_ends = now + self._session_timeout
        return self._outbox.coordinator is not None

    def silent_since(self, now: float) -> float | None:
        """Return when the coordinator was last heard of, if heartbeats have remained unanswered."""
        heard = self._session_ends - self._session_timeout
        return heard if now - heard >= UNANSWERED * self._interval else None

    def next_wakeup(self, member: MemberIdentity) -> float | None:
        """Return when there is something to do for *member*."""
        if not self._beats(member):
            return None
        opens = self._outbox.opens_at()
        if opens is None or self._outbox.waits_for(HeartbeatRequest):
            return self._session_ends
        return min(self._session_ends, max(opens, self._due_at))

    def _beats(self, member: MemberIdentity) -> bool:
        if not member.member_id or self._outbox.waits_for(LeaveGroupRequest):
            return False
        return member.epoch >= 0 or self._outbox.waits_for(JoinGroupRequest)
