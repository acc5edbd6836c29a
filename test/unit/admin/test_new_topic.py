"""A topic to be created."""

from __future__ import annotations

import pytest

from kafka.admin.new_topic import NewTopic


def test_what_is_left_out_is_for_the_brokers_to_decide() -> None:
    topic = NewTopic("a")
    assert (topic.num_partitions, topic.replication_factor) == (-1, -1)
    assert (topic.replica_assignments, topic.topic_configs) == ({}, {})


def test_topics_compare_by_value() -> None:
    assert NewTopic("a", 1, 1) == NewTopic("a", 1, 1)
    assert NewTopic("a", 1, 1) != NewTopic("a", 2, 1)
    assert repr(NewTopic("a", 3, 2)).startswith("NewTopic(name='a', num_partitions=3")


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ((None,), TypeError, "name must be a name"),
        ((["a"],), TypeError, "name must be a name"),
        (("",), ValueError, "empty name"),
        (("a", "3"), TypeError, "num_partitions must be an int"),
        (("a", 0), ValueError, "num_partitions must be -1 or at least 1, got 0"),
        (("a", 1, 0), ValueError, "replication_factor must be -1 or at least 1, got 0"),
        (("a", -1, -1, [[1]]), TypeError, "replica_assignments must be a dict"),
        (("a", -1, -1, {0: 1}), TypeError, r"replica_assignments\[0\] must be broker ids"),
        (("a", -1, -1, {-1: [1]}), ValueError, "at least 0"),
        (
            ("a", 3, -1, {0: [1]}),
            ValueError,
            "num_partitions=3, but replica_assignments has 1; leave",
        ),
        (("a", -1, -1, None, ["x"]), TypeError, "topic_configs must be a dict"),
        (("a", -1, -1, None, {"x": ["y"]}), TypeError, r"topic_configs\['x'\] must be a str, a n"),
    ],
)
def test_bad_arguments_are_named(arguments: tuple, error: type, words: str) -> None:
    with pytest.raises(error, match=words):
        NewTopic(*arguments)
