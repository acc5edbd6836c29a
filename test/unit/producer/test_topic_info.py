"""What send() knows of a topic."""

from __future__ import annotations

import pytest

from kafka.partitioner.hashing import murmur2
from kafka.producer.topic_info import TopicInfo


def make(partitions: int, available: tuple[int, ...] = ()) -> TopicInfo:
    route = TopicInfo("t", batch_size=100, limit=1000, uniform=lambda low, high: low)
    route.update(partitions, available)
    return route


def test_keyless_records_go_to_a_partition_with_a_leader() -> None:
    assert make(3, (2,)).sticky.topic_partition.partition == 2


def test_keyless_records_go_somewhere_while_there_is_no_leader() -> None:
    assert make(3).sticky is not None


def test_keyless_records_leave_a_partition_that_lost_its_leader() -> None:
    route = make(3, (0, 1, 2))
    route.update(3, (1, 2))
    assert route.sticky.topic_partition.partition == 1


def test_queues_survive_an_update() -> None:
    route = make(2, (0, 1))
    before = list(route.queues)
    route.update(3, (0, 1, 2))
    assert route.queues[:2] == before
    assert len(route.queues) == 3


def test_a_partition_that_comes_back_has_the_queue_it_had() -> None:
    route = make(3, (0, 1, 2))
    before = list(route.queues)
    route.update(1, (0,))
    assert len(route.queues) == 1
    route.update(3, (0, 1, 2))
    assert route.queues == before


def test_batches_of_a_topic_that_compresses_well_grow() -> None:
    route = make(1)
    before = route.queues[0].limit
    for _ in range(50):
        route.learn(1000, 100)
    assert route.queues[0].limit == pytest.approx(before / 0.75, abs=2)


def test_one_badly_compressed_batch_shrinks_the_next_ones_at_once() -> None:
    route = make(1)
    for _ in range(100):
        route.learn(1000, 100)
    route.learn(1000, 1000)
    assert route.queues[0].limit == 1000


@pytest.mark.parametrize("key", [b"", b"key", b"k" * 128, b"k" * 129])
def test_keyed_records_go_where_the_java_client_sends_them(key: bytes) -> None:
    route = make(7)
    expected = (murmur2(key) & 0x7FFFFFFF) % 7
    assert [route.place(key).topic_partition.partition for _ in range(2)] == [expected] * 2


def test_remembered_keys_are_placed_anew_when_partitions_are_added() -> None:
    route = make(1)
    before = {key: route.place(key) for key in (b"%d" % n for n in range(50))}
    route.update(5, ())
    found = {route.place(key).topic_partition.partition for key in before}
    assert found == set(range(5))


def test_few_keys_are_remembered_and_no_long_ones() -> None:
    route = make(2)
    for number in range(20_000):
        route.place(b"%d" % number)
    assert 0 < len(route.keyed) <= 16_384
    route.place(b"k" * 129)
    assert b"k" * 129 not in route.keyed
