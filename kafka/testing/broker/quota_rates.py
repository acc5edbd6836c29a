"""The rates of clients, and how long a broker makes them wait (KIP-13, KIP-124, KIP-219).  Pure.

Each broker measures rates over samples, as Apache Kafka does. A Fetch that is too fast gets its
records and then has to wait; Apache Kafka answers it without records. A request counts as
`THREAD_SECONDS` of a thread, whatever it is, so that tests find the same in every run.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from kafka.protocol.messages.fetch import FetchResponse
from kafka.protocol.messages.produce import ProduceRequest
from kafka.testing.broker.config_store import ConfigStore
from kafka.testing.broker.quotas import FETCH, PRODUCE, REQUEST, ClientQuotas

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kafka.protocol.schema import Message
    from kafka.testing.broker.broker_state import BrokerState
    from kafka.testing.broker.context import RequestContext

THREAD_SECONDS = 0.0001


class RateWindow:
    """The rate of one thing, per second.

    Args:
        samples: how many count (quota.window.num).
        seconds: length of each (quota.window.size.seconds).
    """

    __slots__ = ("_samples", "_seconds", "_taken")

    def __init__(self, samples: int, seconds: float) -> None:
        self._samples = samples
        self._seconds = seconds
        self._taken: deque[tuple[float, float]] = deque()

    def record(self, value: float, now: float) -> None:
        """Count *value*."""
        if self._taken and now - self._taken[-1][0] < self._seconds:
            start, total = self._taken[-1]
            self._taken[-1] = (start, total + value)
        else:
            self._taken.append((now, value))
        self._forget(now)

    def _forget(self, now: float) -> None:
        while self._taken and now - self._taken[0][0] >= self._samples * self._seconds:
            self._taken.popleft()

    def _window(self, now: float) -> float:
        # With few samples the window is not short but empty at its other end: a burst after a
        # silence is no high rate.
        elapsed = now - self._taken[0][0]
        missing = self._samples - 1 - int(elapsed / self._seconds)
        return elapsed + max(missing, 0) * self._seconds

    def seconds_to_wait(self, limit: float, now: float) -> float:
        """Return after how long a rate of *limit* per second is kept again."""
        self._forget(now)
        if not self._taken:
            return 0.0
        window = self._window(now)
        total = sum(value for _, value in self._taken)
        return max(total / limit - window, 0.0)


class ClientRates:
    """The rates of all clients at one broker."""

    def __init__(self, broker: BrokerState) -> None:
        store = broker.cluster.component(ConfigStore)
        self._samples = int(store.broker_value(broker.node_id, "quota.window.num") or 1)
        self._seconds = float(store.broker_value(broker.node_id, "quota.window.size.seconds") or 1)
        self._windows: dict[tuple[str, tuple[str, str]], RateWindow] = {}

    def charge(self, context: RequestContext, request: Message, response: Message | None) -> int:
        """Count a request that was handled.

        Returns:
            For how many milliseconds its connection is to be silent.
        """
        quotas = context.cluster.component(ClientQuotas)
        if not quotas.by_entity:
            return 0
        now = context.cluster.clock.now()
        wait = 0.0
        for key, value in _uses(request, response):
            found = quotas.in_force(key, context.peer.principal.name, context.client_id or "")
            if found is None:
                continue
            window = self._windows.setdefault(
                (key, found.shared_by), RateWindow(self._samples, self._seconds)
            )
            window.record(value, now)
            own_wait = window.seconds_to_wait(found.limit, now)
            # A quota of requests is not to stop a client for good (KIP-124).
            wait = max(wait, min(own_wait, self._seconds) if key == REQUEST else own_wait)
        return int(wait * 1000)


def _uses(request: Message, response: Message | None) -> Iterable[tuple[str, float]]:
    yield REQUEST, THREAD_SECONDS * 100
    if isinstance(request, ProduceRequest):
        yield (
            PRODUCE,
            sum(
                _size(partition.records)
                for topic in request.topic_data
                for partition in topic.partition_data
            ),
        )
    if isinstance(response, FetchResponse):
        yield (
            FETCH,
            sum(
                _size(partition.records)
                for topic in response.responses
                for partition in topic.partitions
            ),
        )


def _size(records: object) -> int:
    if isinstance(records, (bytes, bytearray, memoryview)):
        return len(records)
    if isinstance(records, (list, tuple)):
        return sum(map(len, records))
    return 0
