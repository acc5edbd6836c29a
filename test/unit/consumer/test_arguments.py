"""What users pass to a consumer."""

from __future__ import annotations

import pytest

from kafka.consumer.arguments import (
    assigned,
    one_or_many,
    search_times,
    seek_target,
    seekable,
)
from kafka.errors import IllegalStateError, KafkaError, SeekError, UnassignedPartitionError
from kafka.structs import OffsetAndMetadata, TopicPartition
from kafka.subscription import Assignment

A0 = TopicPartition("a", 0)


def test_times_become_whole_milliseconds() -> None:
    assert search_times({A0: 1.5}) == {A0: 1}  # type: ignore[dict-item]


@pytest.mark.parametrize("times", [None, [A0], {A0: None}, {A0: "1"}, {A0: True}, {"a": 1}])
def test_times_of_another_type_are_a_type_error_that_says_so(times: object) -> None:
    with pytest.raises(TypeError, match=r"timestamps must be|target time|partitions must be"):
        search_times(times)  # type: ignore[arg-type]


@pytest.mark.parametrize("time", [-1, 2**63, float("nan"), float("inf")])
def test_time_the_protocol_cannot_say_is_a_value_error(time: float) -> None:
    with pytest.raises(ValueError, match="target time"):
        search_times({A0: time})  # type: ignore[dict-item]


@pytest.mark.parametrize("offset", ["x", "1", None, True, 1.0, OffsetAndMetadata(None, "", -1)])
def test_offset_of_another_type_is_a_type_error_that_says_so(offset: object) -> None:
    with pytest.raises(TypeError, match="offset must be an int"):
        seek_target(offset)


# What kafka-python 3.x and 2.x raise, and what both are.
@pytest.mark.parametrize("kind", [ValueError, AssertionError, SeekError, KafkaError])
class TestSeek:
    def test_negative_offset_is_an_error(self, kind: type[Exception]) -> None:
        with pytest.raises(kind, match="offset must be an int >= 0"):
            seek_target(-1)

    def test_partition_that_is_not_assigned_is_an_error(self, kind: type[Exception]) -> None:
        with pytest.raises(kind, match="Unassigned partition: a-0"):
            seekable(Assignment((), 1), (A0,))

    def test_all_partitions_of_none_is_an_error(self, kind: type[Exception]) -> None:
        with pytest.raises(kind, match="No partitions are currently assigned"):
            seekable(Assignment((), 1), ())


# -- commits ---------------------------------------------------------------------------------


def test_one_partition_may_stand_for_itself() -> None:
    assert one_or_many(A0) == one_or_many([A0]) == (A0,)


@pytest.mark.parametrize("partition", [("t", 0), "t", 3, None])
def test_partition_of_a_wrong_type_is_refused(partition: object) -> None:
    with pytest.raises(TypeError):
        one_or_many(partition)  # type: ignore[arg-type] # what is tested


# kafka-python 3.x: IllegalStateError from position() and highwater(), KeyError from pause() and
# resume(); 2.x: AssertionError and KeyError.
@pytest.mark.parametrize("kind", [IllegalStateError, AssertionError, KeyError, ValueError])
def test_unassigned_partition_is_the_error_of_every_line_of_kafka_python(
    kind: type[Exception],
) -> None:
    with pytest.raises(kind) as raised:
        assigned(Assignment((), 1), A0)
    assert raised.type is UnassignedPartitionError
    assert str(raised.value) == (
        "UnassignedPartitionError: Unassigned partition: a-0; assignment() returns those that are"
    )


@pytest.mark.parametrize("partition", ["a", ("a", 0), TopicPartition("a", None), None])
def test_partition_of_another_type_is_a_type_error(partition: object) -> None:
    with pytest.raises(TypeError, match="TopicPartition namedtuples"):
        assigned(Assignment((), 1), partition)  # type: ignore[arg-type]
