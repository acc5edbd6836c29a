"""The interfaces of metrics: measurables have a value, statistics take values."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from kafka.metrics.metric_config import MetricConfig
    from kafka.metrics.metric_name import MetricName


class AbstractMeasurable(ABC):
    """Something with a value at a point in time."""

    @abstractmethod
    def measure(self, config: MetricConfig, now: float) -> float:
        """Return the value.

        Args:
            config: settings of the metric.
            now: Unix time in ms.
        """


class AnonMeasurable(AbstractMeasurable):
    """A measurable made of a function of (config, now in ms)."""

    def __init__(self, measure_fn: Callable[[MetricConfig, float], float]) -> None:
        self._measure_fn = measure_fn

    def measure(self, config: MetricConfig, now: float) -> float:
        """Call the function."""
        return self._measure_fn(config, now)


class AbstractStat(ABC):
    """Something that values are recorded into."""

    @abstractmethod
    def record(self, config: MetricConfig, value: float, time_ms: float) -> None:
        """Record *value*, observed at *time_ms* (Unix time in ms)."""


class AbstractMeasurableStat(AbstractStat, AbstractMeasurable):
    """A statistic: values go in, one value comes out."""


class NamedMeasurable:
    """One of the values of a compound statistic."""

    def __init__(self, metric_name: MetricName, measurable_stat: AbstractMeasurable) -> None:
        self._name = metric_name
        self._stat = measurable_stat

    @property
    def name(self) -> MetricName:
        """The name of the value."""
        return self._name

    @property
    def stat(self) -> AbstractMeasurable:
        """The measurable that computes the value."""
        return self._stat


class AbstractCompoundStat(AbstractStat):
    """A statistic with several values."""

    @abstractmethod
    def stats(self) -> list[NamedMeasurable]:
        """Return the values."""
