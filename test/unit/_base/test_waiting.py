"""Waiting of threads."""

from __future__ import annotations

import threading

import pytest

from kafka._base.waiting import Notification, bounded, seconds_of


def test_wait_without_a_notification_ends_in_time() -> None:
    assert not Notification().wait(0.001)


def test_notification_before_the_wait_ends_it_at_once() -> None:
    done = Notification()
    done.notify()
    assert done.wait(30)


def test_notification_by_another_thread_ends_the_wait() -> None:
    done = Notification()
    thread = threading.Thread(target=done.notify)
    thread.start()
    assert done.wait(30)
    thread.join()


@pytest.mark.parametrize("seconds", [float("inf"), 2**63 / 1000, 10**400])
def test_a_time_the_system_does_not_take_is_cut(seconds: float) -> None:
    done = Notification()
    done.notify()
    assert bounded(seconds) == threading.TIMEOUT_MAX
    assert done.wait(seconds)


def test_a_negative_time_is_none() -> None:
    assert bounded(-1) == 0


@pytest.mark.parametrize(
    ("given", "seconds"),
    [(None, 7.0), (2, 2.0), (0.5, 0.5), (0, 0.0), (10**400, threading.TIMEOUT_MAX)],
)
def test_what_users_give_counts_and_else_the_default(given: float | None, seconds: float) -> None:
    assert seconds_of("flush", given, 7.0) == seconds


@pytest.mark.parametrize(
    ("given", "error"), [("x", TypeError), ([], TypeError), (float("nan"), ValueError)]
)
def test_what_is_no_time_is_refused_by_name(given: float, error: type[Exception]) -> None:
    with pytest.raises(error, match="flush: timeout must be a number of seconds"):
        seconds_of("flush", given, 7.0)


@pytest.mark.parametrize("given", [-1, -0.001, float("-inf")])
def test_a_negative_time_is_refused_by_name_or_counts_as_zero(given: float) -> None:
    with pytest.raises(ValueError, match="flush: timeout must not be negative, got -"):
        seconds_of("flush", given, 7.0)
    assert seconds_of("get", given, 7.0, allows_past=True) == 0
