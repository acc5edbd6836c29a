"""Statistics."""

from kafka.metrics.stats.percentiles import Histogram, Percentile, Percentiles
from kafka.metrics.stats.rate import Rate
from kafka.metrics.stats.sampled_stat import Avg, Count, Max, Min, Total
from kafka.metrics.stats.sensor import Sensor

__all__ = [
    "Avg",
    "Count",
    "Histogram",
    "Max",
    "Min",
    "Percentile",
    "Percentiles",
    "Rate",
    "Sensor",
    "Total",
]
