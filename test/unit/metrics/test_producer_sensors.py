"""The metrics of producers, fed with facts at chosen times."""

from __future__ import annotations

from array import array

import pytest

from kafka.config import ProducerConfig
from kafka.errors import KafkaError
from kafka.metrics.producer_sensors import ProducerSensors
from test.unit.metrics.hand_clock import HandClock

PRODUCE, METADATA = 0, 3

# kafka-python's names, and those of the Java client.
OF_PRODUCERS = """
    batch-size-avg batch-size-max compression-rate-avg metadata-age produce-throttle-time-avg
    produce-throttle-time-max record-error-rate record-queue-time-avg record-queue-time-max
    record-retry-rate record-send-rate record-size-avg record-size-max records-per-request-avg
    byte-rate requests-in-flight
    byte-total record-error-total record-retry-total record-send-total
    buffer-available-bytes buffer-total-bytes waiting-threads
    bufferpool-wait-time-ns-total flush-time-ns-total metadata-wait-time-ns-total
    txn-abort-time-ns-total txn-begin-time-ns-total txn-commit-time-ns-total
    txn-init-time-ns-total txn-send-offsets-time-ns-total
"""
OF_TOPICS = """
    byte-rate compression-rate record-error-rate record-retry-rate record-send-rate
    byte-total record-error-total record-retry-total record-send-total
"""


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def sensors(clock: HandClock) -> ProducerSensors:
    return ProducerSensors(ProducerConfig(client_id="p"), clock)


def tell(sensors: ProducerSensors, clock: HandClock) -> None:
    sensors.metadata_updated(1, 1)
    sensors.batch_sealed("orders", 3, 1000, 250, (-1, array("i", [5, 100, 7]), -1))
    sensors.batch_sealed("orders", 1, 1000, 500, (10, 40, 0))
    sensors.batch_delivered("orders", 3, 300, 0.5)
    sensors.request_completed(1, PRODUCE, 0.1, 10, 10)
    sensors.batch_delivered("orders", 6, 300, 0.5)
    sensors.batch_delivered("orders", 6, 300, 0.5)
    sensors.request_completed(1, PRODUCE, 0.1, 10, 10)
    sensors.request_completed(1, METADATA, 0.1, 10, 10)
    sensors.throttled(1, PRODUCE, 2.0)
    sensors.throttled(1, METADATA, 4.0)
    sensors.batch_failed("orders", 6, KafkaError())
    sensors.batch_retried("refunds", 9, KafkaError())
    sensors.callback_failed(ValueError())
    sensors.flushed(0.25)
    sensors.flushed(0.25)
    sensors.topic_awaited(1.5)
    sensors.memory_awaited(2.5)
    for call, seconds in [("init", 1), ("begin", 2), ("send-offsets", 3), ("commit", 4)]:
        sensors.transaction_called(call, seconds)
    sensors.transaction_called("abort", 5)
    clock.time += 3


@pytest.mark.parametrize(
    ("group", "name", "expected"),
    [
        ("producer-metrics", "batch-size-avg", 375),
        ("producer-metrics", "batch-size-max", 500),
        ("producer-metrics", "compression-rate-avg", 0.375),
        ("producer-metrics", "record-size-avg", 75),
        ("producer-metrics", "record-size-max", 100),
        ("producer-metrics", "record-queue-time-avg", 500),
        ("producer-metrics", "record-queue-time-max", 500),
        ("producer-metrics", "records-per-batch-avg", 5),
        ("producer-metrics", "records-per-request-avg", 7.5),
        ("producer-metrics", "record-send-rate", 15 / 33),
        ("producer-metrics", "record-send-total", 15),
        ("producer-metrics", "byte-rate", 900 / 33),
        ("producer-metrics", "byte-total", 900),
        ("producer-metrics", "record-error-rate", 6 / 33),
        ("producer-metrics", "record-error-total", 6),
        ("producer-metrics", "record-retry-rate", 9 / 33),
        ("producer-metrics", "record-retry-total", 9),
        ("producer-metrics", "callback-error-total", 1),
        ("producer-metrics", "produce-throttle-time-avg", 2000),
        ("producer-metrics", "produce-throttle-time-max", 2000),
        ("producer-metrics", "throttle-time-max", 4000),
        ("producer-metrics", "request-rate", 3 / 33),
        ("producer-metrics", "metadata-age", 3),
        ("producer-metrics", "flush-time-ns-total", 5e8),
        ("producer-metrics", "metadata-wait-time-ns-total", 1.5e9),
        ("producer-metrics", "bufferpool-wait-time-ns-total", 2.5e9),
        ("producer-metrics", "txn-init-time-ns-total", 1e9),
        ("producer-metrics", "txn-begin-time-ns-total", 2e9),
        ("producer-metrics", "txn-send-offsets-time-ns-total", 3e9),
        ("producer-metrics", "txn-commit-time-ns-total", 4e9),
        ("producer-metrics", "txn-abort-time-ns-total", 5e9),
        ("producer-topic-metrics.orders", "record-send-rate", 15 / 33),
        ("producer-topic-metrics.orders", "record-error-rate", 6 / 33),
        ("producer-topic-metrics.orders", "compression-rate", 0.375),
        ("producer-topic-metrics.refunds", "record-retry-rate", 9 / 33),
        ("producer-topic-metrics.refunds", "record-send-rate", 0),
    ],
)
def test_fact_of_a_producer_becomes_its_metric(
    sensors: ProducerSensors, clock: HandClock, group: str, name: str, expected: float
) -> None:
    tell(sensors, clock)
    assert sensors.snapshot()[group][name] == pytest.approx(expected)


def test_names_are_those_of_kafka_python_and_java(sensors: ProducerSensors) -> None:
    assert set(OF_PRODUCERS.split()) <= sensors.snapshot()["producer-metrics"].keys()
    sensors.batch_failed("orders", 1, KafkaError())
    assert set(OF_TOPICS.split()) == sensors.snapshot()["producer-topic-metrics.orders"].keys()


def test_values_of_the_running_producer_are_asked_for_when_they_are_read(
    sensors: ProducerSensors,
) -> None:
    values = iter([7.0, 8.0])
    assert sensors.snapshot()["producer-metrics"]["requests-in-flight"] == 0
    sensors.watch({"requests-in-flight": lambda: next(values)})
    assert sensors.snapshot()["producer-metrics"]["requests-in-flight"] == 7
    assert sensors.snapshot()["producer-metrics"]["requests-in-flight"] == 8


def test_many_records_of_different_sizes_cost_no_more_than_a_few(sensors: ProducerSensors) -> None:
    sizes = (array("i", [3] * 8 + [5] * 142), array("i", range(150)), 20)
    sensors.batch_sealed("orders", 150, 1000, 1000, sizes)
    assert sensors.snapshot()["producer-metrics"]["record-size-max"] == 5 + 15 + 20


def test_totals_do_not_forget(sensors: ProducerSensors, clock: HandClock) -> None:
    for _ in range(5):
        sensors.batch_failed("orders", 2, KafkaError())
        clock.time += 40
    found = sensors.snapshot()["producer-metrics"]
    assert found["record-error-total"] == 10
    assert found["record-error-rate"] < 2 / 30
