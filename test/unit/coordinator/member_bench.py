"""A member of a KIP-848 group by itself: what surrounds it is played by a test."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, TypeVar
from uuid import UUID

from kafka._base.backoff import ExponentialBackoff
from kafka._base.observer import Observer
from kafka.cluster import ClusterMetadata
from kafka.coordinator.consumer_membership import ConsumerMembership
from kafka.coordinator.consumer_settings import ConsumerSettings
from kafka.coordinator.membership import (
    AskUser,
    Assign,
    CommitConsumed,
    LeaveMode,
    Left,
    Send,
    SetHold,
    TaskKind,
    UserTask,
    Withdraw,
)
from kafka.protocol.messages.consumer_group_heartbeat import (
    ConsumerGroupHeartbeatRequest,
    ConsumerGroupHeartbeatResponse,
)
from kafka.protocol.messages.metadata import MetadataResponse
from kafka.structs import TopicPartition
from kafka.subscription import ConsumerRebalanceListener, SubscriptionState

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kafka.coordinator.membership import Action
    from kafka.errors import BrokerResponseError, KafkaError

A = TypeVar("A")

SETTINGS = ConsumerSettings(
    group_id="g",
    member_id="me",
    instance_id=None,
    rack_id=None,
    remote_assignor=None,
    max_poll_interval=300.0,
    request_timeout=30.0,
    auto_commit=False,
    exclude_internal=True,
    backoff=ExponentialBackoff(0.1, 1.0, jitter=0.0),
    observer=Observer(),
)
TOPICS = {"a": UUID(int=1), "b": UUID(int=2)}
A0, A1, A2, B0 = (TopicPartition(*tp) for tp in (("a", 0), ("a", 1), ("a", 2), ("b", 0)))


class Listener(ConsumerRebalanceListener):
    """It is there; the tests do what it is asked."""

    def on_partitions_revoked(self, revoked: set[TopicPartition]) -> None:
        raise NotImplementedError

    def on_partitions_assigned(self, assigned: set[TopicPartition]) -> None:
        raise NotImplementedError


def assignment(*partitions: TopicPartition) -> ConsumerGroupHeartbeatResponse.Assignment:
    """Return *partitions* as a coordinator assigns them."""
    response = ConsumerGroupHeartbeatResponse
    return response.Assignment(
        topic_partitions=[
            response.TopicPartitions(topic_id=TOPICS[tp.topic], partitions=[tp.partition])
            for tp in partitions
        ]
    )


def metadata(cluster: ClusterMetadata, topics: dict[str, UUID], *, lists_all: bool = True) -> None:
    """Let *cluster* have *topics*."""
    response = MetadataResponse
    made = [
        response.MetadataResponseTopic(
            name=name,
            topic_id=topic_id,
            is_internal=name.startswith("_"),
            partitions=[
                response.MetadataResponsePartition(partition_index=number, leader_id=1)
                for number in range(3)
            ],
        )
        for name, topic_id in topics.items()
    ]
    cluster.merge(MetadataResponse(topics=made), lists_all=lists_all)


class GroupMember:
    """A machine, and what it has asked for.

    Attributes:
        now: the time, in seconds; passes only where a test lets it.
        actions: what the last `poll` returned.
        owned: what the consumer owns.
        ids: the topics of that, as they were when the consumer came to own it.
        held: what records are withheld of, and for which reasons.
        tasks: what the user's side was asked and has not begun.
    """

    def __init__(self, settings: ConsumerSettings = SETTINGS, *, listens: bool = True) -> None:
        self.listener = Listener() if listens else None
        self.now = 0.0
        self.subscriptions = SubscriptionState()
        self.cluster = ClusterMetadata()
        self.machine = ConsumerMembership(self.subscriptions, settings, lambda low, _: low)
        self.actions: list[Action] = []
        self.owned: set[TopicPartition] = set()
        self.ids: dict[TopicPartition, UUID] = {}
        self.held: set[tuple[TopicPartition, int]] = set()
        self.tasks: list[UserTask] = []
        self.commits: list[CommitConsumed] = []
        self.left: Left | None = None
        self._in_flight: Send | None = None

    # -- looking ---------------------------------------------------------------------------

    @property
    def state(self) -> str:
        return self.machine.health(self.now).state

    @property
    def waits_for(self) -> str | None:
        return self.machine.health(self.now).waiting_for

    def of(self, kind: type[A]) -> list[A]:
        """Return the actions of one kind among those of the last poll."""
        return [action for action in self.actions if isinstance(action, kind)]

    @property
    def beat(self) -> ConsumerGroupHeartbeatRequest:
        """The heartbeat of the last poll."""
        (send,) = self.of(Send)
        assert isinstance(send.request, ConsumerGroupHeartbeatRequest)
        return send.request

    def asked(self) -> list[tuple[TaskKind, set[TopicPartition]]]:
        """Return what the user's side has not begun."""
        return [(task.kind, set(task.partitions)) for task in self.tasks]

    @property
    def has_heartbeat_in_flight(self) -> bool:
        return self._in_flight is not None

    @property
    def heartbeat_in_flight(self) -> ConsumerGroupHeartbeatRequest:
        assert self._in_flight is not None
        assert isinstance(self._in_flight.request, ConsumerGroupHeartbeatRequest)
        return self._in_flight.request

    # -- moving ----------------------------------------------------------------------------

    def poll(self, after: float = 0.0) -> list[Action]:
        """Return what the machine wants once *after* seconds have passed."""
        self.now += after
        self.actions = []
        while found := self.machine.poll(self.now):
            self.actions += found
            for action in found:
                self._perform(action)
        wakeup = self.machine.next_wakeup()
        assert wakeup is None or wakeup > self.now, "it would be polled without end"
        return self.actions

    def _perform(self, action: Action) -> None:
        if isinstance(action, Send):
            assert self._in_flight is None
            self._in_flight = action
        elif isinstance(action, AskUser):
            self.tasks.append(action.task)
        elif isinstance(action, CommitConsumed):
            self.commits.append(action)
        elif isinstance(action, Left):
            self.left = action
        elif isinstance(action, Withdraw):
            self.tasks = [task for task in self.tasks if task.number != action.number]
        elif isinstance(action, Assign):
            self.owned = set(action.partitions)
            self.ids = {
                tp: self.ids.get(tp, self.cluster.snapshot.topic_id(tp.topic))
                for tp in action.partitions
            }
            self.held = {(tp, hold) for tp, hold in self.held if tp in self.owned}
        elif isinstance(action, SetHold):
            changed = {(tp, int(action.hold)) for tp in action.partitions}
            self.held = self.held | changed if action.on else self.held - changed

    def subscribe(self, *topics: str) -> None:
        self.subscriptions.subscribe(topics, listener=self.listener)
        self.machine.on_subscription(self.now)

    def learn(self, *topics: str) -> list[Action]:
        """Hear of all topics there are."""
        metadata(self.cluster, {name: TOPICS[name] for name in topics})
        self.machine.on_metadata(self.cluster.snapshot, self.now)
        return self.poll()

    def user_polls(self) -> list[Action]:
        self.machine.on_user_poll(self.now)
        return self.poll()

    def find(self, node: int | None = 1, error: KafkaError | None = None) -> list[Action]:
        """End the look-up of the coordinator."""
        self.machine.on_coordinator(node, error, self.now)
        return self.poll()

    def answer(
        self,
        epoch: int = 1,
        *partitions: TopicPartition,
        unchanged: bool = False,
        member_id: str = "me",
    ) -> list[Action]:
        """Answer the heartbeat in flight: these partitions are the target."""
        return self.reply(
            ConsumerGroupHeartbeatResponse(
                member_id=member_id,
                member_epoch=epoch,
                heartbeat_interval_ms=5000,
                assignment=None if unchanged else assignment(*partitions),
            )
        )

    def refuse(self, error: type[BrokerResponseError], message: str | None = None) -> list[Action]:
        """Answer the heartbeat in flight with an error."""
        return self.reply(
            ConsumerGroupHeartbeatResponse(error_code=error.errno, error_message=message)
        )

    def reply(self, answer: ConsumerGroupHeartbeatResponse | KafkaError) -> list[Action]:
        sent, self._in_flight = self._in_flight, None
        assert sent is not None, "there is no heartbeat to answer"
        self.machine.on_response(sent, answer, self.now)
        return self.poll()

    def begin_task(self) -> UserTask:
        """Begin what the user's side was asked first."""
        return self.tasks.pop(0)

    def end_task(self, task: UserTask, error: BaseException | None = None) -> list[Action]:
        """End a task that was begun."""
        self.machine.on_task_done(task, error, self.now)
        return self.poll()

    def do_task(self, error: BaseException | None = None) -> list[Action]:
        """Do what the user's side was asked first."""
        return self.end_task(self.begin_task(), error)

    def do_all_tasks(self) -> None:
        while self.tasks:
            self.do_task()

    def commit(self, error: KafkaError | None = None) -> list[Action]:
        """End the commit that the last poll has asked for."""
        action = self.commits.pop()
        self.machine.on_committed(action, error, self.now)
        return self.poll()

    def play_on(self, *target: TopicPartition) -> Iterator[None]:
        """Let a helpful cluster and application act, one step at a time, with *target*."""
        epoch = 100
        for _ in self.play_out():
            if self._in_flight is not None:
                asked = self.heartbeat_in_flight.member_epoch
                epoch += 1
                self.answer(asked if asked < 0 else epoch, *target)
            yield

    def play_out(self) -> Iterator[None]:
        """Let an application act, one step at a time; a heartbeat in flight is for the caller."""
        while True:
            yield
            if self._in_flight is not None:
                continue
            if self.machine.health(self.now).coordinator is None:
                self.find()
            elif self.tasks:
                self.do_task()
            elif commits := self.commits:
                self.machine.on_committed(commits.pop(), None, self.now)
                self.poll()
            else:
                self.now += 1.0
                self.user_polls()

    def recover(self, *target: TopicPartition) -> None:
        """Subscribe, and be a stable member that owns *target*."""
        self.subscribe("a", "b")
        self.learn("a", "b")
        for _ in islice(self.play_on(*target), 100):
            if self.state == "stable" and self.owned == set(target) and not self.held:
                return

    def quit(self) -> Left:
        """Leave; return how that ended."""
        self.machine.on_leave(LeaveMode.DEFAULT, "closed", self.now)
        self.poll()
        for _ in islice(self.play_on(), 100):
            if self.left is not None:
                break
        assert self.left is not None
        return self.left

    # -- stories that begin many tests -------------------------------------------------------

    def join(self) -> None:
        """Send the first heartbeat."""
        self.learn("a", "b")
        self.subscribe("a")
        self.user_polls()
        self.find()

    def settle(self, *partitions: TopicPartition) -> None:
        """Be a stable member with these partitions, and with no heartbeat in flight."""
        self.join()
        self.answer(1, *partitions)
        self.do_all_tasks()
        if self._in_flight is not None:
            self.answer(1, unchanged=True)
