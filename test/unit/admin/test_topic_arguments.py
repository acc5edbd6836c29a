"""What users give to methods about topics and partitions, and what they are told about it."""

from __future__ import annotations

from uuid import UUID

import pytest

from kafka.admin import topic_arguments
from kafka.admin.new_partitions import NewPartitions
from kafka.admin.new_topic import NewTopic
from kafka.admin.topic_arguments import ElectionType
from kafka.structs import IsolationLevel, OffsetSpec, TopicPartition

A0 = TopicPartition("a", 0)
ID = UUID(int=7)


@pytest.mark.parametrize(
    "given",
    [
        "a",
        ["a"],
        ("a",),
        {"a"},
        NewTopic("a"),
        [NewTopic("a")],
        {"a": {}},
        {"a": NewTopic("a")},
        {"a": {"num_partitions": -1, "replication_factor": -1}},
    ],
)
def test_topics_are_given_in_many_ways(given: object) -> None:
    assert topic_arguments.new_topics(given) == {"a": NewTopic("a")}


def test_properties_of_topics_are_read() -> None:
    found = topic_arguments.new_topics(
        {"a": {"num_partitions": 3, "replication_factor": 2, "configs": {"x": 1}}}
    )
    assert found == {"a": NewTopic("a", 3, 2, None, {"x": 1})}
    placed = topic_arguments.new_topics({"a": {"assignments": {0: [1, 2]}}})
    assert placed["a"].replica_assignments == {0: [1, 2]}


@pytest.mark.parametrize(
    ("given", "error", "words"),
    [
        (None, TypeError, "new_topics must be names, NewTopic objects or a dict, not NoneType"),
        (b"a", TypeError, "not bytes"),
        ([7], TypeError, "new_topics must hold names or NewTopic objects, not 7"),
        ([], ValueError, "new_topics is empty"),
        ({}, ValueError, "new_topics is empty"),
        (["a", "a"], ValueError, "new_topics has topic 'a' twice"),
        ([""], ValueError, "empty name"),
        ({1: {}}, TypeError, "must have names as keys, not 1"),
        ({"a": 3}, TypeError, r"new_topics\['a'\] must be a dict, not int"),
        ({"a": {"partitions": 3}}, ValueError, r"has no 'partitions'; it may have assignments, c"),
        ({"a": {"num_partitions": 0}}, ValueError, "num_partitions must be -1 or at least 1"),
        ({"a": {"num_partitions": "3"}}, TypeError, "num_partitions must be an int, not str '3'"),
    ],
)
def test_topics_that_are_none_are_refused(given: object, error: type, words: str) -> None:
    with pytest.raises(error, match=words):
        topic_arguments.new_topics(given)


def test_topics_are_named_or_have_ids() -> None:
    assert topic_arguments.topic_keys("topics", "a") == ["a"]
    assert topic_arguments.topic_keys("topics", ID) == [ID]
    assert topic_arguments.topic_keys("topics", ["a", ID, "a"]) == ["a", ID]


@pytest.mark.parametrize(
    ("given", "error"), [(None, TypeError), (b"a", TypeError), ([1], TypeError), ([], ValueError)]
)
def test_keys_that_are_none_are_refused(given: object, error: type) -> None:
    with pytest.raises(error, match="topics"):
        topic_arguments.topic_keys("topics", given)


def test_id_of_no_topic_is_refused() -> None:
    with pytest.raises(ValueError, match=r"topics holds UUID.*, which is the id of no topic"):
        topic_arguments.topic_keys("topics", ["a", UUID(int=0)])


def test_page_begins_at_a_cursor() -> None:
    assert topic_arguments.page_start(None) is None
    cursor = {"topic_name": "a", "partition_index": 3}
    assert topic_arguments.page_start(cursor) == ("a", 3)
    with pytest.raises(TypeError, match=r"cursor\['topic_name'\] must be a name"):
        topic_arguments.page_start({"topic": "a"})
    with pytest.raises(TypeError, match="cursor must be a dict"):
        topic_arguments.page_start("a")


def test_partitions_are_wanted_in_three_ways() -> None:
    found = topic_arguments.wanted_partitions(
        {"a": 3, "b": {"count": 2, "assignments": [[1]]}, "c": NewPartitions(4)}
    )
    assert found == {"a": NewPartitions(3), "b": NewPartitions(2, [[1]]), "c": NewPartitions(4)}


@pytest.mark.parametrize(
    ("given", "error", "words"),
    [
        (["a"], TypeError, "topic_partitions must be a dict of topics and numbers"),
        ({}, ValueError, "is empty"),
        ({"a": "3"}, TypeError, r"topic_partitions\['a'\] must be an int"),
        ({"a": 0}, ValueError, "at least 1, got 0"),
        ({"a": {"number": 3}}, ValueError, "has no 'number'; it may have assignments, count"),
        ({"a": {}}, TypeError, r"\['count'\] must be an int"),
        ({7: 1}, TypeError, "must be a name"),
    ],
)
def test_wanted_partitions_that_are_none_are_refused(
    given: object, error: type, words: str
) -> None:
    with pytest.raises(error, match=words):
        topic_arguments.wanted_partitions(given)


def test_offsets_are_given_by_partition() -> None:
    assert topic_arguments.offsets("o", {A0: 5}, least=-1) == {A0: 5}
    assert topic_arguments.offsets("o", {("a", 0): -1}, least=-1) == {A0: -1}
    for given, error in (({A0: -2}, ValueError), ({A0: "5"}, TypeError), ([A0], TypeError)):
        with pytest.raises(error, match="o"):
            topic_arguments.offsets("o", given, least=-1)


@pytest.mark.parametrize(
    ("given", "found"),
    [(OffsetSpec.EARLIEST, -2), ("latest", -1), ("max-timestamp", -3), (1000, 1000), (-6, -6)],
)
def test_offsets_are_looked_for_by_meaning_or_time(given: object, found: int) -> None:
    assert topic_arguments.offset_specs({A0: given}) == {A0: found}


@pytest.mark.parametrize(
    ("given", "error", "words"),
    [("first", ValueError, "is none of LATEST"), (-7, ValueError, "-7"), (None, TypeError, "a-0")],
)
def test_specs_that_are_none_are_refused(given: object, error: type, words: str) -> None:
    with pytest.raises(error, match=words):
        topic_arguments.offset_specs({A0: given})


def test_isolation_level_has_a_name_and_a_number() -> None:
    for given in ("read_committed", 1, IsolationLevel.READ_COMMITTED):
        assert topic_arguments.isolation(given) is IsolationLevel.READ_COMMITTED
    with pytest.raises(ValueError, match="isolation_level='snapshot' is none of READ_UNCOMMITTED"):
        topic_arguments.isolation("snapshot")


def test_election_type_has_a_name_and_a_number() -> None:
    for given in ("unclean", 1, ElectionType.UNCLEAN):
        assert topic_arguments.election(given) is ElectionType.UNCLEAN
    for given, error in ((2, ValueError), (None, TypeError), (True, TypeError)):
        with pytest.raises(error, match="election_type"):
            topic_arguments.election(given)


def test_elected_partitions_are_a_list_or_a_dict() -> None:
    both = [A0, TopicPartition("a", 1)]
    assert topic_arguments.elected_partitions(both) == both
    assert topic_arguments.elected_partitions({"a": [0, 1]}) == both
    with pytest.raises(TypeError, match=r"topic_partitions\['a'\] must be numbers"):
        topic_arguments.elected_partitions({"a": "01"})
    with pytest.raises(TypeError, match=r"topic_partitions\['a'\] must be numbers"):
        topic_arguments.elected_partitions({"a": 0})


def test_moves_are_lists_of_brokers_or_none() -> None:
    assert topic_arguments.reassignments({A0: (1, 2)}) == {A0: [1, 2]}
    assert topic_arguments.reassignments({A0: None}) == {A0: None}
    for given, error in (
        ({A0: []}, ValueError),
        ({A0: "12"}, TypeError),
        ({A0: 1}, TypeError),
        ({A0: [-1]}, ValueError),
        ({"a": [1]}, TypeError),
    ):
        with pytest.raises(error, match="reassignments"):
            topic_arguments.reassignments(given)
