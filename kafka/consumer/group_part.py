"""What a core does for a consumer group; runs on the loop.

`GroupPart` chooses the membership when the application first polls, carries out the actions that
only a group has, and sees to it that leaving ends in time. It is a machine for the driver: it
stands for the membership, of which there is a new one each time the consumer joins after it left.
"""

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING, Final

from kafka._base.deadline import NEVER, Deadline
from kafka._base.logs import logger
from kafka.consumer.asked_tasks import AskedTasks
from kafka.consumer.group_facts import health_of_nobody, report_answer
from kafka.consumer.part_states import PART_TRANSITIONS, PartState
from kafka.consumer.protocol_search import ProtocolSearch
from kafka.consumer.rebalance_calls import joined_listeners, rebalance_calls
from kafka.coordinator.loop_watch import LoopWatch
from kafka.coordinator.membership import (
    AskUser,
    CommitConsumed,
    FindCoordinator,
    LeaveMode,
    Left,
    RaiseFromGroup,
    RequestMetadata,
    Send,
    TaskKind,
    UserTask,
    WantTopics,
    Withdraw,
)
from kafka.errors import KafkaError, KafkaTimeoutError
from kafka.subscription import SubscriptionType

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from kafka.cluster import ClusterSnapshot
    from kafka.consumer.group_ports import GroupPorts, MakeMembership
    from kafka.coordinator.membership import (
        Action,
        GroupHealth,
        GroupMembership,
        MemberIdentity,
    )
    from kafka.protocol.schema import Message
    from kafka.structs import TopicPartition
    from kafka.subscription import SubscriptionState
    from kafka.subscription.subscription_state import Listeners


log = logger(__name__)

# The share of the time for leaving that the commit before may take: the listener and the request
# to leave come after it.
_COMMIT_SHARE: Final = 0.75
# Seconds: without any time the loop could not even ask the application's side to run its listener.
_LEAST_TIME: Final = 0.1


class GroupPart:
    """The membership of a consumer in one group.

    Args:
        group_id: the group.
        subscriptions: what the application wants.
        ports: what it acts through.

    Attributes:
        leave_by: when leaving has to be over, while it is under way.
    """

    def __init__(self, group_id: str, subscriptions: SubscriptionState, ports: GroupPorts) -> None:
        self._group_id = group_id
        self._subscriptions = subscriptions
        self._ports = ports
        self._clock = ports.runtime.clock
        self._state = PartState.ABSENT
        self._make: MakeMembership | None = None
        self._membership: GroupMembership | None = None
        self._search = ProtocolSearch(group_id, ports, self._on_made)
        self._snapshot: ClusterSnapshot | None = None
        self._listeners: Listeners = None
        # Those of a subscription that was made while leaving.
        self._next_listeners: Listeners = None
        self._told_of_poll = -math.inf
        self.leave_by = NEVER
        # Whether the membership may have the coordinator that was known before it was made.
        self._looked_ahead = False
        # What to do before there is a membership.
        self._early: Sequence[Action] = ()
        self._asked = AskedTasks(ports)
        self._watch = LoopWatch(group_id)
        self._away_after = ports.polls.told_after
        self._commits = True
        ports.link.on_coordinator.append(self._on_coordinator)

    def __repr__(self) -> str:
        """Return a status line."""
        return f"<GroupPart {self._group_id} {self._state.name} {self._membership!r}>"

    # -- questions -------------------------------------------------------------------------

    @property
    def is_in_charge(self) -> bool:
        """Whether the group decides what is read: not with `assign`, once the group was left."""
        return not self.is_over or self._subscriptions.type in {
            SubscriptionType.AUTO_TOPICS,
            SubscriptionType.AUTO_PATTERN,
        }

    @property
    def is_over(self) -> bool:
        """Whether there is nothing to leave; any thread."""
        return self._state is PartState.ABSENT

    @property
    def is_leaving(self) -> bool:
        """Whether there is something to leave, and that is under way; any thread."""
        return self._state is PartState.LEAVING

    @property
    def identity(self) -> MemberIdentity | None:
        """What a commit carries; ``None`` while the consumer is no member."""
        return None if self._membership is None else self._membership.identity

    @property
    def is_rebalancing(self) -> bool:
        """Whether the member is on its way to an assignment; any thread."""
        return self._membership is not None and self._membership.is_rebalancing

    @property
    def renews(self) -> bool:
        """See `GroupMembership.renews`."""
        return self._membership is not None and self._membership.renews

    def time_for(self, seconds: float, now: float) -> float:
        """Return how long a call may take that wants *seconds*; any thread."""
        return min(seconds, self.leave_by.remaining(now) * _COMMIT_SHARE)

    def health(self) -> GroupHealth:
        """Return how membership is going."""
        now = self._clock.now()
        if self._membership is not None:
            self._tell_of_polls(now)
            return self._membership.health(now)
        last_poll = self._ports.polls.last_seen(now)
        return health_of_nobody(
            self._group_id,
            self._state.value,
            self._ports.link.node_id,
            last_poll=None if last_poll == -math.inf else now - last_poll,
            waits_for="the coordinator" if self._state is PartState.CHOOSING else "the first poll",
        )

    # -- the driver's side -----------------------------------------------------------------

    def poll(self, now: float) -> Sequence[Action]:
        """Return the actions of the membership, after it was told of the application's polls."""
        if self._membership is None:
            early, self._early = self._early, ()
            return early
        if self.leave_by.is_expired(now):
            waits = self._membership.health(now).waiting_for or "its last step"
            return (Left(KafkaTimeoutError(f"the member was still waiting for {waits}")),)
        self._watch.check(now)
        self._tell_of_polls(now)
        polls = self._ports.polls
        if polls.take_doubt(now):
            self._membership.on_interrupted(now)
        actions = self._membership.poll(now)
        # Whoever is no member may wait for a poll; it is told of each one then.
        is_member = self._membership.identity is not None
        polls.told_after = self._away_after if is_member else 0.0
        polls.vouched_until = now + self._membership.patience if is_member else math.inf
        return actions

    def next_wakeup(self) -> float | None:
        """Return when the membership has to be polled, or leaving has to end."""
        if self._membership is None:
            return None
        at, polls = self._membership.next_wakeup(), self._ports.polls
        # While heartbeats are answered there is something to do much earlier.
        vouch_at = math.inf
        if polls.vouched_until < math.inf:
            vouch_at = polls.vouched_until - self._membership.patience / 2
        earliest = min(math.inf if at is None else at, self.leave_by.at, vouch_at)
        self._watch.expect(earliest)
        return earliest

    def _tell_of_polls(self, now: float) -> None:
        last = self._ports.polls.last_seen(now)
        if last > self._told_of_poll and self._membership is not None:
            self._told_of_poll = last
            self._membership.on_user_poll(last)

    # -- inputs ----------------------------------------------------------------------------

    def on_subscription(self, now: float) -> None:
        """Follow the subscription; one that was made while leaving waits for the end of that."""
        self._ports.errors.clear_group_error()
        if self._state is PartState.LEAVING:
            self._defer_listeners()
            return
        assigned = self._subscriptions.assignment.partitions
        self._listeners = joined_listeners(self._listeners, self._subscriptions.listener, assigned)
        self._ports.polls.forget()
        self._ports.tasks.attend()
        if self._state is PartState.CHOOSING and not self._search.is_busy:
            # Whatever has kept the coordinator from being found, the next poll tries again.
            self._move(PartState.ABSENT)
        if self._membership is not None:
            self._membership.on_subscription(now)
            return
        # A poll of another task that waits now is noted when it ends: the next one joins.
        self._ports.polls.told_after = 0.0
        if self._subscriptions.pattern is not None:
            self._early = (WantTopics(None), RequestMetadata())
        else:
            self._early = (WantTopics(self._subscriptions.subscription or frozenset()),)

    def _defer_listeners(self) -> None:
        """Keep the listeners that were told of the partitions until these are given up."""
        # It may be the same one, which is told of the next partitions as well.
        self._next_listeners = self._subscriptions.listener
        self._subscriptions.listener = self._listeners

    def on_metadata(self, snapshot: ClusterSnapshot, now: float) -> None:
        """Hand the membership a new view of the cluster."""
        self._snapshot = snapshot
        if self._membership is not None:
            self._membership.on_metadata(snapshot, now)

    def on_user_poll(self, now: float) -> None:
        """Join, if the application polls for the first time; *now* is when it was told."""
        if self._state is not PartState.ABSENT:
            self._tell_of_polls(now)
        elif self._make is not None:
            self._begin_membership(self._make)
        else:
            self._move(PartState.CHOOSING)
            self._search.begin()

    def _on_made(self, make: MakeMembership) -> None:
        self._make = make
        self._begin_membership(make)
        self._ports.run_machines()

    def _begin_membership(self, make: MakeMembership) -> None:
        now = self._clock.now()
        self._move(PartState.MEMBER)
        self._membership = make()
        self._looked_ahead = True
        self._told_of_poll = -math.inf
        if self._snapshot is not None:
            self._membership.on_metadata(self._snapshot, now)
        self._membership.on_subscription(now)
        self._tell_of_polls(now)

    def rejoin(self, reason: str) -> None:
        """Have the group rebalance."""
        if self._membership is not None and self._state is PartState.MEMBER:
            self._membership.on_rejoin(reason, self._clock.now())
            self._ports.run_machines()

    # -- the end ---------------------------------------------------------------------------

    def leave(
        self, mode: LeaveMode, reason: str, deadline: Deadline, *, commits: bool = True
    ) -> None:
        """Begin to leave; `is_over` says when that has ended, by *deadline* at the latest.

        The application's side has to run its tasks meanwhile, unless it has deserted them. If
        leaving is under way, as after ``unsubscribe()``, only the deadline may become earlier.

        Args:
            mode: whether the group is told.
            reason: what it is told, and what is logged.
            deadline: when to give up.
            commits: whether positions are committed before, if the options say so.
        """
        now = self._clock.now()
        leave_by = Deadline(max(deadline.at, now + _LEAST_TIME))
        self._search.cancel()
        if self._state is PartState.CHOOSING:
            self._end(None)
        elif self._state is PartState.LEAVING:
            self.leave_by = min(self.leave_by, leave_by)
        elif self._state is PartState.MEMBER and self._membership is not None:
            self._move(PartState.LEAVING)
            self.leave_by = leave_by
            self._next_listeners = None
            self._commits = commits
            self._membership.on_leave(mode, reason, now)
        self._ports.run_machines()

    def _end(self, error: KafkaError | None) -> None:
        told = frozenset() if self._membership is None else self._membership.told
        told = self._asked.clear(told)
        if error is not None:
            log.warning("group=%s was not left in order: %s", self._group_id, error)
            self._tell_of_loss(told)
        self._membership = None
        self.leave_by = NEVER
        self._commits = True
        self._subscriptions.listener = self._next_listeners
        self._move(PartState.ABSENT)
        self._ports.polls.told_after = self._away_after
        self._ports.polls.vouched_until = math.inf
        self._ports.on_left()

    def _tell_of_loss(self, partitions: frozenset[TopicPartition]) -> None:
        """Have the listener hear that partitions are lost which it was not asked to give up."""
        # Without it a next membership would own them as if they had never been away.
        if partitions:
            task = UserTask(TaskKind.LOST, partitions, self._subscriptions.next_generation())
            for call in rebalance_calls(self._listeners, task):
                self._ports.tasks.tell(call)

    def _move(self, new: PartState) -> None:
        self._state = PART_TRANSITIONS.step(self._state, new)

    # -- what the membership decides -------------------------------------------------------

    def performers(self) -> dict[type, Callable[..., None]]:
        """Return what carries out the actions that only a group has."""
        return {
            FindCoordinator: self._find_coordinator,
            Send: self._send,
            CommitConsumed: self._commit,
            AskUser: self._ask_user,
            Withdraw: self._withdraw,
            RaiseFromGroup: self._raise_from_group,
            Left: self._left,
        }

    def _find_coordinator(self, _: FindCoordinator) -> None:
        link, ahead = self._ports.link, self._looked_ahead
        self._looked_ahead = False
        if ahead and link.node_id is not None:
            self._on_coordinator(link.node_id, None, self._clock.now())
        else:
            link.find()

    def _on_coordinator(self, node_id: int | None, error: KafkaError | None, now: float) -> None:
        if self._membership is not None:
            self._membership.on_coordinator(node_id, error, now)
            self._ports.run_machines()
        elif self._state is PartState.CHOOSING:
            self._search.on_coordinator(node_id, error)

    def _send(self, action: Send) -> None:
        work = self._exchange(self._member(), action)
        self._ports.runtime.spawn(work, name=f"kafka-{action.request.NAME}")

    async def _exchange(self, membership: GroupMembership, sent: Send) -> None:
        answer: Message | KafkaError
        began = self._clock.now()
        timeout = min(sent.timeout, self.leave_by.remaining(began))
        try:
            answer = response = await self._ports.link.send(
                sent.request, channel=sent.channel, timeout=timeout
            )
        except KafkaError as error:
            answer = error
        else:
            report_answer(self._ports.runtime.observer, response, self._clock.now() - began)
        if membership is self._membership:
            membership.on_response(sent, answer, self._clock.now())
            self._ports.run_machines()

    def _commit(self, action: CommitConsumed) -> None:
        work = self._commit_consumed(self._member(), action)
        self._ports.runtime.spawn(work, name="kafka-commit-before-revoking")

    async def _commit_consumed(self, membership: GroupMembership, action: CommitConsumed) -> None:
        now = self._clock.now()
        problem: KafkaError | None = None
        try:
            # Of no partitions it waits for what the application has committed.
            partitions = action.partitions if self._commits else frozenset()
            deadline = Deadline.after(now, self.time_for(action.deadline - now, now))
            await self._ports.commit(partitions, deadline)
        except KafkaError as error:
            problem = error
        if membership is self._membership:
            membership.on_committed(action, problem, self._clock.now())
            self._ports.run_machines()

    def _ask_user(self, action: AskUser) -> None:
        self._asked.ask(action, self._listeners, partial(self._task_done, self._member()))

    def _task_done(
        self,
        membership: GroupMembership,
        task: UserTask,
        error: BaseException | None,
        result: object,
    ) -> None:
        if membership is self._membership:
            membership.on_task_done(task, error, self._clock.now(), result)
            self._ports.run_machines()

    def _withdraw(self, action: Withdraw) -> None:
        self._asked.withdraw(action.number)

    def _raise_from_group(self, action: RaiseFromGroup) -> None:
        self._ports.errors.put_group_error(action.error, fatal=action.fatal)

    def _left(self, action: Left) -> None:
        self._end(action.error)

    def _member(self) -> GroupMembership:
        assert self._membership is not None, "only a membership has actions to carry out"
        return self._membership
