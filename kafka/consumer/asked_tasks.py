"""What a membership has asked of the application's side, and has not heard the end of.

Runs on the loop, but for the end of a task, which comes from any thread.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from kafka.consumer.rebalance_calls import rebalance_calls
from kafka.coordinator.membership import TaskKind

if TYPE_CHECKING:
    from collections.abc import Callable

    from kafka.consumer.group_ports import GroupPorts
    from kafka.coordinator.membership import AskUser, UserTask
    from kafka.structs import TopicPartition
    from kafka.subscription.subscription_state import Listeners

    # Gets the task, its first error, and its result.
    OnDone = Callable[[UserTask, BaseException | None, object], None]


class AskedTasks:
    """The tasks of one membership after the other.

    Args:
        ports: where tasks go, and who hears whether the application is needed.
    """

    def __init__(self, ports: GroupPorts) -> None:
        self._ports = ports
        self._tasks: dict[int, UserTask] = {}
        # The numbers of those that a rebalance waits for.
        self._awaited: set[int] = set()

    def __repr__(self) -> str:
        """Return a status line."""
        return f"<AskedTasks {sorted(self._tasks)}>"

    def ask(self, action: AskUser, listeners: Listeners, on_done: OnDone) -> None:
        """Have the task of *action* run, then call *on_done* on the loop; at once without calls."""
        task = action.task
        calls = [action.work] if action.work else rebalance_calls(listeners, task)
        if not calls and task.kind is not TaskKind.SETTLE:
            on_done(task, None, None)
            return
        self._tasks[task.number] = task
        # A new generation does not wait for the listener to prepare the partitions of the last one.
        if task.kind is not TaskKind.ASSIGNED:
            self._awaited.add(task.number)
            self._ports.on_user_needed(True)

        def end(error: BaseException | None, result: object) -> None:
            self._ports.runtime.post(partial(self._end, task, error, result, on_done))

        self._ports.tasks.put(task, calls, end)

    def withdraw(self, number: int) -> None:
        """Forget a task, unless it has begun."""
        if self._ports.tasks.withdraw(number):
            self._forget(number)

    def clear(self, told: frozenset[TopicPartition]) -> frozenset[TopicPartition]:
        """Forget all tasks: nobody waits for them any more.

        Args:
            told: the partitions that the listener knows as owned, as far as ended tasks have shown.

        Returns:
            Those that it knows as owned once the task that it has begun has ended.
        """
        for task in self._tasks.values():
            if self._ports.tasks.withdraw(task.number):
                continue
            if task.kind is TaskKind.ASSIGNED:
                told |= task.partitions
            else:
                told -= task.partitions
        self._tasks.clear()
        self._awaited.clear()
        self._ports.on_user_needed(False)
        return told

    def _end(
        self, task: UserTask, error: BaseException | None, result: object, on_done: OnDone
    ) -> None:
        # A task that was deserted may end all the same.
        if task.number in self._tasks:
            self._forget(task.number)
            on_done(task, error, result)

    def _forget(self, number: int) -> None:
        self._tasks.pop(number, None)
        self._awaited.discard(number)
        self._ports.on_user_needed(bool(self._awaited))
