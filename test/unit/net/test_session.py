"""When a connection authenticates again."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kafka.net.session import Session, is_clock_ahead, new_session, shorten_wait
from kafka.protocol.messages.fetch import FetchRequest
from kafka.protocol.messages.heartbeat import HeartbeatRequest


def low(first: float, last: float) -> float:
    return first


def high(first: float, last: float) -> float:
    return last


@pytest.mark.parametrize("lifetime_ms", [0, -1, -(2**63)])
def test_session_without_a_lifetime_lasts_for_ever(lifetime_ms: int) -> None:
    assert new_session(10.0, lifetime_ms, 20.0, low) is None


def test_session_is_renewed_after_85_to_95_percent_of_its_life() -> None:
    assert new_session(10.0, 100_000, None, low) == Session(95.0, 11.05, 110.0)
    assert new_session(10.0, 100_000, None, high) == Session(105.0, 11.05, 110.0)


def test_session_is_renewed_when_the_token_ends_at_the_latest() -> None:
    assert new_session(10.0, 100_000, 30.0, low) == Session(30.0, 11.05, 110.0)
    assert new_session(10.0, 100_000, 20.1, low) == Session(20.1, 11.05, 110.0)
    assert new_session(10.0, 100_000, math.inf, low) == Session(95.0, 11.05, 110.0)


@pytest.mark.parametrize("expires_at", [-600.0, 5.0, 10.0, 19.9])
def test_end_of_a_token_long_before_that_of_the_session_is_not_believed(expires_at: float) -> None:
    assert is_clock_ahead(10.0, 100_000, expires_at)
    assert new_session(10.0, 100_000, expires_at, low) == Session(95.0, 11.05, 110.0)


@pytest.mark.parametrize(
    ("lifetime_ms", "expires_at", "is_ahead"),
    [(0, 9.0, True), (0, 11.0, False), (-1, 11.0, False), (100_000, 20.1, False), (1, None, False)],
)
def test_clock_is_ahead_if_a_token_that_was_accepted_has_ended(
    lifetime_ms: int, expires_at: float | None, is_ahead: bool
) -> None:
    assert is_clock_ahead(10.0, lifetime_ms, expires_at) is is_ahead


def test_session_shorter_than_a_second_ends_before_the_next_may_begin() -> None:
    found = new_session(10.0, 500, 10.5, low)
    assert found == Session(10.425, 11.05, 10.5)
    assert found.hold_at < found.ends_at < found.not_before


def test_life_without_bounds_gets_some() -> None:
    found = new_session(10.0, 2**63 - 1, None, high)
    assert found is not None
    assert found.ends_at == 10.0 + 1e8


@given(
    st.floats(0, 1e9),
    st.integers(1, 2**63 - 1),
    st.none() | st.floats(0, 1e9) | st.just(math.inf),
    st.floats(0, 1),
)
def test_session_is_renewed_between_its_beginning_and_its_end(
    began_at: float, lifetime_ms: int, expires_at: float | None, share: float
) -> None:
    found = new_session(
        began_at, lifetime_ms, expires_at, lambda first, last: first + share * (last - first)
    )
    assert found is not None
    assert began_at <= found.renew_at <= found.hold_at <= found.ends_at
    if expires_at is not None and not is_clock_ahead(began_at, lifetime_ms, expires_at):
        assert found.renew_at <= expires_at


@pytest.mark.parametrize(
    ("now", "wait_ms"),
    [(0.0, 500), (94.5, 500), (94.75, 250), (94.995, 20), (95.0, 500), (102.25, 250), (200.0, 20)],
)
def test_broker_answers_a_fetch_before_the_session_is_renewed(now: float, wait_ms: int) -> None:
    request = FetchRequest(max_wait_ms=500)
    shorten_wait(request, Session(95.0, 11.05, 110.0), now)
    assert request.max_wait_ms == wait_ms


def test_request_that_does_not_wait_is_left_alone() -> None:
    request = HeartbeatRequest(group_id="g")
    shorten_wait(request, Session(95.0, 11.05, 110.0), 200.0)
    assert request.group_id == "g"
