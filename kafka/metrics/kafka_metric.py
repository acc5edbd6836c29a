"""A metric: a measurable with its name and settings."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kafka.metrics.measurable import AbstractMeasurable
    from kafka.metrics.metric_config import MetricConfig
    from kafka.metrics.metric_name import MetricName


class KafkaMetric:
    """One metric of a registry.

    Attributes:
        metric_name: its name.
        measurable: computes its value.
        config: its settings.
    """

    def __init__(
        self, metric_name: MetricName, measurable: AbstractMeasurable, config: MetricConfig
    ) -> None:
        self.metric_name = metric_name
        self.measurable = measurable
        self.config = config

    def __repr__(self) -> str:
        """Return its name and its value now."""
        name = self.metric_name
        tags = "".join(f" {tag}={value}" for tag, value in name.tags.items())
        return f"<KafkaMetric {name.group} {name.name}={self.value()}{tags}>"

    def value(self, time_ms: float | None = None) -> float:
        """Return the value now, or at *time_ms* (Unix time in ms)."""
        return self.measurable.measure(
            self.config, time.time() * 1000 if time_ms is None else time_ms
        )
