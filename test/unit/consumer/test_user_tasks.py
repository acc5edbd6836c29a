"""Tasks that the loop gives to the application's side."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING

import pytest

from kafka.consumer.user_tasks import UserTasks
from kafka.coordinator.membership import TaskKind, UserTask
from test.support.interruptions import interruptions

if TYPE_CHECKING:
    from collections.abc import Callable

NOTHING: frozenset[object] = frozenset()


class Bench:
    """Tasks, and what has become of them."""

    def __init__(self) -> None:
        self.attention = 0
        self.done: list[tuple[int, BaseException | None, object]] = []
        self.tasks = UserTasks(self._call)
        self.log: list[str] = []

    def _call(self) -> None:
        self.attention += 1

    def put(self, number: int, *calls: Callable[[], object]) -> None:
        task = UserTask(TaskKind.REVOKED, frozenset(), number)
        self.tasks.put(task, calls, lambda error, result: self.done.append((number, error, result)))

    def says(self, word: str) -> Callable[[], object]:
        return lambda: self.log.append(word)


def fails() -> object:
    raise ZeroDivisionError


def test_tasks_run_in_the_order_in_which_they_were_put_and_end_once() -> None:
    bench = Bench()
    bench.put(1, bench.says("a"), bench.says("b"))
    bench.put(2, bench.says("c"))
    bench.tasks.run()
    bench.tasks.run()
    assert (bench.log, [number for number, _, _ in bench.done]) == (["a", "b", "c"], [1, 2])


def test_what_the_application_is_told_runs_like_a_task_and_nobody_waits_for_its_end() -> None:
    bench = Bench()
    bench.tasks.tell(bench.says("a"))
    bench.put(1, bench.says("b"))
    bench.tasks.tell(fails)
    with pytest.raises(ZeroDivisionError):
        bench.tasks.run()
    bench.tasks.run()
    assert (bench.attention, bench.log, bench.done) == (3, ["a", "b"], [(1, None, None)])


def test_nothing_is_told_once_the_application_is_gone() -> None:
    bench = Bench()
    bench.tasks.desert()
    bench.tasks.tell(bench.says("a"))
    bench.tasks.run()
    assert bench.log == []


def test_a_task_without_calls_ends_when_the_application_comes() -> None:
    bench = Bench()
    bench.put(1)
    assert (bench.attention, bench.done) == (1, [])
    bench.tasks.run()
    assert bench.done == [(1, None, None)]


def test_the_result_of_the_last_call_is_handed_over() -> None:
    bench = Bench()
    bench.put(1, lambda: "first", lambda: "last")
    bench.tasks.run()
    assert bench.done == [(1, None, "last")]


def test_an_error_is_raised_when_all_tasks_have_run() -> None:
    bench = Bench()
    bench.put(1, fails, bench.says("second listener"))
    bench.put(2, bench.says("second task"))
    with pytest.raises(ZeroDivisionError):
        bench.tasks.run()
    assert bench.log == ["second listener", "second task"]
    assert [(number, type(error)) for number, error, _ in bench.done] == [
        (1, ZeroDivisionError),
        (2, type(None)),
    ]


def test_what_an_error_leads_to_is_for_the_next_call() -> None:
    bench = Bench()
    calls: list[int] = []

    def asked_again() -> object:
        calls.append(1)
        bench.put(len(calls) + 1, asked_again)
        raise ZeroDivisionError

    bench.put(1, asked_again)
    with pytest.raises(ZeroDivisionError):
        bench.tasks.run()
    assert len(calls) == 1
    assert list(bench.tasks.waiting) == [2]


def test_a_task_put_by_a_task_runs_in_the_same_call() -> None:
    bench = Bench()
    bench.put(1, lambda: bench.put(2, bench.says("second")))
    bench.tasks.run()
    assert bench.log == ["second"]


def test_a_withdrawn_task_does_not_run() -> None:
    bench = Bench()
    bench.put(1, bench.says("a"))
    assert bench.tasks.withdraw(1)
    bench.tasks.run()
    assert (bench.log, bench.done, bench.tasks.withdraw(1)) == ([], [], False)


def test_a_task_withdrawn_by_the_one_before_does_not_run() -> None:
    bench = Bench()
    bench.put(1, lambda: bench.tasks.withdraw(2))
    bench.put(2, bench.says("b"))
    bench.tasks.run()
    assert bench.log == []


def test_a_task_that_has_begun_cannot_be_withdrawn() -> None:
    bench = Bench()
    withdrawn: list[bool] = []
    bench.put(1, lambda: withdrawn.append(bench.tasks.withdraw(1)))
    bench.tasks.run()
    assert (withdrawn, len(bench.done)) == ([False], 1)


def test_a_listener_that_polls_runs_no_tasks() -> None:
    bench = Bench()
    bench.put(1, bench.tasks.run, bench.says("a"))
    bench.put(2, bench.says("b"))
    bench.tasks.run()
    assert bench.log == ["a", "b"]


def test_a_call_of_a_listener_is_told_from_others() -> None:
    bench = Bench()
    seen: list[bool] = []
    bench.put(1, lambda: seen.append(bench.tasks.is_caller()))
    bench.tasks.run()
    assert [*seen, bench.tasks.is_caller()] == [True, False]


def test_tasks_are_running_for_every_thread_while_one_runs_them() -> None:
    bench = Bench()
    seen: list[bool] = []

    def look() -> None:
        thread = threading.Thread(target=lambda: seen.append(bench.tasks.is_running))
        thread.start()
        thread.join()

    bench.put(1, look)
    look()
    bench.tasks.run()
    look()
    assert seen == [False, True, False]


def test_a_call_of_another_thread_is_not_one_of_the_listener() -> None:
    bench = Bench()
    seen: list[bool] = []

    def ask_elsewhere() -> None:
        thread = threading.Thread(target=lambda: seen.append(bench.tasks.is_caller()))
        thread.start()
        thread.join()

    bench.put(1, ask_elsewhere)
    bench.tasks.run()
    assert seen == [False]


def test_nobody_sees_tasks_while_a_call_runs_them() -> None:
    bench = Bench()
    seen: list[int] = []

    def look() -> None:
        bench.put(2)
        seen.append(len(bench.tasks.waiting))

    bench.put(1, look)
    bench.tasks.run()
    assert seen == [0]


def test_ctrl_c_ends_the_task_and_leaves_the_others_to_the_next_call() -> None:
    bench = Bench()

    def interrupted() -> object:
        raise KeyboardInterrupt

    bench.put(1, interrupted)
    bench.put(2, bench.says("b"))
    with pytest.raises(KeyboardInterrupt):
        bench.tasks.run()
    assert (bench.log, len(bench.done)) == ([], 1)
    assert bench.attention == 3
    bench.tasks.run()
    assert bench.log == ["b"]


def test_deserted_tasks_end_without_a_call() -> None:
    bench = Bench()
    bench.put(1, bench.says("a"))
    bench.tasks.desert()
    bench.put(2, bench.says("b"))
    bench.tasks.run()
    assert (bench.log, [number for number, _, _ in bench.done]) == ([], [1, 2])


def test_a_task_that_is_deserted_while_it_runs_ends_once() -> None:
    bench = Bench()
    bench.put(1, bench.tasks.desert)
    bench.tasks.run()
    assert bench.done == [(1, None, None)]


def test_after_attend_calls_are_waited_for_again() -> None:
    bench = Bench()
    bench.tasks.desert()
    bench.tasks.attend()
    bench.put(1, bench.says("a"))
    assert bench.done == []
    bench.tasks.run()
    assert bench.log == ["a"]


def test_cleared_tasks_are_forgotten() -> None:
    bench = Bench()
    bench.put(1, bench.says("a"))
    bench.tasks.clear()
    bench.tasks.run()
    assert (bench.log, bench.done) == ([], [])


def test_an_async_listener_runs_to_its_end_on_the_calling_thread() -> None:
    bench = Bench()
    threads: list[threading.Thread] = []

    async def listen() -> str:
        await asyncio.sleep(0)
        threads.append(threading.current_thread())
        return "done"

    bench.put(1, listen)
    bench.tasks.run()
    assert (threads, bench.done) == ([threading.current_thread()], [(1, None, "done")])


async def test_an_async_listener_runs_to_its_end_also_inside_a_running_loop() -> None:
    bench = Bench()
    loops: list[object] = []

    async def listen() -> None:
        loops.append(asyncio.get_running_loop())

    bench.put(1, listen)
    bench.tasks.run()
    assert loops != [asyncio.get_running_loop()]
    assert len(bench.done) == 1


async def test_an_async_listener_is_awaited_in_the_task_of_the_call() -> None:
    bench = Bench()
    seen: list[object] = []

    async def listen() -> None:
        seen.append(asyncio.current_task())
        seen.append(bench.tasks.is_caller())

    bench.put(1, listen)
    await bench.tasks.run_async()
    assert seen == [asyncio.current_task(), True]


async def test_a_plain_listener_is_called_on_the_loop_of_the_async_face() -> None:
    bench = Bench()
    bench.put(1, bench.says("a"))
    bench.put(2, fails)
    bench.put(3, bench.says("c"))
    with pytest.raises(ZeroDivisionError):
        await bench.tasks.run_async()
    assert bench.log == ["a", "c"]


async def test_a_cancelled_listener_has_raised_and_the_call_is_cancelled() -> None:
    bench = Bench()
    begun = asyncio.Event()

    async def listen() -> None:
        begun.set()
        await asyncio.get_running_loop().create_future()

    bench.put(1, listen)
    bench.put(2, bench.says("b"))
    call = asyncio.ensure_future(bench.tasks.run_async())
    await begun.wait()
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    assert [(number, type(error)) for number, error, _ in bench.done] == [
        (1, asyncio.CancelledError)
    ]
    await bench.tasks.run_async()
    assert bench.log == ["b"]


async def test_another_task_finds_nothing_to_run_while_a_listener_is_awaited() -> None:
    bench = Bench()
    go_on = asyncio.Event()

    async def listen() -> None:
        await go_on.wait()

    bench.put(1, listen)
    first = asyncio.ensure_future(bench.tasks.run_async())
    await asyncio.sleep(0)
    await bench.tasks.run_async()
    assert (bench.done, bench.tasks.is_caller()) == ([], False)
    go_on.set()
    await first
    assert len(bench.done) == 1


def test_an_interrupted_call_leaves_each_task_to_end_once() -> None:
    def make() -> Bench:
        bench = Bench()
        bench.put(1, bench.says("a"))
        bench.put(2, bench.says("b"))
        return bench

    for bench, place in interruptions(make, lambda bench: bench.tasks.run()):
        bench.tasks.run()
        numbers = [number for number, _, _ in bench.done]
        assert sorted(set(numbers)) == [1, 2], place
        assert bench.log.count("a") <= 1, place
        assert bench.log.count("b") <= 1, place
