"""Where a double of a consumer is in its partitions."""

from __future__ import annotations

import pytest

from kafka.consumer.rejected_records import RejectedRecords
from kafka.errors import (
    NoOffsetForPartitionError,
    OffsetOutOfRangeError,
    RecordDeserializationError,
)
from kafka.structs import OffsetAndMetadata, TopicPartition
from kafka.testing.mock_log import Deserializers, MockLog, made_record
from kafka.testing.mock_reader import MockReader

TP = TopicPartition("t", 0)
OTHER = TopicPartition("t", 1)


class Stage:
    """A reader of a log."""

    def __init__(self, policy: str = "latest", rejected: str = "raise") -> None:
        self.log = MockLog()
        deserializers = Deserializers(
            None, lambda _topic, _headers, data: int(data), RejectedRecords(rejected)
        )
        self.reader = MockReader(self.log, deserializers, policy)

    def add(self, *values: bytes, tp: TopicPartition = TP) -> None:
        for value in values:
            self.log.add(made_record(tp, self.log.end(tp), 0, None, value, []))

    def values(self, *partitions: TopicPartition, limit: int = 10) -> list[object]:
        found = self.reader.read(partitions, limit)
        for tp, pairs in found.items():
            self.reader.count(pairs[-1][1], tp)
        return [record.value for pairs in found.values() for _, record in pairs]


@pytest.mark.parametrize(
    ("policy", "expected"), [("latest", [1, 2]), ("earliest", [0, 1, 2]), ("none", None)]
)
def test_the_policy_says_where_a_new_partition_starts(
    policy: str, expected: list[object] | None
) -> None:
    stage = Stage(policy)
    stage.add(b"0")
    stage.reader.settle([TP])
    stage.add(b"1", b"2")
    if expected is None:
        with pytest.raises(NoOffsetForPartitionError):
            stage.values(TP)
    else:
        assert stage.values(TP) == expected


def test_partitions_that_stay_keep_their_start_and_position() -> None:
    stage = Stage()
    stage.reader.settle([TP, OTHER])
    stage.add(b"0", b"1")
    stage.add(b"7", tp=OTHER)
    assert stage.values(TP, limit=1) == [0]
    stage.reader.settle([TP, OTHER])
    assert stage.values(TP, OTHER) == [1, 7]


def test_partitions_that_come_back_start_anew() -> None:
    stage = Stage()
    stage.reader.settle([TP])
    stage.add(b"0", b"1")
    stage.reader.settle([])
    stage.reader.settle([TP])
    assert stage.reader.position(TP) == 2


def test_a_committed_offset_comes_before_the_policy() -> None:
    stage = Stage("none")
    stage.add(b"0", b"1")
    stage.reader.settle([TP])
    stage.reader.committed[TP] = OffsetAndMetadata(1, "", -1)
    assert stage.values(TP) == [1]
    assert stage.reader.positions() == {TP: OffsetAndMetadata(2, "", -1)}


def test_a_position_that_does_not_exist_is_reset_by_the_policy() -> None:
    stage = Stage()
    stage.reader.settle([TP])
    stage.add(b"0", b"1")
    stage.reader.seek(TP, 99)
    assert stage.reader.position(TP) == 2
    strict = Stage("none")
    strict.reader.seek(TP, 99)
    with pytest.raises(OffsetOutOfRangeError, match="99"):
        strict.reader.position(TP)


def test_a_start_is_never_before_the_beginning() -> None:
    stage = Stage()
    stage.reader.settle([TP])
    stage.add(b"0", b"1")
    stage.log.beginnings[TP] = 1
    assert stage.values(TP) == [1]


def test_a_new_end_moves_the_start_until_something_is_added() -> None:
    stage = Stage()
    stage.reader.settle([TP, OTHER])
    stage.add(b"0", tp=OTHER)
    stage.reader.set_ends({TP: 5, OTHER: 5})
    assert (stage.reader.position(TP), stage.reader.position(OTHER)) == (5, 0)


def test_the_limit_is_that_of_all_partitions() -> None:
    stage = Stage()
    stage.reader.settle([TP, OTHER])
    stage.add(b"0", b"1")
    stage.add(b"2", b"3", tp=OTHER)
    assert stage.values(TP, OTHER, limit=3) == [0, 1, 2]
    assert stage.values(TP, OTHER, limit=3) == [3]


def test_records_come_before_the_error_behind_them() -> None:
    stage = Stage()
    stage.reader.settle([TP, OTHER])
    stage.add(b"0", b"wrong", b"2")
    assert stage.values(TP) == [0]
    assert isinstance(stage.reader.health(TP, paused=False).error, RecordDeserializationError)
    stage.add(b"7", tp=OTHER)
    assert stage.values(TP, OTHER) == [7]
    with pytest.raises(RecordDeserializationError):
        stage.values(TP, OTHER)
    stage.reader.seek(TP, 2)
    assert stage.values(TP) == [2]


def test_position_moves_over_what_was_skipped_behind_a_record() -> None:
    stage = Stage(rejected="skip")
    stage.reader.settle([TP, OTHER])
    stage.add(b"0", b"wrong", b"wrong", b"3")
    assert stage.values(TP, limit=2) == [0]
    assert stage.reader.position(TP) == 2
    assert stage.values(TP) == [3]


@pytest.mark.parametrize(
    ("policy", "paused", "expected"),
    [
        ("latest", False, ("fetching", None, 0, 1)),
        ("latest", True, ("fetching", "paused by the application", 0, 1)),
        ("none", False, ("initializing", "has an error that the next poll raises", None, None)),
    ],
)
def test_health_is_that_of_a_consumer_that_reads(
    policy: str, paused: bool, expected: tuple[object, ...]
) -> None:
    stage = Stage(policy)
    stage.reader.settle([TP])
    stage.add(b"0")
    health = stage.reader.health(TP, paused=paused)
    assert (health.state, health.reason, health.position, health.lag) == expected
