"""The metrics of producers and consumers, fed with facts at chosen times."""

from __future__ import annotations

import pytest

from kafka.config import ConsumerConfig
from kafka.metrics import DictReporter
from kafka.metrics.sensors import ConsumerSensors, Window
from test.unit.metrics.hand_clock import HandClock


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


def test_window_without_values_is_all_zero(clock: HandClock) -> None:
    window = Window(clock, 2, 30.0)
    assert (window.average(), window.maximum(), window.rate(), window.frequency()) == (0, 0, 0, 0)


def test_window_sums_up_what_it_saw(clock: HandClock) -> None:
    window = Window(clock, 2, 30.0)
    for value in (10, 20, 60):
        window.add(value, clock.now())
    clock.time += 15
    # 15 s have passed and one window of 30 s is counted besides.
    figures = (window.average(), window.maximum(), window.rate(), window.frequency())
    assert figures == (30, 60, 2.0, 3 / 45)


def test_rate_right_after_the_start_is_not_enormous(clock: HandClock) -> None:
    window = Window(clock, 2, 30.0)
    window.add(60, clock.now())
    assert window.rate() == 2.0


def test_window_forgets_what_is_older_than_its_samples(clock: HandClock) -> None:
    window = Window(clock, 2, 30.0)
    window.add(1000, clock.now())
    clock.time += 35
    window.add(10, clock.now())
    before = window.maximum()
    clock.time += 30
    window.add(20, clock.now())
    assert (before, window.maximum()) == (1000, 20)


def test_window_forgets_without_new_values_too(clock: HandClock) -> None:
    window = Window(clock, 2, 30.0)
    window.add(1000, clock.now())
    clock.time += 61
    assert (window.maximum(), window.rate()) == (0, 0)


def test_window_of_one_sample_keeps_no_past(clock: HandClock) -> None:
    window = Window(clock, 1, 30.0)
    window.add(1000, clock.now())
    clock.time += 30
    window.add(10, clock.now())
    assert window.maximum() == 10


def consumer_values(clock: HandClock) -> dict[str, dict[str, float]]:
    sensors = ConsumerSensors(ConsumerConfig(client_id="c"), clock)
    sensors.connection_opened(1)
    sensors.connection_opened(2)
    sensors.connection_closed(2, None)
    sensors.request_completed(1, 1, 0.25, 300, 600)
    sensors.throttled(1, 1, 2.0)
    sensors.fetch_completed(1, 0.1, 9000)
    sensors.records_consumed("orders", 0, 30, 3000)
    sensors.high_watermark("orders", 0, 70, 100)
    sensors.high_watermark("orders", 1, 99, 100)
    return sensors.snapshot()


@pytest.mark.parametrize(
    ("group", "name", "expected"),
    [
        ("consumer-metrics", "connection-count", 1),
        ("consumer-metrics", "connection-creation-rate", 2 / 30),
        ("consumer-metrics", "connection-close-rate", 1 / 30),
        ("consumer-metrics", "request-latency-avg", 250),
        ("consumer-metrics", "request-latency-max", 250),
        ("consumer-metrics", "request-rate", 1 / 30),
        ("consumer-metrics", "request-size-avg", 300),
        ("consumer-metrics", "outgoing-byte-rate", 10),
        ("consumer-metrics", "incoming-byte-rate", 20),
        ("consumer-metrics", "throttle-time-max", 2000),
        ("consumer-fetch-manager-metrics", "fetch-latency-avg", 100),
        ("consumer-fetch-manager-metrics", "fetch-rate", 1 / 30),
        ("consumer-fetch-manager-metrics", "fetch-size-max", 9000),
        ("consumer-fetch-manager-metrics", "records-consumed-rate", 1),
        ("consumer-fetch-manager-metrics", "bytes-consumed-rate", 100),
        ("consumer-fetch-manager-metrics", "records-lag-max", 30),
        ("consumer-fetch-manager-metrics.orders", "records-consumed-rate", 1),
        ("consumer-fetch-manager-metrics.orders.0", "records-lag", 30),
        ("consumer-fetch-manager-metrics.orders.1", "records-lag", 1),
    ],
)
def test_fact_of_a_consumer_becomes_its_metric(
    clock: HandClock, group: str, name: str, expected: float
) -> None:
    assert consumer_values(clock)[group][name] == pytest.approx(expected)


def test_reporter_of_the_user_sees_the_metrics_with_the_client_id(clock: HandClock) -> None:
    reporters = []

    def make() -> DictReporter:
        reporters.append(DictReporter("app"))
        return reporters[-1]

    ConsumerSensors(ConsumerConfig(client_id="p", metric_reporters=[make]), clock)
    assert "request-rate" in reporters[0].snapshot()["app.consumer-metrics.client-id=p"]
