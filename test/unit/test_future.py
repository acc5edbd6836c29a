"""kafka.future.Future, the class kafka-python's users know."""

from __future__ import annotations

import logging
import threading

import pytest

from kafka.errors import KafkaError, RetriableError
from kafka.future import Future


def test_new_future_has_no_outcome() -> None:
    future = Future()
    state = (future.is_done, future.succeeded(), future.failed(), future.retriable())
    assert state == (False, False, False, False)


def test_success_is_seen_everywhere() -> None:
    future = Future().success(5)
    assert (future.succeeded(), future.failed(), future.value) == (True, False, 5)


def test_failure_is_seen_everywhere() -> None:
    error = KafkaError("x")
    future = Future().failure(error)
    assert (future.succeeded(), future.failed(), future.exception) == (False, True, error)


@pytest.mark.parametrize(("error", "expected"), [(RetriableError, True), (KafkaError, False)])
def test_retriable_tells_by_the_error(error: type[KafkaError], expected: bool) -> None:
    assert Future().failure(error).retriable() is expected


def test_failure_without_an_error_is_refused() -> None:
    with pytest.raises(TypeError, match="without an exception"):
        Future().failure("no")  # type: ignore[arg-type]


def test_second_outcome_is_refused() -> None:
    with pytest.raises(RuntimeError, match="already has an outcome"):
        Future().success(1).success(2)


@pytest.mark.parametrize("late", [False, True])
def test_callback_gets_its_own_arguments_and_the_value(late: bool) -> None:
    seen: list[object] = []
    future = Future()
    if late:
        future.success("v")
    future.add_callback(lambda *args, **kwargs: seen.append((args, kwargs)), "a", k=1)
    if not late:
        future.success("v")
    assert seen == [(("a", "v"), {"k": 1})]


@pytest.mark.parametrize("late", [False, True])
def test_errback_gets_the_error_and_callback_nothing(late: bool) -> None:
    seen: list[object] = []
    error = KafkaError("x")
    future = Future()
    if late:
        future.failure(error)
    future.add_errback(seen.append).add_callback(seen.append)
    if not late:
        future.failure(error)
    assert seen == [error]


def test_both_is_called_once_whatever_happens() -> None:
    seen: list[object] = []
    Future().add_both(seen.append).success(1)
    Future().add_both(seen.append).failure(error := KafkaError("x"))
    assert seen == [1, error]


def test_chained_future_gets_the_same_outcome() -> None:
    first, second = Future(), Future()
    first.chain(second).failure(error := KafkaError("x"))
    assert second.exception is error


def test_failing_callback_is_logged_and_the_next_one_runs(
    caplog: pytest.LogCaptureFixture,
) -> None:
    seen: list[object] = []
    future = Future().add_callback(lambda _: 1 / 0).add_callback(seen.append)
    with caplog.at_level(logging.ERROR):
        future.success(1)
    assert (seen, len(caplog.records)) == ([1], 1)


def test_error_of_a_callback_can_be_raised_for_tests() -> None:
    class Loud(Future):
        error_on_callbacks = True

    with pytest.raises(ZeroDivisionError):
        Loud().add_callback(lambda _: 1 / 0).success(1)


def test_callbacks_added_while_another_thread_completes_all_run_once() -> None:
    for _ in range(50):
        seen: list[object] = []
        future = Future()
        thread = threading.Thread(target=future.success, args=(1,))
        thread.start()
        for _ in range(20):
            future.add_callback(seen.append)
        thread.join()
        assert seen == [1] * 20


def test_done_future_can_be_awaited() -> None:
    with pytest.raises(StopIteration) as caught:
        next(Future().success(5).__await__())
    assert caught.value.value == 5


def test_failed_future_raises_when_awaited() -> None:
    with pytest.raises(KafkaError, match="x"):
        next(Future().failure(KafkaError("x")).__await__())


@pytest.mark.parametrize(
    ("future", "text"),
    [
        (Future(), "<Future PENDING>"),
        (Future().success(5), "<Future DONE 5>"),
        (Future().failure(KafkaError("x")), "<Future FAILED KafkaError('x')>"),
    ],
)
def test_repr_tells_the_state(future: Future, text: str) -> None:
    assert repr(future) == text
