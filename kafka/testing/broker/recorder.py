"""The requests that a cluster has received, kept for tests.  Pure."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from kafka.testing.broker.timers import Event
    from kafka.testing.broker.wire import AnyRequest

# The bodies of older requests are dropped beyond this many bytes, or produced records would be kept
# twice. The facts about those requests stay.
KEPT_BYTES = 16 * 1024 * 1024
KEPT_REQUESTS = 100_000


class SeenRequest(NamedTuple):
    """One request, as it came.

    Attributes:
        request: the decoded body; ``None`` once it was forgotten.
        at: the cluster's time in seconds.
    """

    node_id: int
    api: type[AnyRequest]
    api_version: int
    client_id: str | None
    request: AnyRequest | None
    at: float


class Recorder:
    """Keeps requests in the order they came."""

    def __init__(self, changed: Event) -> None:
        self.changed = changed
        self._facts: deque[SeenRequest] = deque(maxlen=KEPT_REQUESTS)
        self._bodies: deque[tuple[int, AnyRequest]] = deque()
        self._bytes = 0
        self._counts: dict[type[AnyRequest], int] = {}

    def record(self, seen: SeenRequest, size: int) -> None:
        """Add a request whose frame has *size* bytes."""
        body = seen.request
        assert body is not None
        self._facts.append(seen)
        self._counts[seen.api] = self._counts.get(seen.api, 0) + 1
        self._bodies.append((size, body))
        self._bytes += size
        while self._bytes > KEPT_BYTES and len(self._bodies) > 1:
            self._forget_oldest()
        self.changed.fire()

    def _forget_oldest(self) -> None:
        size, _ = self._bodies.popleft()
        self._bytes -= size
        index = len(self._facts) - len(self._bodies) - 1
        if index >= 0:
            self._facts[index] = self._facts[index]._replace(request=None)

    def count(self, api: type[AnyRequest]) -> int:
        """Return how many requests of *api* were received, dropped ones included."""
        return self._counts.get(api, 0)

    def seen(
        self,
        api: type[AnyRequest] | None = None,
        *,
        node_id: int | None = None,
        client_id: str | None = None,
    ) -> list[SeenRequest]:
        """Return the requests that match, oldest first."""
        return [
            seen
            for seen in self._facts
            if api in {None, seen.api}
            and node_id in {None, seen.node_id}
            and client_id in {None, seen.client_id}
        ]

    def clear(self) -> None:
        """Forget everything seen so far."""
        self._facts.clear()
        self._bodies.clear()
        self._counts.clear()
        self._bytes = 0
