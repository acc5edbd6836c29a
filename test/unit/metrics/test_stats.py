"""Statistics over sampled time."""

from __future__ import annotations

import math

import pytest

from kafka.metrics import MetricConfig
from kafka.metrics.measurable import AbstractMeasurableStat
from kafka.metrics.stats import Avg, Count, Histogram, Max, Min, Percentiles, Rate, Total

CONFIG = MetricConfig(samples=2, time_window_ms=1000)


@pytest.mark.parametrize(
    ("stat", "empty", "recent", "stale"),
    [
        (Avg(), 0.0, 4.0, 0.0),
        (Count(), 0.0, 3.0, 0.0),
        (Max(), -math.inf, 6.0, -math.inf),
        (Min(), math.inf, 2.0, math.inf),
        (Total(), 0.0, 12.0, 12.0),
    ],
    ids=lambda stat: type(stat).__name__,
)
def test_statistic_of_nothing_of_values_and_of_old_values(
    stat: AbstractMeasurableStat, empty: float, recent: float, stale: float
) -> None:
    before = stat.measure(CONFIG, 0)
    for value in (2.0, 4.0, 6.0):
        stat.record(CONFIG, value, 0)
    assert (before, stat.measure(CONFIG, 1999), stat.measure(CONFIG, 2000)) == (
        empty,
        recent,
        stale,
    )


def test_old_sample_leaves_while_the_newer_one_stays() -> None:
    stat = Max()
    for time_ms, value in ((0, 9.0), (1000, 5.0), (2000, 1.0)):
        stat.record(CONFIG, value, time_ms)
    assert stat.measure(CONFIG, 2500) == 5.0


def test_full_sample_is_followed_by_another_at_the_same_time() -> None:
    stat = Count()
    for _ in range(5):
        stat.record(MetricConfig(samples=2, event_window=2), 1, 0)
    assert stat.measure(CONFIG, 0) == 3


def test_rate_counts_windows_that_have_not_passed_as_full() -> None:
    rate = Rate()
    rate.record(CONFIG, 30.0, 0)
    assert [rate.measure(CONFIG, now) for now in (0, 500, 1000, 1500)] == [30, 20, 30, 20]


@pytest.mark.parametrize(
    ("unit", "name", "expected"),
    [(2, "millisecond", 0.03), (3, "second", 30.0), (4, "minute", 1800.0)],
)
def test_rate_has_the_unit_it_was_made_with(unit: int, name: str, expected: float) -> None:
    rate = Rate(unit)
    rate.record(CONFIG, 30.0, 0)
    assert (rate.unit_name(), rate.measure(CONFIG, 1000)) == (name, pytest.approx(expected))


def test_rate_of_another_statistic_is_its_value_by_time() -> None:
    rate = Rate(sampled_stat=Count())
    for _ in range(4):
        rate.record(CONFIG, 100.0, 0)
    assert rate.measure(CONFIG, 1000) == 4.0


@pytest.mark.parametrize(
    ("value", "expected"), [(-5, 1), (-6, 0), (-4.9, 1), (0, 6), (4.9, 10), (5, 11), (99, 11)]
)
def test_equal_bins_hold_their_values(value: float, expected: int) -> None:
    scheme = Histogram.ConstantBinScheme(12, -5, 5)
    assert scheme.to_bin(value) == expected


@pytest.mark.parametrize("number", range(1, 11))
def test_start_of_an_equal_bin_is_in_it(number: int) -> None:
    scheme = Histogram.ConstantBinScheme(12, -5, 5)
    assert scheme.to_bin(scheme.from_bin(number)) == number


@pytest.mark.parametrize("number", range(9))
def test_middle_of_a_growing_bin_is_in_it(number: int) -> None:
    scheme = Histogram.LinearBinScheme(10, 45)
    upper = min(scheme.from_bin(number + 1), 45)
    assert scheme.to_bin((scheme.from_bin(number) + upper) / 2) == number


def test_growing_bins_refuse_negative_values() -> None:
    with pytest.raises(ValueError, match="must not be negative"):
        Histogram.LinearBinScheme(10, 45).to_bin(-1)


def test_beyond_the_bins_is_infinite() -> None:
    constant, linear = Histogram.ConstantBinScheme(4, 0, 1), Histogram.LinearBinScheme(4, 1)
    ends = (constant.from_bin(0), constant.from_bin(3), linear.from_bin(3), linear.to_bin(2))
    assert ends == (-math.inf, math.inf, math.inf, 3)


def test_histogram_tells_quantiles_until_it_is_cleared() -> None:
    histogram = Histogram(Histogram.ConstantBinScheme(12, 0, 10))
    for value in range(10):
        histogram.record(value)
    before = histogram.value(0.45)
    histogram.clear()
    assert (before, math.isnan(histogram.value(0.45)), sum(histogram.counts)) == (4.0, True, 0)


def test_growing_bins_that_do_not_start_at_zero_are_refused() -> None:
    with pytest.raises(ValueError, match="start at 0"):
        Percentiles(400, Percentiles.BucketSizing.LINEAR, 10.0, 1.0)


def test_percentiles_as_one_value_are_the_median() -> None:
    stat = Percentiles(408, Percentiles.BucketSizing.CONSTANT, 100.0)
    for value in range(101):
        stat.record(CONFIG, value, 0)
    assert stat.measure(CONFIG, 10) == pytest.approx(50, abs=1)
