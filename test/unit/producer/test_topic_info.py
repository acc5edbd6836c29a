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


def with_queues(*lengths: int, adaptive: bool, point: float) -> TopicInfo:
    """Return a topic whose partitions have so many batches each, and whose next draw is *point*."""
    route = TopicInfo(
        "t", batch_size=100, limit=1000, adaptive=adaptive, uniform=lambda low, high: point * high
    )
    route.update(len(lengths), ())
    for queue, length in zip(route.queues, lengths, strict=True):
        queue.in_flight = length
    return route


def drawn(route: TopicInfo) -> int:
    """Return the partition that follows when the present one has got enough."""
    route.on_batch_sealed(route.sticky, 100)
    return route.sticky.topic_partition.partition


@pytest.mark.parametrize(
    ("adaptive", "found"),
    # Weights of 1, 4 and 4 of 9: the longest queue has three batches.
    [(True, [0, 1, 1, 1, 1, 2, 2, 2, 2]), (False, [0, 0, 0, 1, 1, 1, 2, 2, 2])],
)
def test_short_queues_are_drawn_more_often_if_that_is_wanted(
    adaptive: bool, found: list[int]
) -> None:
    points = [(n + 0.5) / 9 for n in range(9)]
    assert [drawn(with_queues(3, 0, 0, adaptive=adaptive, point=p)) for p in points] == found


def test_another_partition_is_drawn_after_the_bytes_of_a_batch_and_not_before() -> None:
    points = iter([0.0, 0.9])
    route = TopicInfo(
        "t", batch_size=100, limit=1000, uniform=lambda low, high: next(points) * high
    )
    route.update(2, (0, 1))
    first, second = route.queues
    route.on_batch_sealed(first, 60)
    route.on_batch_sealed(second, 500)  # of records with keys
    assert route.sticky is first
    route.on_batch_sealed(first, 40)
    assert route.sticky is second


def test_avoided_partitions_are_left_at_once_and_drawn_no_more() -> None:
    route = make(3, (0, 1, 2))
    route.update(3, (0, 1, 2), frozenset({0, 1}))
    assert route.sticky is route.queues[2]
    assert drawn(route) == 2
    route.update(3, (0, 1, 2))
    assert drawn(route) == 0


def test_every_key_goes_where_keyless_records_go_if_keys_are_ignored() -> None:
    route = TopicInfo("t", batch_size=100, limit=1000, uniform=max, ignores_keys=True)
    route.update(2, (0,))
    assert route.keyed[b"any"] is route.sticky is route.queues[0]
    route.update(3, (2,))
    assert route.keyed[b"any"] is route.sticky is route.queues[2]
    assert len(route.keyed) == 0
