"""Deadlines."""

import math

from kafka._base.deadline import NEVER, Deadline


def test_deadline_counts_down_and_never_goes_negative() -> None:
    deadline = Deadline.after(100.0, 2.5)
    assert deadline.remaining(101.0) == 1.5
    assert deadline.remaining(200.0) == 0.0


def test_deadline_is_expired_at_its_point() -> None:
    deadline = Deadline.after(100.0, 1.0)
    assert not deadline.is_expired(100.9)
    assert deadline.is_expired(101.0)


def test_no_timeout_never_expires() -> None:
    assert Deadline.after(5.0, None) is NEVER
    assert NEVER.remaining(1e12) == math.inf
    assert NEVER.timeout_at is None


def test_negative_timeout_expires_at_once() -> None:
    assert Deadline.after(5.0, -1.0).is_expired(5.0)
