"""Rates over samples, and how long to wait for them."""

from __future__ import annotations

import pytest

from kafka.testing.broker.quota_rates import RateWindow


def window() -> RateWindow:
    return RateWindow(samples=11, seconds=1.0)


def test_nothing_recorded_is_no_reason_to_wait() -> None:
    assert window().seconds_to_wait(1.0, now=5.0) == 0


@pytest.mark.parametrize(("value", "wait"), [(1000.0, 0.0), (1001.0, 0.01), (2000.0, 10.0)])
def test_the_window_is_ten_seconds_long_at_first(value: float, wait: float) -> None:
    rate = window()
    rate.record(value, now=0.0)
    assert rate.seconds_to_wait(100.0, now=0.0) == pytest.approx(wait)


def test_the_rate_is_kept_after_waiting() -> None:
    rate = window()
    rate.record(1040.0, now=0.0)
    wait = rate.seconds_to_wait(100.0, now=0.0)
    rate.record(0.0, now=10.0 + wait)
    assert rate.seconds_to_wait(100.0, now=10.0 + wait) == 0


def test_samples_of_one_second_are_one() -> None:
    rate = window()
    for tenth in range(10):
        rate.record(200.0, now=tenth / 10)
    assert rate.seconds_to_wait(100.0, now=0.9) == pytest.approx(20 - 10.9)


def test_old_samples_are_forgotten() -> None:
    rate = window()
    rate.record(1e9, now=0.0)
    rate.record(1.0, now=11.0)
    assert rate.seconds_to_wait(100.0, now=11.0) == 0
