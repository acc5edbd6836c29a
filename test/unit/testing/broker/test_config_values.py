"""Values of configs, by type."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kafka.errors import InvalidConfigurationError
from kafka.testing.broker.config_values import Kind, parse_value, split_list


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


@pytest.mark.parametrize(
    ("kind", "value", "problem"),
    [
        (Kind.INT, "0", "Value must be at least 1"),
        (Kind.INT, "10", "Value must be no more than 9"),
        (Kind.DOUBLE, "0.5", "Value must be at least 1"),
        (Kind.DOUBLE, "9.5", "Value must be no more than 9"),
    ],
)
def test_a_number_out_of_its_bounds_is_refused(kind: Kind, value: str, problem: str) -> None:
    assert [parse_value("n", number, kind, lowest=1, highest=9) for number in "19"] == ["1", "9"]
    with pytest.raises(
        InvalidConfigurationError, match=f"Invalid value {value} for .* n: {problem}$"
    ):
        parse_value("n", value, kind, lowest=1, highest=9)


@pytest.mark.parametrize("kind", [Kind.STRING, Kind.LIST])
def test_a_word_that_is_not_allowed_is_refused_with_those_that_are(kind: Kind) -> None:
    assert parse_value("n", " b ", kind, allowed=("a", "b")) == "b"
    with pytest.raises(InvalidConfigurationError, match="String must be one of: a, b"):
        parse_value("n", "c", kind, allowed=("a", "b"))


@pytest.mark.parametrize(
    ("value", "valid"), [("-1", True), ("0", False), ("1", True), ("9", True), ("10", False)]
)
def test_levels_of_gzip_have_a_gap(value: str, valid: bool) -> None:
    try:
        parse_value("compression.gzip.level", value, Kind.INT)
        accepted = True
    except InvalidConfigurationError:
        accepted = False
    assert accepted is valid
