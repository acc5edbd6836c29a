"""Statistics over the last few samples: average, count, largest, smallest, total."""

from __future__ import annotations

import math
from abc import abstractmethod
from typing import TYPE_CHECKING

from kafka.metrics.measurable import AbstractMeasurableStat

if TYPE_CHECKING:
    from kafka.metrics.metric_config import MetricConfig


class Sample:
    """The values of one window, combined into one."""

    __slots__ = ("event_count", "last_window_ms", "value")

    def __init__(self, initial_value: float, now: float) -> None:
        self.event_count = 0
        self.last_window_ms = now
        self.value = initial_value

    def is_complete(self, time_ms: float, config: MetricConfig) -> bool:
        """Return whether the next value belongs to another sample."""
        age = time_ms - self.last_window_ms
        return age >= config.time_window_ms or self.event_count >= config.event_window


class AbstractSampledStat(AbstractMeasurableStat):
    """Keep the last ``config.samples`` samples and combine them into one value."""

    def __init__(self, initial_value: float) -> None:
        self._initial_value = initial_value
        self._samples: list[Sample] = []

    @abstractmethod
    def update(self, sample: Sample, config: MetricConfig, value: float, now: float) -> None:
        """Put *value* into *sample*."""

    @abstractmethod
    def combine(self, samples: list[Sample], config: MetricConfig, now: float) -> float:
        """Return the value of all *samples* together."""

    def record(self, config: MetricConfig, value: float, time_ms: float) -> None:
        """Record *value*, in a new sample if the last one is complete."""
        if not self._samples or self._samples[-1].is_complete(time_ms, config):
            self._samples.append(self.new_sample(time_ms))
            del self._samples[: -config.samples]
        sample = self._samples[-1]
        self.update(sample, config, value, time_ms)
        sample.event_count += 1

    def new_sample(self, time_ms: float) -> Sample:
        """Return an empty sample that starts at *time_ms*."""
        return Sample(self._initial_value, time_ms)

    def measure(self, config: MetricConfig, now: float) -> float:
        """Return the value of the samples that are recent enough."""
        self.purge_obsolete_samples(config, now)
        return float(self.combine(self._samples, config, now))

    def oldest(self, now: float) -> Sample:
        """Return the oldest sample, or an empty one."""
        return self._samples[0] if self._samples else self.new_sample(now)

    def purge_obsolete_samples(self, config: MetricConfig, now: float) -> None:
        """Drop the samples that started longer ago than all windows together."""
        limit = now - config.samples * config.time_window_ms
        self._samples = [sample for sample in self._samples if sample.last_window_ms > limit]


class Total(AbstractMeasurableStat):
    """The sum of everything ever recorded.

    Args:
        value: what to start with.
    """

    def __init__(self, value: float = 0.0) -> None:
        self._total = value

    def record(self, config: MetricConfig, value: float, time_ms: float) -> None:  # noqa: ARG002
        """Add *value*."""
        self._total += value

    def measure(self, config: MetricConfig, now: float) -> float:  # noqa: ARG002
        """Return the sum."""
        return float(self._total)


class SampledTotal(AbstractSampledStat):
    """The sum of the samples."""

    def __init__(self, initial_value: float = 0.0) -> None:
        super().__init__(initial_value)

    def update(self, sample: Sample, config: MetricConfig, value: float, now: float) -> None:  # noqa: ARG002
        """Add *value*."""
        sample.value += value

    def combine(self, samples: list[Sample], config: MetricConfig, now: float) -> float:  # noqa: ARG002
        """Return the sum."""
        return sum(sample.value for sample in samples)


class Count(SampledTotal):
    """How many values were recorded."""

    def update(self, sample: Sample, config: MetricConfig, value: float, now: float) -> None:  # noqa: ARG002
        """Count one more."""
        sample.value += 1


class Avg(SampledTotal):
    """The average of the values; 0 without values."""

    def combine(self, samples: list[Sample], config: MetricConfig, now: float) -> float:
        """Return the sum divided by the number of values."""
        count = sum(sample.event_count for sample in samples)
        return super().combine(samples, config, now) / count if count else 0.0


class Max(AbstractSampledStat):
    """The largest value; minus infinity without values."""

    def __init__(self) -> None:
        super().__init__(-math.inf)

    def update(self, sample: Sample, config: MetricConfig, value: float, now: float) -> None:  # noqa: ARG002
        """Keep the larger one."""
        sample.value = max(sample.value, value)

    def combine(self, samples: list[Sample], config: MetricConfig, now: float) -> float:  # noqa: ARG002
        """Return the largest."""
        return max((sample.value for sample in samples), default=-math.inf)


class Min(AbstractSampledStat):
    """The smallest value; infinity without values."""

    def __init__(self) -> None:
        super().__init__(math.inf)

    def update(self, sample: Sample, config: MetricConfig, value: float, now: float) -> None:  # noqa: ARG002
        """Keep the smaller one."""
        sample.value = min(sample.value, value)

    def combine(self, samples: list[Sample], config: MetricConfig, now: float) -> float:  # noqa: ARG002
        """Return the smallest."""
        return min((sample.value for sample in samples), default=math.inf)
