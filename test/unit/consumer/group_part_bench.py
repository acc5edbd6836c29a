"""A part of a core in a group, with a membership that does as it is told."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, TypeVar

from kafka._base.deadline import Deadline
from kafka._base.drive import Driver
from kafka._base.loop_clock import LoopClock
from kafka._base.observer import Observer
from kafka._base.runtime import Runtime
from kafka._base.supervisor import Supervisor
from kafka.cluster import ClusterSnapshot
from kafka.consumer.group_part import GroupPart
from kafka.consumer.group_ports import GroupPorts
from kafka.consumer.poll_times import PollTimes
from kafka.consumer.user_tasks import UserTasks
from kafka.coordinator.membership import (
    GROUP,
    RequestMetadata,
    Send,
    TaskKind,
    UserTask,
    WantTopics,
)
from kafka.errors import (
    KafkaError,
)
from kafka.protocol.messages.heartbeat import HeartbeatRequest, HeartbeatResponse
from kafka.structs import TopicPartition
from kafka.subscription import ConsumerRebalanceListener, SubscriptionState
from test.support.scripted_membership import ME, ScriptedMembership

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from kafka.coordinator.membership import Action
    from kafka.protocol.schema import Message, Request
    from kafka.subscription.subscription_state import Listener

R = TypeVar("R", bound="Message")

TP = TopicPartition("t", 0)
PARTS = frozenset({TP})
BEAT = Send(HeartbeatRequest(group_id="g", generation_id=1, member_id="me"), GROUP, 30.0, ME)
LEAVE = Deadline(100.0)


class Noting(ConsumerRebalanceListener):
    """Notes its calls."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, set[TopicPartition]]] = []

    def on_partitions_revoked(self, revoked: set[TopicPartition]) -> None:
        self.calls.append(("revoked", revoked))

    def on_partitions_assigned(self, assigned: set[TopicPartition]) -> None:
        self.calls.append(("assigned", assigned))

    def on_partitions_lost(self, lost: set[TopicPartition]) -> None:
        self.calls.append(("lost", lost))


class FakeLink:
    """A coordinator that answers as it is told."""

    def __init__(self) -> None:
        self.on_coordinator: list[Callable[[int | None, KafkaError | None, float], None]] = []
        self.node_id: int | None = None
        self.searches = 0
        self.sent: list[tuple[object, str, float]] = []
        self.answer: Message | KafkaError = HeartbeatResponse()

    def find(self) -> None:
        self.searches += 1
        self.node_id = None

    def found(self, node_id: int | None = 0, error: KafkaError | None = None) -> None:
        self.node_id = node_id
        for listener in self.on_coordinator:
            listener(node_id, error, asyncio.get_running_loop().time())

    async def send(self, request: Request[R], *, channel: str, timeout: float) -> R:  # noqa: ASYNC109 - the port's
        self.sent.append((request, channel, timeout))
        await asyncio.sleep(0)
        if isinstance(self.answer, KafkaError):
            raise self.answer
        return self.answer  # type: ignore[return-value] # what the test asked for


class Stage:
    """A part of a core, and everything it acts through."""

    def __init__(self, *on_left: Action) -> None:
        loop = asyncio.get_running_loop()
        self.supervisor = Supervisor("test")
        self.clock = LoopClock(loop)
        self.runtime = Runtime(
            self.clock, lambda low, _: low, Observer(), self.supervisor.spawn, loop.call_soon
        )
        self.on_left = on_left
        self.memberships: list[ScriptedMembership] = []
        self.subscriptions = SubscriptionState()
        self.tasks = UserTasks(lambda: None)
        self.polls = PollTimes(150.0)
        self.link = FakeLink()
        self.errors: list[tuple[BaseException, bool]] = []
        self.cleared = 0
        self.commits: list[tuple[frozenset[TopicPartition], float]] = []
        self.commit_error: KafkaError | None = None
        self.choice_error: KafkaError | None = None
        self.chosen: list[int] = []
        self.left = 0
        self.needed: list[bool] = []
        self.wanted: list[object] = []
        self.part = GroupPart(
            "g",
            self.subscriptions,
            GroupPorts(
                link=self.link,
                choose=self.choose,
                commit=self.commit,
                errors=self,
                tasks=self.tasks,
                polls=self.polls,
                runtime=self.runtime,
                run_machines=lambda: self.driver.run_now(),  # noqa: PLW0108 - made later
                on_left=self._on_left,
                on_user_needed=self.needed.append,
            ),
        )
        self.driver = Driver([self.part], self.runtime)
        self.driver.register(dict.fromkeys((WantTopics, RequestMetadata), self.wanted.append))
        self.driver.register(self.part.performers())

    async def choose(self, node_id: int) -> Callable[[], ScriptedMembership]:
        self.chosen.append(node_id)
        if self.choice_error is not None:
            raise self.choice_error
        return self.make

    def make(self) -> ScriptedMembership:
        self.memberships.append(ScriptedMembership(*self.on_left))
        return self.memberships[-1]

    async def commit(self, partitions: Collection[TopicPartition], deadline: Deadline) -> None:
        self.commits.append((frozenset(partitions), deadline.at))
        if self.commit_error is not None:
            raise self.commit_error

    def put_group_error(self, error: BaseException, *, fatal: bool) -> None:
        self.errors.append((error, fatal))

    def clear_group_error(self) -> None:
        self.cleared += 1

    def _on_left(self) -> None:
        self.left += 1

    @property
    def membership(self) -> ScriptedMembership:
        return self.memberships[-1]

    def subscribe(self, *topics: str, listener: Listener | None = None) -> None:
        self.subscriptions.subscribe(topics or ("t",), listener=listener)
        self.part.on_subscription(self.clock.now())
        self.driver.run_now()

    def poll(self) -> None:
        self.polls.last = self.clock.now()
        self.part.on_user_poll(self.clock.now())
        self.driver.run_now()

    async def act(self, *actions: Action) -> None:
        """Have the membership ask for *actions*, and let what they begin come to its end."""
        self.membership.actions += actions
        self.driver.run_now()
        await self.settle()

    async def settle(self) -> None:
        for _ in range(5):
            await asyncio.sleep(0)


async def joined(*on_left: Action, listener: Listener | None = None) -> Stage:
    """Return a stage with a member."""
    stage = Stage(*on_left)
    await stage.supervisor.start()
    stage.part.on_metadata(ClusterSnapshot(version=7), 0.0)
    stage.subscribe(listener=listener)
    stage.poll()
    stage.link.found()
    await stage.settle()
    return stage


def task(kind: TaskKind, number: int = 1) -> UserTask:
    """Return a task about `TP`."""
    return UserTask(kind, PARTS, number)
