"""How requests and messages list partitions."""

from __future__ import annotations

from kafka.structs import TopicPartition
from kafka.subscription.grouping import by_topic, names_of


def test_topics_and_partitions_keep_their_order() -> None:
    first, second, third = TopicPartition("b", 1), TopicPartition("a", 0), TopicPartition("b", 0)
    assert list(by_topic([first, second, third]).items()) == [
        ("b", [first, third]),
        ("a", [second]),
    ]


def test_message_names_partitions() -> None:
    assert names_of([TopicPartition("t", 0), TopicPartition("u", 1)]) == "t-0, u-1"


def test_message_counts_what_would_make_it_long() -> None:
    partitions = [TopicPartition("t", number) for number in range(12)]
    assert names_of(partitions).endswith("t-9 and 2 more")
