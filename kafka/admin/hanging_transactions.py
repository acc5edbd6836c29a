"""Which transactions hang: open for too long, and perhaps known to nobody (KIP-664).  Pure.

A transaction that its coordinator knows is ended after its time-out, if by nobody else. One that
only a partition knows is never ended: readers of committed records wait at it for ever, until
`abort_transaction` writes the marker.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypedDict

from kafka.admin.transaction_types import TransactionState
from kafka.structs import TopicPartition

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from kafka.admin.transaction_types import (
        PartitionProducerState,
        ProducerState,
        TransactionDescription,
        TransactionListing,
    )
    from kafka.protocol.messages.metadata import MetadataResponse

UNFINISHED = frozenset(
    {
        TransactionState.ONGOING,
        TransactionState.PREPARE_COMMIT,
        TransactionState.PREPARE_ABORT,
        TransactionState.PREPARE_EPOCH_FENCE,
    }
)
"""The states of transactions whose partitions still wait for a marker."""


class HangingTransaction(TypedDict):
    """One transaction of `find_hanging_transactions`.

    The coordinator knows it, or else ``transactional_id``, ``state`` and ``coordinator_id`` are
    ``None`` and it is in one partition.
    """

    transactional_id: str | None
    producer_id: int
    producer_epoch: int
    state: str | None
    age_ms: int
    coordinator_id: int | None
    topic_partitions: list[TopicPartition]


class OpenTransaction(NamedTuple):
    """A transaction that is open in a partition.

    Attributes:
        partition: the partition.
        producer: who has written to it.
    """

    partition: TopicPartition
    producer: ProducerState


def partitions_led(
    topics: Iterable[MetadataResponse.MetadataResponseTopic], leaders: Collection[int] | None
) -> list[TopicPartition]:
    """Return the partitions of *topics* that one of *leaders* leads, or any broker at all."""
    return [
        TopicPartition(topic.name or "", found.partition_index)
        for topic in topics
        for found in topic.partitions
        if (found.leader_id >= 0 if leaders is None else found.leader_id in leaders)
    ]


def open_for_long(
    partitions: Mapping[TopicPartition, PartitionProducerState], now_ms: int, longest_ms: int
) -> list[OpenTransaction]:
    """Return what is open in *partitions* and was last written to *longest_ms* ago or earlier."""
    return [
        OpenTransaction(tp, producer)
        for tp, found in partitions.items()
        for producer in found.active_producers
        if producer.current_transaction_start_offset >= 0
        and now_ms - producer.last_timestamp >= longest_ms
    ]


def ids_to_describe(
    listed: Mapping[int, Iterable[TransactionListing]],
    open_in_partitions: Iterable[OpenTransaction],
    coordinators: Collection[int] | None,
) -> list[str]:
    """Return the transactional ids that have to be described: unfinished ones, and owners.

    Args:
        listed: what all coordinators know, by node id.
        open_in_partitions: what partitions wait for.
        coordinators: those whose unfinished transactions count; ``None`` for all.
    """
    producers = {found.producer.producer_id for found in open_in_partitions}
    return [
        found.transactional_id
        for node_id, listings in listed.items()
        for found in listings
        if found.producer_id in producers
        or (found.state in UNFINISHED and (coordinators is None or node_id in coordinators))
    ]


def too_late(
    described: Mapping[str, TransactionDescription],
    now_ms: int,
    longest_ms: int,
    coordinators: Collection[int] | None = None,
) -> list[HangingTransaction]:
    """Return the transactions that their coordinators should have ended.

    Args:
        described: what coordinators say, by transactional id.
        now_ms: the time, ms since the Unix epoch.
        longest_ms: how long a transaction may take.
        coordinators: those whose transactions count; ``None`` for all.
    """
    return [
        HangingTransaction(
            transactional_id=name,
            producer_id=found.producer_id,
            producer_epoch=found.producer_epoch,
            state=found.state.value,
            age_ms=now_ms - found.transaction_start_time_ms,
            coordinator_id=found.coordinator_id,
            topic_partitions=sorted(found.topic_partitions),
        )
        for name, found in described.items()
        if found.state in UNFINISHED
        and (coordinators is None or found.coordinator_id in coordinators)
        and found.transaction_start_time_ms >= 0
        and now_ms - found.transaction_start_time_ms >= longest_ms
    ]


def unknown_to_coordinators(
    open_in_partitions: Iterable[OpenTransaction], described: Mapping[str, TransactionDescription]
) -> list[OpenTransaction]:
    """Return what partitions wait for, and no coordinator will ever end.

    Args:
        open_in_partitions: what partitions have waited for, see `open_for_long`.
        described: what all coordinators say of `ids_to_describe`: one that is missing would make
            its transactions look like these.
    """
    # A coordinator lists a partition until the marker is written there.
    expected = {
        (found.producer_id, tp) for found in described.values() for tp in found.topic_partitions
    }
    return [
        one
        for one in open_in_partitions
        if (one.producer.producer_id, one.partition) not in expected
    ]


def forgotten(unknown: Iterable[OpenTransaction], now_ms: int) -> list[HangingTransaction]:
    """Return transactions that only a partition knows as `find_hanging_transactions` tells them."""
    return [
        HangingTransaction(
            transactional_id=None,
            producer_id=producer.producer_id,
            producer_epoch=producer.producer_epoch,
            state=None,
            age_ms=now_ms - producer.last_timestamp,
            coordinator_id=None,
            topic_partitions=[tp],
        )
        for tp, producer in unknown
    ]
