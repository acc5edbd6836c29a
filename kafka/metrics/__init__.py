"""Metrics, under the names kafka-python has for them."""

from typing import TYPE_CHECKING

from kafka._base.lazy import lazy_names

if TYPE_CHECKING:
    from kafka.metrics.dict_reporter import DictReporter
    from kafka.metrics.kafka_metric import KafkaMetric
    from kafka.metrics.measurable import AnonMeasurable, NamedMeasurable
    from kafka.metrics.metric_config import MetricConfig
    from kafka.metrics.metric_name import MetricName
    from kafka.metrics.metrics import Metrics
    from kafka.metrics.quota import Quota

__all__ = [
    "AnonMeasurable",
    "DictReporter",
    "KafkaMetric",
    "MetricConfig",
    "MetricName",
    "Metrics",
    "NamedMeasurable",
    "Quota",
]

__getattr__ = lazy_names(
    __name__,
    {
        "AnonMeasurable": "kafka.metrics.measurable",
        "DictReporter": "kafka.metrics.dict_reporter",
        "KafkaMetric": "kafka.metrics.kafka_metric",
        "MetricConfig": "kafka.metrics.metric_config",
        "MetricName": "kafka.metrics.metric_name",
        "Metrics": "kafka.metrics.metrics",
        "NamedMeasurable": "kafka.metrics.measurable",
        "Quota": "kafka.metrics.quota",
    },
)
