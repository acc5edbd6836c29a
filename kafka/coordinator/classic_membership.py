"""Membership in a group with the classic protocol: join, sync, heartbeat, leave.  Pure.

The member joins with the first poll of the application. Afterwards it rejoins by itself, except
that partitions are taken away inside a call of the user only (`kafka.coordinator.handover`): all of
them before JoinGroup with the eager protocol, with the cooperative one (KIP-429) those that
SyncGroup has not given again. What is said in a generation is for `kafka.coordinator.join_round`.

An answer counts only while it is waited for (`kafka.coordinator.outbox`): a member that is reset,
leaves or gives its coordinator up waits for nothing that it asked before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from kafka._base.logs import logger
from kafka.coordinator.assignors.configured import group_protocol
from kafka.coordinator.assignors.strategy import RebalanceProtocol
from kafka.coordinator.classic_health import what_is_waited_for
from kafka.coordinator.classic_requests import error_in, judge, leave_request
from kafka.coordinator.classic_states import STATES, State
from kafka.coordinator.classic_departure import Departure
from kafka.coordinator.handover import Handover
from kafka.coordinator.classic_heartbeats import Heartbeats
from kafka.coordinator.join_round import JoinRound
from kafka.coordinator.membership import (
    GROUP,
    NO_GENERATION,
    GroupHealth,
    LeaveMode,
    Left,
    MemberIdentity,
    RaiseFromGroup,
)
from kafka.coordinator.outbox import Outbox
from kafka.coordinator.poll_timer import PollTimer
from kafka.coordinator.rebalance_report import RebalanceReport
from kafka.coordinator.topic_watch import TopicWatch
from kafka.errors import IllegalGenerationError, KafkaError, MemberIdRequiredError
from kafka.errors.verdict import Verdict
from kafka.protocol.messages.heartbeat import HeartbeatRequest, HeartbeatResponse
from kafka.protocol.messages.join_group import JoinGroupRequest, JoinGroupResponse
from kafka.protocol.messages.leave_group import LeaveGroupRequest, LeaveGroupResponse
from kafka.protocol.messages.sync_group import SyncGroupRequest, SyncGroupResponse
from kafka.subscription import SubscriptionType

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from kafka._base.backoff import Uniform
    from kafka.cluster import ClusterSnapshot
    from kafka.coordinator.classic_states import ClassicSettings
    from kafka.coordinator.membership import Action, CommitConsumed, Send, UserTask
    from kafka.protocol.schema import Message
    from kafka.structs import TopicPartition
    from kafka.subscription import SubscriptionState

log = logger(__name__)

_FIRST_JOIN: Final = "the consumer has subscribed"


class ClassicMembership:
    """One member of a classic group.

    Args:
        subscriptions: what the user wants; its subscription follows the pattern.
        settings: the options.
        uniform: randomness for the back-off.
    """

    def __init__(
        self, subscriptions: SubscriptionState, settings: ClassicSettings, *, uniform: Uniform
    ) -> None:
        self._subscriptions = subscriptions
        self._settings = settings
        self._is_eager = group_protocol(settings.strategies) is RebalanceProtocol.EAGER
        self._topics = TopicWatch(
            subscriptions,
            exclude_internal=settings.exclude_internal,
            backoff=settings.backoff,
            uniform=uniform,
        )
        group_id = settings.group_id
        self._handover = Handover(group_id, subscriptions, auto_commit=settings.auto_commit)
        self._outbox = Outbox(settings.backoff, uniform)
        self._round = JoinRound(settings, self._outbox, subscriptions.next_generation)
        self._beats = Heartbeats(settings, self._outbox)
        self._user = PollTimer(settings.rebalance_timeout)
        self._report = RebalanceReport(group_id)
        self._state = State.UNJOINED
        self._nobody = MemberIdentity(group_id, "", NO_GENERATION, settings.instance_id)
        self._me = self._nobody
        # Whether there is something to join for, and why the member joins (again).
        self._joins = False
        self._reason = _FIRST_JOIN
        self._why_rejoin: str | None = None
        # What SyncGroup has brought, until what others get is given up.
        self._given: tuple[TopicPartition, ...] | None = None
        self._commit_by = 0.0
        self._departure: Departure | None = None
        self._results: list[Left | RaiseFromGroup] = []
        self._waiting: tuple[str | None, float] = (None, 0.0)
        self._steps: Mapping[State, Callable[[float], None]] = {
            State.UNJOINED: self._start,
            State.PREPARING: self._prepare,
            State.JOINING: self._join,
            State.SYNCING: self._sync,
            State.STABLE: self._stay,
            State.LEAVING: self._go,
            State.FATAL: self._rest,
        }

    def __repr__(self) -> str:
        """Return a status line."""
        return (
            f"<ClassicMembership {self._state.name} group={self._settings.group_id}"
            f" generation={self._me.epoch} owned={len(self._handover.owned)}>"
        )

    @property
    def identity(self) -> MemberIdentity | None:
        """What a commit carries; ``None`` while the consumer is no member."""
        is_member = self._me.epoch >= 0 and not self._outbox.waits_for(LeaveGroupRequest)
        return self._me if is_member else None

    # -- inputs ----------------------------------------------------------------------------

    def on_subscription(self, now: float) -> None:
        """React to subscribe, or to the end of a subscription."""
        kind = self._subscriptions.type
        self._joins = kind in {SubscriptionType.AUTO_TOPICS, SubscriptionType.AUTO_PATTERN}
        if kind is not SubscriptionType.USER_ASSIGNED:
            self._topics.on_subscription()
        if self._joins:
            self._handover.refresh()
            if self._state is State.FATAL:
                self._move(State.UNJOINED)
            self._look(now)
        elif self._state is not State.UNJOINED:
            self.on_leave(LeaveMode.DEFAULT, "the consumer has unsubscribed", now)

    def on_metadata(self, snapshot: ClusterSnapshot, now: float) -> None:
        """Follow topics that match the pattern, and as the leader the partitions of all topics."""
        self._topics.on_metadata(snapshot)
        self._look(now)

    def on_user_poll(self, now: float) -> None:
        """Join with the first poll; keep ``max_poll_interval_ms``.

        Args:
            now: when the application has asked, which may be a while ago.
        """
        self._user.on_poll(now)
        self._handover.on_user_poll()
        self._round.work.on_user_poll()

    def on_coordinator(self, node_id: int | None, error: KafkaError | None, now: float) -> None:
        """React to the look-up of the coordinator; neither node nor error: it is lost."""
        if node_id is None or self._outbox.coordinator not in {None, node_id}:
            self._lose_coordinator(now)
        self._outbox.on_coordinator(node_id)
        self._beats.hasten(now)
        if error is None:
            return
        if self._departure is not None:
            self._departure.error = error
        elif self._joins and self._state is not State.FATAL:
            self._fail(error)

    def on_response(self, sent: Send, answer: Message | KafkaError, now: float) -> None:
        """React to the answer to *sent*, unless it is not waited for any more."""
        if not self._outbox.take(sent):
            return
        error = error_in(answer)
        if isinstance(answer, JoinGroupResponse) and isinstance(error, MemberIdRequiredError):
            if self._me.member_id:
                self._outbox.back_off(now)
            # KIP-394: the coordinator wants to see the id again before it counts the member.
            self._me = self._me._replace(member_id=answer.member_id)
        elif error is not None:
            self._on_error(sent.request, error, now)
        else:
            self._on_success(answer, now)

    def on_task_done(
        self, task: UserTask, error: BaseException | None, now: float, result: object = None
    ) -> None:
        """React to the end of a task of the user's side."""
        self._round.work.on_task_done(task, error, result)
        if self._handover.on_task_done(task, error, now):
            self._user.on_return(now)

    def on_committed(self, action: CommitConsumed, error: KafkaError | None, now: float) -> None:
        """Go on with what is revoked, whether the commit has succeeded or not."""
        self._handover.on_committed(action, error)

    def on_rejoin(self, reason: str, now: float) -> None:
        """Rejoin soon, unless the member is about to anyway."""
        if self._state is State.STABLE:
            self._why_rejoin = self._why_rejoin or reason

    def on_leave(self, mode: LeaveMode, reason: str, now: float) -> None:
        """Give up all partitions and leave; ends with `Left`."""
        self._joins = False
        if self._departure is not None:
            return
        self._departure = Departure(mode, reason, self._settings.request_timeout)
        self._commit_by = now + self._settings.request_timeout
        self._outbox.forget(JoinGroupRequest, SyncGroupRequest)
        self._end_round()
        self._move(State.LEAVING)

    # -- decisions -------------------------------------------------------------------------

    def poll(self, now: float) -> list[Action]:
        """Return the actions that are due."""
        self._check_user(now)
        self._check_coordinator(now)
        before = None
        while before is not self._state:
            before = self._state
            self._steps[before](now)
        self._beats.beat(self._me, now)
        self._note_wait(now)
        results, self._results = self._results, []
        return [
            *self._topics.poll(now),
            *self._handover.take_actions(),
            *self._round.work.take_actions(),
            *self._outbox.take_actions(),
            *self._topics.take_errors(),
            *results,
        ]

    def next_wakeup(self) -> float | None:
        """Return when to poll again if no input comes before."""
        times = [self._topics.next_wakeup(), self._beats.next_wakeup(self._me)]
        if self._is_in_use:
            times.append(self._user.expires_at())
        if self._is_about_to_send:
            times.append(self._outbox.opens_at())
        if self._departure is not None:
            times.append(self._departure.gives_up_at)
        return min((time for time in times if time is not None), default=None)

    def health(self, now: float) -> GroupHealth:
        """Return how it is going."""
        waits_for, since = self._waiting
        heartbeat, poll = self._beats.answered_at, self._user.last
        return GroupHealth(
            group_id=self._settings.group_id,
            protocol="classic",
            state=self._state.name,
            member_id=self._me.member_id,
            epoch=self._me.epoch,
            coordinator=self._outbox.coordinator,
            last_heartbeat=None if heartbeat is None else now - heartbeat,
            last_poll=None if poll is None else now - poll,
            rebalance_reason=self._report.reason,
            waiting_for=waits_for,
            waiting_since=None if waits_for is None else now - since,
        )

    # -- what each state does --------------------------------------------------------------

    def _start(self, now: float) -> None:
        """UNJOINED: join once there is a subscription, and the application polls."""
        if not self._joins or not self._user.is_running:
            return
        # The look-up runs beside the metadata that a pattern waits for.
        self._outbox.find_coordinator()
        if self._topics.is_matched and not self._handover.is_taking:
            self._report.begin(self._reason, now)
            self._move(State.JOINING)

    def _prepare(self, now: float) -> None:
        """PREPARING: revoke what has to be, then join."""
        if self._handover.is_taking:
            return
        if self._given is not None:
            given, self._given = self._given, None
            self._give(given, now)
            self._reason = "partitions that others wait for were given up"
            self._report.begin(self._reason, now)
        unwanted = [tp for tp in self._handover.owned if self._is_eager or not self._wants(tp)]
        if unwanted:
            self._take(unwanted)
        else:
            self._end_round()
            self._move(State.JOINING)

    def _join(self, now: float) -> None:
        """JOINING: send JoinGroup."""
        topics = self._subscriptions.subscription
        if topics is None or not self._topics.is_matched:
            return
        owned = self._handover.owned
        if self._round.join(self._me, topics, owned, reason=self._reason, now=now):
            self._beats.on_session(now)

    def _sync(self, now: float) -> None:
        """SYNCING: share out as the leader, and send SyncGroup."""
        self._round.sync(self._me, self._topics.snapshot, now)

    def _stay(self, now: float) -> None:
        """STABLE: rejoin when there is a reason."""
        if self._why_rejoin is not None:
            self._rejoin(self._why_rejoin, now)

    def _go(self, now: float) -> None:
        """LEAVING: give up all partitions, then tell the coordinator."""
        departure = self._departure
        if departure is None or self._handover.is_taking:
            return
        if self._handover.owned:
            self._take(self._handover.owned)
        elif departure.is_over(self._me, now):
            self._end_leave(departure.error)
        else:
            departure.tell(self._me, self._outbox, now)

    def _rest(self, now: float) -> None:
        """FATAL: wait for another subscription."""

    # -- time ------------------------------------------------------------------------------

    def _check_user(self, now: float) -> None:
        """Leave when the application does not poll in time; it joins again with the next poll."""
        if not self._is_in_use or not self._user.has_expired(now):
            return
        settings, me, last = self._settings, self._me, self._user.last or 0.0
        self._user.is_away = True
        log.warning(
            "group=%s leaves: the application did not poll for %.1f s, longer than"
            " max_poll_interval_ms=%d. It joins again with the next poll; partitions go to other"
            " members meanwhile. Process fewer records at a time (max_poll_records), or raise"
            " max_poll_interval_ms",
            settings.group_id,
            now - last,
            round(settings.rebalance_timeout * 1000),
        )
        coordinator_known = self._outbox.is_open(now)
        self._stop_membership(wait_for_user=True)
        self._reason = "the application polls again"
        if self._state is not State.UNJOINED:
            self._move(State.UNJOINED)
        # A static member may come back before its session ends, without a rebalance.
        if coordinator_known and me.member_id and me.instance_id is None:
            reason = f"the application did not poll for {now - last:.1f} s"
            timeout = settings.request_timeout
            self._outbox.send(leave_request(me, reason), GROUP, timeout=timeout, sender=me)
            self._outbox.forget()

    def _check_coordinator(self, now: float) -> None:
        """Look the coordinator up again when it has been silent for a session time-out."""
        if self._beats.has_lost(self._me, now):
            log.warning(
                "group=%s coordinator=%s did not answer for %.1f s (session_timeout_ms);"
                " looking it up again",
                self._settings.group_id,
                self._outbox.coordinator,
                self._settings.session_timeout,
            )
            self._lose_coordinator(now)

    def _note_wait(self, now: float) -> None:
        waits_for: str | None = None
        if self._joins or self._state is not State.UNJOINED:
            waits_for = what_is_waited_for(
                self._state, self._user, self._outbox, self._handover, self._round
            )
        if waits_for != self._waiting[0]:
            self._waiting = (waits_for, now)

    @property
    def _is_in_use(self) -> bool:
        """Whether the application has to poll in time."""
        return self._joins and self._state not in {State.LEAVING, State.FATAL}

    @property
    def _is_about_to_send(self) -> bool:
        """Whether only the back-off, or the coordinator, keeps a request from being sent."""
        if self._state is State.JOINING:
            return self._round.is_ready and not self._outbox.waits_for(JoinGroupRequest)
        if self._state is State.SYNCING:
            return self._round.is_ready and not self._outbox.waits_for(SyncGroupRequest)
        leaves = self._departure is not None and self._departure.gives_up_at is not None
        return leaves and not self._outbox.waits_for(LeaveGroupRequest)

    # -- answers ---------------------------------------------------------------------------

    def _on_success(self, answer: Message | KafkaError, now: float) -> None:
        self._outbox.on_success()
        if isinstance(answer, HeartbeatResponse):
            self._beats.on_answered(now)
        elif isinstance(answer, LeaveGroupResponse):
            self._end_leave(None)
        try:
            if isinstance(answer, JoinGroupResponse):
                self._on_joined(answer, now)
            elif isinstance(answer, SyncGroupResponse):
                self._on_synced(answer, now)
        except KafkaError as error:
            self._fail(error)

    def _on_joined(self, response: JoinGroupResponse, now: float) -> None:
        snapshot = self._topics.snapshot
        self._round.on_joined(response, snapshot)
        self._me = self._me._replace(member_id=response.member_id, epoch=response.generation_id)
        self._beats.on_session(now)
        self._topics.want_others(self._round.group_topics)
        if not self._round.knows_topics(snapshot):
            self._topics.request_metadata()
        self._move(State.SYNCING)

    def _on_synced(self, response: SyncGroupResponse, now: float) -> None:
        assigned = self._round.on_synced(response, self._me.epoch).partitions
        self._beats.on_session(now)
        self._move(State.STABLE)
        self._look(now)
        if self._why_rejoin is not None:
            # The group shares out once more; what it has given now may never be needed.
            return
        owned = self._handover.owned
        wanted = tuple(tp for tp in assigned if tp in owned or self._wants(tp))
        revoked = [tp for tp in owned if tp not in wanted]
        if not revoked:
            self._give(wanted, now)
            return
        # KIP-429: what others get is revoked first, and they get it in the next generation.
        self._given = wanted
        self._commit_by = now + self._settings.rebalance_timeout
        self._move(State.PREPARING)
        self._take(revoked)

    def _on_error(self, request: Message, error: KafkaError, now: float) -> None:
        what = judge(request, error)
        is_again = what in {Verdict.RETRY, Verdict.FIND_COORDINATOR}
        if is_again or (what is Verdict.RESET and isinstance(request, JoinGroupRequest)):
            self._outbox.back_off(now)
        if what is Verdict.FIND_COORDINATOR:
            self._lose_coordinator(now)
        elif isinstance(request, HeartbeatRequest):
            self._beats.on_answered(now)
            if self._outbox.waits_for(JoinGroupRequest):
                # JoinGroup will tell the same; the heartbeat has shown that it will be answered.
                return
        if what is Verdict.RESET:
            self._reset(error)
        elif isinstance(request, SyncGroupRequest) and (is_again or what is Verdict.REJOIN):
            self._rejoin(f"SyncGroup has failed: {error}", now)
        elif what is Verdict.REJOIN:
            self._on_group_rebalances(now)
        elif isinstance(request, LeaveGroupRequest) and not is_again:
            self._end_leave(None if what is Verdict.SUCCEED else error)
        elif not is_again:
            self._fail(error)

    def _on_group_rebalances(self, now: float) -> None:
        # What SyncGroup is going to say is waited for, unless it waits for the leader, us.
        is_synced = self._state is State.SYNCING and self._outbox.waits_for(SyncGroupRequest)
        if self._state in {State.SYNCING, State.STABLE} and not is_synced:
            self._rejoin("members of the group, or their subscriptions, have changed", now)

    # -- moves -----------------------------------------------------------------------------

    def _move(self, state: State) -> None:
        self._state = STATES.step(self._state, state)

    def _look(self, now: float) -> None:
        """Follow the metadata; note whether the generation fits no more."""
        if not self._joins:
            return
        self._topics.look(now)
        topics = self._subscriptions.subscription
        if self._state is State.STABLE and topics is not None and self._topics.is_matched:
            outdated = self._round.why_outdated(topics, self._topics.snapshot)
            self._why_rejoin = self._why_rejoin or outdated

    def _wants(self, tp: TopicPartition) -> bool:
        """Return whether a partition belongs to the subscription, whoever knew of it first."""
        pattern, topics = self._subscriptions.pattern, self._subscriptions.subscription
        if pattern is not None:
            return pattern.match(tp.topic) is not None
        return topics is not None and tp.topic in topics

    def _rejoin(self, reason: str, now: float) -> None:
        self._reason = reason
        self._report.begin(reason, now)
        self._commit_by = now + self._settings.rebalance_timeout
        self._end_round()
        self._move(State.PREPARING)

    def _end_round(self) -> None:
        self._round.forget()
        self._why_rejoin = self._given = None

    def _take(self, partitions: Collection[TopicPartition]) -> None:
        self._report.revoke(partitions)
        self._handover.take(partitions, commit_by=self._commit_by)

    def _give(self, partitions: tuple[TopicPartition, ...], now: float) -> None:
        added = self._handover.give(partitions, self._topics.late)
        self._report.end(self._me.epoch, added, len(partitions), now)

    def _stop_membership(self, *, member_id: str = "", wait_for_user: bool = False) -> None:
        """Be no member any more; what is owned is lost."""
        self._me = self._nobody._replace(member_id=member_id)
        self._outbox.forget()
        self._end_round()
        self._topics.want_others(())
        self._report.revoke(self._handover.owned)
        self._handover.lose(wait_for_user=wait_for_user)

    def _reset(self, error: KafkaError) -> None:
        """Join afresh: the coordinator does not count this member any more."""
        group_id, member_id = self._settings.group_id, self._me.member_id
        log.warning("group=%s member=%s is no member any more: %s", group_id, member_id, error)
        # A wrong generation is no reason to doubt the member id.
        kept = member_id if isinstance(error, IllegalGenerationError) else ""
        self._stop_membership(member_id=kept)
        self._reason = f"the coordinator has dropped the member: {error}"
        if self._departure is None:
            self._move(State.UNJOINED)

    def _fail(self, error: KafkaError) -> None:
        """Stop for good, until the subscription changes."""
        self._stop_membership()
        if self._departure is None:
            log.error("group=%s cannot be joined: %s", self._settings.group_id, error)
            self._move(State.FATAL)
            self._results.append(RaiseFromGroup(error, fatal=True))

    def _lose_coordinator(self, now: float) -> None:
        """Forget what was asked of the coordinator; a generation that waited for it is over."""
        waits = self._outbox.waits_for(SyncGroupRequest)
        self._outbox.forget()
        self._outbox.on_coordinator(None)
        if waits:
            self._rejoin("the coordinator of the group is gone", now)

    def _end_leave(self, error: KafkaError | None) -> None:
        self._stop_membership()
        self._report.drop()
        self._user.stop()
        self._departure = None
        self._reason = _FIRST_JOIN
        self._move(State.UNJOINED)
        self._results.append(Left(error))
