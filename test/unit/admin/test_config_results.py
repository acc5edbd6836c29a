"""What is told of configs, in the shapes of both kafka-pythons."""

from __future__ import annotations

import copy
import json
import pickle
from typing import Any

import pytest

from kafka.admin.config_kinds import ConfigFilterType
from kafka.admin.config_resource import ConfigResourceType
from kafka.admin.config_results import AlterConfigsResult, DescribeConfigsResult, config_view
from kafka.admin.operation import Outcome
from kafka.admin.operations.configs import Described, ResourceKey
from kafka.errors import InvalidConfigurationError, UnknownTopicOrPartitionError
from kafka.protocol.messages.describe_configs import DescribeConfigsResponse

ORDERS = ResourceKey(ConfigResourceType.TOPIC, "orders")
NOPE = ResourceKey(ConfigResourceType.TOPIC, "nope")
NODE_1 = ResourceKey(ConfigResourceType.BROKER, "1")
LOGGERS_1 = ResourceKey(ConfigResourceType.BROKER_LOGGER, "1")
NODE_2 = ResourceKey(ConfigResourceType.BROKER, "2")
Entry = DescribeConfigsResponse.DescribeConfigsResourceResult
Synonym = DescribeConfigsResponse.DescribeConfigsSynonym


def entry(name: str, source: int, *, read_only: bool = False) -> Entry:
    """Return a config from *source*."""
    return Entry(name=name, value="v", config_source=source, read_only=read_only)


def described(
    *entries: Entry, wanted: ConfigFilterType = ConfigFilterType.ALL
) -> DescribeConfigsResult:
    """Return the description of a topic with *entries*, and of one that is not there."""
    outcome: Outcome[ResourceKey, Described] = Outcome(
        {ORDERS: Described(configs=entries)},
        {NOPE: UnknownTopicOrPartitionError("topic nope")},
        frozenset(),
    )
    return DescribeConfigsResult(outcome, [ORDERS, NOPE], wanted)


def test_a_config_has_names_in_the_place_of_numbers() -> None:
    found = config_view(
        Entry(
            name="a",
            value=None,
            read_only=True,
            config_source=4,
            is_sensitive=True,
            synonyms=[Synonym(name="log.a", value=None, source=5)],
            config_type=9,
            documentation=None,
        )
    )
    assert found == {
        "value": None,
        "read_only": True,
        "config_source": "STATIC_BROKER_CONFIG",
        "is_sensitive": True,
        "synonyms": [{"name": "log.a", "value": None, "source": "DEFAULT_CONFIG"}],
        "config_type": "PASSWORD",
        "documentation": None,
    }


def test_numbers_that_are_newer_than_this_release_are_unknown() -> None:
    found = config_view(Entry(name="a", config_source=99, config_type=99))
    assert (found["config_source"], found["config_type"]) == ("UNKNOWN", "UNKNOWN")


@pytest.mark.parametrize(
    ("wanted", "names"),
    [
        (ConfigFilterType.ALL, "given static fixed default"),
        (ConfigFilterType.MODIFIED, "given"),
        (ConfigFilterType.DEFAULT, "static fixed default"),
        (ConfigFilterType.STATIC, "static fixed"),
        (ConfigFilterType.DYNAMIC, "given static default"),
    ],
)
def test_a_filter_chooses_what_kafka_python_3_chooses(wanted: ConfigFilterType, names: str) -> None:
    found = described(
        entry("given", 1),
        entry("static", 4),
        entry("fixed", 4, read_only=True),
        entry("default", 5),
        wanted=wanted,
    )
    assert list(found["topic"]["orders"]) == names.split()


def test_a_resource_that_was_not_described_has_no_configs_but_an_error() -> None:
    found = described(entry("a", 1))
    assert found["topic"]["nope"] == {}
    assert list(found.errors) == [NOPE]


def test_iteration_equality_and_json_see_the_shape_of_kafka_python_3_only() -> None:
    found = described(entry("a", 1))
    assert list(found) == ["topic"]
    assert found == {"topic": {"orders": {"a": config_view(entry("a", 1))}, "nope": {}}}
    assert json.loads(json.dumps(found)) == found
    for twin in (copy.copy(found), copy.deepcopy(found), pickle.loads(pickle.dumps(found))):
        assert twin == found
        assert twin[0] == found[0]


def test_a_number_answers_a_response_of_kafka_python_2_without_a_filter() -> None:
    found = described(entry("a", 5), wanted=ConfigFilterType.MODIFIED)
    assert found["topic"]["orders"] == {}
    response: Any = found[0]  # type: ignore[index]  # kafka-python 2.x returned a list
    assert response.throttle_time_ms == 0
    assert response.resources == [
        (0, "", 2, "orders", [("a", "v", False, 5, False, [])]),
        (3, "topic nope", 2, "nope", []),
    ]


def test_kafka_python_2_had_a_response_of_each_broker_and_one_of_the_rest() -> None:
    keys = [ORDERS, NODE_1, NODE_2, LOGGERS_1]
    outcome: Outcome[ResourceKey, Described] = Outcome(
        {key: Described() for key in keys}, {}, frozenset()
    )
    found = DescribeConfigsResult(outcome, keys, ConfigFilterType.ALL)
    responses: list[Any] = [found[number] for number in range(3)]  # type: ignore[index]  # as above
    assert [[row[2:4] for row in response.resources] for response in responses] == [
        [(4, "1"), (8, "1")],
        [(4, "2")],
        [(2, "orders")],
    ]


def test_changes_are_told_in_words_and_as_rows() -> None:
    outcome: Outcome[ResourceKey, None] = Outcome(
        {ORDERS: None}, {NODE_1: InvalidConfigurationError("bad")}, frozenset()
    )
    found = AlterConfigsResult(outcome, [ORDERS, NODE_1])
    assert found == {
        "topic": {"orders": "OK"},
        "broker": {"1": "[Error 40] InvalidConfigurationError: bad"},
    }
    assert found.resources == [(0, None, 2, "orders"), (40, "bad", 4, "1")]
    assert found.throttle_time_ms == 0
    assert list(found.errors) == [NODE_1]
