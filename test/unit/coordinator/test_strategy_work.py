"""Code of assignors, ours and that of users."""

from __future__ import annotations

from itertools import count

from kafka.coordinator.membership import AskUser, TaskKind, UserTask, Withdraw
from kafka.coordinator.strategy_work import StrategyWork


class Bench:
    def __init__(self) -> None:
        self.results: list[dict[str, bytes]] = []
        numbers = count(1)
        self.work = StrategyWork(lambda: next(numbers))

    def run(self, *, on_user: bool) -> None:
        self.work.run(lambda: {"a": b"1"}, self.results.append, on_user=on_user)

    def done(self, number: int, error: Exception | None = None) -> None:
        """End the task *number*."""
        task = UserTask(TaskKind.ASSIGN, frozenset(), number)
        self.work.on_task_done(task, error, None if error is not None else {"a": b"1"})

    def numbers(self) -> list[int]:
        """Return the numbers of the tasks that the user is asked to run."""
        return [
            action.task.number for action in self.work.take_actions() if isinstance(action, AskUser)
        ]


def test_our_own_code_runs_at_once() -> None:
    bench = Bench()
    bench.run(on_user=False)
    assert (bench.results, bench.work.take_actions()) == ([{"a": b"1"}], [])


def test_code_of_the_user_runs_on_the_users_side() -> None:
    bench = Bench()
    bench.run(on_user=True)
    (asked,) = bench.work.take_actions()
    assert isinstance(asked, AskUser)
    assert asked.work is not None
    assert (asked.task.kind, asked.work()) == (TaskKind.ASSIGN, {"a": b"1"})
    assert (bench.work.is_busy, repr(bench.work)) == (True, "<StrategyWork BUSY>")
    bench.done(1)
    assert (bench.results, bench.work.is_busy) == ([{"a": b"1"}], False)


def test_code_that_raises_runs_again_with_the_next_poll() -> None:
    bench = Bench()
    bench.run(on_user=True)
    assert bench.numbers() == [1]
    bench.done(1, ValueError())
    assert bench.numbers() == []
    bench.work.on_user_poll()
    bench.work.on_user_poll()
    assert bench.numbers() == [2]
    bench.done(2)
    assert bench.results == [{"a": b"1"}]


def test_result_of_work_that_was_dropped_is_not_used() -> None:
    bench = Bench()
    bench.run(on_user=True)
    bench.work.take_actions()
    bench.work.drop()
    assert bench.work.take_actions() == [Withdraw(1)]
    bench.done(1)
    assert bench.results == []


def test_work_that_has_raised_has_nothing_to_withdraw() -> None:
    bench = Bench()
    bench.run(on_user=True)
    bench.work.take_actions()
    bench.done(1, ValueError())
    bench.work.drop()
    bench.work.on_user_poll()
    assert bench.work.take_actions() == []


def test_nobody_waits_for_what_an_assignor_is_only_told() -> None:
    bench = Bench()
    told: list[str] = []
    bench.work.notify(lambda: told.append("ours"), on_user=False)
    bench.work.notify(lambda: told.append("user's"), on_user=True)
    (asked,) = bench.work.take_actions()
    assert isinstance(asked, AskUser)
    assert (told, bench.work.is_busy) == (["ours"], False)
    bench.done(asked.task.number)
    assert bench.results == []
