"""Statistics."""

from typing import TYPE_CHECKING

from kafka._base.lazy import lazy_names

if TYPE_CHECKING:
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

# Loaded on first use: no client uses more than the sensor.
__getattr__ = lazy_names(
    __name__,
    dict.fromkeys(("Histogram", "Percentile", "Percentiles"), "kafka.metrics.stats.percentiles")
    | dict.fromkeys(("Avg", "Count", "Max", "Min", "Total"), "kafka.metrics.stats.sampled_stat")
    | {"Rate": "kafka.metrics.stats.rate", "Sensor": "kafka.metrics.stats.sensor"},
)
