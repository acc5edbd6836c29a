"""Which partitions may join a transaction of TV2 by what is written now."""

from __future__ import annotations

from kafka.producer.joining_partitions import JoiningPartitions
from kafka.producer.topic_info import PartitionQueue, TopicInfo
from kafka.structs import TopicPartition


class Story:
    """Partitions 0 and 1 are led by node 0, partition 2 by node 1."""

    def __init__(self) -> None:
        self.acked: set[TopicPartition] = set()
        self.joining = JoiningPartitions(self.acked.__contains__)
        info = TopicInfo("t", batch_size=1000, limit=1000, uniform=max)
        self.queues = [PartitionQueue(info, number, 1000) for number in range(3)]

    def may_drain(self, number: int) -> bool:
        return self.joining.may_drain(self.queues[number], lambda tp: tp.partition // 2)

    def write(self, *numbers: int) -> None:
        for number in numbers:
            assert self.may_drain(number)
        for number in numbers:
            self.queues[number].in_flight += 1

    def answer(self, number: int, *, good: bool = True) -> None:
        self.queues[number].in_flight -= 1
        if good:
            self.acked.add(self.queues[number].topic_partition)


def test_partitions_of_one_request_join_together() -> None:
    story = Story()
    story.write(0, 1)


def test_another_partition_of_the_leader_waits_for_the_answer() -> None:
    story = Story()
    story.write(0)
    assert not story.may_drain(1)
    story.answer(0)
    assert story.may_drain(1)


def test_the_next_batch_of_a_partition_that_joins_waits_too() -> None:
    story = Story()
    story.write(0)
    assert not story.may_drain(0)
    story.answer(0)
    story.write(0)
    assert story.may_drain(0)


def test_another_leader_is_not_waited_for() -> None:
    story = Story()
    story.write(0)
    assert story.may_drain(2)


def test_a_partition_that_has_joined_waits_for_none() -> None:
    story = Story()
    story.write(0)
    story.answer(0)
    story.write(1)
    assert story.may_drain(0)


def test_a_bad_answer_holds_nothing_up() -> None:
    story = Story()
    story.write(0)
    story.answer(0, good=False)
    story.write(1)
    assert not story.may_drain(0)


def test_what_another_transaction_has_in_flight_does_not_count() -> None:
    story = Story()
    story.write(0)
    story.joining.clear()
    assert story.may_drain(1)
