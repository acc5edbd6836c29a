"""The history of a retried operation."""

from kafka._base.backoff import ExponentialBackoff
from kafka._base.retry import RetryState


def steady(low: float, high: float) -> float:
    return 1.0


def test_fresh_state_may_start_at_once() -> None:
    assert RetryState().may_start(0.0)


def test_each_failure_waits_longer() -> None:
    backoff = ExponentialBackoff(1.0, 10.0)
    once = RetryState().failed(100.0, backoff, steady)
    twice = once.failed(101.0, backoff, steady)
    assert (once.attempts, once.remaining(100.0)) == (1, 1.0)
    assert (twice.attempts, twice.remaining(101.0)) == (2, 2.0)


def test_state_may_start_again_when_the_backoff_is_over() -> None:
    state = RetryState().failed(100.0, ExponentialBackoff(1.0, 10.0), steady)
    assert not state.may_start(100.5)
    assert state.may_start(101.0)
    assert state.remaining(500.0) == 0.0


def test_failure_of_another_day_does_not_count() -> None:
    backoff = ExponentialBackoff(1.0, 10.0)
    state = RetryState().failed(0.0, backoff, steady).failed(1.0, backoff, steady)
    assert state.recent(103.0, backoff) is state
    assert state.recent(103.1, backoff) == RetryState()
