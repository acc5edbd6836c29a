"""The queue of requests that wait for answers."""

from __future__ import annotations

import pytest

from kafka.errors import CorrelationIdError
from kafka.net.in_flight import InFlightRequest, InFlightRequests


def queue(*expiries: float) -> InFlightRequests[str]:
    requests: InFlightRequests[str] = InFlightRequests()
    for expires_at in expiries:
        number = requests.next_correlation_id()
        requests.add(InFlightRequest(number, f"waiter {number}", 0.0, expires_at))
    return requests


def test_answers_complete_requests_in_order() -> None:
    requests = queue(1, 1)
    assert [requests.complete(n).pending for n in (0, 1)] == ["waiter 0", "waiter 1"]


def test_answer_out_of_order_is_an_error() -> None:
    with pytest.raises(CorrelationIdError, match="correlation id 1, expected 0"):
        queue(1, 1).complete(1)


def test_answer_to_nothing_is_an_error() -> None:
    with pytest.raises(CorrelationIdError, match="no request is in flight"):
        queue().complete(0)


def test_next_expiry_is_the_earliest_not_the_oldest() -> None:
    assert queue(9, 3, 5).next_expiry() == 3


def test_nothing_in_flight_never_expires() -> None:
    assert queue().next_expiry() is None


def test_requests_that_get_no_answer_are_taken_oldest_first() -> None:
    requests = queue(1, 2)
    assert [requests.take_oldest().correlation_id for _ in range(2)] == [0, 1]
    assert len(requests) == 0
