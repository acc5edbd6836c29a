"""A membership that returns the actions a test gives it, and notes what it is told."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from kafka.coordinator.membership import GroupHealth, MemberIdentity

if TYPE_CHECKING:
    from kafka.cluster import ClusterSnapshot
    from kafka.coordinator.membership import Action, CommitConsumed, LeaveMode, Send, UserTask
    from kafka.errors import KafkaError
    from kafka.protocol.schema import Message
    from kafka.structs import TopicPartition

ME = MemberIdentity("g", "me", 1, None)


class ScriptedMembership:
    """A `GroupMembership` without a will of its own.

    Attributes:
        actions: what the next poll returns.
        noted: the inputs, oldest first: their names and what came with them.
        told: as `GroupMembership.told`.
        wakeup: what `next_wakeup` returns.
        on_left: the actions that follow when it is told to leave.
        is_rebalancing: as `GroupMembership.is_rebalancing`.
        renews: as `GroupMembership.renews`.
        patience: as `GroupMembership.patience`.
    """

    def __init__(self, *on_left: Action) -> None:
        self.actions: list[Action] = []
        self.noted: list[tuple[object, ...]] = []
        self.told: frozenset[TopicPartition] = frozenset()
        self.wakeup: float | None = None
        self.identity: MemberIdentity | None = ME
        self.on_left = on_left
        self.is_rebalancing = False
        self.renews = False
        self.patience = math.inf

    def inputs(self, name: str) -> list[tuple[object, ...]]:
        """Return what came with the inputs called *name*."""
        return [entry[1:] for entry in self.noted if entry[0] == name]

    def on_subscription(self, now: float) -> None:
        self.noted.append(("subscription",))

    def on_metadata(self, snapshot: ClusterSnapshot, now: float) -> None:
        self.noted.append(("metadata", snapshot))

    def on_user_poll(self, now: float) -> None:
        self.noted.append(("user_poll", now))

    def on_coordinator(self, node_id: int | None, error: KafkaError | None, now: float) -> None:
        self.noted.append(("coordinator", node_id, error))

    def on_response(self, sent: Send, answer: Message | KafkaError, now: float) -> None:
        self.noted.append(("response", sent, answer))

    def on_task_done(
        self, task: UserTask, error: BaseException | None, now: float, result: object = None
    ) -> None:
        self.noted.append(("task_done", task, error, result))

    def on_committed(self, action: CommitConsumed, error: KafkaError | None, now: float) -> None:
        self.noted.append(("committed", action, error))

    def on_rejoin(self, reason: str, now: float) -> None:
        self.noted.append(("rejoin", reason))

    def on_interrupted(self, now: float) -> None:
        self.noted.append(("interrupted", now))

    def on_leave(self, mode: LeaveMode, reason: str, now: float) -> None:
        self.noted.append(("leave", mode, reason))
        self.actions += self.on_left

    def poll(self, now: float) -> list[Action]:
        actions, self.actions = self.actions, []
        return actions

    def next_wakeup(self) -> float | None:
        return self.wakeup

    def health(self, now: float) -> GroupHealth:
        return GroupHealth("g", "scripted", "here", "me", 1, 0, None, None, None, "nothing", None)
