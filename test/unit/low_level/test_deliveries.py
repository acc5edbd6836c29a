"""Outcomes on their way to the thread that polls."""

from __future__ import annotations

import threading

import pytest

from kafka._base.waiting import Notification
from kafka.errors import KafkaError
from kafka.future import Future
from kafka.low_level.deliveries import Deliveries, Outcome
from test.support.waiting import A_DAY, is_inside, until


def settle(outcome: Outcome) -> None:
    outcome.settle()


def interrupt(_: Outcome) -> None:
    raise KeyboardInterrupt


def test_outcomes_are_taken_in_order() -> None:
    deliveries, seen = Deliveries(), []
    for number in range(3):
        deliveries.put(Outcome(Future(), number))
    deliveries.put(lambda: seen.append("called"))
    deliveries.take(lambda outcome: seen.append(outcome.response))
    deliveries.take(lambda outcome: seen.append(outcome.response))
    assert seen == [0, 1, 2, "called"]


def test_a_future_gets_its_response_or_its_error() -> None:
    good, bad, error = Future(), Future(), KafkaError("no")
    Outcome(good, "yes").settle()
    Outcome(bad, None, error).settle()
    assert (good.value, bad.exception) == ("yes", error)


def test_a_future_that_the_user_has_resolved_is_left_alone() -> None:
    future = Future().success("by hand")
    Outcome(future, "by the broker").settle()
    assert future.value == "by hand"


def test_an_outcome_survives_an_interruption() -> None:
    deliveries, future = Deliveries(), Future()
    deliveries.put(Outcome(future, 1))
    with pytest.raises(KeyboardInterrupt):
        deliveries.take(interrupt)
    deliveries.take(settle)
    assert future.value == 1


def test_what_is_to_be_called_survives_an_interruption() -> None:
    deliveries, called = Deliveries(), []

    def call() -> None:
        called.append(1)
        if len(called) == 1:
            raise KeyboardInterrupt

    deliveries.put(call)
    with pytest.raises(KeyboardInterrupt):
        deliveries.take(settle)
    deliveries.take(settle)
    assert called == [1, 1]


def test_an_interruption_hands_the_rest_to_a_thread_that_waits() -> None:
    deliveries = Deliveries()
    deliveries.put(Outcome(Future(), 1))
    waiter = threading.Thread(target=deliveries.wait, args=[A_DAY, lambda: False])

    def interrupt_while_another_waits(_: Outcome) -> None:
        waiter.start()
        until(lambda: is_inside(Notification.wait, waiter.ident))
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        deliveries.take(interrupt_while_another_waits)
    waiter.join()


def test_what_has_come_ends_a_wait() -> None:
    deliveries = Deliveries()
    deliveries.put(Outcome(Future(), 1))
    deliveries.wait(86_400, lambda: False)


def test_a_wait_is_ended_by_what_came_before_it_once() -> None:
    deliveries = Deliveries()
    deliveries.wake()
    deliveries.wait(86_400, lambda: False)
    deliveries.wait(0.001, lambda: False)
    deliveries.wait(86_400, lambda: True)
