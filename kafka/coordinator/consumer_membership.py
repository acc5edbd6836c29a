"""Membership in a group whose coordinator assigns the partitions (KIP-848).  Pure.

All is said in heartbeats, and one of them is in flight at most. An answer may carry a new target,
to which the member goes in steps (`Reconciliation`). The inputs note what has happened; `poll`
decides what follows.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from kafka._base.logs import logger
from kafka.coordinator.consumer_departure import LEAVING_EPOCH, Departure
from kafka.coordinator.consumer_heartbeats import Heartbeats
from kafka.coordinator.consumer_report import MemberReport
from kafka.coordinator.consumer_states import (
    BEATING,
    HEARTBEAT_VERDICTS,
    IN_GROUP,
    MEMBER_TRANSITIONS,
    REBALANCING,
    TRY_AGAIN,
    URGENT,
    MemberState,
)
from kafka.coordinator.heartbeat_writer import JOINING_EPOCH
from kafka.coordinator.membership import LeaveMode, Left, RaiseFromGroup
from kafka.coordinator.poll_timer import PollTimer
from kafka.coordinator.reconciliation import Progress, Reconciliation
from kafka.coordinator.subscribed_topics import SubscribedTopics
from kafka.errors import KafkaError
from kafka.errors.verdict import Verdict, verdict_for

if TYPE_CHECKING:
    from kafka._base.backoff import Uniform
    from kafka.cluster import ClusterSnapshot
    from kafka.coordinator.consumer_settings import ConsumerSettings
    from kafka.coordinator.membership import (
        Action,
        CommitConsumed,
        GroupHealth,
        MemberIdentity,
        Send,
        UserTask,
    )
    from kafka.protocol.messages.consumer_group_heartbeat import ConsumerGroupHeartbeatResponse
    from kafka.protocol.schema import Message
    from kafka.structs import TopicPartition
    from kafka.subscription import SubscriptionState

log = logger(__name__)

_S = MemberState


class ConsumerMembership:
    """Be a member of a KIP-848 group.

    Args:
        subscriptions: what the user wants; its subscription follows a pattern of Python's.
        settings: how.
        uniform: randomness for the back-off.

    Attributes:
        renews: always false: a commit that is refused for its epoch waits for the next one anyway.
    """

    renews: Final = False

    def __init__(
        self, subscriptions: SubscriptionState, settings: ConsumerSettings, uniform: Uniform
    ) -> None:
        self._settings = settings
        self._topics = SubscribedTopics(subscriptions, settings, uniform)
        self._way = Reconciliation(subscriptions, self._topics.watch, settings, uniform)
        self._actions: list[Action] = []
        self._heartbeats = Heartbeats(self._actions, settings, uniform)
        self._user = PollTimer(settings.max_poll_interval)
        self._departure = Departure(
            is_static=settings.instance_id is not None, patience=settings.request_timeout
        )
        self._report = MemberReport(self._heartbeats, self._topics, self._way, self._user)
        self._state = _S.UNSUBSCRIBED
        self._may_join = False
        self._reason = ""

    def __repr__(self) -> str:
        """Return a status line."""
        return (
            f"<ConsumerMembership {self._settings.group_id} {self._state.name} "
            f"epoch={self._heartbeats.epoch} owned={len(self._way.ownership.owned)}>"
        )

    # -- questions -------------------------------------------------------------------------

    @property
    def identity(self) -> MemberIdentity | None:
        """What a commit carries; ``None`` while the consumer is no member."""
        is_member = self._state in IN_GROUP or self._state is _S.PREPARE_LEAVING
        return self._heartbeats.me if is_member and self._heartbeats.is_member else None

    @property
    def patience(self) -> float:
        """Seconds for which the loop may fail to run while the session certainly goes on."""
        return self._heartbeats.timer.session

    @property
    def told(self) -> frozenset[TopicPartition]:
        """The partitions that the user knows as owned, as far as ended tasks have shown."""
        return self._way.handover.told

    @property
    def is_rebalancing(self) -> bool:
        """Whether the member is on its way to an assignment; any thread."""
        return self._state in REBALANCING

    def health(self, now: float) -> GroupHealth:
        """Return how it is going."""
        return self._report.health(self._state, now)

    # -- inputs ----------------------------------------------------------------------------

    def on_subscription(self, now: float) -> None:
        """Tell the coordinator with the next heartbeat; leave if nothing is subscribed to."""
        self._topics.on_subscription(now)
        self._may_join = self._topics.is_subscribed
        if self._may_join:
            # The errors of the subscription before are cleared.
            self._way.handover.refresh()
        elif self._state in IN_GROUP:
            self.on_leave(LeaveMode.DEFAULT, "the consumer has unsubscribed", now)
        if self._state is _S.FATAL:
            self._step(_S.UNSUBSCRIBED)
        if self._state is _S.UNSUBSCRIBED:
            # It joins with the next poll, not because of one before.
            self._user.stop()

    def on_metadata(self, snapshot: ClusterSnapshot, now: float) -> None:
        """Follow a pattern of Python's; find the names of topics that are assigned."""
        self._topics.on_metadata(snapshot, now)

    def on_user_poll(self, now: float) -> None:
        """Keep ``max_poll_interval_ms``; the first poll joins the group."""
        self._user.on_return(now)
        self._way.handover.on_user_poll()

    def on_coordinator(self, node_id: int | None, error: KafkaError | None, now: float) -> None:  # noqa: ARG002 - seam
        """Send heartbeats to *node_id*; fail if the coordinator cannot be found for good."""
        self._heartbeats.on_coordinator(node_id)
        if self._state is _S.LEAVING and error is not None:
            self._departure.error = error
            self._end_leaving()
        elif self._state in BEATING and error is not None:
            self._fail(error)
        elif self._state in BEATING and node_id is None:
            self._heartbeats.look_up()

    def on_response(self, sent: Send, answer: Message | KafkaError, now: float) -> None:
        """React to the answer to a heartbeat."""
        found = self._heartbeats.read(sent, answer)
        if found is None or self._state not in BEATING:
            return
        error = found if isinstance(found, KafkaError) else None
        if self._state is _S.LEAVING:
            self._on_leave_answer(error, now)
        elif isinstance(found, KafkaError):
            self._on_error(found, now)
        else:
            self._on_answer(found, now)

    def on_task_done(
        self,
        task: UserTask,
        error: BaseException | None,
        now: float,
        result: object = None,  # noqa: ARG002 - seam
    ) -> None:
        """Go on: the application has come back, or the listener has."""
        if self._way.handover.on_task_done(task, error, now):
            self._user.on_return(now)

    def on_committed(self, action: CommitConsumed, error: KafkaError | None, now: float) -> None:  # noqa: ARG002 - seam
        """Go on with the revocation."""
        self._way.handover.on_committed(action, error)

    def on_rejoin(self, reason: str, now: float) -> None:  # noqa: ARG002 - seam
        """Do nothing: with this protocol the coordinator alone decides on rebalances."""
        self._report.warn_of_wish(reason)

    def on_interrupted(self, now: float) -> None:  # noqa: ARG002 - seam
        """Hand nothing out before the coordinator has said that the member is still one."""
        self._heartbeats.is_doubtful = self.identity is not None

    def on_leave(self, mode: LeaveMode, reason: str, now: float) -> None:  # noqa: ARG002 - seam
        """Give up all partitions and leave; ends with `Left`."""
        if self._departure.wish is not None:
            return
        self._departure.wish = mode
        self._may_join = False
        if self._state in IN_GROUP:
            log.info("group=%s leaves: %s", self._settings.group_id, reason)
            self._way.report.drop()
            self._step(_S.PREPARE_LEAVING)
        elif self._state is _S.LEAVING and self._departure.is_for_good:
            # It is about to say that it leaves for a while: it says this in place of that.
            self._heartbeats.epoch = LEAVING_EPOCH

    # -- decisions -------------------------------------------------------------------------

    def poll(self, now: float) -> list[Action]:
        """Return the actions that are due."""
        if now >= self._expires_at():
            self._expire(now)
        self._advance(now)
        if now >= self._beat_at():
            self._beat(now)
        self._way.handover.doubt(on=self._heartbeats.is_doubtful)
        self._report.note(self._state, is_subscribed=self._may_join, now=now)
        actions = [
            *self._topics.watch.poll(now),
            *self._way.handover.take_actions(),
            *self._actions,
            # Last, as a new assignment clears them.
            *self._topics.watch.take_errors(),
        ]
        # The heartbeats hold on to the list.
        self._actions.clear()
        return actions

    def next_wakeup(self) -> float | None:
        """Return when a heartbeat is due, or something takes too long."""
        names_at = self._way.next_wakeup() if self._state is _S.RECONCILING else math.inf
        asks_at = min(names_at, self._topics.next_wakeup())
        earliest = min(self._beat_at(), self._expires_at(), asks_at)
        return None if earliest == math.inf else earliest

    def _step(self, state: MemberState) -> None:
        self._state = MEMBER_TRANSITIONS.step(self._state, state)

    def _advance(self, now: float) -> None:
        if self._state is _S.RECONCILING:
            self._reconcile(now)
        elif self._state is _S.PREPARE_LEAVING:
            self._prepare_leaving(now)
        elif self._state not in BEATING and not self._way.handover.is_taking:
            if self._state is _S.STALE and self._departure.is_for_good:
                self._tell_leaving(LEAVING_EPOCH, now)
            elif self._departure.wish is not None:
                self._say_left()
            elif self._wants_to_join():
                self._join(now)

    def _reconcile(self, now: float) -> None:
        progress = self._way.advance(now, may_own=not self._heartbeats.is_telling)
        if progress is Progress.CHANGED:
            self._step(_S.ACKNOWLEDGING)
        elif progress is Progress.REACHED:
            self._settle(now)

    def _wants_to_join(self) -> bool:
        if self._state is _S.FATAL or not self._may_join:
            return False
        # A fenced member that had nothing to lose joins again also while the application computes.
        return self._state is _S.FENCED or self._user.is_running

    def _join(self, now: float) -> None:
        if self._state is _S.UNSUBSCRIBED:
            self._reason = "the consumer joins"
        self._step(_S.JOINING)
        self._way.begin(self._reason, now)
        self._heartbeats.join()

    # -- heartbeats ------------------------------------------------------------------------

    def _beat_at(self) -> float:
        """Return when the next heartbeat is due; infinity if none is."""
        if self._state is _S.LEAVING:
            return self._heartbeats.timer.due_at(at_once=True)
        if self._state not in BEATING:
            return math.inf
        if self._state is _S.PREPARE_LEAVING and not self._heartbeats.is_member:
            return math.inf
        return self._heartbeats.due_at(self._topics.current, at_once=self._state in URGENT)

    def _beat(self, now: float) -> None:
        if self._state is _S.LEAVING or self._topics.current is None:
            self._heartbeats.say_goodbye(now)
            return
        acknowledges = self._state is _S.ACKNOWLEDGING
        owned = self._way.said()
        self._heartbeats.beat(self._topics.current, owned, now, acknowledges=acknowledges)
        if acknowledges:
            self._settle(now)

    def _settle(self, now: float) -> None:
        """Move to where the member stands: at its target, or on its way there."""
        if self._way.ownership.is_reached:
            self._step(_S.STABLE)
            self._way.reached(self._heartbeats.epoch, now)
        else:
            self._step(_S.RECONCILING)

    def _on_answer(self, answer: ConsumerGroupHeartbeatResponse, now: float) -> None:
        self._heartbeats.on_answer(answer, now)
        ownership = self._way.ownership
        if answer.assignment is not None:
            self._way.aim(answer.assignment)
        if self._state is _S.JOINING:
            if ownership.is_reached:
                # The listener hears that there is nothing.
                self._way.nothing_to_own()
            self._settle(now)
        elif self._state is _S.STABLE and not ownership.is_reached:
            self._step(_S.RECONCILING)
            epoch = self._heartbeats.epoch
            self._way.begin(f"the coordinator assigns anew in member epoch {epoch}", now)

    def _on_error(self, error: KafkaError, now: float) -> None:
        verdict = verdict_for(type(error), HEARTBEAT_VERDICTS)
        if verdict is Verdict.RESET:
            self._fence(error)
        elif verdict is Verdict.SKIP:
            self._heartbeats.refused(now)
            self._actions.append(RaiseFromGroup(error, fatal=False))
        elif verdict in TRY_AGAIN:
            self._heartbeats.try_again(error, now)
        else:
            self._fail(error)

    # -- the end of a membership -----------------------------------------------------------

    def _lose(self) -> None:
        self._way.lose()
        self._heartbeats.is_doubtful = False
        self._heartbeats.epoch = JOINING_EPOCH

    def _fence(self, error: KafkaError) -> None:
        self._report.warn_of_fence(error)
        self._reason = f"the member was fenced: {error}"
        self._lose()
        self._step(_S.FENCED)

    def _fail(self, error: KafkaError) -> None:
        self._lose()
        self._user.stop()
        self._step(_S.FATAL)
        if self._departure.wish is None:
            self._actions.append(RaiseFromGroup(error, fatal=True))
        else:
            self._departure.error = error

    def _expires_at(self) -> float:
        if self._state is _S.LEAVING:
            return self._departure.until
        polls_by = self._user.expires_at() if self._state in BEATING else None
        return math.inf if polls_by is None else polls_by

    def _expire(self, now: float) -> None:
        if self._state is _S.LEAVING:
            self._departure.on_timeout()
            self._end_leaving()
            return
        self._user.leave(self._settings.group_id, now)
        self._reason = "the application polls again"
        self._lose()
        if self._state is not _S.PREPARE_LEAVING:
            self._step(_S.PREPARE_LEAVING)

    def _prepare_leaving(self, now: float) -> None:
        if not self._way.give_up(now):
            return
        epoch = self._departure.epoch
        if epoch is None or not self._heartbeats.is_known:
            self._end_leaving()
        elif self._heartbeats.member_id:
            self._tell_leaving(epoch, now)
        elif self._heartbeats.timer.in_flight is None:
            # The broker has made an id that has not come here, so it cannot be told who leaves.
            self._end_leaving()

    def _tell_leaving(self, epoch: int, now: float) -> None:
        self._step(_S.LEAVING)
        self._heartbeats.leave(epoch)
        self._departure.begin(now)

    def _on_leave_answer(self, error: KafkaError | None, now: float) -> None:
        if self._departure.on_answer(error):
            self._end_leaving()
        elif error is not None:
            self._heartbeats.try_again(error, now)

    def _end_leaving(self) -> None:
        self._heartbeats.epoch = JOINING_EPOCH
        if self._departure.wish is None:
            self._departure.end()
            self._step(_S.STALE)
        elif self._way.handover.is_taking:
            # The listener hears of the loss before the call that leaves returns.
            self._step(_S.STALE)
        else:
            self._say_left()

    def _say_left(self) -> None:
        if self._state is not _S.UNSUBSCRIBED:
            self._step(_S.UNSUBSCRIBED)
        self._user.stop()
        self._actions.append(Left(self._departure.end()))
