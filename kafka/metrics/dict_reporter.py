"""A reporter that keeps the metrics in a dictionary."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kafka._base.reentrant_lock import reentrant_lock
from kafka.metrics.metrics_reporter import AbstractMetricsReporter

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kafka.metrics.kafka_metric import KafkaMetric


class DictReporter(AbstractMetricsReporter):
    """Keep all metrics, by category and name, for `snapshot`.

    Args:
        prefix: first part of each category.
    """

    def __init__(self, prefix: str = "") -> None:
        self._prefix = prefix
        self._lock = reentrant_lock()
        self._store: dict[str, dict[str, KafkaMetric]] = {}

    def snapshot(self) -> dict[str, dict[str, float]]:
        """Return the present values, ``{category: {name: value}}``."""
        with self._lock:
            stored = {category: dict(metrics) for category, metrics in self._store.items()}
        return {
            category: {name: metric.value() for name, metric in metrics.items()}
            for category, metrics in stored.items()
        }

    def init(self, metrics: list[KafkaMetric]) -> None:
        """Keep the metrics that exist."""
        for metric in metrics:
            self.metric_change(metric)

    def metric_change(self, metric: KafkaMetric) -> None:
        """Keep a metric that is new or has been replaced."""
        with self._lock:
            category = self._store.setdefault(self.get_category(metric), {})
            category[metric.metric_name.name] = metric

    def metric_removal(self, metric: KafkaMetric) -> None:
        """Forget a metric, and its category if that is empty now."""
        name = self.get_category(metric)
        with self._lock:
            category = self._store.get(name, {})
            category.pop(metric.metric_name.name, None)
            if not category:
                self._store.pop(name, None)

    def get_category(self, metric: KafkaMetric) -> str:
        """Return prefix, group and tags of *metric*: ``prefix.group.tag=value,tag=value``."""
        pairs = sorted(metric.metric_name.tags.items())
        tags = ",".join(f"{key}={value}" for key, value in pairs)
        return ".".join(part for part in (self._prefix, metric.metric_name.group, tags) if part)

    def configure(self, configs: Mapping[str, object]) -> None:
        """Do nothing: there are no settings."""

    def close(self) -> None:
        """Do nothing: there is nothing to release."""
