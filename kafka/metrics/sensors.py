"""The metrics of the clients, computed from the facts that their cores report.

A fact is reported for every batch, so recording one costs only a few additions. Averages and rates
are computed when they are read.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from kafka._base.observer import Observer
from kafka._base.reentrant_lock import reentrant_lock
from kafka.metrics.measurable import AnonMeasurable
from kafka.metrics.metric_config import MetricConfig
from kafka.metrics.metrics import Metrics

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from kafka._base.clock import Clock
    from kafka.config.common import CommonConfig
    from kafka.metrics.kafka_metric import KafkaMetric
    from kafka.metrics.metric_name import MetricName

    Value = Callable[[], float]
    Values = dict[str, dict[str, float]] | dict[MetricName, KafkaMetric]


class Window:
    """The count, the sum and the largest of the values in the last samples.

    Args:
        clock: source of time.
        samples: how many samples to keep.
        seconds: length of a sample.
    """

    __slots__ = ("_clock", "_past", "_samples", "_seconds", "_start", "count", "largest", "total")

    def __init__(self, clock: Clock, samples: int, seconds: float) -> None:
        self._clock = clock
        self._samples = samples
        self._seconds = seconds
        self._start = clock.now()
        self._past: list[tuple[float, int, float, float]] = []
        self.count = 0
        self.total = 0.0
        self.largest = -math.inf

    def add(self, value: float, now: float) -> None:
        """Record *value*, observed at *now* in the time of the clock."""
        if now - self._start >= self._seconds:
            self._turn(now)
        self.count += 1
        self.total += value
        if value > self.largest:  # noqa: PLR1730 - max() costs as much as all else here
            self.largest = value

    def average(self) -> float:
        """Return the average, 0 without any value."""
        seen = self._recent()
        count = sum(count for _, count, _, _ in seen)
        return sum(total for _, _, total, _ in seen) / count if count else 0.0

    def maximum(self) -> float:
        """Return the largest value, 0 without any."""
        largest = max((largest for _, _, _, largest in self._recent()), default=-math.inf)
        return 0.0 if largest == -math.inf else largest

    def rate(self) -> float:
        """Return the sum per second."""
        return sum(total for _, _, total, _ in self._recent()) / self._span()

    def frequency(self) -> float:
        """Return the number of values per second."""
        return sum(count for _, count, _, _ in self._recent()) / self._span()

    def _turn(self, now: float) -> None:
        self._past.append((self._start, self.count, self.total, self.largest))
        del self._past[: -(self._samples - 1) or len(self._past)]
        self._start, self.count, self.total, self.largest = now, 0, 0.0, -math.inf

    def _recent(self) -> list[tuple[float, int, float, float]]:
        oldest = self._clock.now() - self._samples * self._seconds
        samples = [*self._past, (self._start, self.count, self.total, self.largest)]
        return [sample for sample in samples if sample[0] > oldest]

    def _span(self) -> float:
        """Return the seconds covered, as if all samples but the last were full."""
        now = self._clock.now()
        recent = self._recent()
        elapsed = now - recent[0][0] if recent else 0.0
        full = elapsed // self._seconds
        missing = max(self._samples - 1 - full, 0.0) * self._seconds
        return elapsed + missing or self._seconds


class ClientSensors(Observer):
    """Metrics that every client has: requests and connections.

    Args:
        config: options of the client.
        clock: source of time.
        prefix: first part of the names of the groups, e.g. ``producer``.
    """

    __slots__ = (
        "_clock", "_config", "_connections", "_connections_closed", "_connections_opened",
        "_group", "_incoming", "_latency", "_outgoing", "_throttle", "registry",
    )  # fmt: skip

    def __init__(self, config: CommonConfig, clock: Clock, prefix: str) -> None:
        self._clock = clock
        self._config = config
        self._group = f"{prefix}-metrics"
        self.registry = Metrics(
            MetricConfig(
                samples=config.metrics_num_samples,
                time_window_ms=config.metrics_sample_window_ms,
                tags={"client-id": config.client_id},
            ),
            [reporter() for reporter in config.metric_reporters],
        )
        self._connections = 0
        self._connections_opened = self._window()
        self._connections_closed = self._window()
        self._latency = self._window()
        self._incoming = self._window()
        self._outgoing = self._window()
        self._throttle = self._window()
        self._offer(
            self._group,
            {
                "connection-count": lambda: float(self._connections),
                "connection-creation-rate": self._connections_opened.frequency,
                "connection-close-rate": self._connections_closed.frequency,
                "request-latency-avg": _in_ms(self._latency.average),
                "request-latency-max": _in_ms(self._latency.maximum),
                "request-rate": self._outgoing.frequency,
                "request-size-avg": self._outgoing.average,
                "request-size-max": self._outgoing.maximum,
                "response-rate": self._incoming.frequency,
                "incoming-byte-rate": self._incoming.rate,
                "outgoing-byte-rate": self._outgoing.rate,
                "throttle-time-avg": _in_ms(self._throttle.average),
                "throttle-time-max": _in_ms(self._throttle.maximum),
            },
        )

    def snapshot(self) -> dict[str, dict[str, float]]:
        """Return the present values, ``{group: {name: value}}``.

        Where metrics differ only in their tags, as those of topics do, the tags become part of the
        group: ``producer-topic-metrics.orders``.
        """
        found: dict[str, dict[str, float]] = {}
        for name, metric in self.registry.metrics.items():
            extra = [value for tag, value in name.tags.items() if tag != "client-id"]
            group = ".".join([name.group, *extra])
            found.setdefault(group, {})[name.name] = metric.value()
        return found

    def metrics(self, raw: bool = False) -> Values:
        """Return the present values, or the metrics themselves.

        Args:
            raw: return ``{MetricName: KafkaMetric}`` instead of ``{group: {name: value}}``.
        """
        return self.registry.metrics if raw else self.snapshot()

    def close(self) -> None:
        """Close the reporters."""
        self.registry.close()

    def connection_opened(self, node_id: int) -> None:  # noqa: ARG002
        """Count the connection."""
        now = self._clock.now()
        self._connections += 1
        self._connections_opened.add(1, now)

    def connection_closed(self, node_id: int, cause: BaseException | None) -> None:  # noqa: ARG002
        """Stop counting the connection."""
        now = self._clock.now()
        self._connections -= 1
        self._connections_closed.add(1, now)

    def request_completed(
        self,
        node_id: int,  # noqa: ARG002 - the metrics are those of all nodes together
        api_key: int,  # noqa: ARG002 - and of all APIs
        latency: float,
        sent: int,
        received: int,
    ) -> None:
        """Record latency and sizes."""
        now = self._clock.now()
        self._latency.add(latency, now)
        self._outgoing.add(sent, now)
        self._incoming.add(received, now)

    def throttled(self, node_id: int, api_key: int, seconds: float) -> None:  # noqa: ARG002
        """Record the time."""
        now = self._clock.now()
        self._throttle.add(seconds, now)

    def _window(self) -> Window:
        return Window(
            self._clock, self._config.metrics_num_samples, self._config.metrics_sample_window
        )

    def _offer(
        self, group: str, values: Mapping[str, Value], tags: Mapping[str, str] | None = None
    ) -> None:
        for name, value in values.items():
            metric_name = self.registry.metric_name(name, group, tags=tags)
            self.registry.add_metric(metric_name, _measurable(value))


class _TopicSent:
    """The windows of what a producer sent to one topic."""

    __slots__ = ("errors", "records", "retries", "size")

    def __init__(self, window: Callable[[], Window]) -> None:
        self.records = window()
        self.size = window()
        self.retries = window()
        self.errors = window()


class ProducerSensors(ClientSensors):
    """The metrics of a producer.

    Args:
        config: options of the producer.
        clock: source of time.
    """

    __slots__ = ("_all", "_batch_size", "_compression", "_lock", "_queue_time", "_topics")

    def __init__(self, config: CommonConfig, clock: Clock) -> None:
        super().__init__(config, clock, "producer")
        self._lock = reentrant_lock()
        self._topics: dict[str, _TopicSent] = {}
        self._all = _TopicSent(self._window)
        self._batch_size = self._window()
        self._compression = self._window()
        self._queue_time = self._window()
        self._offer(self._group, _sent_values(self._all))
        self._offer(
            self._group,
            {
                "batch-size-avg": self._batch_size.average,
                "batch-size-max": self._batch_size.maximum,
                "compression-rate-avg": self._compression.average,
                "record-queue-time-avg": _in_ms(self._queue_time.average),
                "record-queue-time-max": _in_ms(self._queue_time.maximum),
                "records-per-batch-avg": self._all.records.average,
            },
        )

    def batch_sealed(self, topic: str, records: int, raw_size: int, encoded_size: int) -> None:  # noqa: ARG002
        """Record the sizes, under a lock: any thread seals batches."""
        now = self._clock.now()
        with self._lock:
            self._batch_size.add(encoded_size, now)
            self._compression.add(encoded_size / raw_size if raw_size else 1.0, now)

    def batch_delivered(self, topic: str, records: int, size: int, age: float) -> None:
        """Record number, size, and the time from the first record to the answer."""
        now = self._clock.now()
        sent = self._topic(topic)
        self._all.records.add(records, now)
        self._all.size.add(size, now)
        sent.records.add(records, now)
        sent.size.add(size, now)
        self._queue_time.add(age, now)

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

    def _topic(self, topic: str) -> _TopicSent:
        sent = self._topics.get(topic)
        if sent is None:
            sent = self._topics[topic] = _TopicSent(self._window)
            self._offer("producer-topic-metrics", _sent_values(sent), {"topic": topic})
        return sent


class ConsumerSensors(ClientSensors):
    """The metrics of a consumer.

    Args:
        config: options of the consumer.
        clock: source of time.
        prefix: first part of the names of the groups (option ``metric_group_prefix``).
    """

    __slots__ = (
        "_fetch_latency", "_fetch_size", "_lag", "_lags", "_manager", "_records", "_size",
        "_topics",
    )  # fmt: skip

    def __init__(self, config: CommonConfig, clock: Clock, prefix: str = "consumer") -> None:
        super().__init__(config, clock, prefix)
        self._manager = f"{prefix}-fetch-manager-metrics"
        self._fetch_latency = self._window()
        self._fetch_size = self._window()
        self._records = self._window()
        self._size = self._window()
        self._lag = self._window()
        self._topics: dict[str, tuple[Window, Window]] = {}
        self._lags: dict[tuple[str, int], int] = {}
        self._offer(
            self._manager,
            {
                "fetch-latency-avg": _in_ms(self._fetch_latency.average),
                "fetch-latency-max": _in_ms(self._fetch_latency.maximum),
                "fetch-rate": self._fetch_latency.frequency,
                "fetch-size-avg": self._fetch_size.average,
                "fetch-size-max": self._fetch_size.maximum,
                "bytes-consumed-rate": self._size.rate,
                "records-consumed-rate": self._records.rate,
                "records-lag-max": self._lag.maximum,
            },
        )

    def fetch_completed(self, node_id: int, latency: float, size: int) -> None:  # noqa: ARG002
        """Record latency and size."""
        now = self._clock.now()
        self._fetch_latency.add(latency, now)
        self._fetch_size.add(size, now)

    def records_consumed(self, topic: str, partition: int, records: int, size: int) -> None:  # noqa: ARG002
        """Record number and size, for the consumer and for the topic."""
        now = self._clock.now()
        self._records.add(records, now)
        self._size.add(size, now)
        windows = self._topics.get(topic)
        if windows is None:
            windows = self._topics[topic] = (self._window(), self._window())
            values = {
                "records-consumed-rate": windows[0].rate,
                "bytes-consumed-rate": windows[1].rate,
            }
            self._offer(self._manager, values, {"topic": topic})
        windows[0].add(records, now)
        windows[1].add(size, now)

    def high_watermark(self, topic: str, partition: int, position: int, high: int) -> None:
        """Record how far the position is behind the high watermark."""
        now = self._clock.now()
        key = (topic, partition)
        if key not in self._lags:
            self._offer(
                self._manager,
                {"records-lag": lambda: float(self._lags[key])},
                {"topic": topic, "partition": str(partition)},
            )
        self._lags[key] = lag = max(high - position, 0)
        self._lag.add(lag, now)


def _sent_values(sent: _TopicSent) -> dict[str, Value]:
    return {
        "record-send-rate": sent.records.rate,
        "byte-rate": sent.size.rate,
        "record-retry-rate": sent.retries.rate,
        "record-error-rate": sent.errors.rate,
    }


def _in_ms(seconds: Value) -> Value:
    return lambda: seconds() * 1000


def _measurable(value: Value) -> AnonMeasurable:
    return AnonMeasurable(lambda _config, _now: float(value()))
