"""Write the marker that ends a transaction in one partition.  Pure.

A partition of __consumer_offsets is not stored as a log, but refuses markers as one does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from kafka.record.control import ControlType

if TYPE_CHECKING:
    from kafka.testing.broker.cluster import Partition
    from kafka.testing.broker.groups.offsets import OffsetStore
    from kafka.testing.broker.producers import ProducerStates
    from kafka.testing.broker.transactions.metadata import Moment


class Marker(NamedTuple):
    """The content of a marker.

    Attributes:
        is_bumped: the epoch is newer than that of the records, as with TV2 (KIP-890).
    """

    producer_id: int
    producer_epoch: int
    coordinator_epoch: int
    commit: bool
    is_bumped: bool = False


def write_marker(partition: Partition, marker: Marker, at: Moment) -> int:
    """Append a marker to a partition's log and return its offset.

    Raises:
        BrokerResponseError: see `ProducerStates.check_marker`.
    """
    _check(partition.log.producers, marker)
    return partition.log.append_marker(
        ControlType.COMMIT if marker.commit else ControlType.ABORT,
        producer_id=marker.producer_id,
        producer_epoch=marker.producer_epoch,
        coordinator_epoch=marker.coordinator_epoch,
        leader_epoch=partition.leader_epoch,
        now=at.now,
        now_ms=at.wall_ms,
    )


def end_offsets(offsets: OffsetStore, slot: int, marker: Marker, at: Moment) -> None:
    """End a transaction in the groups whose offsets one partition of __consumer_offsets holds.

    Raises:
        BrokerResponseError: see `ProducerStates.check_marker`.
    """
    producers = offsets.producers_of(slot)
    _check(producers, marker)
    producers.end_transaction(
        marker.producer_id,
        marker.producer_epoch,
        marker.coordinator_epoch,
        timestamp=at.wall_ms,
        now=at.now,
    )
    offsets.complete(slot, marker.producer_id, commit=marker.commit)


def _check(producers: ProducerStates, marker: Marker) -> None:
    producers.check_marker(
        marker.producer_id,
        marker.producer_epoch,
        marker.coordinator_epoch,
        is_bumped=marker.is_bumped,
    )
