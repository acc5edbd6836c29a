"""What a member has the user's side do: give partitions up, and call the listener.  Pure.

The user's side runs tasks in the order in which it is asked, and tells the end of each that it has
begun. Of a task that was withdrawn it tells nothing, unless it had begun: then the listener has
been called after all. So before partitions are reported as lost, one more task goes after those
that were withdrawn, and when that ends it is known which of them the listener has heard of.
"""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

from kafka.coordinator.membership import AskUser, SetHold, TaskKind, UserTask, Withdraw
from kafka.coordinator.revocation import Revocation, RevocationStep
from kafka.subscription import Hold

if TYPE_CHECKING:
    from kafka.coordinator.membership import Action, CommitConsumed
    from kafka.structs import TopicPartition

NOTHING: frozenset[TopicPartition] = frozenset()


class UserSide:
    """What the user's side is asked by one member.

    Args:
        actions: where to put what is to be done.
        commits: whether what was consumed is committed before partitions are given up.
    """

    def __init__(self, actions: list[Action], *, commits: bool) -> None:
        self._actions = actions
        self._commits = commits
        self._numbers = count(1)
        self._revocation: Revocation | None = None
        self._assigned: dict[int, UserTask] = {}
        # The listener has raised when it was told of them.
        self._refused: frozenset[TopicPartition] = NOTHING
        # Partitions to report as lost, until the listener knows.
        self._lost: frozenset[TopicPartition] | None = None
        self._barrier: UserTask | None = None
        self._loss: UserTask | None = None

    def __repr__(self) -> str:
        """Return a status line."""
        return f"<UserSide waits_for={self.waits_for} assigned={len(self._assigned)}>"

    # -- questions -------------------------------------------------------------------------

    @property
    def is_revoking(self) -> bool:
        """Whether partitions are being given up."""
        return self._revocation is not None and self._lost is None

    @property
    def is_losing(self) -> bool:
        """Whether the listener does not know yet what was lost."""
        return self._lost is not None

    @property
    def waits_for(self) -> str | None:
        """What the user's side has to do before the member can go on."""
        if self._lost is not None:
            return "the rebalance listener's on_partitions_lost"
        return None if self._revocation is None else self._revocation.step.value

    # -- what the member asks --------------------------------------------------------------

    def revoke(self, partitions: frozenset[TopicPartition], deadline: float) -> None:
        """Give *partitions* up; when that is done, `on_task_done` returns them."""
        self._revocation = Revocation(
            partitions, commits=self._commits, deadline=deadline, number=self._next_number
        )
        self._actions += self._revocation.begin()

    def tell_assigned(self, partitions: frozenset[TopicPartition]) -> None:
        """Withhold the records of *partitions* until the listener has been told of them."""
        if partitions:
            self._actions.append(SetHold(tuple(sorted(partitions)), Hold.ASSIGNING, on=True))
        self._ask_assigned(partitions)

    def lose(self, partitions: frozenset[TopicPartition]) -> None:
        """Report all partitions that were owned as lost, in place of all that was asked before.

        `is_losing` is true until the listener knows.
        """
        if not partitions:
            return
        may_have_begun = bool(self._assigned)
        self._actions += [Withdraw(number) for number in self._assigned]
        if self._revocation is not None:
            self._actions += self._revocation.withdraw()
            may_have_begun |= self._revocation.is_telling
        self._refused = NOTHING
        self._lost = partitions
        if may_have_begun:
            self._barrier = self._ask(TaskKind.SETTLE, NOTHING)
        else:
            self._tell_lost(partitions)

    # -- what the user's side answers ------------------------------------------------------

    def on_user_poll(self) -> None:
        """Tell the listener once more of what it has refused."""
        if self._refused:
            self._ask_assigned(self._refused)
            self._refused = NOTHING

    def on_committed(self, action: CommitConsumed) -> None:
        """React to the end of the commit."""
        if self._revocation is not None and self._lost is None:
            self._actions += self._revocation.on_committed(action)

    def on_task_done(
        self, task: UserTask, error: BaseException | None
    ) -> frozenset[TopicPartition]:
        """React to the end of *task*; return the partitions that are given up with it."""
        if task.number in self._assigned:
            self._on_assigned(self._assigned.pop(task.number), error)
        elif task == self._barrier:
            self._on_barrier()
        elif task == self._loss:
            self._lost = self._loss = None
        elif self._revocation is not None:
            return self._on_revocation_task(self._revocation, task)
        return NOTHING

    def _on_assigned(self, task: UserTask, error: BaseException | None) -> None:
        if self._lost is not None:
            return
        if error is not None:
            self._refused |= task.partitions
        elif task.partitions:
            self._actions.append(SetHold(tuple(sorted(task.partitions)), Hold.ASSIGNING, on=False))

    def _on_revocation_task(
        self, revocation: Revocation, task: UserTask
    ) -> frozenset[TopicPartition]:
        follows = revocation.on_task_done(task)
        is_done = revocation.step is RevocationStep.DONE
        if self._lost is not None:
            # The listener was told of the revocation when the partitions were lost already.
            self._lost -= revocation.partitions if is_done else NOTHING
            return NOTHING
        self._actions += follows
        if not is_done:
            return NOTHING
        self._revocation = None
        self._refused -= revocation.partitions
        return revocation.partitions

    # -- reporting a loss ------------------------------------------------------------------

    def _on_barrier(self) -> None:
        """Leave out the partitions that the listener has never heard of."""
        self._barrier = None
        untold = {tp for task in self._assigned.values() for tp in task.partitions}
        self._tell_lost((self._lost or NOTHING) - untold)

    def _tell_lost(self, lost: frozenset[TopicPartition]) -> None:
        self._assigned.clear()
        self._revocation = None
        self._lost = lost or None
        if lost:
            self._loss = self._ask(TaskKind.LOST, lost)

    # -- tasks -----------------------------------------------------------------------------

    def _ask_assigned(self, partitions: frozenset[TopicPartition]) -> None:
        task = self._ask(TaskKind.ASSIGNED, partitions)
        self._assigned[task.number] = task

    def _ask(self, kind: TaskKind, partitions: frozenset[TopicPartition]) -> UserTask:
        task = UserTask(kind, partitions, self._next_number())
        self._actions.append(AskUser(task))
        return task

    def _next_number(self) -> int:
        return next(self._numbers)
