"""Configs of groups and of telemetry subscriptions."""

from __future__ import annotations

import pytest

from kafka.errors import BrokerResponseError, InvalidConfigurationError, InvalidRequestError
from kafka.testing.broker.broker_configs import BROKER_CONFIGS
from kafka.testing.broker.config_values import parse_value
from kafka.testing.broker.group_configs import (
    CLIENT_METRICS_CONFIGS,
    GROUP_CONFIGS,
    MATCH_SELECTORS,
    checked_client_metrics,
    checked_group_configs,
    match_patterns,
)

BOUNDED = {name: row.allowed for name, row in GROUP_CONFIGS.items() if row.allowed}


@pytest.mark.parametrize("name", GROUP_CONFIGS)
def test_a_default_of_a_group_is_valid(name: str) -> None:
    default = GROUP_CONFIGS[name].default
    if name == "errors.deadletterqueue.topic.name":
        assert default == ""
    assert checked_group_configs({name: default}) == {name: default}


@pytest.mark.parametrize("name", BOUNDED)
def test_a_number_lies_between_what_brokers_allow(name: str) -> None:
    low, high = BOUNDED[name]
    for value in (low, high):
        assert checked_group_configs({name: str(value)}) == {name: str(value)}
    for value in (low - 1, high + 1):
        with pytest.raises(InvalidConfigurationError) as caught:
            checked_group_configs({name: str(value)})
        assert name in str(caught.value)


@pytest.mark.parametrize(
    ("configs", "problem"),
    [
        ({"no.such": "1"}, "Unknown group config name: no.such"),
        (
            {"consumer.session.timeout.ms": "44999"},
            "consumer.session.timeout.ms must be in the range 45000 to 60000 inclusive",
        ),
        ({"consumer.session.timeout.ms": "0"}, "Value must be at least 1"),
        ({"share.delivery.count.limit": "x"}, "Not a number of type INT"),
        ({"share.isolation.level": "serializable"}, "one of: read_committed, read_uncommitted"),
        ({"streams.num.standby.replicas": "3"}, "must be less than or equal to 2"),
        (
            {"streams.assignor.name": "mine"},
            r"'mine' is not a registered task assignor. .*: \[sticky\]",
        ),
    ],
)
def test_configs_that_a_group_cannot_have_are_refused(
    configs: dict[str, str], problem: str
) -> None:
    with pytest.raises(InvalidConfigurationError, match=problem):
        checked_group_configs(configs)


def test_values_are_kept_as_a_broker_writes_them() -> None:
    name = "streams.rack.aware.assignment.tags"
    assert checked_group_configs({name: " a , b,"}) == {name: "a,b"}


# 1000 instead of the embedded broker's 0: see BROKER_DEFAULTS.
@pytest.mark.parametrize("name", GROUP_CONFIGS)
def test_a_group_has_the_default_of_the_broker_config_it_names(name: str) -> None:
    row = GROUP_CONFIGS[name]
    broker = BROKER_CONFIGS.get(row.broker)
    if broker is not None and row.broker != "group.streams.assignors":
        assert (broker.default or "") == row.default


@pytest.mark.parametrize("name", CLIENT_METRICS_CONFIGS)
def test_a_default_of_a_subscription_is_valid(name: str) -> None:
    row = CLIENT_METRICS_CONFIGS[name]
    assert parse_value(name, row.default, row.kind) == row.default
    assert checked_client_metrics({name: row.default}) == {name: row.default}


@pytest.mark.parametrize(
    ("configs", "error", "problem"),
    [
        ({"no.such": "1"}, InvalidRequestError, "Unknown client metrics configuration: no.such"),
        ({"interval.ms": "99"}, InvalidRequestError, "Invalid value 99 for interval.ms"),
        ({"interval.ms": "3600001"}, InvalidRequestError, r"3600000 \(1 hour\)"),
        ({"interval.ms": "x"}, InvalidConfigurationError, "Not a number of type INT"),
        ({"match": "client_id"}, InvalidConfigurationError, "matching pattern: client_id"),
        ({"match": "colour=red"}, InvalidConfigurationError, "matching pattern: colour=red"),
        ({"match": "client_id=["}, InvalidConfigurationError, r"matching pattern: client_id=\["),
    ],
)
def test_configs_that_a_subscription_cannot_have_are_refused(
    configs: dict[str, str], error: type[BrokerResponseError], problem: str
) -> None:
    with pytest.raises(error, match=problem):
        checked_client_metrics(configs)


@pytest.mark.parametrize("interval", ["100", "3600000"])
def test_an_interval_lies_between_a_tenth_of_a_second_and_an_hour(interval: str) -> None:
    assert checked_client_metrics({"interval.ms": interval}) == {"interval.ms": interval}


def test_patterns_are_found_by_selector() -> None:
    match = " , ".join(f"{selector} = {selector}-.*" for selector in MATCH_SELECTORS)
    patterns = match_patterns(match)
    assert list(patterns) == list(MATCH_SELECTORS)
    assert all(patterns[name].fullmatch(f"{name}-7") for name in MATCH_SELECTORS)
    assert match_patterns("") == {}
