"""Membership in a group with the classic protocol: join, sync, heartbeat, leave.  Pure.

The member joins with the first poll of the application. Afterwards it rejoins by itself, except
that partitions are taken away inside a call of the user only. This module decides when to join, to
rebalance and to leave. `kafka.coordinator.classic_member` talks to the coordinator,
`kafka.coordinator.rebalance` knows what comes and goes, `kafka.coordinator.topic_watch` the topics.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from kafka._base.logs import logger
from kafka.coordinator.classic_departure import Departure
from kafka.coordinator.classic_health import ClassicHealth
from kafka.coordinator.classic_member import ClassicMember, News
from kafka.coordinator.classic_requests import may_pass
from kafka.coordinator.classic_states import REBALANCING, STATES, State
from kafka.coordinator.membership import LeaveMode, Left, RaiseFromGroup
from kafka.coordinator.poll_timer import PollTimer
from kafka.coordinator.rebalance import Rebalance
from kafka.coordinator.rebalance_report import why_over
from kafka.coordinator.topic_watch import TopicWatch
from kafka.errors import IllegalGenerationError, KafkaError
from kafka.protocol.messages.join_group import JoinGroupRequest
from kafka.protocol.messages.sync_group import SyncGroupRequest
from kafka.subscription import SubscriptionType
from kafka.subscription.subscription_pattern import not_with

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from kafka._base.backoff import Uniform
    from kafka.cluster import ClusterSnapshot
    from kafka.coordinator.classic_member import Event
    from kafka.coordinator.classic_states import ClassicSettings
    from kafka.coordinator.membership import (
        Action,
        CommitConsumed,
        GroupHealth,
        MemberIdentity,
        Send,
        UserTask,
    )
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

    Attributes:
        patience: see `GroupMembership.patience`.
    """

    def __init__(
        self, subscriptions: SubscriptionState, settings: ClassicSettings, *, uniform: Uniform
    ) -> None:
        self._subscriptions = subscriptions
        self._settings = settings
        self.patience = settings.patience
        self._topics = TopicWatch(
            subscriptions,
            exclude_internal=settings.exclude_internal,
            backoff=settings.backoff,
            uniform=uniform,
        )
        self._member = ClassicMember(settings, uniform, subscriptions.next_generation)
        self._rebalance = Rebalance(subscriptions, settings, self._topics.late)
        self._handover = self._rebalance.handover
        self._user = PollTimer(settings.rebalance_timeout)
        self._health = ClassicHealth(self._member, self._rebalance, self._user)
        self._state = State.UNJOINED
        # Whether there is something to join for, why it is joined, and why it is joined again.
        self._joins = False
        self._why_join = _FIRST_JOIN
        self._why_rejoin: str | None = None
        # When the back-off after a refusal ends, None if there is none.
        self._joins_at: float | None = None
        self._leave_by = 0.0
        self._results: list[Left | RaiseFromGroup] = []
        self._steps: Mapping[State, Callable[[float], None]] = {
            State.UNJOINED: self._start,
            State.PREPARING: self._prepare,
            State.JOINING: self._join,
            State.SYNCING: self._sync,
            State.STABLE: self._stay,
            State.LEAVING: self._go,
            State.FATAL: lambda _: None,
        }
        self._react: Mapping[News, Callable[[Event, float], None]] = {
            News.JOINED: self._on_joined,
            News.SYNCED: self._on_synced,
            News.REBALANCE: self._on_rebalance,
            News.RESET: self._on_reset,
            News.FAILED: self._on_failed,
            News.LEFT: lambda event, _: self._end_leave(event.error),
        }

    def __repr__(self) -> str:
        """Return a status line."""
        return (
            f"<ClassicMembership {self._state.name} group={self._settings.group_id}"
            f" generation={self._member.me.epoch} owned={len(self._handover.owned)}>"
        )

    @property
    def identity(self) -> MemberIdentity | None:
        """What a commit carries; ``None`` while the consumer is no member."""
        return self._member.identity

    @property
    def told(self) -> frozenset[TopicPartition]:
        """The partitions that the user knows as owned, as far as ended tasks have shown."""
        return self._handover.told

    @property
    def is_rebalancing(self) -> bool:
        """Whether the member is on its way to an assignment; any thread."""
        return self._state in REBALANCING

    @property
    def renews(self) -> bool:
        """Whether a member that leaves is about to enter another generation, or have it begin."""
        return self._member.is_in_round

    # -- inputs ----------------------------------------------------------------------------

    def on_subscription(self, now: float) -> None:
        """React to subscribe, or to the end of a subscription."""
        kind = self._subscriptions.type
        self._joins = kind in {SubscriptionType.AUTO_TOPICS, SubscriptionType.AUTO_PATTERN}
        if kind is not SubscriptionType.USER_ASSIGNED:
            self._topics.on_subscription()
        if self._subscriptions.remote_pattern is not None:
            # Nobody matches it: a member goes on without topics, and there is nothing to join for.
            self._results.append(RaiseFromGroup(not_with("the classic protocol"), fatal=True))
            self._joins &= self._state is not State.UNJOINED
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
        self._member.round.work.on_user_poll()

    def on_coordinator(self, node_id: int | None, error: KafkaError | None, now: float) -> None:
        """React to the look-up of the coordinator; neither node nor error: it is lost."""
        self._act_on(self._member.on_coordinator(node_id, error, now), now)

    def on_response(self, sent: Send, answer: Message | KafkaError, now: float) -> None:
        """React to the answer to *sent*, unless it is not waited for any more."""
        self._act_on(self._member.on_response(sent, answer, self._topics.snapshot, now), now)

    def on_task_done(
        self, task: UserTask, error: BaseException | None, now: float, result: object = None
    ) -> None:
        """React to the end of a task of the user's side."""
        self._member.round.work.on_task_done(task, error, result)
        if self._handover.on_task_done(task, error, now):
            self._user.on_return(now)

    def on_committed(self, action: CommitConsumed, error: KafkaError | None, now: float) -> None:  # noqa: ARG002 - of the protocol
        """Go on with what is revoked, whether the commit has succeeded or not."""
        self._handover.on_committed(action, error)

    def on_rejoin(self, reason: str, now: float) -> None:  # noqa: ARG002 - of the protocol
        """Rejoin soon, unless the member is about to anyway."""
        if self._state is State.STABLE:
            self._why_rejoin = self._why_rejoin or reason

    def on_interrupted(self, now: float) -> None:
        """Hand nothing out before the coordinator has said that the member is still one."""
        if self.identity is not None:
            self._member.beats.doubt(now)

    def on_leave(self, mode: LeaveMode, reason: str, now: float) -> None:
        """Give up all partitions and leave; ends with `Left`."""
        self._joins = False
        if self._state is State.LEAVING:
            return
        self._leave_by = now + self._settings.request_timeout
        departure = Departure(mode, reason, self._settings.request_timeout)
        self._member.leave(departure, syncing=self._state is State.SYNCING)
        self._move(State.LEAVING)

    # -- decisions -------------------------------------------------------------------------

    def poll(self, now: float) -> list[Action]:
        """Return the actions that are due."""
        self._check_user(now)
        self._act_on(self._member.check(now), now)
        before = None
        while before is not self._state:
            before = self._state
            self._steps[before](now)
        self._member.beats.beat(self._member.me, now)
        self._handover.doubt(on=self._member.beats.is_doubtful)
        self._health.note(self._state, now)
        results, self._results = self._results, []
        return [
            *self._topics.poll(now),
            *self._handover.take_actions(),
            *self._member.round.work.take_actions(),
            *self._member.outbox.take_actions(),
            *self._topics.take_errors(),
            *results,
        ]

    def next_wakeup(self) -> float | None:
        """Return when to poll again if no input comes before."""
        times = [self._topics.next_wakeup(), self._member.next_wakeup()]
        if self._is_in_use:
            times.append(self._user.expires_at())
        if self._state is State.UNJOINED and self._is_ready_to_join:
            times.append(self._joins_at)
        return min((time for time in times if time is not None), default=None)

    def health(self, now: float) -> GroupHealth:
        """Return how it is going."""
        return self._health.report(self._state, now)

    # -- what each state does --------------------------------------------------------------

    def _start(self, now: float) -> None:
        """UNJOINED: join once there is a subscription, and the application polls."""
        if not self._is_ready_to_join or (self._joins_at is not None and now < self._joins_at):
            return
        self._joins_at = None
        # The look-up runs beside the metadata that a pattern waits for.
        self._member.outbox.find_coordinator()
        if self._topics.is_matched and not self._handover.is_taking:
            if not self._rebalance.report.is_running:
                self._rebalance.begin(self._why_join, now)
            self._move(State.JOINING)

    def _prepare(self, now: float) -> None:
        """PREPARING: revoke what has to be, then join."""
        if self._rebalance.make_way(self._member.me.epoch, now):
            self._member.round.forget()
            self._move(State.JOINING)

    def _join(self, now: float) -> None:
        """JOINING: send JoinGroup."""
        member, topics = self._member, self._subscriptions.subscription
        if member.outbox.waits_for(JoinGroupRequest):
            return
        if topics is None or not self._topics.is_matched:
            member.round.forget()
            return
        reason = self._rebalance.report.reason or self._why_join
        if member.round.join(member.me, topics, self._handover.owned, reason=reason, now=now):
            member.beats.on_session(now)

    def _sync(self, now: float) -> None:
        """SYNCING: share out as the leader, and send SyncGroup."""
        self._member.round.sync(self._member.me, self._topics.snapshot, now)

    def _stay(self, now: float) -> None:
        """STABLE: rejoin when there is a reason."""
        if self._why_rejoin is not None:
            self._rejoin(self._why_rejoin, now)

    def _go(self, now: float) -> None:
        """LEAVING: give up all partitions, then tell the coordinator."""
        member, departure = self._member, self._member.departure
        assert departure is not None, "nobody leaves without one"
        owns_some = not self._rebalance.give_up_all(self._leave_by)
        if owns_some or member.owes_assignment(departure, now):
            if member.is_in_round and not member.outbox.waits_for(JoinGroupRequest):
                # The others wait for the leader's assignment, and what is committed here as well.
                self._sync(now)
            return
        member.end_round()
        if departure.is_over(member.me, now):
            self._end_leave(departure.error)
        else:
            departure.tell(member.me, member.outbox, now)

    # -- what happens ----------------------------------------------------------------------

    def _act_on(self, event: Event | None, now: float) -> None:
        if event is not None:
            self._react[event.news](event, now)

    def _on_joined(self, event: Event, now: float) -> None:  # noqa: ARG002 - one of a table
        current = self._member.round
        self._topics.want_others(current.group_topics)
        if not current.knows_topics(self._topics.snapshot):
            self._topics.request_metadata()
        if self._state is not State.LEAVING:
            self._move(State.SYNCING)

    def _on_synced(self, event: Event, now: float) -> None:
        self._move(State.STABLE)
        self._check_generation()
        # Otherwise the group shares out once more; this assignment may never be needed.
        if self._why_rejoin is None and self._rebalance.apply(
            event.partitions, self._member.me.epoch, now
        ):
            self._move(State.PREPARING)

    def _on_rebalance(self, event: Event, now: float) -> None:
        # Until SyncGroup is answered, it is for its answer to tell.
        waits = self._member.outbox.waits_for(SyncGroupRequest)
        if self._state in {State.STABLE, State.SYNCING} and not waits:
            self._rejoin(why_over(event.error), now)

    def _on_reset(self, event: Event, now: float) -> None:
        """Join afresh: the coordinator does not count this member any more."""
        self._member.warn_of_drop(event.error)
        # A wrong generation is no reason to doubt the member id.
        self._stop(keeps_id=isinstance(event.error, IllegalGenerationError))
        if self._state is not State.LEAVING:
            self._rebalance.begin(f"the coordinator has dropped the member: {event.error}", now)
            self._move(State.UNJOINED)

    def _on_failed(self, event: Event, now: float) -> None:
        """Stop, until the subscription changes, or the next poll if that may help."""
        error = event.error
        is_idle = self._state is State.UNJOINED and not self._joins
        if error is None or is_idle or self._state is State.FATAL:
            return
        is_final = not may_pass(error)
        self._stop(keeps_id=not is_final)
        if self._state is State.LEAVING:
            return
        self._rebalance.report.fail()
        self._results.append(RaiseFromGroup(error, fatal=is_final))
        self._why_join = _FIRST_JOIN
        if is_final:
            log.error("group=%s cannot go on: %s", self._settings.group_id, error)
            self._move(State.FATAL)
        else:
            self._wait_for_poll(now)

    def _wait_for_poll(self, now: float) -> None:
        """Join again with the next poll of the application, not before the end of a back-off."""
        self._joins_at = self._member.outbox.back_off(now)
        self._user.stop()
        self._move(State.UNJOINED)

    # -- moves -----------------------------------------------------------------------------

    def _move(self, state: State) -> None:
        self._state = STATES.step(self._state, state)

    def _look(self, now: float) -> None:
        """Follow the metadata."""
        if self._joins:
            self._topics.look(now)
            self._check_generation()

    def _check_generation(self) -> None:
        """Rejoin if the generation does not fit the topics any more."""
        topics = self._subscriptions.subscription
        if self._state is State.STABLE and topics is not None and self._topics.is_matched:
            why_outdated = self._member.round.why_outdated
            self._why_rejoin = self._why_rejoin or why_outdated(topics, self._topics.snapshot)

    def _rejoin(self, reason: str, now: float) -> None:
        self._why_rejoin = None
        self._rebalance.begin(reason, now)
        self._member.round.forget()
        self._move(State.PREPARING)

    def _stop(self, *, keeps_id: bool = False, wait_for_user: bool = False) -> None:
        """Be in no generation any more; what is owned is lost."""
        self._why_rejoin = None
        self._member.stop(keeps_id=keeps_id)
        self._topics.want_others(())
        self._rebalance.lose(wait_for_user=wait_for_user)

    def _end_leave(self, error: KafkaError | None) -> None:
        self._stop()
        self._member.departure = None
        self._rebalance.report.drop()
        self._user.stop()
        self._why_join = _FIRST_JOIN
        self._move(State.UNJOINED)
        self._results.append(Left(error))

    # -- the application -------------------------------------------------------------------

    @property
    def _is_in_use(self) -> bool:
        """Whether the application has to poll in time."""
        return self._joins and self._state not in {State.LEAVING, State.FATAL}

    @property
    def _is_ready_to_join(self) -> bool:
        """Whether there is something to join for, and the application polls."""
        return self._joins and self._user.is_running

    def _check_user(self, now: float) -> None:
        """Leave when the application does not poll in time; it joins again with the next poll."""
        if not self._is_in_use or not self._user.has_expired(now):
            return
        away = self._user.leave(self._settings.group_id, now)
        self._why_join = "the application polls again"
        self._member.leave_at_once(f"the application did not poll for {away:.1f} s", now)
        # For the coordinator a static member stays one, which may still leave.
        self._stop(keeps_id=self._settings.instance_id is not None, wait_for_user=True)
        self._rebalance.report.fail()
        self._move(State.UNJOINED)
