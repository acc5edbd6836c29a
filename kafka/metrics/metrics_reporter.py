"""The interface of reporters, which pass metrics on to another system."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kafka.metrics.kafka_metric import KafkaMetric


class AbstractMetricsReporter(ABC):
    """A reporter is notified of metrics that come and go, and may read their values at any time."""

    @abstractmethod
    def init(self, metrics: list[KafkaMetric]) -> None:
        """Receive the metrics that exist when the reporter is added."""

    @abstractmethod
    def metric_change(self, metric: KafkaMetric) -> None:
        """Receive a metric that is new or has been replaced."""

    @abstractmethod
    def metric_removal(self, metric: KafkaMetric) -> None:
        """Forget a metric."""

    @abstractmethod
    def configure(self, configs: Mapping[str, object]) -> None:
        """Receive settings."""

    @abstractmethod
    def close(self) -> None:
        """Release what the reporter holds; the registry is closing."""
