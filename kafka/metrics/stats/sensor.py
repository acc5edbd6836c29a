"""Sensors: values are recorded into them, and metrics are computed from the values."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from kafka._base.reentrant_lock import reentrant_lock
from kafka.errors import QuotaViolationError
from kafka.metrics.kafka_metric import KafkaMetric

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from kafka.metrics.measurable import (
        AbstractCompoundStat,
        AbstractMeasurableStat,
        AbstractStat,
    )
    from kafka.metrics.metric_config import MetricConfig
    from kafka.metrics.metric_name import MetricName


class Sensor:
    """Pass recorded values on to statistics.  Made by `Metrics.sensor`.

    Args:
        register: adds a metric to the registry, `Metrics.register_metric`.
        name: name of the sensor.
        parents: sensors that get every value too.
        config: settings of the metrics.
        inactive_sensor_expiration_time_seconds: how long it may be idle.
    """

    def __init__(
        self,
        register: Callable[[KafkaMetric], None],
        name: str,
        parents: Sequence[Sensor] | None,
        config: MetricConfig,
        inactive_sensor_expiration_time_seconds: float,
    ) -> None:
        if not name:
            raise ValueError("a sensor has a name")
        self._register = register
        self._name = name
        self._parents = tuple(parents or ())
        self._config = config
        self._idle_limit_ms = inactive_sensor_expiration_time_seconds * 1000
        self._lock = reentrant_lock()
        self._stats: list[tuple[AbstractStat, MetricConfig]] = []
        self._metrics: list[KafkaMetric] = []
        self._last_record_ms = time.time() * 1000
        self._check_parents()

    @property
    def name(self) -> str:
        """The name of the sensor."""
        return self._name

    @property
    def metrics(self) -> tuple[KafkaMetric, ...]:
        """The metrics that are computed from the values of this sensor."""
        return tuple(self._metrics)

    def record(self, value: float = 1.0, time_ms: float | None = None) -> None:
        """Record *value* here and in the parents.

        Args:
            value: what was observed.
            time_ms: when, Unix time in ms; now if left out.

        Raises:
            QuotaViolationError: a metric now violates its quota; the value is recorded anyway.
        """
        now = time.time() * 1000 if time_ms is None else time_ms
        self._last_record_ms = now
        with self._lock:
            for stat, config in self._stats:
                stat.record(config, value, now)
            self._check_quotas(now)
        for parent in self._parents:
            parent.record(value, now)

    def add(
        self,
        metric_name: MetricName,
        stat: AbstractMeasurableStat,
        config: MetricConfig | None = None,
    ) -> None:
        """Add the metric *metric_name*, which *stat* computes from the recorded values."""
        with self._lock:
            metric = KafkaMetric(metric_name, stat, config or self._config)
            self._register(metric)
            self._metrics.append(metric)
            self._stats.append((stat, metric.config))

    def add_compound(
        self, compound_stat: AbstractCompoundStat, config: MetricConfig | None = None
    ) -> None:
        """Add the metrics that *compound_stat* computes from the recorded values."""
        with self._lock:
            used = config or self._config
            self._stats.append((compound_stat, used))
            for value in compound_stat.stats():
                metric = KafkaMetric(value.name, value.stat, used)
                self._register(metric)
                self._metrics.append(metric)

    def has_expired(self, time_ms: float | None = None) -> bool:
        """Return whether the sensor has been idle for longer than it may."""
        now = time.time() * 1000 if time_ms is None else time_ms
        return now - self._last_record_ms > self._idle_limit_ms

    def _check_quotas(self, now: float) -> None:
        for metric in self._metrics:
            quota = metric.config.quota
            if quota is not None and not quota.is_acceptable(value := metric.value(now)):
                raise QuotaViolationError(
                    f"{metric.metric_name}: {value} violates the quota of {quota.bound}"
                )

    def _check_parents(self) -> None:
        """Refuse parents that share an ancestor, which would get each value twice."""
        seen: set[Sensor] = set()
        waiting = list(self._parents)
        while waiting:
            sensor = waiting.pop()
            if sensor in seen:
                raise ValueError(f"{sensor.name} is a parent of {self._name} by two ways")
            seen.add(sensor)
            waiting.extend(sensor._parents)  # noqa: SLF001 - the same class

    def __repr__(self) -> str:
        """Return the name."""
        return f"<Sensor {self._name}>"
