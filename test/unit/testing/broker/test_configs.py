"""Configs of topics: what is refused, and which level a value comes from."""

from __future__ import annotations

import pytest

from kafka.errors import InvalidConfigurationError
from kafka.testing.broker.config_values import parse_value
from kafka.testing.broker.configs import (
    BROKER_DEFAULTS,
    COARSER,
    TOPIC_CONFIGS,
    ConfigSource,
    TopicConfig,
    topic_overrides,
)

MINUTE, HOUR = 60_000, 3_600_000


@pytest.mark.parametrize("name", TOPIC_CONFIGS)
def test_a_default_of_a_topic_is_valid(name: str) -> None:
    row = TOPIC_CONFIGS[name]
    found = parse_value(
        name, row.default, row.kind, lowest=row.lowest, highest=row.highest, allowed=row.allowed
    )
    assert found == row.default


def test_overrides_are_kept_as_a_broker_writes_them() -> None:
    assert topic_overrides({"cleanup.policy": " compact , delete ", "preallocate": "TRUE"}) == {
        "cleanup.policy": "compact,delete",
        "preallocate": "true",
    }


@pytest.mark.parametrize(
    ("configs", "problem"),
    [
        ({"no.such": "1"}, "Unknown topic config name: no.such"),
        ({"retention.ms": None}, "Null value not supported for topic configs: retention.ms"),
        ({"retention.ms": "-2"}, "Invalid value -2 for configuration retention.ms"),
        ({"cleanup.policy": "shrink"}, "String must be one of: compact, delete"),
        ({"segment.bytes": "1048575"}, "Value must be at least 1048576"),
        ({"min.cleanable.dirty.ratio": "1.5"}, "Value must be no more than 1"),
        (
            {"min.compaction.lag.ms": "6", "max.compaction.lag.ms": "5"},
            r"min.compaction.lag.ms \(6\) > max.compaction.lag.ms \(5\)",
        ),
        ({"remote.storage.enable": "true"}, "Tiered Storage functionality is disabled"),
    ],
)
def test_configs_that_cannot_be_are_refused(configs: dict[str, str | None], problem: str) -> None:
    with pytest.raises(InvalidConfigurationError, match=problem):
        topic_overrides(configs)


def test_lags_of_compaction_may_be_equal() -> None:
    same = {"min.compaction.lag.ms": "5", "max.compaction.lag.ms": "5"}
    assert topic_overrides(same) == same


@pytest.mark.parametrize("name", TOPIC_CONFIGS)
def test_a_value_is_the_topic_s_the_broker_s_or_the_default(name: str) -> None:
    row = TOPIC_CONFIGS[name]
    broker = {row.broker: "from the broker"} if row.broker else {}
    assert TopicConfig({name: "own"}, broker).lookup(name) == ("own", ConfigSource.TOPIC)
    assert TopicConfig({}, {}).lookup(name) == (row.default, ConfigSource.DEFAULT)
    expected = (
        ("from the broker", ConfigSource.STATIC_BROKER)
        if row.broker
        else (row.default, ConfigSource.DEFAULT)
    )
    assert TopicConfig({}, broker).lookup(name) == expected


@pytest.mark.parametrize(
    ("name", "broker", "value"),
    [
        ("retention.ms", {"log.retention.hours": "2"}, 2 * HOUR),
        ("retention.ms", {"log.retention.minutes": "3"}, 3 * MINUTE),
        ("retention.ms", {"log.retention.minutes": "3", "log.retention.hours": "2"}, 3 * MINUTE),
        ("retention.ms", {"log.retention.ms": "4", "log.retention.minutes": "3"}, 4),
        ("retention.ms", {"log.retention.hours": "-1"}, -1),
        ("segment.ms", {"log.roll.hours": "1"}, HOUR),
        ("segment.jitter.ms", {"log.roll.jitter.hours": "1"}, HOUR),
        ("flush.ms", {"log.flush.scheduler.interval.ms": "9"}, 9),
    ],
)
def test_a_coarser_config_stands_in_for_the_one_in_milliseconds(
    name: str, broker: dict[str, str], value: int
) -> None:
    assert TopicConfig({}, broker).lookup(name) == (str(value), ConfigSource.STATIC_BROKER)


def test_a_number_is_remembered_until_a_change_is_announced() -> None:
    broker = {"message.max.bytes": "5"}
    config = TopicConfig({}, broker)
    assert config.integer("max.message.bytes") == 5
    config.overrides["max.message.bytes"] = "6"
    config.changed()
    assert config.integer("max.message.bytes") == 6
    config.overrides.clear()
    broker["message.max.bytes"] = "7"
    config.changed()
    assert config.integer("max.message.bytes") == 7


def test_a_topic_has_overrides_of_its_own() -> None:
    given = {"retention.ms": "1"}
    config = TopicConfig(given, {})
    given.clear()
    assert config.text("retention.ms") == "1"


@pytest.mark.parametrize(
    ("policy", "compacted"),
    [("delete", False), ("compact", True), ("compact,delete", True), ("", False)],
)
def test_a_topic_is_compacted_if_its_policy_says_so(policy: str, compacted: bool) -> None:
    assert TopicConfig({"cleanup.policy": policy}, {}).is_compacted is compacted


def test_records_get_the_broker_s_time_if_the_topic_says_so() -> None:
    assert not TopicConfig({}, {}).stamps_append_time
    assert TopicConfig({"message.timestamp.type": "LogAppendTime"}, {}).stamps_append_time


# ConfigEntry.ConfigSource of Apache Kafka.
def test_sources_have_the_numbers_of_kafka() -> None:
    assert {source.name: source.value for source in ConfigSource} == {
        "TOPIC": 1,
        "DYNAMIC_BROKER": 2,
        "DYNAMIC_DEFAULT_BROKER": 3,
        "STATIC_BROKER": 4,
        "DEFAULT": 5,
        "DYNAMIC_BROKER_LOGGER": 6,
        "CLIENT_METRICS": 7,
        "GROUP": 8,
    }


def test_every_broker_config_that_gives_a_topic_its_default_has_one_itself() -> None:
    assert {row.broker for row in TOPIC_CONFIGS.values() if row.broker} <= set(BROKER_DEFAULTS)
    assert set(COARSER) <= set(BROKER_DEFAULTS)
