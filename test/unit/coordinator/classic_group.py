"""Several members of one classic group and its coordinator, on a clock of their own.

The coordinator is the state machine of the embedded broker, without a network. Requests and answers
take a few milliseconds each, and with trouble some are refused or get lost.
"""

from __future__ import annotations

import heapq
import random
from itertools import count
from typing import TYPE_CHECKING

from kafka._base.backoff import ExponentialBackoff
from kafka.coordinator.assignors.configured import strategies
from kafka.coordinator.classic_membership import ClassicMembership
from kafka.coordinator.membership import (
    AskUser,
    Assign,
    CommitConsumed,
    FindCoordinator,
    LeaveMode,
    Left,
    RaiseFromGroup,
    RequestMetadata,
    Send,
    SetHold,
    Withdraw,
)
from kafka.errors import (
    BrokerResponseError,
    CoordinatorLoadInProgressError,
    KafkaConnectionError,
    KafkaError,
    KafkaTimeoutError,
    NotCoordinatorError,
)
from kafka.protocol.messages.heartbeat import HeartbeatRequest, HeartbeatResponse
from kafka.protocol.messages.join_group import JoinGroupRequest, JoinGroupResponse
from kafka.protocol.messages.leave_group import LeaveGroupRequest, LeaveGroupResponse
from kafka.protocol.messages.sync_group import SyncGroupRequest, SyncGroupResponse
from kafka.subscription import Hold, SubscriptionState
from kafka.testing.broker.groups.classic import ClassicGroup
from kafka.testing.broker.groups.classic_member import Join
from kafka.testing.broker.groups.classic_states import Limits
from kafka.testing.broker.groups.outcomes import JoinOutcome, SyncOutcome, Ticket
from test.unit.coordinator.classic_bench import Bench, Listener

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from kafka.coordinator.membership import Action
    from kafka.protocol.schema import Message
    from kafka.structs import TopicPartition

PARTITIONS = {"a": 6, "b": 3}
SESSION_TIMEOUT, REBALANCE_TIMEOUT = 10.0, 30.0


class Group:
    """The group, its members, and the clock.

    Args:
        seed: of all that is random.
        assignors: of every member.

    Attributes:
        trouble: whether requests fail at random.
    """

    def __init__(self, seed: int, *assignors: type) -> None:
        self.random = random.Random(seed)
        self.now = 0.0
        self.trouble = False
        self.members: list[Member] = []
        self.assignors = assignors
        self.snapshot = Bench().snapshot(PARTITIONS, lists_all=True)
        ids = count(1)
        self.coordinator = ClassicGroup(
            "g", new_id=lambda: str(next(ids)), limits=lambda: Limits(initial_delay=0.5)
        )
        self._events: list[tuple[float, int, Callable[[], object]]] = []
        self._order = count()
        self._waiting: list[tuple[Ticket[JoinOutcome] | Ticket[SyncOutcome], Member, Send]] = []

    @property
    def alive(self) -> list[Member]:
        """The members that are neither closed nor killed."""
        return [member for member in self.members if member.is_alive]

    def at(self, delay: float, event: Callable[[], object]) -> None:
        """Let *event* happen *delay* seconds from now."""
        heapq.heappush(self._events, (self.now + delay, next(self._order), event))

    def wait_for(
        self, ticket: Ticket[JoinOutcome] | Ticket[SyncOutcome], member: Member, sent: Send
    ) -> None:
        """Answer *sent* when the coordinator does."""
        self._waiting.append((ticket, member, sent))

    def run(self, seconds: float) -> None:
        """Let time pass, checking at each step that no partition is read by two members."""
        end = self.now + seconds
        while self.now < end or (self._events and self._events[0][0] <= end):
            wakeup = self.coordinator.next_wakeup()
            times = [end, *(event[0] for event in self._events[:1])]
            if wakeup is not None:
                times.append(max(wakeup, self.now))
            self.now = min(times)
            if wakeup is not None and wakeup <= self.now:
                self.coordinator.poll(self.now)
            if self._events and self._events[0][0] <= self.now:
                heapq.heappop(self._events)[2]()
            self._answer()
            self._check()

    def is_shared_out(self) -> bool:
        """Return whether each partition has one owner, who hands it out."""
        topics = {topic for member in self.alive for topic in member.topics}
        owned = [tp for member in self.alive for tp in member.read]
        wanted = sum(PARTITIONS[topic] for topic in topics)
        stable = all(member.state == "stable" for member in self.alive)
        return stable and len(owned) == len(set(owned)) == wanted

    def _answer(self) -> None:
        waiting, self._waiting = self._waiting, []
        for ticket, member, sent in waiting:
            if ticket.outcome is None:
                self._waiting.append((ticket, member, sent))
            else:
                member.answer(sent, response_to(ticket.outcome))

    def _check(self) -> None:
        owners: dict[TopicPartition, Member] = {}
        for member in self.alive:
            me = member.membership.identity
            # One that the coordinator has dropped does not know yet that it is none.
            if me is not None and me.member_id in self.coordinator.roster.members:
                for tp in member.read:
                    assert tp not in owners, (self.now, tp, member, owners[tp])
                    owners[tp] = member


class Member:
    """One member, and its application.

    Args:
        group: the group.
        topics: what it subscribes to.
        work: seconds between two polls, on average.
    """

    def __init__(self, group: Group, topics: Sequence[str] = ("a", "b"), work: float = 0.2) -> None:
        self.is_alive = True
        self.is_leaving = False
        self._group = group
        self._work = work
        self._tasks: list[AskUser] = []
        self._wakeup: float | None = None
        self._subscriptions = SubscriptionState()
        settings = Bench().settings._replace(
            session_timeout=SESSION_TIMEOUT,
            rebalance_timeout=REBALANCE_TIMEOUT,
            heartbeat_interval=1.0,
            strategies=strategies([assignor() for assignor in group.assignors]),
            request_timeout=5.0,
            backoff=ExponentialBackoff(0.1, 1.0),
        )
        self.membership = ClassicMembership(
            self._subscriptions, settings, uniform=group.random.uniform
        )
        group.members.append(self)
        self.membership.on_metadata(group.snapshot, group.now)
        self.subscribe(topics)
        group.at(0.0, self._use)

    def __repr__(self) -> str:
        return f"{self.membership!r} {self.membership.health(self._group.now)}"

    @property
    def state(self) -> str:
        """Name of the state of the member."""
        return self.membership.health(self._group.now).state

    @property
    def topics(self) -> frozenset[str]:
        """The topics subscribed to."""
        return self._subscriptions.subscription or frozenset()

    @property
    def read(self) -> set[TopicPartition]:
        """The partitions whose records may be handed out."""
        assigned = self._subscriptions.assignment
        return {state.tp for state in assigned if not state.holds & Hold.REVOKING.value}

    def subscribe(self, topics: Sequence[str]) -> None:
        """Subscribe to *topics*."""
        self._subscriptions.subscribe(topics, listener=Listener())
        self._input(lambda: self.membership.on_subscription(self._group.now))

    def rejoin(self) -> None:
        """Ask for a rebalance."""
        self._input(lambda: self.membership.on_rejoin("test", self._group.now))

    def lose_coordinator(self) -> None:
        """Hear that the coordinator is gone."""
        self._input(lambda: self.membership.on_coordinator(None, None, self._group.now))

    def close(self) -> None:
        """Begin to leave."""
        self.is_leaving = True
        self._input(lambda: self.membership.on_leave(LeaveMode.DEFAULT, "closing", self._group.now))

    def kill(self) -> None:
        """Vanish without a word."""
        self.is_alive = False

    def answer(self, sent: Send, answer: Message | KafkaError) -> None:
        """Bring the answer to *sent*, unless it gets lost on its way."""
        if self._group.trouble and self._group.random.random() < 0.2:
            answer = KafkaConnectionError("lost")
        self._later(lambda: self.membership.on_response(sent, answer, self._group.now))

    # -- the application -------------------------------------------------------------------

    def _use(self) -> None:
        """Poll, for a tenth of a second, and work."""
        if not self.is_alive:
            return
        self._input(lambda: self.membership.on_user_poll(self._group.now))
        for delay in (0.0, 0.03, 0.06, 0.1):
            self._group.at(delay, self._run_tasks)
        self._group.at(0.11 + 2.0 * self._work * self._group.random.random(), self._use)

    def _run_tasks(self) -> None:
        while self._tasks and self.is_alive:
            self._end_task(self._tasks.pop(0))

    def _end_task(self, asked: AskUser) -> None:
        result = None if asked.work is None else asked.work()
        now = self._group.now
        self._input(lambda: self.membership.on_task_done(asked.task, None, now, result))

    # -- the driver ------------------------------------------------------------------------

    def _input(self, call: Callable[[], object]) -> None:
        if self.is_alive:
            call()
            self._poll()

    def _later(self, call: Callable[[], object]) -> None:
        delay = 0.002 + 0.01 * self._group.random.random()
        self._group.at(delay, lambda: self._input(call))

    def _poll(self) -> None:
        while self.is_alive and (actions := self.membership.poll(self._group.now)):
            for action in actions:
                self._perform(action)
        wakeup = self.membership.next_wakeup()
        if wakeup is not None and wakeup != self._wakeup:
            assert wakeup > self._group.now, (wakeup, self)
            self._group.at(wakeup - self._group.now, lambda: self._wake(wakeup))
        self._wakeup = wakeup

    def _wake(self, wakeup: float) -> None:
        if self._wakeup == wakeup:
            self._wakeup = None
            self._input(lambda: None)

    def _perform(self, action: Action) -> None:
        membership, group = self.membership, self._group
        match action:
            case Assign(partitions):
                self._subscriptions.replace_assignment(partitions)
            case SetHold(partitions, hold, on):
                for state in map(self._subscriptions.assignment.get, partitions):
                    assert state is not None
                    state.set_hold(hold, on=on)
            case AskUser():
                self._tasks.append(action)
            case Withdraw(number):
                self._tasks = [asked for asked in self._tasks if asked.task.number != number]
            case _:
                self._perform_later(action, membership, group)

    def _perform_later(self, action: Action, membership: ClassicMembership, group: Group) -> None:
        match action:
            case FindCoordinator():
                self._later(lambda: membership.on_coordinator(1, None, group.now))
            case RequestMetadata():
                self._later(lambda: membership.on_metadata(group.snapshot, group.now))
            case CommitConsumed():
                self._later(lambda: membership.on_committed(action, None, group.now))
            case Send():
                self._later(lambda: self._deliver(action))
            case Left():
                self.is_alive = False
            case RaiseFromGroup(error):
                raise error

    def _deliver(self, sent: Send) -> None:
        group = self._group
        chance = group.random.random() if group.trouble else 1.0
        if chance < 0.1:
            self.answer(sent, NotCoordinatorError())
        elif chance < 0.2:
            self.answer(sent, CoordinatorLoadInProgressError())
        elif chance < 0.25:
            late = KafkaTimeoutError("silent")
            group.at(sent.timeout, lambda: self.answer(sent, late))
        else:
            deliver(group, self, sent)


def deliver(group: Group, member: Member, sent: Send) -> None:
    """Hand *sent* to the coordinator."""
    request, coordinator, now = sent.request, group.coordinator, group.now
    match request:
        case JoinGroupRequest():
            group.wait_for(coordinator.join(join_of(request), now), member, sent)
        case SyncGroupRequest():
            ticket = coordinator.sync(
                request.member_id,
                request.group_instance_id,
                request.generation_id,
                protocol=(request.protocol_type, request.protocol_name),
                assignments={
                    given.member_id: bytes(given.assignment) for given in request.assignments
                },
                now=now,
            )
            group.wait_for(ticket, member, sent)
        case HeartbeatRequest():
            code = 0
            try:
                coordinator.heartbeat(request.member_id, None, request.generation_id, now)
            except BrokerResponseError as error:
                code = error.errno
            member.answer(sent, HeartbeatResponse(error_code=code))
        case LeaveGroupRequest():
            coordinator.leave([(leaving.member_id, None) for leaving in request.members], now)
            member.answer(sent, LeaveGroupResponse())


def join_of(request: JoinGroupRequest) -> Join:
    """Return *request* as the state machine takes it."""
    return Join(
        request.member_id,
        request.group_instance_id,
        "client",
        "host",
        request.session_timeout_ms / 1000,
        request.rebalance_timeout_ms / 1000,
        request.protocol_type,
        tuple((protocol.name, bytes(protocol.metadata)) for protocol in request.protocols),
        requires_known_id=True,
        may_skip_assignment=True,
    )


def response_to(outcome: JoinOutcome | SyncOutcome) -> Message:
    """Return *outcome* as the coordinator sends it."""
    code = 0 if outcome.error is None else outcome.error.errno
    if isinstance(outcome, SyncOutcome):
        return SyncGroupResponse(
            error_code=code,
            protocol_type=outcome.protocol_type,
            protocol_name=outcome.protocol_name,
            assignment=outcome.assignment,
        )
    of_member = JoinGroupResponse.JoinGroupResponseMember
    return JoinGroupResponse(
        error_code=code,
        generation_id=outcome.generation_id,
        protocol_type=outcome.protocol_type,
        protocol_name=outcome.protocol_name,
        leader=outcome.leader,
        skip_assignment=outcome.skip_assignment,
        member_id=outcome.member_id,
        members=[
            of_member(member_id=member.member_id, metadata=member.metadata)
            for member in outcome.members
        ],
    )
