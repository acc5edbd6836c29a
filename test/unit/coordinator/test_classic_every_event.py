"""Every state of a classic member meets every event, and recovers from it."""

from __future__ import annotations

import random
from itertools import product
from typing import TYPE_CHECKING, Final

import pytest

from kafka.coordinator.assignors.messages import assignment_bytes
from kafka.coordinator.assignors.strategy import MemberAssignment, RebalanceProtocol
from kafka.coordinator.membership import (
    AskUser,
    Assign,
    CommitConsumed,
    FindCoordinator,
    LeaveMode,
    Left,
    RequestMetadata,
    Send,
    TaskKind,
)
from kafka.errors import (
    CoordinatorLoadInProgressError,
    CoordinatorNotAvailableError,
    FencedInstanceIdError,
    GroupAuthorizationFailedError,
    IllegalGenerationError,
    KafkaConnectionError,
    KafkaTimeoutError,
    NotCoordinatorError,
    RebalanceInProgressError,
    UnknownMemberIdError,
)
from kafka.protocol.messages.heartbeat import HeartbeatResponse
from kafka.protocol.messages.join_group import JoinGroupResponse
from kafka.protocol.messages.leave_group import LeaveGroupResponse
from kafka.protocol.messages.sync_group import SyncGroupResponse
from kafka.structs import TopicPartition
from test.unit.coordinator.classic_bench import (
    A0,
    A1,
    COOPERATIVE,
    EAGER,
    REBALANCE_TIMEOUT,
    SESSION_TIMEOUT,
    Bench,
    Strategy,
    subscription,
    told,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from kafka.coordinator.membership import Action
    from kafka.errors import KafkaError
    from kafka.protocol.schema import Message


EAGER_ONLY, COOPERATIVE_TOO = RebalanceProtocol.EAGER, RebalanceProtocol.COOPERATIVE


class World(Bench):
    """A bench that remembers what waits for an answer, and checks what the member does.

    Attributes:
        asked: requests without an answer.
        is_looking: whether the coordinator is looked up.
        left: how often the member has left.
        generation: of the group.
    """

    def __init__(self, *strategies: Strategy, instance_id: str | None = None) -> None:
        super().__init__(*strategies, instance_id=instance_id)
        self.asked: list[Send] = []
        self.is_looking = False
        self.wants_metadata = False
        self.left = 0
        self.generation = 0
        self.given: tuple[TopicPartition, ...] = (A0, A1)
        self.may_take = False
        self.user_knows: set[TopicPartition] = set()
        self.failed: set[TopicPartition] = set()
        self.events: list[str] = []
        self.running: AskUser | None = None
        self.late: list[Send] = []
        self.leads = False

    def _perform(self, action: Action) -> None:
        self.events.append(told(action))
        match action:
            case Send():
                kind = type(action.request)
                self.late += [sent for sent in self.asked if type(sent.request) is kind]
                self.asked = [sent for sent in self.asked if type(sent.request) is not kind]
                self.asked.append(action)
            case FindCoordinator():
                self.is_looking = True
            case RequestMetadata():
                self.wants_metadata = True
            case Left():
                self.left += 1
            case Assign(partitions):
                self.check_taken(partitions)
            case AskUser(task) if task.kind in {TaskKind.REVOKED, TaskKind.LOST}:
                owned = self.subscriptions.assignment.partitions
                assert task.partitions <= owned, self.events[-10:]
        super()._perform(action)

    def check_taken(self, partitions: tuple[TopicPartition, ...]) -> None:
        """Partitions are taken away only after the user has come back."""
        owned = self.subscriptions.assignment.partitions
        assert self.may_take or owned <= set(partitions), self.events[-10:]

    def run_one(self) -> None:
        """Run the next task, if there is one."""
        self.begin_one()
        self.end_one()

    def begin_one(self) -> None:
        """Begin the next task, after the end of the one before."""
        self.end_one()
        if not self.tasks:
            return
        self.running = asked = self.tasks.pop(0)
        kind, partitions = asked.task.kind, asked.task.partitions
        if kind is TaskKind.SETTLE:
            self.may_take = True
        elif kind is TaskKind.ASSIGNED:
            # What the listener could not prepare is told again.
            assert not partitions & (self.user_knows - self.failed), self.events[-10:]
            self.user_knows |= partitions
            self.failed -= partitions
        elif kind in {TaskKind.REVOKED, TaskKind.LOST}:
            assert partitions <= self.user_knows, self.events[-10:]
            self.user_knows -= partitions

    def end_one(self, error: BaseException | None = None) -> None:
        """End the task that has begun."""
        asked, self.running = self.running, None
        if asked is None:
            return
        if error is not None and asked.task.kind is TaskKind.ASSIGNED:
            self.failed |= asked.task.partitions
        self.end_task(asked, error)
        if not self.tasks and not self.commits:
            self.may_take = False

    def answer_late(self) -> None:
        """Answer what was asked again since."""
        late, self.late = self.late, []
        for sent in late:
            self.membership.on_response(sent, self.good_answer(sent), self.now)
        self.poll()

    def unsubscribe(self) -> list[str]:
        """Leave, then end the subscription, as the calls of a consumer do."""
        self.leave()
        self.recover()
        return super().unsubscribe()

    def change(self, *topics: str) -> None:
        """Subscribe to other topics."""
        if self.subscriptions.pattern is not None:
            self.unsubscribe()
        self.subscribe(*topics)

    def change_to_pattern(self) -> None:
        """Subscribe by a pattern; the API asks for `unsubscribe` in between."""
        self.unsubscribe()
        self.match("a.*")

    # -- a world in which all goes well ----------------------------------------------------

    def answer_well(self) -> None:
        """Answer the oldest request, look-up, commit or task as if nothing were wrong."""
        if self.is_looking:
            self.is_looking = False
            self.coordinator(1)
        elif self.wants_metadata:
            self.wants_metadata = False
            self.metadata({"a": 2, "b": 1}, lists_all=True)
        elif self.asked:
            sent = self.asked.pop(0)
            self.membership.on_response(sent, self.good_answer(sent), self.now)
            self.poll()
        elif self.commits:
            self.committed()
        else:
            self.run_one()

    def good_answer(self, sent: Send) -> Message:
        name = type(sent.request).NAME
        if name == "JoinGroup":
            self.generation += 1
            me = sent.request.member_id or "me"
            of_member = JoinGroupResponse.JoinGroupResponseMember
            members = [
                of_member(member_id=name, metadata=subscription(("a", "b"))) for name in (me, "x")
            ]
            return JoinGroupResponse(
                generation_id=self.generation,
                protocol_name=self.settings.strategies[0].name,
                leader=me if self.leads else "x",
                member_id=me,
                members=members if self.leads else [],
            )
        if name == "SyncGroup":
            data = assignment_bytes(MemberAssignment(self.given))
            return SyncGroupResponse(assignment=data)
        return {"Heartbeat": HeartbeatResponse, "LeaveGroup": LeaveGroupResponse}[name]()

    def recover(self) -> None:
        """Let all go well until nothing is left to be done."""
        for _ in range(100):
            self.user_poll()
            self.answer_well()
            waits = self.is_looking or self.asked or self.commits or self.tasks or self.running
            if not waits and self.state in {"stable", "fatal", "unjoined"}:
                return
            self.wait(0.2)
        raise AssertionError((self.membership, self.membership.health(self.now), self.events[-20:]))


# -- states ----------------------------------------------------------------------------------


def world(state: str, *strategies: Strategy, instance_id: str | None = None) -> World:
    """Return a member that is in *state*."""
    made = World(*strategies, instance_id=instance_id)
    made.subscribe("a")
    if state == "unjoined":
        return made
    made.user_poll()
    if state == "coordinator unknown":
        return made
    made.answer_well()
    if state == "joining":
        return made
    made.answer_well()
    if state == "syncing":
        return made
    made.recover()
    later: dict[str, Callable[[], object]] = {
        "stable": lambda: None,
        "settling": lambda: give_up(made),
        "committing": lambda: (give_up(made), made.run_one()),
        "revoking": lambda: (give_up(made), made.run_one(), made.committed()),
        "losing": lambda: drop(made),
        "leaving": made.leave,
        "left": lambda: (made.leave(), made.recover()),
        "fatal": lambda: made.coordinator(None, GroupAuthorizationFailedError()),
        "away": lambda: made.wait(REBALANCE_TIMEOUT),
    }
    later[state]()
    return made


def give_up(made: World) -> None:
    """Have the member revoke a partition, with either protocol."""
    made.given = (A0,)
    made.membership.on_rejoin("test", made.now)
    made.poll()
    while made.asked and not made.tasks:
        made.answer_well()


def drop(made: World) -> None:
    made.wait(3.0)
    sent = made.asked.pop()
    made.membership.on_response(sent, UnknownMemberIdError(), made.now)
    made.poll()


STATES: Final = [
    "unjoined",
    "coordinator unknown",
    "joining",
    "syncing",
    "stable",
    "settling",
    "committing",
    "revoking",
    "losing",
    "leaving",
    "left",
    "fatal",
    "away",
]

# -- events ----------------------------------------------------------------------------------

ERRORS: Final[list[KafkaError]] = [
    RebalanceInProgressError(),
    CoordinatorLoadInProgressError(),
    CoordinatorNotAvailableError(),
    NotCoordinatorError(),
    IllegalGenerationError(),
    UnknownMemberIdError(),
    KafkaConnectionError("gone"),
    KafkaTimeoutError("silent"),
]
FINAL_ERRORS: Final[list[KafkaError]] = [
    FencedInstanceIdError(),
    GroupAuthorizationFailedError(),
]


def answers(error: KafkaError) -> Callable[[World], object]:
    """Return an event: each request that waits is answered with *error*."""

    def event(made: World) -> None:
        asked, made.asked = made.asked, []
        for sent in asked:
            made.membership.on_response(sent, error, made.now)
        made.poll()

    return event


def heartbeats(error: KafkaError) -> Callable[[World], object]:
    """Return an event: the next heartbeat is answered with *error*."""

    def event(made: World) -> None:
        made.wait(3.0)
        answers(error)(made)

    return event


def fail_task(made: World) -> None:
    made.begin_one()
    made.end_one(ValueError("of the listener"))


def fail_commits(made: World) -> None:
    commits: list[CommitConsumed] = list(made.commits)
    for _ in commits:
        made.committed(KafkaTimeoutError("no"))


EVENTS: Final[dict[str, Callable[[World], object]]] = {
    "poll": World.user_poll,
    "good answer": World.answer_well,
    "subscribe to more": lambda made: made.change("a", "b"),
    "subscribe to other topics": lambda made: made.change("b"),
    "subscribe to a pattern": World.change_to_pattern,
    "unsubscribe": World.unsubscribe,
    "metadata": lambda made: made.metadata({"a": 2, "b": 1}, lists_all=True),
    "topic grows": lambda made: made.metadata({"a": 3, "b": 1}, lists_all=True),
    "topic vanishes": lambda made: made.metadata({"b": 1}, lists_all=True),
    "rejoin": lambda made: (made.membership.on_rejoin("test", made.now), made.poll()),
    "leave": World.leave,
    "remain": lambda made: made.leave(LeaveMode.REMAIN),
    "coordinator lost": lambda made: made.coordinator(None),
    "coordinator moved": lambda made: made.coordinator(2),
    "task begins": World.begin_one,
    "late answers": World.answer_late,
    "listener raises": fail_task,
    "commit fails": fail_commits,
    "session over": lambda made: made.wait(SESSION_TIMEOUT),
    "application away": lambda made: made.wait(REBALANCE_TIMEOUT + 1.0),
    **{f"answer {type(error).__name__}": answers(error) for error in ERRORS},
    **{f"heartbeat {type(error).__name__}": heartbeats(error) for error in ERRORS},
}
FINAL_EVENTS: Final[dict[str, Callable[[World], object]]] = {
    **{f"answer {type(error).__name__}": answers(error) for error in FINAL_ERRORS},
    **{f"heartbeat {type(error).__name__}": heartbeats(error) for error in FINAL_ERRORS},
    "no coordinator": lambda made: made.coordinator(None, GroupAuthorizationFailedError()),
}


def heal(made: World) -> None:
    """Subscribe again, and let all go well."""
    made.recover()
    made.given = (A0, A1)
    made.change("a")
    made.metadata({"a": 2, "b": 1}, lists_all=True)
    made.membership.on_rejoin("test", made.now)
    made.recover()
    assert made.state == "stable"
    assert made.subscriptions.assignment.partitions == {A0, A1}
    assert made.withheld == set()


@pytest.mark.parametrize("strategy", [EAGER, COOPERATIVE], ids=["eager", "cooperative"])
@pytest.mark.parametrize(("state", "event"), [*product(STATES, [*EVENTS, *FINAL_EVENTS])])
def test_member_recovers_from_every_event_in_every_state(
    strategy: Strategy, state: str, event: str
) -> None:
    made = world(state, strategy, instance_id="static" if event in FINAL_EVENTS else None)
    left = made.left
    (EVENTS | FINAL_EVENTS)[event](made)
    made.recover()
    if event in {"leave", "remain", "unsubscribe"} and state not in {"unjoined", "left"}:
        assert made.left > left
        assert made.subscriptions.assignment.partitions == frozenset()
    heal(made)


@pytest.mark.parametrize("runs_user_code", [False, True])
@pytest.mark.parametrize("protocols", [[EAGER_ONLY], [EAGER_ONLY, COOPERATIVE_TOO]])
@pytest.mark.parametrize("seed", range(12))
def test_member_recovers_from_whatever_comes(
    protocols: list[RebalanceProtocol], seed: int, runs_user_code: bool
) -> None:
    choice = random.Random(seed)
    made = World(Strategy("any", *protocols, runs_user_code=runs_user_code))
    made.subscribe("a")
    made.user_poll()
    usual = [World.answer_well, World.answer_well, World.run_one, World.user_poll]
    unusual = [EVENTS[name] for name in sorted(EVENTS)]
    for _ in range(200):
        event = choice.choice(usual if choice.random() < 0.7 else unusual)
        made.given = (A0, A1)[: choice.randrange(3)]
        made.leads = choice.random() < 0.3
        event(made)
    heal(made)
