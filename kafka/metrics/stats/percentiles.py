"""Percentiles, estimated with histograms of fixed size."""

from __future__ import annotations

import math
from enum import IntEnum
from typing import TYPE_CHECKING, NamedTuple, Protocol

from kafka.metrics.measurable import AbstractCompoundStat, AnonMeasurable, NamedMeasurable
from kafka.metrics.stats.sampled_stat import AbstractSampledStat, Sample

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kafka.metrics.metric_config import MetricConfig
    from kafka.metrics.metric_name import MetricName


class BinScheme(Protocol):
    """How values fall into bins."""

    @property
    def bins(self) -> int:
        """How many bins there are."""

    def from_bin(self, b: int) -> float:
        """Return the smallest value of bin *b*."""

    def to_bin(self, x: float) -> int:
        """Return the bin of the value *x*."""


class ConstantBinScheme:
    """Bins of equal width between two values, and one bin on either side for values beyond them."""

    def __init__(self, bins: int, min_val: float, max_val: float) -> None:
        if bins < 2:
            raise ValueError("at least two bins are needed")
        self.bins = bins
        self._min = min_val
        self._max = max_val
        self._width = (max_val - min_val) / max(bins - 2, 1)

    def from_bin(self, b: int) -> float:
        """Return the smallest value of bin *b*."""
        if b <= 0:
            return -math.inf
        return math.inf if b >= self.bins - 1 else self._min + (b - 1) * self._width

    def to_bin(self, x: float) -> int:
        """Return the bin of the value *x*."""
        if x < self._min:
            return 0
        if x >= self._max:
            return self.bins - 1
        return min(int((x - self._min) / self._width) + 1, self.bins - 1)


class LinearBinScheme:
    """Bins from 0 to a value, each wider than the last by the same amount."""

    def __init__(self, num_bins: int, max_val: float) -> None:
        if num_bins < 2:
            raise ValueError("at least two bins are needed")
        self.bins = num_bins
        self._max = max_val
        self._scale = max_val / (num_bins * (num_bins - 1) / 2)

    def from_bin(self, b: int) -> float:
        """Return the smallest value of bin *b*."""
        return math.inf if b >= self.bins - 1 else self._scale * b * (b + 1) / 2

    def to_bin(self, x: float) -> int:
        """Return the bin of the value *x*."""
        if x < 0:
            raise ValueError(f"{x}: values must not be negative")
        if x > self._max:
            return self.bins - 1
        return int(-0.5 + 0.5 * math.sqrt(1 + 8 * x / self._scale))


class Histogram:
    """How many values fell into each bin."""

    ConstantBinScheme = ConstantBinScheme
    LinearBinScheme = LinearBinScheme

    def __init__(self, bin_scheme: BinScheme) -> None:
        self._scheme = bin_scheme
        self._counts = [0.0] * bin_scheme.bins

    @property
    def counts(self) -> list[float]:
        """The number of values in each bin."""
        return self._counts

    def record(self, value: float) -> None:
        """Count *value*."""
        self._counts[self._scheme.to_bin(value)] += 1

    def value(self, quantile: float) -> float:
        """Return the value below which the share *quantile* lies, NaN without any value."""
        return quantile_of([self], self._scheme, quantile)

    def clear(self) -> None:
        """Forget all values."""
        self._counts[:] = [0.0] * len(self._counts)

    def __str__(self) -> str:
        """Return bins and counts."""
        pairs = enumerate(self._counts)
        return "{" + ", ".join(f"{self._scheme.from_bin(b):.10f}:{n:.0f}" for b, n in pairs) + "}"


def quantile_of(histograms: Sequence[Histogram], scheme: BinScheme, quantile: float) -> float:
    """Return the value below which the share *quantile* of all *histograms* lies."""
    total = sum(sum(histogram.counts) for histogram in histograms)
    if not total:
        return math.nan
    below = 0.0
    for number in range(scheme.bins - 1):
        below += sum(histogram.counts[number] for histogram in histograms)
        if below / total > quantile:
            return scheme.from_bin(number)
    return math.inf


class BucketSizing(IntEnum):
    """Bins of equal or of growing width."""

    CONSTANT = 0
    LINEAR = 1


class Percentile(NamedTuple):
    """One percentile to compute: the name of its metric, and the percentage."""

    name: MetricName
    percentile: float


class HistogramSample(Sample):
    """A sample that counts its values in bins."""

    __slots__ = ("histogram",)

    def __init__(self, scheme: BinScheme, now: float) -> None:
        super().__init__(0.0, now)
        self.histogram = Histogram(scheme)


class Percentiles(AbstractSampledStat, AbstractCompoundStat):
    """Several percentiles of the recorded values.

    Args:
        size_in_bytes: memory to use, four bytes counted for each bin.
        bucketing: one of `BucketSizing`.
        max_val: larger values all fall into the last bin.
        min_val: smaller values all fall into the first bin; 0 with growing bins.
        percentiles: those that become metrics.
    """

    BucketSizing = BucketSizing

    def __init__(
        self,
        size_in_bytes: float,
        bucketing: int,
        max_val: float,
        min_val: float = 0.0,
        percentiles: Sequence[Percentile] | None = None,
    ) -> None:
        super().__init__(0.0)
        self._percentiles = tuple(percentiles or ())
        bins = int(size_in_bytes / 4)
        self._scheme: BinScheme
        if BucketSizing(bucketing) is BucketSizing.CONSTANT:
            self._scheme = ConstantBinScheme(bins, min_val, max_val)
        elif min_val != 0.0:
            raise ValueError(f"growing bins start at 0, not at {min_val}")
        else:
            self._scheme = LinearBinScheme(bins, max_val)

    def stats(self) -> list[NamedMeasurable]:
        """Return the percentiles as measurables."""
        return [
            NamedMeasurable(name, AnonMeasurable(lambda c, t, p=share: self.value(c, t, p / 100)))  # type: ignore[misc]
            for name, share in self._percentiles
        ]

    def value(self, config: MetricConfig, now: float, quantile: float) -> float:
        """Return the value below which the share *quantile* of the samples lies."""
        self.purge_obsolete_samples(config, now)
        return quantile_of(_histograms(self._samples), self._scheme, quantile)

    def new_sample(self, time_ms: float) -> Sample:
        """Return an empty sample."""
        return HistogramSample(self._scheme, time_ms)

    def update(self, sample: Sample, config: MetricConfig, value: float, now: float) -> None:  # noqa: ARG002
        """Count *value*."""
        for histogram in _histograms([sample]):
            histogram.record(value)

    def combine(self, samples: list[Sample], config: MetricConfig, now: float) -> float:  # noqa: ARG002
        """Return the median."""
        return quantile_of(_histograms(samples), self._scheme, 0.5)


def _histograms(samples: Sequence[Sample]) -> list[Histogram]:
    return [sample.histogram for sample in samples if isinstance(sample, HistogramSample)]
