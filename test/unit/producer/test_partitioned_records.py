"""The records of a send_many(), sorted by partition."""

from __future__ import annotations

import pytest

from kafka.producer.partitioned_records import PartitionedRecords, partitioned
from kafka.producer.topic_info import TopicInfo


def make_route(partitions: int = 1) -> TopicInfo:
    route = TopicInfo("t", batch_size=1000, limit=1000, uniform=max)
    route.update(partitions, ())
    return route


@pytest.mark.parametrize(
    ("values", "keys"),
    [
        ([], None),
        ([b"a", None], None),
        (["a"], None),
        ([bytearray(b"a")], None),
        ([b"a"], [None]),
        ([b"a"], ["k"]),
        ([b"a" * 900], None),
        ([b"a" * 450], [b"k" * 450]),
    ],
)
def test_anything_but_bytes_of_a_fair_size_goes_one_by_one(
    values: list[object], keys: list[object] | None
) -> None:
    assert partitioned(make_route(), None, values, keys, 1000) is None


def test_keyed_records_are_sorted_by_partition_and_keep_their_order() -> None:
    route = make_route(3)
    keys = [b"%d" % (number % 10) for number in range(50)]
    groups = partitioned(route, None, [b"v"] * 50, keys, 1000) or []
    assert len(groups) == 3
    for group in groups:
        (timestamp, key, value, headers), size = group.next_record(5.5)
        assert (timestamp, value, headers, size) == (5500, b"v", None, 202)
        assert key is not None
        assert route.place(key) is group.queue


def test_a_given_partition_takes_keyed_records_as_they_are() -> None:
    route = make_route(3)
    (group,) = partitioned(route, route.queues[2], [b"a", b"b"], [b"k", b"l"], 1000) or []
    assert isinstance(group, PartitionedRecords)
    assert group.queue is route.queues[2]
