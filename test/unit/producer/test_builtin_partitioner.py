"""Where records without a key go."""

from __future__ import annotations

import pytest

from kafka.producer.builtin_partitioner import StickyPartition


def test_it_is_enough_after_batch_size_bytes() -> None:
    sticky = StickyPartition(100, lambda low, high: low)
    assert [sticky.is_enough(40) for _ in range(3)] == [False, False, True]


def test_a_draw_counts_from_zero() -> None:
    sticky = StickyPartition(100, lambda low, high: low)
    sticky.is_enough(99)
    sticky.draw([0], lambda partition: 0)
    assert not sticky.is_enough(99)


@pytest.mark.parametrize(("point", "expected"), [(0.0, 0), (0.5, 0), (1.0, 1), (3.5, 1), (4.0, 2)])
def test_the_shorter_a_queue_the_likelier_it_is(point: float, expected: int) -> None:
    # Queues of 3, 1 and 2 batches weigh 1, 3 and 2.
    sticky = StickyPartition(100, lambda low, high: point)
    assert sticky.draw([0, 1, 2], [3, 1, 2].__getitem__) == expected


def test_the_upper_end_of_the_draw_is_the_last_candidate() -> None:
    sticky = StickyPartition(100, lambda low, high: high)
    assert sticky.draw([4, 7], lambda partition: 0) == 7
