"""The metrics of the clients, computed from the facts that their cores report.

A fact is reported for every batch, so recording one costs only a few additions. Averages and rates
are computed when they are read.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from kafka._base.observer import Observer
from kafka.metrics.measurable import AnonMeasurable
from kafka.metrics.metric_config import MetricConfig
from kafka.metrics.metrics import Metrics

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Literal, Protocol, overload

    from kafka._base.clock import Clock
    from kafka.config.common import CommonConfig
    from kafka.metrics.kafka_metric import KafkaMetric
    from kafka.metrics.metric_name import MetricName

    Value = Callable[[], float]
    Measured = dict[str, dict[str, float]]
    Raw = dict[MetricName, KafkaMetric]
    Values = Measured | Raw

    class MetricsCall(Protocol):
        """The method ``metrics()`` of a client, as its callers see it."""

        @overload
        def __call__(self, raw: Literal[False] = False) -> Measured | None: ...

        @overload
        def __call__(self, raw: Literal[True]) -> Raw | None: ...

        @overload
        def __call__(self, raw: bool) -> Values | None: ...


# Any: each face is an argument of its own method.
def by_raw(method: Callable[[Any, bool], Values | None]) -> MetricsCall:
    """Return *method*, whose result depends on its argument, with a type that says so."""
    return method  # type: ignore[return-value]  # checkers do not look at what is bound later


class Window:
    """The count, the sum and the largest of the values in the last samples.

    Args:
        clock: source of time.
        samples: how many samples to keep.
        seconds: length of a sample.
    """

    __slots__ = (
        "_clock", "_earlier", "_past", "_samples", "_seconds", "_start", "count", "largest",
        "total",
    )  # fmt: skip

    def __init__(self, clock: Clock, samples: int, seconds: float) -> None:
        self._clock = clock
        self._samples = samples
        self._seconds = seconds
        self._start = clock.now()
        self._past: list[tuple[float, int, float, float]] = []
        self._earlier = 0.0
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
        return self.sum() / self._span()

    def frequency(self) -> float:
        """Return the number of values per second."""
        return self.seen() / self._span()

    def sum(self) -> float:
        """Return the sum of the values in the samples."""
        return sum(total for _, _, total, _ in self._recent())

    def seen(self) -> int:
        """Return the number of values in the samples."""
        return sum(count for _, count, _, _ in self._recent())

    def sum_ever(self) -> float:
        """Return the sum of all values since the start."""
        return self._earlier + self.total

    def _turn(self, now: float) -> None:
        self._earlier += self.total
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
                "request-latency-avg": in_ms(self._latency.average),
                "request-latency-max": in_ms(self._latency.maximum),
                "request-rate": self._outgoing.frequency,
                "request-size-avg": self._outgoing.average,
                "request-size-max": self._outgoing.maximum,
                "response-rate": self._incoming.frequency,
                "incoming-byte-rate": self._incoming.rate,
                "outgoing-byte-rate": self._outgoing.rate,
                "throttle-time-avg": in_ms(self._throttle.average),
                "throttle-time-max": in_ms(self._throttle.maximum),
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
                "fetch-latency-avg": in_ms(self._fetch_latency.average),
                "fetch-latency-max": in_ms(self._fetch_latency.maximum),
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


def in_ms(seconds: Value) -> Value:
    """Return what *seconds* returns, in ms."""
    return lambda: seconds() * 1000


def _measurable(value: Value) -> AnonMeasurable:
    return AnonMeasurable(lambda _config, _now: float(value()))
