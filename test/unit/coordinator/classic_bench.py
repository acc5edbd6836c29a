"""A member of a classic group, and a test that plays coordinator, cluster and user."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from kafka._base.backoff import ExponentialBackoff
from kafka._base.observer import Observer
from kafka.cluster import ClusterMetadata, ClusterSnapshot
from kafka.coordinator.assignors.messages import assignment_bytes, subscription_bytes
from kafka.coordinator.assignors.strategy import MemberAssignment, RebalanceProtocol
from kafka.coordinator.classic_membership import ClassicMembership
from kafka.coordinator.classic_states import ClassicSettings, State
from kafka.coordinator.membership import (
    AskUser,
    Assign,
    CommitConsumed,
    LeaveMode,
    RaiseFromGroup,
    RaiseFromPoll,
    Send,
    SetHold,
    TaskKind,
    Withdraw,
)
from kafka.protocol.messages.heartbeat import HeartbeatResponse
from kafka.protocol.messages.join_group import JoinGroupResponse
from kafka.protocol.messages.leave_group import LeaveGroupResponse
from kafka.protocol.messages.metadata import MetadataResponse
from kafka.protocol.messages.sync_group import SyncGroupResponse
from kafka.structs import TopicPartition
from kafka.subscription import (
    AsyncConsumerRebalanceListener,
    SubscriptionPattern,
    SubscriptionState,
)
from test.unit.coordinator.classic_words import told

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from kafka.coordinator.assignors.strategy import AssignmentStrategy, Member
    from kafka.coordinator.membership import Action
    from kafka.errors import BrokerResponseError, KafkaError
    from kafka.protocol.schema import Message

A0, A1, A2 = (TopicPartition("a", number) for number in range(3))
B0 = TopicPartition("b", 0)
REBALANCE_TIMEOUT, SESSION_TIMEOUT, INTERVAL, REQUEST_TIMEOUT = 300.0, 45.0, 3.0, 30.0


class Listener(AsyncConsumerRebalanceListener):
    """The test plays the user, so nobody calls it."""

    async def on_partitions_revoked(self, revoked: set[TopicPartition]) -> None:
        raise NotImplementedError

    async def on_partitions_assigned(self, assigned: set[TopicPartition]) -> None:
        raise NotImplementedError


class Strategy:
    """An assignor that gives all partitions of a topic to its first member."""

    def __init__(
        self,
        name: str = "range",
        *protocols: RebalanceProtocol,
        runs_user_code: bool = False,
    ) -> None:
        self.name = name
        self.protocols = frozenset(protocols or [RebalanceProtocol.EAGER])
        self.runs_user_code = runs_user_code
        self.remembered: list[tuple[tuple[TopicPartition, ...], int]] = []

    def subscription_user_data(self, topics: Iterable[str]) -> bytes | None:
        return b"data of " + ",".join(sorted(topics)).encode()

    def assign(
        self, cluster: ClusterSnapshot, members: Sequence[Member]
    ) -> Mapping[str, MemberAssignment]:
        given: dict[str, list[TopicPartition]] = {member.member_id: [] for member in members}
        for topic in sorted({topic for member in members for topic in member.topics}):
            first = next(member for member in members if topic in member.topics)
            numbers = sorted(cluster.partitions(topic) or ())
            given[first.member_id] += [TopicPartition(topic, number) for number in numbers]
        return {name: MemberAssignment(tuple(partitions)) for name, partitions in given.items()}

    def on_assignment(self, assignment: MemberAssignment, generation: int) -> None:
        self.remembered.append((assignment.partitions, generation))


EAGER = Strategy("range")
COOPERATIVE = Strategy("cooperative-sticky", RebalanceProtocol.EAGER, RebalanceProtocol.COOPERATIVE)


class Other(NamedTuple):
    """Another member of the group."""

    member_id: str
    topics: tuple[str, ...]


class Bench:
    """A member, what it has asked for so far, and the rest of the world."""

    def __init__(
        self,
        *strategies: AssignmentStrategy,
        instance_id: str | None = None,
        auto_commit: bool = True,
        listener: bool = True,
        rack: str = "",
    ) -> None:
        self.now = 100.0
        self.subscriptions = SubscriptionState()
        self.cluster = ClusterMetadata()
        self.listener = Listener() if listener else None
        self.settings = ClassicSettings(
            group_id="g",
            instance_id=instance_id,
            session_timeout=SESSION_TIMEOUT,
            rebalance_timeout=REBALANCE_TIMEOUT,
            heartbeat_interval=INTERVAL,
            strategies=strategies or (EAGER,),
            auto_commit=auto_commit,
            request_timeout=REQUEST_TIMEOUT,
            backoff=ExponentialBackoff(0.1, 1.0, jitter=0.0),
            rack=rack,
            exclude_internal=True,
            observer=Observer(),
        )
        self.membership = ClassicMembership(
            self.subscriptions, self.settings, uniform=lambda low, _: low
        )
        self.sent: list[Send] = []
        self.tasks: list[AskUser] = []
        self.commits: list[CommitConsumed] = []
        self.errors: list[KafkaError] = []

    # -- the driver ------------------------------------------------------------------------

    def poll(self) -> list[str]:
        """Perform the actions that are due, and return them in short."""
        done: list[str] = []
        for _ in range(20):
            actions = self.membership.poll(self.now)
            for action in actions:
                self._perform(action)
                done.append(told(action))
            if not actions:
                break
        else:
            raise AssertionError(f"no end of actions: {done[-5:]}")
        wakeup = self.membership.next_wakeup()
        assert wakeup is None or wakeup > self.now, (wakeup, self.now, self.membership)
        return done

    def _perform(self, action: Action) -> None:
        match action:
            case Assign(partitions):
                self.subscriptions.replace_assignment(partitions)
            case SetHold(partitions, hold, on):
                for tp in partitions:
                    state = self.subscriptions.assignment.get(tp)
                    assert state is not None, f"{tp} is not owned"
                    state.set_hold(hold, on=on)
            case Send():
                self.sent.append(action)
            case AskUser():
                self.tasks.append(action)
            case Withdraw(number):
                self.tasks = [asked for asked in self.tasks if asked.task.number != number]
            case CommitConsumed():
                self.commits.append(action)
            case RaiseFromGroup(error) | RaiseFromPoll(_, error):
                self.errors.append(error)

    def wait(self, seconds: float) -> list[str]:
        """Let time pass, waking up in between when the member wants to."""
        done: list[str] = []
        end = self.now + seconds
        for _ in range(1000):
            wakeup = self.membership.next_wakeup()
            if wakeup is None or wakeup > end:
                self.now = end
                return done
            self.now = wakeup
            done += self.poll()
        raise AssertionError("it wakes up all the time")

    # -- the user --------------------------------------------------------------------------

    def subscribe(self, *topics: str) -> list[str]:
        self.subscriptions.subscribe(topics, listener=self.listener)
        self.membership.on_subscription(self.now)
        return self.poll()

    def match(self, pattern: str | SubscriptionPattern) -> list[str]:
        wanted = re.compile(pattern) if isinstance(pattern, str) else pattern
        self.subscriptions.subscribe(pattern=wanted, listener=self.listener)
        self.membership.on_subscription(self.now)
        return self.poll()

    def unsubscribe(self) -> list[str]:
        self.subscriptions.unsubscribe()
        self.membership.on_subscription(self.now)
        return self.poll()

    def user_poll(self) -> list[str]:
        """Begin a poll; the tasks are run by `run`."""
        self.membership.on_user_poll(self.now)
        return self.poll()

    def run(self, kind: TaskKind, error: BaseException | None = None) -> list[str]:
        """Run the next task, which is of this *kind*."""
        asked = self.tasks.pop(0)
        assert asked.task.kind is kind, asked
        return self.end_task(asked, error)

    def begin(self, kind: TaskKind) -> AskUser:
        """Take the next task; it cannot be withdrawn any more, and `end_task` is to follow."""
        asked = self.tasks.pop(0)
        assert asked.task.kind is kind, asked
        return asked

    def end_task(self, asked: AskUser, error: BaseException | None = None) -> list[str]:
        result = asked.work() if asked.work is not None and error is None else None
        self.membership.on_task_done(asked.task, error, self.now, result)
        return self.poll()

    def run_all(self) -> list[str]:
        """Poll, and run tasks, with their commits, until there are none."""
        done = self.user_poll()
        while self.tasks or self.commits:
            if self.commits:
                done += self.committed()
            else:
                done += self.end_task(self.tasks.pop(0))
        return done

    def committed(self, error: KafkaError | None = None) -> list[str]:
        self.membership.on_committed(self.commits.pop(), error, self.now)
        return self.poll()

    def leave(self, mode: LeaveMode = LeaveMode.DEFAULT, reason: str = "closing") -> list[str]:
        self.membership.on_leave(mode, reason, self.now)
        return self.poll()

    # -- the cluster -----------------------------------------------------------------------

    def metadata(
        self, topics: Mapping[str, int | type[BrokerResponseError]], *, lists_all: bool = False
    ) -> list[str]:
        """Bring metadata: for each topic a number of partitions, or an error."""
        self.membership.on_metadata(self.snapshot(topics, lists_all=lists_all), self.now)
        return self.poll()

    def snapshot(
        self, topics: Mapping[str, int | type[BrokerResponseError]], *, lists_all: bool = False
    ) -> ClusterSnapshot:
        response = MetadataResponse
        made = []
        for name, found in topics.items():
            topic = response.MetadataResponseTopic(name=name)
            if isinstance(found, int):
                topic.partitions = [
                    response.MetadataResponsePartition(partition_index=number, leader_id=1)
                    for number in range(found)
                ]
            else:
                topic.error_code = found.errno
            made.append(topic)
        self.cluster.merge(MetadataResponse(topics=made), lists_all=lists_all)
        return self.cluster.snapshot

    # -- the coordinator -------------------------------------------------------------------

    def coordinator(self, node_id: int | None = 1, error: KafkaError | None = None) -> list[str]:
        self.membership.on_coordinator(node_id, error, self.now)
        return self.poll()

    def last(self, name: str) -> Send:
        """Return the last request of this name."""
        return [sent for sent in self.sent if name == type(sent.request).NAME][-1]

    def request(self, name: str) -> Any:  # Any: tests look at fields of many kinds of requests
        return self.last(name).request

    def answer(self, name: str, answer: Message | KafkaError) -> list[str]:
        """Answer the last request of this name."""
        self.membership.on_response(self.last(name), answer, self.now)
        return self.poll()

    def refuse(self, name: str, error: type[BrokerResponseError]) -> list[str]:
        """Answer the last request of this name with an error."""
        return self.answer(name, refusal(name, error.errno))

    def joined(
        self,
        generation: int = 1,
        *others: Other,
        leads: bool = False,
        skip: bool = False,
        protocol: str = "",
    ) -> list[str]:
        """Answer JoinGroup; only a leader hears of the *others*."""
        topics = self.subscriptions.subscription or frozenset()
        members = [Other("me", tuple(topics)), *others] if leads else []
        of_member = JoinGroupResponse.JoinGroupResponseMember
        response = JoinGroupResponse(
            generation_id=generation,
            protocol_type="consumer",
            protocol_name=protocol or self.settings.strategies[0].name,
            leader="me" if leads else "other",
            member_id="me",
            skip_assignment=skip,
            members=[
                of_member(member_id=member.member_id, metadata=subscription(member.topics))
                for member in members
            ],
        )
        return self.answer("JoinGroup", response)

    def synced(self, *partitions: TopicPartition) -> list[str]:
        """Answer SyncGroup."""
        data = assignment_bytes(MemberAssignment(partitions))
        return self.answer("SyncGroup", SyncGroupResponse(assignment=data))

    def beat(self) -> list[str]:
        """Wait for the next heartbeat and answer it."""
        self.wait(INTERVAL)
        return self.answer("Heartbeat", HeartbeatResponse())

    def beat_refused(self, error: type[BrokerResponseError]) -> list[str]:
        """Wait for the next heartbeat and refuse it."""
        self.wait(INTERVAL)
        return self.refuse("Heartbeat", error)

    # -- shortcuts -------------------------------------------------------------------------

    @property
    def state(self) -> str:
        return self.membership.health(self.now).state

    @property
    def withheld(self) -> set[TopicPartition]:
        """The partitions that nothing is handed out of."""
        return {state.tp for state in self.subscriptions.assignment if state.holds}

    def start(self, *topics: str) -> Bench:
        """Send the first JoinGroup."""
        self.subscribe(*(topics or ("a",)))
        self.user_poll()
        self.coordinator()
        return self

    def become(self, *partitions: TopicPartition, topics: tuple[str, ...] = ("a",)) -> Bench:
        """Be a stable member with *partitions*, and no task left."""
        self.start(*topics)
        self.joined()
        self.synced(*partitions)
        self.run_all()
        assert self.state == State.STABLE.value
        return self


def subscription(topics: Iterable[str]) -> bytes:
    return subscription_bytes(topics, None, generation=-1, rack=None)


def refusal(name: str, code: int) -> Message:
    """Return the answer to a request of this name that carries an error."""
    responses: dict[str, type[Message]] = {
        "JoinGroup": JoinGroupResponse,
        "SyncGroup": SyncGroupResponse,
        "Heartbeat": HeartbeatResponse,
        "LeaveGroup": LeaveGroupResponse,
    }
    response = responses[name]()
    response.error_code = code  # type: ignore[attr-defined]  # all of these have one
    return response
