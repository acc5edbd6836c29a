"""What a member of a classic group says to its coordinator, and what comes of the answers.  Pure.

It keeps who the member is for the coordinator. An answer counts only while it is waited for
(`kafka.coordinator.outbox`): a member that is reset, leaves or gives its coordinator up waits for
nothing that it asked before. What an answer means for the partitions is told as an `Event`; that is
for `kafka.coordinator.classic_membership` to act on.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Final, NamedTuple

from kafka._base.logs import logger
from kafka.coordinator.classic_heartbeats import Heartbeats
from kafka.coordinator.classic_requests import error_in, judge, leave_request
from kafka.coordinator.join_round import JoinRound
from kafka.coordinator.membership import GROUP, NO_GENERATION, MemberIdentity
from kafka.coordinator.outbox import Outbox
from kafka.errors import KafkaError, MemberIdRequiredError
from kafka.errors.verdict import Verdict
from kafka.protocol.messages.heartbeat import HeartbeatRequest, HeartbeatResponse
from kafka.protocol.messages.join_group import JoinGroupRequest, JoinGroupResponse
from kafka.protocol.messages.leave_group import LeaveGroupRequest
from kafka.protocol.messages.sync_group import SyncGroupRequest, SyncGroupResponse

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from kafka._base.backoff import Uniform
    from kafka.cluster import ClusterSnapshot
    from kafka.coordinator.classic_departure import Departure
    from kafka.coordinator.classic_states import ClassicSettings
    from kafka.coordinator.membership import Send
    from kafka.protocol.schema import Message
    from kafka.structs import TopicPartition

log = logger(__name__)


class News(Enum):
    """What has come of an answer."""

    JOINED = "joined"
    """A new generation has begun, and the assignment is to be found."""
    SYNCED = "synced"
    """The assignment has come."""
    REBALANCE = "rebalance"
    """The generation is over."""
    RESET = "reset"
    """The coordinator does not count the member any more; it may join afresh."""
    FAILED = "failed"
    """An error that stays."""
    LEFT = "left"
    """The coordinator has been told that the member leaves, or refuses to hear of it."""


class Event(NamedTuple):
    """Something that has come of an answer.

    Args:
        news: what.
        error: why, where there is one.
        partitions: the assignment.
    """

    news: News
    error: KafkaError | None = None
    partitions: tuple[TopicPartition, ...] = ()


_NEWS: Final[Mapping[Verdict, News]] = {
    Verdict.REJOIN: News.REBALANCE,
    Verdict.RESET: News.RESET,
}


class ClassicMember:
    """One member, as its coordinator knows it.

    Args:
        settings: the options.
        uniform: randomness for the back-off.
        new_number: makes the numbers of tasks.

    Attributes:
        me: who the member is, in which generation.
        outbox: what was asked, and whether the coordinator is known.
        round: the current attempt to join, and what has come of it.
        beats: the heartbeats.
        departure: how the member leaves, while it does.
        is_in_round: whether a member that leaves still waits for the generation that it has asked
            for: if that begins before it has left, it can commit in no other.
    """

    def __init__(
        self, settings: ClassicSettings, uniform: Uniform, new_number: Callable[[], int]
    ) -> None:
        self._nobody = MemberIdentity(settings.group_id, "", NO_GENERATION, settings.instance_id)
        self.me = self._nobody
        self.outbox = Outbox(settings.backoff, uniform)
        self.round = JoinRound(settings, self.outbox, new_number)
        self.beats = Heartbeats(settings, self.outbox)
        self.departure: Departure | None = None
        self.is_in_round = False
        self._session_timeout = settings.session_timeout
        self._request_timeout = settings.request_timeout

    def __repr__(self) -> str:
        """Return a status line."""
        return f"<ClassicMember {self.me.member_id!r} generation={self.me.epoch} {self.outbox!r}>"

    # -- questions -------------------------------------------------------------------------

    @property
    def identity(self) -> MemberIdentity | None:
        """What a commit carries; ``None`` while this is no member."""
        is_member = self.me.epoch >= 0 and not self.outbox.waits_for(LeaveGroupRequest)
        return self.me if is_member else None

    def next_wakeup(self) -> float | None:
        """Return when there is something to do."""
        times = [self.beats.next_wakeup(self.me)]
        if self.departure is not None:
            times.append(self.departure.gives_up_at)
        if self._is_about_to_send:
            times.append(self.outbox.opens_at())
        return min((time for time in times if time is not None), default=None)

    @property
    def _is_about_to_send(self) -> bool:
        """Whether only the back-off, or the coordinator, keeps a request from being sent."""
        if self.departure is not None:
            if self.is_in_round:
                return self.round.is_about_to_send
            leaves = self.departure.gives_up_at is not None
            return leaves and not self.outbox.waits_for(LeaveGroupRequest)
        return self.round.is_about_to_send

    def owes_assignment(self, departure: Departure, now: float) -> bool:
        """Return whether the group may wait for what only this member, which leaves, can share out.

        One that is not taken out of the group may be the leader of the generation that it has
        asked for. If it fell silent, no member could commit before its session has ended.
        """
        if not self.is_in_round or not departure.stays(self.me):
            return False
        may_lead = self.outbox.waits_for(JoinGroupRequest) or self.round.is_leader
        return may_lead and not departure.has_run_out(now)

    # -- what the membership decides -------------------------------------------------------

    def stop(self, *, keeps_id: bool = False) -> None:
        """Be no member any more.

        Args:
            keeps_id: whether to join again under the same id.
        """
        self.me = self._nobody._replace(member_id=self.me.member_id if keeps_id else "")
        self.beats.is_doubtful = False
        self.outbox.forget()
        self.end_round()

    def leave(self, departure: Departure, *, syncing: bool) -> None:
        """Begin to leave.

        Args:
            departure: how.
            syncing: whether the member is in a generation without having its assignment.
        """
        self.departure = departure
        if syncing or self.outbox.waits_for(JoinGroupRequest):
            self.is_in_round = True
        else:
            self.end_round()

    def leave_at_once(self, reason: str, now: float) -> None:
        """Tell the coordinator that the member leaves, and do not wait for the answer.

        A static member says nothing: it may come back before its session ends, without a rebalance.
        """
        me, outbox = self.me, self.outbox
        if me.member_id and me.instance_id is None and outbox.is_open(now):
            request = leave_request(me, reason)
            outbox.send(request, GROUP, timeout=self._request_timeout, sender=me)
            outbox.forget(LeaveGroupRequest)

    def end_round(self) -> None:
        """Ask for no generation any more, and wait for none."""
        self.is_in_round = False
        self.outbox.forget(JoinGroupRequest, SyncGroupRequest)
        self.round.forget()

    def warn_of_drop(self, error: KafkaError | None) -> None:
        """Log that the coordinator has dropped the member."""
        me = self.me
        log.warning(
            "group=%s member=%s is no member any more: %s", me.group_id, me.member_id, error
        )

    # -- answers ---------------------------------------------------------------------------

    def on_coordinator(
        self, node_id: int | None, error: KafkaError | None, now: float
    ) -> Event | None:
        """React to a coordinator that was found, lost, or cannot be found."""
        event: Event | None = None
        if node_id is None or self.outbox.coordinator not in {None, node_id}:
            event = self._lose_coordinator()
        self.outbox.on_coordinator(node_id)
        # It may know more of the group than the one before.
        self.beats.hasten(now)
        if error is None:
            return event
        if self.departure is not None:
            self.departure.error = error
            return None
        return Event(News.FAILED, error)

    def check(self, now: float) -> Event | None:
        """Look the coordinator up again when it has been silent for a session time-out."""
        if not self.beats.has_lost(self.me, now):
            return None
        log.warning(
            "group=%s coordinator=%s did not answer for %.1f s (session_timeout_ms);"
            " looking it up again",
            self.me.group_id,
            self.outbox.coordinator,
            self._session_timeout,
        )
        return self._lose_coordinator()

    def on_response(
        self, sent: Send, answer: Message | KafkaError, snapshot: ClusterSnapshot, now: float
    ) -> Event | None:
        """React to the answer to *sent*, unless it is not waited for any more."""
        if not self.outbox.take(sent):
            return None
        error = error_in(answer)
        if isinstance(answer, JoinGroupResponse) and isinstance(error, MemberIdRequiredError):
            self._adopt(answer.member_id, now)
            return None
        if error is not None:
            if self.is_in_round and isinstance(sent.request, JoinGroupRequest | SyncGroupRequest):
                self.end_round()
                return None
            return self._on_error(sent, error, now)
        self.outbox.on_success()
        try:
            return self._on_success(answer, snapshot, now)
        except KafkaError as unusable:
            if self.is_in_round:
                self.end_round()
                return None
            return Event(News.FAILED, unusable)

    def _adopt(self, member_id: str, now: float) -> None:
        """Join again at once: the coordinator wants to see its id before it counts us (KIP-394)."""
        if self.me.member_id:
            self.outbox.back_off(now)
        self.me = self.me._replace(member_id=member_id)

    def _on_success(
        self, answer: Message | KafkaError, snapshot: ClusterSnapshot, now: float
    ) -> Event | None:
        if isinstance(answer, HeartbeatResponse):
            self.beats.on_answered(now)
            self.beats.is_doubtful = False
            return None
        if isinstance(answer, JoinGroupResponse):
            self.round.on_joined(answer, snapshot)
            self.me = self.me._replace(member_id=answer.member_id, epoch=answer.generation_id)
            self.beats.on_session(now)
            return Event(News.JOINED)
        if isinstance(answer, SyncGroupResponse):
            if self.is_in_round:
                self.end_round()  # whatever it was assigned, it does not want it
                return None
            assignment = self.round.on_synced(answer, self.me.epoch)
            self.beats.on_session(now)
            return Event(News.SYNCED, partitions=assignment.partitions)
        return Event(News.LEFT)

    def _on_error(self, sent: Send, error: KafkaError, now: float) -> Event | None:
        request = sent.request
        what = judge(request, error)
        again = what in {Verdict.RETRY, Verdict.FIND_COORDINATOR}
        event: Event | None = None
        if again or (what is Verdict.RESET and isinstance(request, JoinGroupRequest)):
            self.outbox.back_off(now)
        if what is Verdict.FIND_COORDINATOR:
            event = self._lose_coordinator()
        elif isinstance(request, HeartbeatRequest):
            self.beats.on_answered(now)
            self.beats.is_doubtful &= what is not Verdict.REJOIN
            if self.outbox.waits_for(JoinGroupRequest) or sent.identity != self.me:
                # JoinGroup tells the same, or its answer, which came by another connection, has
                # overtaken this one, which is about the generation before.
                return None
        if isinstance(request, SyncGroupRequest) and again:
            return Event(News.REBALANCE, error)
        if isinstance(request, LeaveGroupRequest) and not again:
            return Event(News.LEFT, None if what is Verdict.SUCCEED else error)
        return event if again else Event(_NEWS.get(what, News.FAILED), error)

    def _lose_coordinator(self) -> Event | None:
        """Forget what was asked of the coordinator; a generation without assignment is over."""
        synced = not self.outbox.waits_for(SyncGroupRequest)
        self.outbox.forget()
        if self.is_in_round:
            self.end_round()
        self.outbox.on_coordinator(None)
        return None if synced else Event(News.REBALANCE)
