"""Which transactions hang."""

from __future__ import annotations

from kafka.admin.hanging_transactions import (
    HangingTransaction,
    OpenTransaction,
    forgotten,
    ids_to_describe,
    open_for_long,
    partitions_led,
    too_late,
    unknown_to_coordinators,
)
from kafka.admin.transaction_types import (
    PartitionProducerState,
    ProducerState,
    TransactionDescription,
    TransactionListing,
    TransactionState,
)
from kafka.protocol.messages.metadata import MetadataResponse
from kafka.structs import TopicPartition

T0, T1 = TopicPartition("t", 0), TopicPartition("t", 1)
NOW, LONGEST = 1_000_000, 60_000


def producer(number: int, *, wrote: int, start: int = 5) -> ProducerState:
    return ProducerState(
        producer_id=number,
        producer_epoch=2,
        last_sequence=0,
        last_timestamp=wrote,
        coordinator_epoch=0,
        current_transaction_start_offset=start,
    )


def description(
    *partitions: TopicPartition,
    producer_id: int = 7,
    state: TransactionState = TransactionState.ONGOING,
    start: int = NOW - LONGEST,
) -> TransactionDescription:
    return TransactionDescription(
        coordinator_id=1,
        state=state,
        producer_id=producer_id,
        producer_epoch=2,
        transaction_timeout_ms=LONGEST,
        transaction_start_time_ms=start,
        topic_partitions=frozenset(partitions),
    )


def test_open_for_long_is_what_was_not_written_to_since() -> None:
    old = producer(7, wrote=NOW - LONGEST)
    young = producer(8, wrote=NOW - LONGEST + 1)
    ended = producer(9, wrote=0, start=-1)
    partitions = {T0: PartitionProducerState([old, young, ended])}
    assert open_for_long(partitions, NOW, LONGEST) == [OpenTransaction(T0, old)]


def test_unfinished_transactions_and_owners_of_open_ones_are_described() -> None:
    listed = {
        0: [
            TransactionListing("ongoing", 1, TransactionState.ONGOING),
            TransactionListing("complete", 2, TransactionState.COMPLETE_COMMIT),
            TransactionListing("owner", 7, TransactionState.COMPLETE_ABORT),
        ],
        1: [TransactionListing("elsewhere", 3, TransactionState.PREPARE_ABORT)],
    }
    opened = [OpenTransaction(T0, producer(7, wrote=0))]
    assert ids_to_describe(listed, opened, None) == ["ongoing", "owner", "elsewhere"]
    assert ids_to_describe(listed, opened, [1]) == ["owner", "elsewhere"]


def test_transaction_that_its_coordinator_should_have_ended_is_too_late() -> None:
    assert too_late({"tx": description(T1, T0)}, NOW, LONGEST) == [
        HangingTransaction(
            transactional_id="tx",
            producer_id=7,
            producer_epoch=2,
            state="Ongoing",
            age_ms=LONGEST,
            coordinator_id=1,
            topic_partitions=[T0, T1],
        )
    ]


def test_young_transactions_are_not_too_late() -> None:
    assert too_late({"tx": description(T0, start=NOW - LONGEST + 1)}, NOW, LONGEST) == []


def test_finished_transactions_are_not_too_late() -> None:
    done = description(state=TransactionState.COMPLETE_COMMIT, start=0)
    assert too_late({"tx": done}, NOW, LONGEST) == []


def test_only_transactions_of_the_coordinators_asked_for_count() -> None:
    assert too_late({"tx": description(T0)}, NOW, LONGEST, [0]) == []
    assert len(too_late({"tx": description(T0)}, NOW, LONGEST, [1])) == 1


def test_transaction_that_nobody_knows_is_unknown_to_coordinators() -> None:
    opened = OpenTransaction(T0, producer(9, wrote=0))
    assert unknown_to_coordinators([opened], {"tx": description(T0)}) == [opened]


def test_partition_that_its_producers_transaction_does_not_reach_waits_for_nobody() -> None:
    opened = OpenTransaction(T0, producer(7, wrote=0))
    assert unknown_to_coordinators([opened], {"tx": description(T1)}) == [opened]


def test_partition_whose_marker_is_still_to_be_written_waits_for_its_coordinator() -> None:
    ending = description(T0, state=TransactionState.PREPARE_COMMIT)
    opened = OpenTransaction(T0, producer(7, wrote=0))
    assert unknown_to_coordinators([opened], {"tx": ending}) == []


def test_forgotten_transaction_is_told_without_what_only_coordinators_know() -> None:
    opened = OpenTransaction(T0, producer(9, wrote=NOW - LONGEST))
    assert forgotten([opened], NOW) == [
        HangingTransaction(
            transactional_id=None,
            producer_id=9,
            producer_epoch=2,
            state=None,
            age_ms=LONGEST,
            coordinator_id=None,
            topic_partitions=[T0],
        )
    ]


def test_partitions_are_those_of_the_leaders_asked_for() -> None:
    partition = MetadataResponse.MetadataResponsePartition
    topic = MetadataResponse.MetadataResponseTopic(
        name="t",
        partitions=[
            partition(partition_index=number, leader_id=leader)
            for number, leader in enumerate([0, 1, -1])
        ],
    )
    assert partitions_led([topic], None) == [T0, T1]
    assert partitions_led([topic], [1]) == [T1]
