"""A classic member whose coordinator, cluster and user do as they are told, and are watched."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kafka.coordinator.assignors.messages import assignment_bytes
from kafka.coordinator.assignors.strategy import MemberAssignment
from kafka.coordinator.membership import (
    AskUser,
    Assign,
    FindCoordinator,
    Left,
    RequestMetadata,
    Send,
    TaskKind,
)
from kafka.protocol.messages.heartbeat import HeartbeatResponse
from kafka.protocol.messages.join_group import JoinGroupResponse
from kafka.protocol.messages.leave_group import LeaveGroupResponse
from kafka.protocol.messages.sync_group import SyncGroupResponse
from test.unit.coordinator.classic_bench import A0, A1, Bench, Strategy, subscription
from test.unit.coordinator.classic_words import told

if TYPE_CHECKING:
    from kafka.coordinator.membership import Action
    from kafka.protocol.schema import Message
    from kafka.structs import TopicPartition


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
