"""The dicts that methods return, under the names of both major releases."""

from __future__ import annotations

import copy
import json
import pickle

import pytest

from kafka.admin.results import (
    CreatePartitionsResult,
    CreateTopicsResult,
    DeleteTopicsResult,
    DescribedPartition,
    DescribedTopic,
    Record,
)

PARTITION = DescribedPartition(partition_index=1, leader_id=2, replica_nodes=[2], isr_nodes=[2])


def test_old_keys_are_answered_and_not_listed() -> None:
    assert (PARTITION["partition"], PARTITION["leader"]) == (1, 2)
    assert PARTITION.get("replicas") == PARTITION.get("replica_nodes") == [2]
    assert "isr" in PARTITION
    assert "isr" not in list(PARTITION)
    assert dict(PARTITION) == PARTITION
    assert 'leader"' not in json.dumps(PARTITION)
    assert DescribedTopic(name="a")["topic"] == "a"


def test_keys_are_attributes() -> None:
    assert PARTITION.leader_id == PARTITION.leader == 2
    with pytest.raises(AttributeError, match="DescribedPartition has no 'offset'; it has part"):
        _ = PARTITION.offset


def test_missing_keys_are_missing() -> None:
    with pytest.raises(KeyError):
        _ = PARTITION["offset"]
    assert PARTITION.get("offset") is None
    assert PARTITION.get("offset", 7) == 7
    assert "offset" not in PARTITION
    assert 7 not in PARTITION
    assert "topic" not in DescribedTopic()


def test_records_survive_copies() -> None:
    for twin in (copy.copy(PARTITION), copy.deepcopy(PARTITION)):
        assert type(twin) is DescribedPartition
        assert twin["leader"] == 2
    assert pickle.loads(pickle.dumps(PARTITION))["leader"] == 2


def test_responses_have_the_attributes_of_2_x() -> None:
    topic = Record(name="a", error_code=36, error_message="there")
    assert CreateTopicsResult(topics=[topic]).topic_errors == [("a", 36, "there")]
    assert CreatePartitionsResult(results=[topic]).topic_errors == [("a", 36, "there")]
    assert DeleteTopicsResult(topics=[topic]).topic_error_codes == [("a", 36)]


def test_fields_have_a_position() -> None:
    topic = Record(name="a", error_code=36)
    assert (topic[0], topic[1], topic[-1]) == ("a", 36, 36)
    with pytest.raises(IndexError):
        _ = topic[2]
