"""What the second answer to a change means after the first was lost."""

from __future__ import annotations

import pytest

from kafka.admin.lost_answers import (
    RULES,
    done_before,
    has_configs,
    has_grown,
    has_layout,
    settled_before,
)
from kafka.admin.new_partitions import NewPartitions
from kafka.admin.new_topic import NewTopic
from kafka.admin.operation import Outcome
from kafka.admin.settled import Settled
from kafka.errors import GroupIdNotFoundError, GroupSubscribedToTopicError, KafkaError, NoError
from kafka.protocol.messages.describe_configs import DescribeConfigsResponse
from kafka.protocol.messages.metadata import MetadataResponse
from test.support.admin_errors import ROWS

# What is asked only.
READS = ("Describe", "List", "Find", "Metadata", "ConsumerGroupDescribe", "OffsetFetch")


def test_each_change_has_a_rule() -> None:
    changes = {api for api in ROWS if not api.startswith(READS)}
    assert set(RULES) == changes


def test_only_changes_whose_answer_was_lost_count_as_done_before() -> None:
    gone = GroupIdNotFoundError("gone")
    other: KafkaError = GroupSubscribedToTopicError("busy")
    outcome: Outcome[str, None] = Outcome(
        {"c": None}, {"a": gone, "b": gone, "d": other}, frozenset({"b", "d"})
    )
    found = done_before("DeleteGroups", outcome, lambda _key: None)
    assert found.results == {"b": None, "c": None}
    assert found.errors == {"a": gone, "d": other}


def test_refusals_count_too() -> None:
    gone = Settled(GroupIdNotFoundError("gone"))
    outcome = Outcome({"a": gone, "b": gone}, {"c": GroupIdNotFoundError("c")}, frozenset("bc"))
    found = settled_before("DeleteGroups", outcome)
    assert {key: one.kind for key, one in found.results.items()} == {
        "a": GroupIdNotFoundError,
        "b": NoError,
        "c": NoError,
    }
    assert not found.errors


def topic(*replicas: list[int], error_code: int = 0) -> MetadataResponse.MetadataResponseTopic:
    return MetadataResponse.MetadataResponseTopic(
        name="a",
        error_code=error_code,
        partitions=[
            MetadataResponse.MetadataResponsePartition(partition_index=n, replica_nodes=ids)
            for n, ids in enumerate(replicas)
        ],
    )


@pytest.mark.parametrize(
    ("asked", "matches"),
    [
        (NewTopic("a"), True),
        (NewTopic("a", 2, 1), True),
        (NewTopic("a", 1, 1), False),
        (NewTopic("a", 2, 2), False),
        (NewTopic("a", -1, -1, {0: [1], 1: [2]}), True),
        (NewTopic("a", -1, -1, {0: [2], 1: [1]}), False),
    ],
)
def test_layout_is_compared(asked: NewTopic, *, matches: bool) -> None:
    assert has_layout(asked, topic([1], [2])) is matches
    assert not has_layout(asked, topic(error_code=29))


@pytest.mark.parametrize(
    ("asked", "matches"),
    [
        (NewPartitions(2), True),
        (NewPartitions(3), False),
        (NewPartitions(1), False),
        (NewPartitions(2, [[2]]), True),
        (NewPartitions(2, [[1]]), False),
    ],
)
def test_partitions_are_compared(asked: NewPartitions, *, matches: bool) -> None:
    assert has_grown(asked, topic([1], [2])) is matches


@pytest.mark.parametrize(
    ("asked", "found", "matches"),
    [
        ("delete", "delete", True),
        ("delete", "compact", False),
        ("compact, delete", "compact,delete", True),
        (0.50, "0.5", True),
        ("0.50", "0.5", True),
        (2**63 - 1, "9223372036854775806", False),
        (True, "true", True),
        ("TRUE", "true", True),
        ("delete", None, False),
        (None, "delete", True),
    ],
)
def test_configs_are_compared(asked: object, found: str | None, *, matches: bool) -> None:
    config = DescribeConfigsResponse.DescribeConfigsResourceResult
    described = DescribeConfigsResponse.DescribeConfigsResult(
        configs=[config(name="x", value=found), config(name="other", value="1")]
    )
    assert has_configs(NewTopic("a", topic_configs={"x": asked}), described) is matches


def test_configs_that_cannot_be_told_match_only_if_none_were_asked_for() -> None:
    assert has_configs(NewTopic("a"), None)
    assert not has_configs(NewTopic("a", topic_configs={"x": 1}), None)
