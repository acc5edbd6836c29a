"""When a token is asked for again, by the rule of Java's login."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kafka._base.backoff import ExponentialBackoff
from kafka._base.secret import Secret
from kafka.net.sasl.token import Token
from kafka.net.sasl.token_plan import RefreshRule, TokenPlan

RULE = RefreshRule(window=0.8, jitter=0.05, min_period=60, buffer=300)
WALL = 1.6e9


def low(first: float, last: float) -> float:
    return first


def high(first: float, last: float) -> float:
    return last


@pytest.mark.parametrize(
    ("begins", "ends", "expected"),
    [
        (100, 3700, 100 + 0.8 * 3600),  # within the window
        (100, 1100, 800),  # the buffer before the end
        (100, 490, 190),  # the buffer before the end
        (100, 461, 161),
        (100, 460, 160),  # the shortest period
        (100, 400, 100 + 0.8 * 300),  # both do not fit: the window alone
        (100, 130, 124),
        (100, 100, 100),
        (100, 50, 100),
        (-3500, 3700, -3500 + 0.8 * 7200),  # most of its life is over
        (-20000, 3700, 160),  # the window is over
    ],
)
def test_refresh_comes_at_the_time_of_the_rule(begins: float, ends: float, expected: float) -> None:
    assert RULE.refresh_at(100, begins, ends, low) == pytest.approx(expected)


def test_jitter_puts_the_refresh_off() -> None:
    assert RULE.refresh_at(0, 0, 3600, high) == pytest.approx(0.85 * 3600)


@given(
    st.floats(0, 1e6), st.floats(0, 1e6), st.floats(0.1, 1e6), st.floats(0.5, 1), st.floats(0, 0.25)
)
def test_refresh_comes_before_the_end_unless_window_and_jitter_exceed_it(
    now: float, age: float, left: float, window: float, jitter: float
) -> None:
    rule = RefreshRule(window, jitter, 60, 300)
    at = rule.refresh_at(now, now - age, now + left, high)
    assert now <= at <= now + left * max(1.0, window + jitter) + 1e-6


def token(expires_at: float | None, issued_at: float | None = None) -> Token:
    return Token(Secret("t"), {}, issued_at, expires_at)


def plan() -> TokenPlan:
    return TokenPlan(RULE, ExponentialBackoff(0.1, 10.0, jitter=0.0), low)


def test_token_is_good_until_its_end_and_due_before() -> None:
    made = plan()
    held = made.on_token(token(WALL + 1000), 100.0, WALL)
    assert held.ends == 1100.0
    assert made.good(1099.0) is held
    assert made.good(1100.0) is None
    assert (made.is_due(799.0), made.is_due(800.0)) == (False, True)
    assert made.refresh_at() == 800.0


def test_life_begins_when_the_token_was_issued() -> None:
    made = plan()
    made.on_token(token(WALL + 3600, WALL - 3600), 100.0, WALL)
    assert made.refresh_at() == pytest.approx(100 - 3600 + 0.8 * 7200)


def test_token_from_the_future_begins_now() -> None:
    made = plan()
    made.on_token(token(WALL + 3600, WALL + 600), 100.0, WALL)
    assert made.refresh_at() == pytest.approx(100 + 0.8 * 3600)


def test_token_that_ends_nobody_knows_when_is_not_kept() -> None:
    made = plan()
    made.on_token(token(WALL + 1000), 100.0, WALL)
    assert made.on_token(token(None), 100.0, WALL).ends == math.inf
    assert made.good(100.0) is None
    assert made.refresh_at() == math.inf


def test_failed_refresh_keeps_the_token_and_is_repeated_with_back_off() -> None:
    made = plan()
    held = made.on_token(token(WALL + 1000), 100.0, WALL)
    for wait in (0.1, 0.2, 0.4):
        made.on_failure(900.0)
        assert made.good(900.0) is held
        assert made.refresh_at() == made.not_before == pytest.approx(900.0 + wait)
    made.on_token(token(WALL + 5000), 901.0, WALL)
    assert made.not_before == 0.0


def test_token_that_has_ended_is_not_refreshed_unasked() -> None:
    made = plan()
    made.on_token(token(WALL + 10), 100.0, WALL)
    made.on_failure(109.95)
    assert made.refresh_at() == math.inf


def test_token_that_has_ended_before_it_came_is_not_refreshed_unasked() -> None:
    made = plan()
    made.on_token(token(WALL - 10), 100.0, WALL)
    assert made.good(100.0) is None
    assert made.refresh_at() == math.inf


def test_status_line_shows_no_token() -> None:
    made = plan()
    assert repr(made) == "<TokenPlan holds=nothing refresh_at=inf>"
    made.on_token(token(WALL + 1000), 100.0, WALL)
    assert repr(made) == "<TokenPlan holds=until 1100.0 refresh_at=800.0>"
