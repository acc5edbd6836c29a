"""Values of configs, by type."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kafka.errors import InvalidConfigurationError
from kafka.testing.broker.broker_configs import BROKER_CONFIGS
from kafka.testing.broker.config_docs import BROKER_DOCS, GROUP_DOCS, TOPIC_DOCS
from kafka.testing.broker.config_values import Kind, parse_value, split_list
from kafka.testing.broker.configs import COARSER, TOPIC_CONFIGS
from kafka.testing.broker.group_configs import GROUP_CONFIGS


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        (Kind.BOOLEAN, " TRUE ", "true"),
        (Kind.INT, " 5 ", "5"),
        (Kind.SHORT, "-32768", "-32768"),
        (Kind.LONG, str((1 << 63) - 1), str((1 << 63) - 1)),
        (Kind.DOUBLE, "1e3", "1e3"),
        (Kind.LIST, " a , ,b ", "a,b"),
        (Kind.STRING, " x y ", "x y"),
        (Kind.PASSWORD, "p", "p"),
    ],
)
def test_values_are_trimmed(kind: Kind, value: str, expected: str) -> None:
    assert parse_value("n", value, kind) == expected


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (Kind.BOOLEAN, "yes"),
        (Kind.INT, "2147483648"),
        (Kind.INT, "1.0"),
        (Kind.INT, ""),
        (Kind.SHORT, "32768"),
        (Kind.SHORT, "-32769"),
        (Kind.LONG, str(1 << 63)),
        (Kind.DOUBLE, "x"),
        (Kind.DOUBLE, "nan"),
    ],
)
def test_values_of_another_type_are_refused(kind: Kind, value: str) -> None:
    with pytest.raises(InvalidConfigurationError, match="Invalid value"):
        parse_value("n", value, kind)


@pytest.mark.parametrize(
    ("value", "valid"),
    [
        ("earliest", True),
        ("by_duration:P1DT2H3M4.5S", True),
        ("by_duration:PT1H", True),
        ("by_duration:P", False),
        ("by_duration:PT", False),
        ("by_duration:1h", False),
        ("none", False),
    ],
)
def test_share_groups_begin_at_an_end_or_some_time_ago(value: str, valid: bool) -> None:
    try:
        parse_value("share.auto.offset.reset", value, Kind.STRING)
        accepted = True
    except InvalidConfigurationError:
        accepted = False
    assert accepted is valid


@pytest.mark.parametrize(
    ("value", "valid"), [("*", True), ("", True), ("0:1,1:2", True), ("x", False)]
)
def test_throttled_replicas_are_pairs(value: str, valid: bool) -> None:
    name = "leader.replication.throttled.replicas"
    try:
        parse_value(name, value, Kind.LIST)
        accepted = True
    except InvalidConfigurationError:
        accepted = False
    assert accepted is valid


@given(st.text())
def test_a_parsed_list_parses_to_itself(value: str) -> None:
    once = parse_value("n", value, Kind.LIST)
    assert parse_value("n", once, Kind.LIST) == once
    assert split_list(once) == split_list(value)


@pytest.mark.parametrize("name", TOPIC_CONFIGS)
def test_a_default_of_a_topic_is_valid(name: str) -> None:
    row = TOPIC_CONFIGS[name]
    found = parse_value(
        name, row.default, row.kind, lowest=row.lowest, highest=row.highest, allowed=row.allowed
    )
    assert found == row.default


def test_every_default_of_a_broker_is_valid() -> None:
    defaults = {name: row.default for name, row in BROKER_CONFIGS.items() if row.default}
    assert defaults == {
        name: parse_value(
            name,
            default,
            BROKER_CONFIGS[name].kind,
            lowest=BROKER_CONFIGS[name].lowest,
            highest=BROKER_CONFIGS[name].highest,
            allowed=BROKER_CONFIGS[name].allowed,
        )
        for name, default in defaults.items()
    }


def test_topics_take_their_defaults_from_brokers() -> None:
    for name, row in TOPIC_CONFIGS.items():
        if row.broker and row.broker not in COARSER:
            assert BROKER_CONFIGS[row.broker].default == row.default, name


def test_every_config_of_topics_and_groups_is_documented() -> None:
    assert set(TOPIC_DOCS) == set(TOPIC_CONFIGS)
    assert set(GROUP_DOCS) == set(GROUP_CONFIGS)


def test_only_configs_there_are_are_documented() -> None:
    assert set(BROKER_DOCS) <= set(BROKER_CONFIGS)
