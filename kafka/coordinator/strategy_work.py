"""Run the code of assignors: ours at once, a user's inside the next call of the user.  Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from kafka.coordinator.membership import AskUser, TaskKind, UserTask, Withdraw

if TYPE_CHECKING:
    from collections.abc import Callable

    Encoded = dict[str, bytes]


class _Job(NamedTuple):
    work: Callable[[], Encoded]
    then: Callable[[Encoded], None]
    number: int | None  # None: the user's code has raised, and is tried again with the next poll


class StrategyWork:
    """One piece of work at a time.

    Args:
        new_number: makes the numbers of tasks.
    """

    def __init__(self, new_number: Callable[[], int]) -> None:
        self._new_number = new_number
        self._actions: list[AskUser | Withdraw] = []
        self._job: _Job | None = None

    def __repr__(self) -> str:
        """Return a status line."""
        return f"<StrategyWork {'BUSY' if self.is_busy else 'IDLE'}>"

    @property
    def is_busy(self) -> bool:
        """Whether the user's side has not done the work yet."""
        return self._job is not None

    def run(
        self, work: Callable[[], Encoded], then: Callable[[Encoded], None], *, on_user: bool
    ) -> None:
        """Do *work*, then call *then* with its result.

        Args:
            work: what to do.
            then: who wants the result.
            on_user: whether the work is the user's code.
        """
        if on_user:
            self._job = _Job(work, then, self._ask(work))
        else:
            then(work())

    def notify(self, call: Callable[[], object], *, on_user: bool) -> None:
        """Do *call*, whose result nobody waits for."""
        if on_user:
            self._ask(call)
        else:
            call()

    def drop(self) -> None:
        """Forget the work: its result is of no use any more."""
        job, self._job = self._job, None
        if job is not None and job.number is not None:
            self._actions.append(Withdraw(job.number))

    def on_user_poll(self) -> None:
        """Try work again that has raised."""
        if self._job is not None and self._job.number is None:
            self._job = self._job._replace(number=self._ask(self._job.work))

    def on_task_done(self, task: UserTask, error: BaseException | None, result: object) -> None:
        """React to the end of a task, which may be one that does not belong here."""
        job = self._job
        if job is None or task.number != job.number:
            return
        if error is not None or not isinstance(result, dict):
            # The error is raised by the call of the user in which the code has run.
            self._job = job._replace(number=None)
            return
        self._job = None
        job.then(result)

    def take_actions(self) -> list[AskUser | Withdraw]:
        """Return what is to be done."""
        actions, self._actions = self._actions, []
        return actions

    def _ask(self, work: Callable[[], object]) -> int:
        task = UserTask(TaskKind.ASSIGN, frozenset(), self._new_number())
        self._actions.append(AskUser(task, work))
        return task.number
