"""The steps by which a member gives partitions up: hold, settle, commit, tell the listener.  Pure.

Partitions are taken away only inside a call of the user: until then the application may work on
their records, and commit them.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Final

from kafka._base.transitions import Transitions
from kafka.coordinator.membership import (
    AskUser,
    CommitConsumed,
    SetHold,
    TaskKind,
    UserTask,
    Withdraw,
)
from kafka.subscription import Hold

if TYPE_CHECKING:
    from collections.abc import Callable

    from kafka.coordinator.membership import Action
    from kafka.structs import TopicPartition


class RevocationStep(Enum):
    """What a revocation waits for; the values are what `health()` says."""

    SETTLING = "the application to ask for records again"
    COMMITTING = "the commit of what was consumed"
    TELLING = "the rebalance listener's on_partitions_revoked"
    DONE = "nothing"


REVOCATION_STEPS: Final = Transitions(
    {
        RevocationStep.SETTLING: (RevocationStep.COMMITTING, RevocationStep.TELLING),
        RevocationStep.COMMITTING: (RevocationStep.TELLING,),
        RevocationStep.TELLING: (RevocationStep.DONE,),
        RevocationStep.DONE: (),
    }
)


class Revocation:
    """Give *partitions* up.

    Args:
        partitions: all of them are owned.
        commits: whether what was consumed is committed first.
        deadline: when the commit is given up.
        number: gives each task a number of its own.
    """

    def __init__(
        self,
        partitions: frozenset[TopicPartition],
        *,
        commits: bool,
        deadline: float,
        number: Callable[[], int],
    ) -> None:
        self.partitions = partitions
        self.step = RevocationStep.SETTLING
        self._commits = commits
        self._deadline = deadline
        self._number = number
        self._task: UserTask | None = None
        self._commit: CommitConsumed | None = None

    def __repr__(self) -> str:
        """Return a status line."""
        return f"<Revocation {self.step.name} partitions={len(self.partitions)}>"

    @property
    def is_telling(self) -> bool:
        """Whether the listener is asked, and perhaps called at this moment."""
        return self.step is RevocationStep.TELLING

    def begin(self) -> list[Action]:
        """Return the first actions."""
        held = SetHold(tuple(sorted(self.partitions)), Hold.REVOKING, on=True)
        return [held, self._ask(TaskKind.SETTLE, frozenset())]

    def on_task_done(self, task: UserTask) -> list[Action]:
        """Return what follows the end of *task*, which may belong to somebody else."""
        if task != self._task:
            return []
        self._task = None
        if self.step is RevocationStep.TELLING:
            self._enter(RevocationStep.DONE)
            return []
        if not self._commits:
            return [self._tell()]
        self._enter(RevocationStep.COMMITTING)
        self._commit = CommitConsumed(self.partitions, self._deadline)
        return [self._commit]

    def on_committed(self, action: CommitConsumed) -> list[Action]:
        """Return what follows the end of the commit, whatever came of it."""
        if action is not self._commit:
            return []
        self._commit = None
        return [self._tell()]

    def withdraw(self) -> list[Action]:
        """Return how to take back what the user's side is asked."""
        return [] if self._task is None else [Withdraw(self._task.number)]

    def _tell(self) -> AskUser:
        self._enter(RevocationStep.TELLING)
        return self._ask(TaskKind.REVOKED, self.partitions)

    def _ask(self, kind: TaskKind, partitions: frozenset[TopicPartition]) -> AskUser:
        self._task = UserTask(kind, partitions, self._number())
        return AskUser(self._task)

    def _enter(self, step: RevocationStep) -> None:
        self.step = REVOCATION_STEPS.step(self.step, step)
