"""Give partitions to the user's side and take them back, in steps.  Pure.

A partition is taken away only inside a call of the user, who may still work on its records:

1. nothing more of it is handed out (``REVOKING``);
2. the user comes back (`TaskKind.SETTLE`), so what was handed out counts as consumed;
3. that is committed, with auto-commit;
4. the rebalance listener is told (`TaskKind.REVOKED`), and may commit as well;
5. it is not owned any more.

A member that is none any more has lost its partitions: step 3 is left out, and the listener is told
so (`TaskKind.LOST`). A new partition is owned at once, but nothing of it is handed out
(``ASSIGNING``) until the listener has returned from `TaskKind.ASSIGNED`; when that raises, it is
asked again by the next poll.

Without a listener nobody is told, and new partitions need not wait. Which partitions come and go,
and when, is for a `GroupMembership` to decide.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Final

from kafka._base.logs import logger
from kafka._base.transitions import Transitions
from kafka.coordinator.membership import (
    AskUser,
    Assign,
    CommitConsumed,
    SetHold,
    TaskKind,
    UserTask,
    Withdraw,
)
from kafka.subscription import Hold

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from kafka.errors import KafkaError
    from kafka.structs import TopicPartition
    from kafka.subscription import SubscriptionState

log = logger(__name__)

HandoverAction = Assign | SetHold | AskUser | Withdraw | CommitConsumed


class Step(Enum):
    """What the taking of partitions waits for."""

    IDLE = "nothing"
    SETTLING = "the application to poll again"
    COMMITTING = "the commit of the partitions to give up"
    TELLING = "the rebalance listener to give up partitions"


STEPS: Final = Transitions(
    {
        Step.IDLE: (Step.SETTLING,),
        Step.SETTLING: (Step.SETTLING, Step.COMMITTING, Step.TELLING, Step.IDLE),
        Step.COMMITTING: (Step.SETTLING, Step.TELLING, Step.IDLE),
        Step.TELLING: (Step.SETTLING, Step.IDLE),
    }
)


class Handover:
    """Keep the partitions that one member owns in step with what its user knows.

    Args:
        group_id: for the log.
        subscriptions: the listener, and numbers for tasks.
        auto_commit: whether what was consumed is committed before partitions are revoked.

    Attributes:
        owned: the partitions, in the order of the assignment.
    """

    def __init__(
        self, group_id: str, subscriptions: SubscriptionState, *, auto_commit: bool
    ) -> None:
        self.owned: tuple[TopicPartition, ...] = ()
        self._group_id = group_id
        self._subscriptions = subscriptions
        self._auto_commit = auto_commit
        self._actions: list[HandoverAction] = []
        self._step = Step.IDLE
        self._taken: frozenset[TopicPartition] = frozenset()
        self._lost = False
        self._commit_by = 0.0
        # The task and the commit that the step waits for.
        self._task: UserTask | None = None
        self._commit: CommitConsumed | None = None
        # The listener was asked about these, and will return from that in this order.
        self._assigned: dict[int, UserTask] = {}
        # The listener has raised; the next poll tells it again.
        self._unprepared: frozenset[TopicPartition] = frozenset()
        self._is_doubted = False
        # What the user knows as owned: the listener was told, or there was none.
        self._told: set[TopicPartition] = set()

    def __repr__(self) -> str:
        """Return a status line."""
        return (
            f"<Handover {self._step.name} owned={len(self.owned)} taken={len(self._taken)}"
            f" unprepared={len(self._unprepared)}>"
        )

    # -- questions -------------------------------------------------------------------------

    @property
    def is_taking(self) -> bool:
        """Whether partitions are about to be taken away."""
        return self._step is not Step.IDLE

    @property
    def keeps_some(self) -> bool:
        """Whether something is owned that is not about to be taken away."""
        return not self._taken.issuperset(self.owned)

    @property
    def told(self) -> frozenset[TopicPartition]:
        """What the user knows as owned, as far as the ends of the tasks have shown."""
        return frozenset(self._told)

    @property
    def waits_for(self) -> str | None:
        """What it waits for, ``None`` for nothing."""
        if self.is_taking:
            return self._step.value
        if self._assigned or self._unprepared:
            return "the rebalance listener to prepare partitions"
        return None

    # -- decisions of the membership -------------------------------------------------------

    def give(
        self, partitions: Sequence[TopicPartition], late: Collection[TopicPartition] = ()
    ) -> tuple[TopicPartition, ...]:
        """Own exactly *partitions*, which are those owned before, and more.

        Args:
            partitions: what to own.
            late: those that appeared after the subscription.

        Returns:
            The new ones.
        """
        owned = set(self.owned)
        added = tuple(tp for tp in partitions if tp not in owned)
        self._own(tuple(partitions), tuple(tp for tp in added if tp in late))
        if self._subscriptions.listener is None:
            self._told.update(added)
            return added
        if added:
            self._actions.append(SetHold(added, Hold.ASSIGNING, on=True))
        self._tell_assigned(frozenset(added))
        return added

    def take(self, partitions: Collection[TopicPartition], *, commit_by: float) -> None:
        """Begin to revoke *partitions*; nothing to do if there are none.

        What is being taken already is taken together with them: it begins anew.

        Args:
            partitions: some of those owned.
            commit_by: when the commit gives up.
        """
        if not partitions:
            return
        self._interrupt(())
        self._lost = False
        self._commit_by = commit_by
        self._withhold(frozenset(partitions))
        self._settle()

    def extend(self, commit_by: float) -> None:
        """Let the commit of what is being taken go on until *commit_by*, if that is later."""
        if commit_by <= self._commit_by:
            return
        if self._step is Step.SETTLING:
            self._commit_by = commit_by
        elif self._step is Step.COMMITTING:
            self._commit_by = commit_by
            self._interrupt(())
            self._settle()

    def lose(self, *, wait_for_user: bool = False) -> None:
        """Begin to give up all partitions, which others may own by now.

        Args:
            wait_for_user: wait for a call of the user even if nothing is owned.
        """
        self._interrupt(self._assigned)
        self._lost = True
        self._withhold(frozenset(self.owned))
        if self._taken or wait_for_user:
            self._settle()
        else:
            self._assigned.clear()

    def doubt(self, *, on: bool) -> None:
        """Withhold what is owned while others may own it by now; hand it out again afterwards."""
        if on is not self._is_doubted:
            self._is_doubted = on
            self._actions.append(SetHold(self.owned, Hold.DOUBTED, on=on))

    def refresh(self) -> None:
        """Own the same again: this clears the errors of a subscription that is over."""
        self._actions.append(Assign(self.owned, ()))

    # -- inputs ----------------------------------------------------------------------------

    def on_user_poll(self) -> None:
        """Tell the listener again of partitions that it could not prepare."""
        if self._unprepared and not self.is_taking:
            again, self._unprepared = self._unprepared, frozenset()
            self._tell_assigned(again)

    def on_task_done(self, task: UserTask, error: BaseException | None, now: float) -> bool:
        """React to the end of a task; return whether the user is known to be in a call."""
        if task.number in self._assigned:
            del self._assigned[task.number]
            self._on_assigned(task.partitions, failed=error is not None)
        elif task.kind is not TaskKind.ASSIGN:
            self._told -= task.partitions
        if self._task is None or task.number != self._task.number:
            return False
        self._task = None
        if task.kind is not TaskKind.SETTLE:
            self._finish()
        elif self._lost:
            # Whatever was withdrawn had not begun, or it would have ended before.
            self._assigned.clear()
            self._tell(TaskKind.LOST)
        else:
            self._commit_or_tell(now)
        return task.kind is TaskKind.SETTLE

    def on_committed(self, action: CommitConsumed, error: KafkaError | None) -> None:
        """React to the end of the commit."""
        if action is not self._commit:
            return
        self._commit = None
        if error is not None:
            log.warning(
                "group=%s could not commit before giving up %d partitions: %s",
                self._group_id,
                len(action.partitions),
                error,
            )
        self._tell(TaskKind.REVOKED)

    def take_actions(self) -> list[HandoverAction]:
        """Return what is to be done, in this order."""
        actions, self._actions = self._actions, []
        return actions

    # -- steps -----------------------------------------------------------------------------

    def _interrupt(self, assigned: Iterable[int]) -> None:
        """Withdraw what the present step waits for, and these tasks."""
        # What the user's side has begun ends before the next task; that is how it gets known.
        pending = [*assigned, *([] if self._task is None else [self._task.number])]
        self._actions += map(Withdraw, pending)
        self._task = self._commit = None

    def _withhold(self, partitions: frozenset[TopicPartition]) -> None:
        more = tuple(tp for tp in self.owned if tp in partitions and tp not in self._taken)
        if more:
            self._actions.append(SetHold(more, Hold.REVOKING, on=True))
        self._taken |= partitions

    def _settle(self) -> None:
        self._step = STEPS.step(self._step, Step.SETTLING)
        self._task = self._ask(TaskKind.SETTLE, frozenset())

    def _commit_or_tell(self, now: float) -> None:
        if self._auto_commit and now < self._commit_by:
            self._step = STEPS.step(self._step, Step.COMMITTING)
            self._commit = CommitConsumed(self._taken, self._commit_by)
            self._actions.append(self._commit)
            return
        if self._auto_commit:
            log.warning(
                "group=%s had no time left to commit before giving up %d partitions; "
                "records since the last commit will be read again",
                self._group_id,
                len(self._taken),
            )
        self._tell(TaskKind.REVOKED)

    def _tell(self, kind: TaskKind) -> None:
        known = self._taken & self._told
        if self._subscriptions.listener is None or not known:
            self._finish()
            return
        self._step = STEPS.step(self._step, Step.TELLING)
        self._task = self._ask(kind, known)

    def _finish(self) -> None:
        self._step = STEPS.step(self._step, Step.IDLE)
        taken, self._taken = self._taken, frozenset()
        self._told -= taken
        self._unprepared -= taken
        self._lost = False
        if taken:
            self._own(tuple(tp for tp in self.owned if tp not in taken), ())

    def _on_assigned(self, partitions: frozenset[TopicPartition], *, failed: bool) -> None:
        self._told |= partitions
        held = partitions.intersection(self.owned)
        if failed:
            self._unprepared |= held
        elif held:
            self._actions.append(SetHold(tuple(sorted(held)), Hold.ASSIGNING, on=False))

    def _own(
        self, partitions: tuple[TopicPartition, ...], late: tuple[TopicPartition, ...]
    ) -> None:
        if partitions != self.owned:
            self.owned = partitions
            self._actions.append(Assign(partitions, late))

    def _tell_assigned(self, partitions: frozenset[TopicPartition]) -> None:
        task = self._ask(TaskKind.ASSIGNED, partitions)
        self._assigned[task.number] = task

    def _ask(self, kind: TaskKind, partitions: frozenset[TopicPartition]) -> UserTask:
        task = UserTask(kind, partitions, self._subscriptions.next_generation())
        self._actions.append(AskUser(task))
        return task
