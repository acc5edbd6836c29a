"""What users give to the admin client, and what they are told about it."""

from __future__ import annotations

import math

import pytest

from kafka.admin import arguments
from kafka.structs import TopicPartition


@pytest.mark.parametrize(
    ("given", "found"),
    [
        (None, 60.0),
        (0, 0.0),
        (1500, 1.5),
        (2.5, 0.0025),
        (math.inf, math.inf),
        pytest.param(10**400, math.inf, id="large"),
    ],
)
def test_time_out_is_in_milliseconds(given: object, found: float) -> None:
    assert arguments.seconds("timeout_ms", given, 60.0) == found


@pytest.mark.parametrize(
    ("given", "error", "words"),
    [
        ("5", TypeError, "timeout_ms must be a number of milliseconds or None, not str '5'"),
        (True, TypeError, "not bool True"),
        (-1, ValueError, "timeout_ms must not be negative, got -1"),
        (math.nan, ValueError, "got nan"),
    ],
)
def test_time_out_that_is_none_is_refused(given: object, error: type, words: str) -> None:
    with pytest.raises(error, match=words):
        arguments.seconds("timeout_ms", given, 60.0)


def test_one_name_is_one_name() -> None:
    assert arguments.names("topics", "orders") == ["orders"]


def test_same_name_counts_once() -> None:
    assert arguments.names("topics", ("b", "a", "b")) == ["b", "a"]
    assert arguments.names("topics", (name for name in "ab")) == ["a", "b"]


@pytest.mark.parametrize(
    ("given", "error", "words"),
    [
        (None, TypeError, "topics must be a name or names, not NoneType None"),
        (b"orders", TypeError, "not bytes"),
        (7, TypeError, "not int 7"),
        ([7], TypeError, "topics must hold names, not int 7"),
        ([], ValueError, "topics is empty: there is nothing to do"),
        ([""], ValueError, "topics holds an empty name"),
        ("", ValueError, "topics holds an empty name"),
    ],
)
def test_names_that_are_none_are_refused(given: object, error: type, words: str) -> None:
    with pytest.raises(error, match=words):
        arguments.names("topics", given)


def test_partitions_are_pairs() -> None:
    tp = TopicPartition("a", 1)
    assert arguments.partitions("partitions", [("a", 1), tp]) == [tp]
    assert arguments.partitions("partitions", tp) == [tp]


@pytest.mark.parametrize(
    ("given", "error", "words"),
    [
        ("a", TypeError, "partitions must be a list of TopicPartition, not str 'a'"),
        (None, TypeError, "not NoneType"),
        (["a"], TypeError, r"partitions must hold TopicPartition\(topic, partition\), not str"),
        ([("a", "1")], TypeError, r"must hold TopicPartition\(str, int\), not \('a', '1'\)"),
        ([("a", True)], TypeError, "must hold"),
        ([(1, 1)], TypeError, "must hold"),
        ([("a", -1)], ValueError, r"partitions: no partition is \('a', -1\)"),
        ([("", 0)], ValueError, "no partition is"),
        ([], ValueError, "partitions is empty"),
    ],
)
def test_partitions_that_are_none_are_refused(given: object, error: type, words: str) -> None:
    with pytest.raises(error, match=words):
        arguments.partitions("partitions", given)


def test_mapping_is_expected() -> None:
    assert arguments.mapping("m", {"a": 1}, "a dict of names") == {"a": 1}
    with pytest.raises(TypeError, match="m must be a dict of names, not list"):
        arguments.mapping("m", ["a"], "a dict of names")
    with pytest.raises(ValueError, match="m is empty"):
        arguments.mapping("m", {}, "a dict of names")


def test_number_is_expected() -> None:
    assert arguments.number("n", -1, least=-1) == -1
    for given in (True, 1.0, "1", None):
        with pytest.raises(TypeError, match="n must be an int, not "):
            arguments.number("n", given)
    with pytest.raises(ValueError, match="n must be at least 0, got -1"):
        arguments.number("n", -1)


def test_flag_is_expected() -> None:
    assert arguments.flag("f", False) is False
    with pytest.raises(TypeError, match="f must be True or False, not int 1"):
        arguments.flag("f", 1)


def test_long_values_are_not_shown() -> None:
    assert arguments.shown(["x" * 100]) == "list"
