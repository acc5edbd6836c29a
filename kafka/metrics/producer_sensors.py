"""The metrics of a producer, besides those that every client has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from kafka._base.reentrant_lock import reentrant_lock
from kafka.metrics.sensors import ClientSensors, Window, in_ms
from kafka.protocol.messages.produce import ProduceRequest

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from kafka._base.clock import Clock
    from kafka.config.common import CommonConfig
    from kafka.metrics.sensors import Value

_NANOSECONDS: Final = 1e9
_PRODUCE: Final = ProduceRequest.API_KEY
# With the default batch_size, batches of records above 1 kB have no more of them.
_SAMPLE: Final = 16
_TRANSACTION_CALLS: Final = ("init", "begin", "send-offsets", "commit", "abort")
_GAUGES: Final = (
    "buffer-available-bytes",
    "buffer-total-bytes",
    "requests-in-flight",
    "waiting-threads",
)


class _Sent:
    """The windows of what a producer sent to one topic, or to all."""

    __slots__ = ("errors", "records", "retries", "size")

    def __init__(self, window: Callable[[], Window]) -> None:
        self.records = window()
        self.size = window()
        self.retries = window()
        self.errors = window()

    def values(self) -> dict[str, Value]:
        """Return the metrics that each topic has, and the producer."""
        return {
            "record-send-rate": self.records.rate,
            "record-send-total": self.records.sum_ever,
            "byte-rate": self.size.rate,
            "byte-total": self.size.sum_ever,
            "record-retry-rate": self.retries.rate,
            "record-retry-total": self.retries.sum_ever,
            "record-error-rate": self.errors.rate,
            "record-error-total": self.errors.sum_ever,
        }


class _TopicSensors(_Sent):
    """The windows of one topic."""

    __slots__ = ("compression",)

    def __init__(self, window: Callable[[], Window]) -> None:
        super().__init__(window)
        self.compression = window()


class ProducerSensors(ClientSensors):
    """The metrics of a producer.

    Args:
        config: options of the producer.
        clock: source of time.
    """

    __slots__ = (
        "_all", "_batch_size", "_callback_errors", "_gauges", "_lock", "_metadata_at",
        "_produce_throttle", "_queue_time", "_record_size", "_requests", "_spent", "_topics",
    )  # fmt: skip

    def __init__(self, config: CommonConfig, clock: Clock) -> None:
        super().__init__(config, clock, "producer")
        self._lock = reentrant_lock()
        self._topics: dict[str, _TopicSensors] = {}
        self._all = _Sent(self._window)
        self._batch_size = self._window()
        self._record_size = self._window()
        self._queue_time = self._window()
        self._requests = self._window()
        self._produce_throttle = self._window()
        self._callback_errors = 0
        self._metadata_at = clock.now()
        self._gauges: dict[str, Value] = dict.fromkeys(_GAUGES, float)
        # Seconds that calls have taken altogether, by the name of their metric.
        calls = [f"txn-{call}" for call in _TRANSACTION_CALLS]
        self._spent = dict.fromkeys(["flush", "metadata-wait", "bufferpool-wait", *calls], 0.0)
        self._offer(self._group, {**self._all.values(), **self._of_batches(), **self._of_calls()})

    def _of_batches(self) -> dict[str, Value]:
        return {
            "batch-size-avg": self._batch_size.average,
            "batch-size-max": self._batch_size.maximum,
            "compression-rate-avg": self._compression,
            "record-queue-time-avg": in_ms(self._queue_time.average),
            "record-queue-time-max": in_ms(self._queue_time.maximum),
            "record-size-avg": self._record_size.average,
            "record-size-max": self._record_size.maximum,
            "records-per-batch-avg": self._all.records.average,
            "records-per-request-avg": self._records_per_request,
            "produce-throttle-time-avg": in_ms(self._produce_throttle.average),
            "produce-throttle-time-max": in_ms(self._produce_throttle.maximum),
        }

    def _of_calls(self) -> dict[str, Value]:
        gauges = {name: self._gauge(name) for name in _GAUGES}
        spent = {f"{name}-time-ns-total": self._spent_on(name) for name in self._spent}
        return {
            **gauges,
            **spent,
            "callback-error-total": lambda: float(self._callback_errors),
            "metadata-age": lambda: self._clock.now() - self._metadata_at,
        }

    def watch(self, gauges: Mapping[str, Value]) -> None:
        """Ask *gauges* from now on for the values that the running producer knows."""
        self._gauges.update(gauges)

    def _gauge(self, name: str) -> Value:
        def value() -> float:
            return self._gauges[name]()

        return value

    def _spent_on(self, name: str) -> Value:
        return lambda: self._spent[name] * _NANOSECONDS

    def _records_per_request(self) -> float:
        requests = self._requests.sum()
        return self._all.records.sum() / requests if requests else 0.0

    def _compression(self) -> float:
        windows = [sent.compression for sent in list(self._topics.values())]
        batches = sum(window.seen() for window in windows)
        return sum(window.sum() for window in windows) / batches if batches else 0.0

    # -- facts -------------------------------------------------------------------------------

    def request_completed(
        self,
        node_id: int,  # noqa: ARG002 - the metrics are those of all nodes together
        api_key: int,
        latency: float,
        sent: int,
        received: int,
    ) -> None:
        """Record latency and sizes, and count the Produce requests."""
        now = self._clock.now()
        # What the base class does; a call would cost as much as the fourth window.
        self._latency.add(latency, now)
        self._outgoing.add(sent, now)
        self._incoming.add(received, now)
        if api_key == _PRODUCE:
            self._requests.add(1, now)

    def throttled(self, node_id: int, api_key: int, seconds: float) -> None:
        """Record the time."""
        super().throttled(node_id, api_key, seconds)
        if api_key == _PRODUCE:
            self._produce_throttle.add(seconds, self._clock.now())

    def metadata_updated(self, brokers: int, topics: int) -> None:  # noqa: ARG002 - only the time
        """Note the time."""
        self._metadata_at = self._clock.now()

    def batch_sealed(
        self,
        topic: str,
        records: int,  # noqa: ARG002 - the batch may still fail
        raw_size: int,
        encoded_size: int,
        sizes: tuple[int | Sequence[int], ...],
    ) -> None:
        """Record the sizes, under a lock: any thread seals batches."""
        now = self._clock.now()
        rate = encoded_size / raw_size if raw_size else 1.0
        largest = _largest(sizes)
        with self._lock:
            self._batch_size.add(encoded_size, now)
            self._record_size.add(largest, now)
            (self._topics.get(topic) or self._add_topic(topic)).compression.add(rate, now)

    def batch_delivered(self, topic: str, records: int, size: int, queued: float) -> None:
        """Record number, size, and the time until the batch was written."""
        now = self._clock.now()
        sent = self._topic(topic)
        self._all.records.add(records, now)
        self._all.size.add(size, now)
        sent.records.add(records, now)
        sent.size.add(size, now)
        self._queue_time.add(queued, now)

    def batch_failed(self, topic: str, records: int, cause: BaseException) -> None:  # noqa: ARG002
        """Count the records as errors."""
        now = self._clock.now()
        self._all.errors.add(records, now)
        self._topic(topic).errors.add(records, now)

    def batch_retried(self, topic: str, records: int, cause: BaseException) -> None:  # noqa: ARG002
        """Count the records as retried."""
        now = self._clock.now()
        self._all.retries.add(records, now)
        self._topic(topic).retries.add(records, now)

    def callback_failed(self, cause: BaseException) -> None:  # noqa: ARG002 - it is logged
        """Count the exception."""
        with self._lock:
            self._callback_errors += 1

    def flushed(self, seconds: float) -> None:
        """Add up the time."""
        self._spend("flush", seconds)

    def topic_awaited(self, seconds: float) -> None:
        """Add up the time."""
        self._spend("metadata-wait", seconds)

    def memory_awaited(self, seconds: float) -> None:
        """Add up the time."""
        self._spend("bufferpool-wait", seconds)

    def transaction_called(self, call: str, seconds: float) -> None:
        """Add up the time."""
        self._spend(f"txn-{call}", seconds)

    def _spend(self, name: str, seconds: float) -> None:
        with self._lock:
            self._spent[name] += seconds

    def _topic(self, topic: str) -> _TopicSensors:
        sent = self._topics.get(topic)
        return self._add_topic(topic) if sent is None else sent

    def _add_topic(self, topic: str) -> _TopicSensors:
        with self._lock:
            sent = self._topics.get(topic)
            if sent is None:
                sent = self._topics[topic] = _TopicSensors(self._window)
                values = {**sent.values(), "compression-rate": sent.compression.average}
                self._offer("producer-topic-metrics", values, {"topic": topic})
        return sent


def _largest(sizes: tuple[int | Sequence[int], ...]) -> int:
    """Return about the bytes of key, value and headers of the largest record of a batch.

    It costs the same for every batch: where sizes differ, the first `_SAMPLE` records count, and
    their largest key, value and headers are added up.
    """
    largest = 0
    for column in sizes:
        size = column if isinstance(column, int) else max(column[:_SAMPLE])
        if size > 0:
            largest += size
    return largest
