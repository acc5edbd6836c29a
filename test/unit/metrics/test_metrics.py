"""The registry, sensors, reporters and names."""

from __future__ import annotations

import logging

import pytest

from kafka.errors import QuotaViolationError
from kafka.metrics import (
    AnonMeasurable,
    DictReporter,
    KafkaMetric,
    MetricConfig,
    MetricName,
    Metrics,
    Quota,
)
from kafka.metrics.stats import Avg, Count, Max, Percentile, Percentiles, Total

NAME = MetricName("size", "group")


def fixed(value: float) -> AnonMeasurable:
    return AnonMeasurable(lambda _config, _now: value)


def test_names_are_equal_by_name_group_and_tags() -> None:
    names = {
        MetricName("a", "g", "one", {"k": "v"}),
        MetricName("a", "g", "other", {"k": "v"}),
        MetricName("a", "g"),
        MetricName("b", "g", tags={"k": "v"}),
    }
    assert len(names) == 3


@pytest.mark.parametrize(("name", "group"), [("", "g"), ("n", "")])
def test_name_without_its_parts_is_refused(name: str, group: str) -> None:
    with pytest.raises(ValueError, match="needs a name and a group"):
        MetricName(name, group)


def test_tags_cannot_be_changed_from_outside() -> None:
    name = MetricName("a", "g", tags={"k": "v"})
    name.tags["k"] = "other"
    assert name.tags == {"k": "v"}


def test_registry_adds_its_tags_to_names() -> None:
    metrics = Metrics(MetricConfig(tags={"client-id": "c"}))
    assert metrics.metric_name("a", "g", tags={"t": "1"}).tags == {"client-id": "c", "t": "1"}


def test_metric_has_the_value_of_its_measurable() -> None:
    metrics = Metrics()
    metrics.add_metric(NAME, AnonMeasurable(lambda config, now: config.samples * now))
    assert metrics.metrics[NAME].value(time_ms=21) == 42


def test_metric_shows_its_name_and_its_value() -> None:
    name = MetricName("size", "group", "", {"client-id": "shop"})
    metric = KafkaMetric(name, fixed(7.0), MetricConfig())
    assert repr(metric) == "<KafkaMetric group size=7.0 client-id=shop>"


def test_second_metric_of_a_name_is_refused() -> None:
    metrics = Metrics()
    metrics.add_metric(NAME, fixed(1))
    with pytest.raises(ValueError, match="there is already a metric"):
        metrics.add_metric(NAME, fixed(2))


def test_sensor_is_made_once() -> None:
    metrics = Metrics()
    assert metrics.sensor("s") is metrics.sensor("s") is metrics.get_sensor("s")


@pytest.mark.parametrize("make", [Metrics().sensor, Metrics().get_sensor])
def test_sensor_without_a_name_is_refused(make: object) -> None:
    with pytest.raises(ValueError, match="a sensor has a name"):
        make("")  # type: ignore[operator]


def test_value_reaches_every_statistic_of_the_sensor_and_its_parents() -> None:
    metrics = Metrics()
    parent = metrics.sensor("parent")
    parent.add(MetricName("total", "g"), Total())
    child = metrics.sensor("child", parents=[parent])
    child.add(MetricName("avg", "g"), Avg())
    child.add(MetricName("max", "g"), Max())
    for value in (1.0, 3.0):
        child.record(value, 1000)
    values = {name.name: metric.value(1000) for name, metric in metrics.metrics.items()}
    assert values == {"total": 4.0, "avg": 2.0, "max": 3.0}


def test_parent_reached_by_two_ways_is_refused() -> None:
    metrics = Metrics()
    top = metrics.sensor("top")
    left = metrics.sensor("left", parents=[top])
    with pytest.raises(ValueError, match="top is a parent of bad by two ways"):
        metrics.sensor("bad", parents=[top, left])


def test_removed_sensor_takes_its_metrics_and_children_along() -> None:
    metrics = Metrics()
    parent = metrics.sensor("parent")
    parent.add(NAME, Total())
    metrics.sensor("child", parents=[parent]).add(MetricName("other", "g"), Total())
    metrics.remove_sensor("parent")
    assert (metrics.metrics, metrics.get_sensor("child")) == ({}, None)


def test_compound_statistic_offers_each_of_its_values() -> None:
    metrics = Metrics()
    names = [MetricName(f"p{share}", "g") for share in (50, 90)]
    pairs = [Percentile(name, share) for name, share in zip(names, (50, 90), strict=True)]
    sensor = metrics.sensor("s")
    sensor.add_compound(Percentiles(4 * 102, 0, 100.0, percentiles=pairs))
    for value in range(100):
        sensor.record(value, 1000)
    values = [metrics.metrics[name].value(1000) for name in names]
    assert values == pytest.approx([50, 90], abs=1.01)


@pytest.mark.parametrize(
    ("quota", "value", "violated"),
    [
        (Quota.upper_bound(5), 5, False),
        (Quota.upper_bound(5), 6, True),
        (Quota.lower_bound(5), 5, False),
        (Quota.lower_bound(5), 4, True),
    ],
)
def test_quota_is_checked_after_recording(quota: Quota, value: float, violated: bool) -> None:
    sensor = Metrics().sensor("s")
    sensor.add(NAME, Total(), MetricConfig(quota=quota))
    if violated:
        with pytest.raises(QuotaViolationError, match=r"violates the quota of 5"):
            sensor.record(value, 1000)
    else:
        sensor.record(value, 1000)
    assert sensor.metrics[0].value(1000) == value


def test_idle_sensor_expires_when_the_registry_is_asked() -> None:
    metrics = Metrics(enable_expiration=True)
    sensor = metrics.sensor("s", inactive_sensor_expiration_time_seconds=60)
    sensor.add(NAME, Count())
    sensor.record(1, 1000)  # soon after 1970
    assert (metrics.metrics, metrics.get_sensor("s")) == ({}, None)


def test_sensor_in_use_does_not_expire() -> None:
    metrics = Metrics(enable_expiration=True)
    metrics.sensor("s", inactive_sensor_expiration_time_seconds=60).add(NAME, Count())
    assert NAME in metrics.metrics


def test_reporter_hears_of_metrics_before_and_after_it_came() -> None:
    metrics = Metrics()
    metrics.add_metric(MetricName("early", "g"), fixed(1))
    reporter = DictReporter("app")
    metrics.add_reporter(reporter)
    metrics.add_metric(MetricName("late", "g", tags={"b": "2", "a": "1"}), fixed(2))
    assert reporter.snapshot() == {"app.g": {"early": 1}, "app.g.a=1,b=2": {"late": 2}}


def test_reporter_forgets_removed_metrics_and_empty_categories() -> None:
    reporter = DictReporter()
    metrics = Metrics(reporters=[reporter])
    metrics.add_metric(NAME, fixed(1))
    removed = metrics.remove_metric(NAME)
    assert (reporter.snapshot(), isinstance(removed, KafkaMetric)) == ({}, True)


def test_failing_reporter_does_not_keep_the_others_open(caplog: pytest.LogCaptureFixture) -> None:
    closed = []

    class Failing(DictReporter):
        def close(self) -> None:
            raise OSError("gone")

    class Good(DictReporter):
        def close(self) -> None:
            closed.append(self)

    with caplog.at_level(logging.ERROR):
        Metrics(reporters=[Failing(), Good()]).close()
    assert (len(closed), len(caplog.records)) == (1, 1)


def test_configuration_without_samples_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 1"):
        MetricConfig(samples=0)


def test_failing_reporter_does_not_keep_a_metric_from_being_added(
    caplog: pytest.LogCaptureFixture,
) -> None:
    class Failing(DictReporter):
        def metric_change(self, metric: KafkaMetric) -> None:
            raise OSError("gone")

    metrics = Metrics(reporters=[Failing()])
    with caplog.at_level(logging.ERROR):
        metrics.add_metric(NAME, fixed(1))
    assert (NAME in metrics.metrics, len(caplog.records)) == (True, 1)
