"""How far a group is behind."""

from __future__ import annotations

from kafka.admin.group_lag import committed_partitions, group_lag
from kafka.structs import OffsetAndMetadata, TopicPartition

T0, T1, T2 = (TopicPartition("t", number) for number in range(3))


def test_lag_is_what_lies_between_the_committed_offset_and_the_end() -> None:
    committed = {T0: OffsetAndMetadata(3), T1: OffsetAndMetadata(10)}
    assert group_lag(committed, {T0: 10, T1: 10}) == {T0: 7, T1: 0}


def test_lag_is_never_negative_when_the_log_is_shorter_than_what_was_committed() -> None:
    assert group_lag({T0: OffsetAndMetadata(9)}, {T0: 2}) == {T0: 0}


def test_partition_without_a_committed_offset_has_no_lag() -> None:
    assert group_lag({T0: OffsetAndMetadata(-1), T1: OffsetAndMetadata()}, {T0: 5, T1: 5}) == {
        T0: None,
        T1: None,
    }


def test_partition_whose_end_is_not_known_is_left_out() -> None:
    assert group_lag({T0: OffsetAndMetadata(1), T1: OffsetAndMetadata(1)}, {T1: 2}) == {T1: 1}


def test_ends_are_asked_once_of_what_some_group_has_committed() -> None:
    committed = {
        "g": {T0: OffsetAndMetadata(1), T1: OffsetAndMetadata(-1)},
        "h": {T0: OffsetAndMetadata(2), T2: OffsetAndMetadata(0)},
    }
    assert committed_partitions(committed) == [T0, T2]
