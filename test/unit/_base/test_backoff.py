"""Exponential back-off: the rule of KIP-580 as numbers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kafka._base.backoff import ExponentialBackoff


def middle(low: float, high: float) -> float:
    return (low + high) / 2


def lowest(low: float, high: float) -> float:
    return low


def highest(low: float, high: float) -> float:
    return high


@pytest.mark.parametrize(
    ("attempts", "expected"), [(0, 0.1), (1, 0.2), (2, 0.4), (3, 0.8), (4, 1.0), (50, 1.0)]
)
def test_delay_doubles_up_to_the_maximum(attempts: int, expected: float) -> None:
    assert ExponentialBackoff(0.1, 1.0).delay(attempts, middle) == pytest.approx(expected)


def test_jitter_spreads_the_delay_by_a_fifth() -> None:
    backoff = ExponentialBackoff(0.1, 1.0)
    assert backoff.delay(0, lowest) == pytest.approx(0.08)
    assert backoff.delay(0, highest) == pytest.approx(0.12)


def test_delay_is_constant_without_jitter_when_maximum_is_below_initial() -> None:
    assert ExponentialBackoff(0.5, 0.2).delay(3, highest) == 0.2
    assert ExponentialBackoff(0.2, 0.2).delay(3, highest) == 0.2


def test_zero_initial_never_waits() -> None:
    assert ExponentialBackoff(0.0, 1.0).delay(9, highest) == 0.0


@given(
    initial=st.floats(0.001, 10),
    maximum=st.floats(0.001, 100),
    attempts=st.integers(0, 10_000),
    share=st.floats(0, 1),
)
def test_delay_never_exceeds_the_maximum(
    initial: float, maximum: float, attempts: int, share: float
) -> None:
    delay = ExponentialBackoff(initial, maximum).delay(
        attempts, lambda low, high: low + share * (high - low)
    )
    assert 0 < delay <= maximum
