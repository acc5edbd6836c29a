"""The values that methods of transactions take and tell (KIP-664).  Pure."""

from __future__ import annotations

from enum import StrEnum, unique
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from kafka.structs import TopicPartition


@unique
class TransactionState(StrEnum):
    """The states of a transaction, by the names that brokers use."""

    EMPTY = "Empty"
    ONGOING = "Ongoing"
    PREPARE_COMMIT = "PrepareCommit"
    PREPARE_ABORT = "PrepareAbort"
    COMPLETE_COMMIT = "CompleteCommit"
    COMPLETE_ABORT = "CompleteAbort"
    DEAD = "Dead"
    PREPARE_EPOCH_FENCE = "PrepareEpochFence"
    UNKNOWN = "Unknown"


class TransactionListing(NamedTuple):
    """One transactional id, as its coordinator lists it.

    Args:
        transactional_id: the id.
        producer_id: of the producer that has it.
        state: of its transaction.
    """

    transactional_id: str
    producer_id: int
    state: TransactionState


class TransactionDescription(NamedTuple):
    """One transactional id, as its coordinator describes it.

    Args:
        coordinator_id: node id of the coordinator.
        state: of its transaction.
        producer_id: of the producer that has the id.
        producer_epoch: the epoch of that producer.
        transaction_timeout_ms: after which the coordinator aborts the transaction.
        transaction_start_time_ms: when it began, ms since the Unix epoch; -1 without one.
        topic_partitions: the partitions that take part in it.
    """

    coordinator_id: int
    state: TransactionState
    producer_id: int
    producer_epoch: int
    transaction_timeout_ms: int
    transaction_start_time_ms: int
    topic_partitions: frozenset[TopicPartition]


class ProducerState(NamedTuple):
    """One producer, as the leader of a partition remembers it.

    Args:
        producer_id: its id.
        producer_epoch: its epoch.
        last_sequence: of the last record it wrote, -1 if that is not known.
        last_timestamp: of its last batch, ms since the Unix epoch.
        coordinator_epoch: of the coordinator that ended its last transaction, -1 before.
        current_transaction_start_offset: where its open transaction begins, -1 without one.
    """

    producer_id: int
    producer_epoch: int
    last_sequence: int
    last_timestamp: int
    coordinator_epoch: int
    current_transaction_start_offset: int


class PartitionProducerState(NamedTuple):
    """The producers of one partition."""

    active_producers: list[ProducerState]


class AbortTransactionSpec(NamedTuple):
    """The transaction of one partition that `abort_transaction` is to abort.

    Args:
        topic_partition: the partition.
        producer_id: of the producer.
        producer_epoch: its epoch.
        coordinator_epoch: of the coordinator that wrote its last marker, -1 if there was none; see
            `ProducerState`.
    """

    topic_partition: TopicPartition
    producer_id: int
    producer_epoch: int
    coordinator_epoch: int = -1
