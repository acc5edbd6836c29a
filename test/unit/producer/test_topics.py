"""Where a record of a known topic goes."""

from __future__ import annotations

import pytest

from kafka.producer.topic_info import TopicInfo
from kafka.producer.topics import queue_for


def make_route() -> TopicInfo:
    route = TopicInfo("t", batch_size=1000, limit=1000, uniform=max)
    route.update(3, ())
    return route


def test_a_given_partition_outranks_the_key() -> None:
    route = make_route()
    assert queue_for(route, b"key", 2) is route.queues[2]


def test_a_key_always_goes_to_the_same_partition() -> None:
    route = make_route()
    assert queue_for(route, b"key", None) is queue_for(route, b"key", None)


def test_a_record_without_key_and_partition_goes_where_such_records_stick() -> None:
    assert queue_for(make_route(), None, None) is None


@pytest.mark.parametrize("partition", [-1, 3])
def test_a_partition_that_does_not_exist_is_refused(partition: int) -> None:
    with pytest.raises(ValueError, match="partitions 0 to 2"):
        queue_for(make_route(), None, partition)
