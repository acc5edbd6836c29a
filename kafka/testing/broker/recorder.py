"""The requests that a cluster has received, kept for tests.  Pure."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, NamedTuple

from kafka.testing.broker.wire import decode_request

if TYPE_CHECKING:
    from collections.abc import Callable

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


class Unread(NamedTuple):
    """One request that is decoded when somebody asks for it.

    Attributes:
        frame: as it came, without its size.
    """

    node_id: int
    api: type[AnyRequest]
    api_version: int
    client_id: str | None
    frame: bytes | memoryview
    at: float

    def read(self) -> SeenRequest:
        """Decode the body."""
        _, request = decode_request(self.frame)
        return SeenRequest(*self[:4], request, self.at)


class Recorder:
    """Keeps requests in the order they came."""

    def __init__(self, changed: Event) -> None:
        self.changed = changed
        self._facts: deque[SeenRequest | Unread] = deque(maxlen=KEPT_REQUESTS)
        # Of the requests whose bodies are kept: the last ones of those above.
        self._sizes: deque[int] = deque()
        self._bytes = 0
        self._counts: dict[type[AnyRequest], int] = {}

    def record(self, seen: SeenRequest | Unread, size: int) -> None:
        """Add a request whose frame has *size* bytes."""
        self._facts.append(seen)
        self._counts[seen.api] = self._counts.get(seen.api, 0) + 1
        self._sizes.append(size)
        self._bytes += size
        while self._bytes > KEPT_BYTES and len(self._sizes) > 1:
            self._forget_oldest()
        self.changed.fire()

    def _forget_oldest(self) -> None:
        self._bytes -= self._sizes.popleft()
        index = len(self._facts) - len(self._sizes) - 1
        if index >= 0:
            found = self._facts[index]
            self._facts[index] = SeenRequest(*found[:4], None, found.at)

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

        def is_asked_for(known: SeenRequest | Unread) -> bool:
            return (
                api in {None, known.api}
                and node_id in {None, known.node_id}
                and client_id in {None, known.client_id}
            )

        found = [known for known in self._facts if is_asked_for(known)]
        if any(isinstance(known, Unread) for known in found):
            self._read(is_asked_for)
            found = [known for known in self._facts if is_asked_for(known)]
        return [known for known in found if isinstance(known, SeenRequest)]

    def _read(self, is_asked_for: Callable[[SeenRequest | Unread], bool]) -> None:
        """Decode what somebody asks for, once."""
        self._facts = deque(
            (
                known.read() if isinstance(known, Unread) and is_asked_for(known) else known
                for known in self._facts
            ),
            maxlen=KEPT_REQUESTS,
        )

    def clear(self) -> None:
        """Forget everything seen so far."""
        self._facts.clear()
        self._sizes.clear()
        self._counts.clear()
        self._bytes = 0
