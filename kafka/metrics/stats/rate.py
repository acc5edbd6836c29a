"""Rates: a statistic per unit of time."""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING

from kafka.metrics.measurable import AbstractMeasurableStat
from kafka.metrics.stats.sampled_stat import SampledTotal

if TYPE_CHECKING:
    from kafka.metrics.metric_config import MetricConfig
    from kafka.metrics.stats.sampled_stat import AbstractSampledStat


class TimeUnit(IntEnum):
    """Units of time."""

    NANOSECONDS = 0
    MICROSECONDS = 1
    MILLISECONDS = 2
    SECONDS = 3
    MINUTES = 4
    HOURS = 5
    DAYS = 6


_MILLISECONDS = (1e-6, 1e-3, 1.0, 1e3, 6e4, 3.6e6, 8.64e7)


class Rate(AbstractMeasurableStat):
    """A sampled statistic divided by the time that its samples span.

    Args:
        time_unit: unit of the time.
        sampled_stat: the dividend; the sum of the values if left out.
    """

    def __init__(
        self,
        time_unit: int = TimeUnit.SECONDS,
        sampled_stat: AbstractSampledStat | None = None,
    ) -> None:
        self._stat = sampled_stat or SampledTotal()
        self._unit = TimeUnit(time_unit)

    def unit_name(self) -> str:
        """Return the unit, in the singular."""
        return self._unit.name.lower().rstrip("s")

    def record(self, config: MetricConfig, value: float, time_ms: float) -> None:
        """Record *value*."""
        self._stat.record(config, value, time_ms)

    def measure(self, config: MetricConfig, now: float) -> float:
        """Return the statistic per unit of time."""
        value = self._stat.measure(config, now)
        return value / self.convert(self.window_size(config, now))

    def window_size(self, config: MetricConfig, now: float) -> float:
        """Return the ms that the samples span, as if all windows but one were full.

        Otherwise the first values after a start would look like an enormous rate.
        """
        self._stat.purge_obsolete_samples(config, now)
        elapsed = now - self._stat.oldest(now).last_window_ms
        missing = config.samples - 1 - elapsed // config.time_window_ms
        window = elapsed + max(missing, 0) * config.time_window_ms
        return window or config.time_window_ms

    def convert(self, time_ms: float) -> float:
        """Return *time_ms* in the unit of the rate."""
        return time_ms / _MILLISECONDS[self._unit]
