"""The requests of one connection that wait for their responses.  Pure: `now` is passed in.

A broker answers the requests of a connection in the order in which they were sent.
"""

from __future__ import annotations

import math
from collections import deque
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar

from kafka.errors import CorrelationIdError

if TYPE_CHECKING:
    from collections.abc import Iterator

T = TypeVar("T")

_CORRELATION_ID_MASK = 0x7FFFFFFF


class InFlightRequest(NamedTuple, Generic[T]):
    """A request that has been written.

    Attributes:
        correlation_id: what the response must repeat.
        pending: who receives the response, and how to decode it.
        sent_at: when it was written, in seconds of monotonic time.
        expires_at: when to give up.
    """

    correlation_id: int
    pending: T
    sent_at: float
    expires_at: float


class InFlightRequests(Generic[T]):
    """A queue of requests, oldest first."""

    __slots__ = ("_next_id", "_requests")

    def __init__(self) -> None:
        self._requests: deque[InFlightRequest[T]] = deque()
        self._next_id = 0

    def __len__(self) -> int:
        """Return how many requests wait."""
        return len(self._requests)

    def __iter__(self) -> Iterator[InFlightRequest[T]]:
        """Iterate over the requests, oldest first."""
        return iter(self._requests)

    def next_correlation_id(self) -> int:
        """Return an id for a new request: 0 to 2**31 - 1, then from 0 again."""
        found = self._next_id
        self._next_id = (found + 1) & _CORRELATION_ID_MASK
        return found

    def add(self, request: InFlightRequest[T]) -> None:
        """Append a request that is being written."""
        self._requests.append(request)

    def complete(self, correlation_id: int) -> InFlightRequest[T]:
        """Remove and return the request that a response answers.

        Raises:
            CorrelationIdError: it is not the oldest request, so the stream cannot be trusted.
        """
        if not self._requests:
            raise CorrelationIdError(
                f"response with correlation id {correlation_id} although no request is in flight"
            )
        oldest = self._requests[0]
        if oldest.correlation_id != correlation_id:
            raise CorrelationIdError(
                f"response with correlation id {correlation_id}, expected {oldest.correlation_id}"
            )
        # Not popleft(): a signal handler may raise after each call, and the request would be lost
        # between the queue and the caller. The interpreter runs no handler after this statement.
        del self._requests[0]
        return oldest

    def take_oldest(self) -> InFlightRequest[T]:
        """Remove and return the oldest request; there is one."""
        oldest = self._requests[0]
        del self._requests[0]  # as in `complete`
        return oldest

    def oldest_sent_at(self) -> float:
        """Return when the oldest request was written; infinity if there is none."""
        return self._requests[0].sent_at if self._requests else math.inf

    def next_expiry(self) -> float | None:
        """Return when the first of the requests expires."""
        return min((request.expires_at for request in self._requests), default=None)

    def __repr__(self) -> str:
        """Return a status line."""
        return f"<InFlightRequests {len(self._requests)}>"
