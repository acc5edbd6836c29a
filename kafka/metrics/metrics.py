"""The registry of metrics and sensors."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, ParamSpec

from kafka._base.logs import logger
from kafka._base.reentrant_lock import reentrant_lock
from kafka.metrics.kafka_metric import KafkaMetric
from kafka.metrics.metric_config import MetricConfig
from kafka.metrics.metric_name import MetricName
from kafka.metrics.stats.sensor import Sensor

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from kafka.metrics.measurable import AbstractMeasurable
    from kafka.metrics.metrics_reporter import AbstractMetricsReporter

log = logger(__name__)

P = ParamSpec("P")


class Metrics:
    """Hold metrics, make sensors, notify reporters.  Safe to use from several threads.

    The thread that adds or removes a metric calls the reporters; it may be the client's own. An
    exception that a reporter raises is logged.

    Args:
        default_config: settings of metrics without their own.
        reporters: are notified of metrics that are added and removed.
        enable_expiration: drop sensors that have been idle for longer than they may. The registry
            looks for them whenever a sensor is made or the metrics are read.
    """

    def __init__(
        self,
        default_config: MetricConfig | None = None,
        reporters: Iterable[AbstractMetricsReporter] | None = None,
        enable_expiration: bool = False,
    ) -> None:
        self._config = default_config or MetricConfig()
        self._lock = reentrant_lock()
        self._metrics: dict[MetricName, KafkaMetric] = {}
        self._sensors: dict[str, Sensor] = {}
        self._children: dict[Sensor, list[Sensor]] = {}
        self._reporters: list[AbstractMetricsReporter] = []
        self._enable_expiration = enable_expiration
        for reporter in reporters or ():
            self.add_reporter(reporter)

    @property
    def config(self) -> MetricConfig:
        """The settings of metrics without their own."""
        return self._config

    @property
    def metrics(self) -> dict[MetricName, KafkaMetric]:
        """All metrics by name, a copy."""
        with self._lock:
            self._expire()
            return dict(self._metrics)

    def metric_name(
        self,
        name: str,
        group: str,
        description: str = "",
        tags: Mapping[str, str] | None = None,
    ) -> MetricName:
        """Make a name with the tags of the registry and *tags*."""
        return MetricName(name, group, description, {**self._config.tags, **(tags or {})})

    def get_sensor(self, name: str) -> Sensor | None:
        """Return the sensor *name*, ``None`` if there is none.

        Raises:
            ValueError: *name* is empty.
        """
        if not name:
            raise ValueError("a sensor has a name")
        return self._sensors.get(name)

    def sensor(
        self,
        name: str,
        config: MetricConfig | None = None,
        inactive_sensor_expiration_time_seconds: float = sys.maxsize,
        parents: Iterable[Sensor] | None = None,
    ) -> Sensor:
        """Return the sensor *name*; make it if there is none.

        Args:
            name: name of the sensor.
            config: settings of its metrics.
            inactive_sensor_expiration_time_seconds: how long it may be idle.
            parents: sensors that every value recorded here is recorded into as well.
        """
        with self._lock:
            self._expire()
            found = self.get_sensor(name)
            if found is not None:
                return found
            above = list(parents or ())
            sensor = Sensor(
                self.register_metric,
                name,
                above,
                config or self._config,
                inactive_sensor_expiration_time_seconds,
            )
            self._sensors[name] = sensor
            for parent in above:
                self._children.setdefault(parent, []).append(sensor)
            return sensor

    def remove_sensor(self, name: str) -> None:
        """Remove the sensor *name* if there is one, with its metrics and its children."""
        with self._lock:
            sensor = self._sensors.pop(name, None)
            if sensor is None:
                return
            for metric in sensor.metrics:
                self.remove_metric(metric.metric_name)
            for siblings in self._children.values():
                if sensor in siblings:
                    siblings.remove(sensor)
            for child in self._children.pop(sensor, []):
                self.remove_sensor(child.name)

    def add_metric(
        self,
        metric_name: MetricName,
        measurable: AbstractMeasurable,
        config: MetricConfig | None = None,
    ) -> None:
        """Add a metric whose value *measurable* computes.

        Raises:
            ValueError: there is a metric of this name.
        """
        self.register_metric(KafkaMetric(metric_name, measurable, config or self._config))

    def remove_metric(self, metric_name: MetricName) -> KafkaMetric | None:
        """Remove a metric and return it, ``None`` if there is none."""
        with self._lock:
            metric = self._metrics.pop(metric_name, None)
            if metric is not None:
                for reporter in self._reporters:
                    _tell(reporter.metric_removal, metric)
            return metric

    def add_reporter(self, reporter: AbstractMetricsReporter) -> None:
        """Notify *reporter* of the metrics there are, and of those to come."""
        with self._lock:
            reporter.init(list(self._metrics.values()))
            self._reporters.append(reporter)

    def register_metric(self, metric: KafkaMetric) -> None:
        """Add *metric*.

        Raises:
            ValueError: there is a metric of this name.
        """
        with self._lock:
            if metric.metric_name in self._metrics:
                raise ValueError(f"there is already a metric {metric.metric_name}")
            self._metrics[metric.metric_name] = metric
            for reporter in self._reporters:
                _tell(reporter.metric_change, metric)

    def close(self) -> None:
        """Close the reporters; calling it again does nothing."""
        with self._lock:
            reporters, self._reporters = self._reporters, []
        for reporter in reporters:
            _tell(reporter.close)

    def _expire(self) -> None:
        if not self._enable_expiration:
            return
        now = time.time() * 1000
        for sensor in list(self._sensors.values()):
            if sensor.has_expired(now):
                self.remove_sensor(sensor.name)


def _tell(method: Callable[P, None], *args: P.args, **kwargs: P.kwargs) -> None:
    """Call a reporter; the client must go on when its reporter fails."""
    try:
        method(*args, **kwargs)
    except Exception:
        log.exception("a metrics reporter failed in %s", method)
