"""Write the marker that ends a transaction in one partition.  Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from kafka.errors import InvalidProducerEpochError
from kafka.record.control import ControlType

if TYPE_CHECKING:
    from kafka.testing.broker.cluster import Partition
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
        InvalidProducerEpochError: a newer epoch of the producer has written, or the same one
            although the marker's was bumped.
        TransactionCoordinatorFencedError: a newer coordinator has written a marker.
    """
    log = partition.log
    entry = log.producers.entries.get(marker.producer_id)
    if marker.is_bumped and entry is not None and marker.producer_epoch <= entry.epoch:
        raise InvalidProducerEpochError(
            f"the marker of producer {marker.producer_id} has epoch {marker.producer_epoch}, not "
            f"one after {entry.epoch}"
        )
    return log.append_marker(
        ControlType.COMMIT if marker.commit else ControlType.ABORT,
        producer_id=marker.producer_id,
        producer_epoch=marker.producer_epoch,
        coordinator_epoch=marker.coordinator_epoch,
        leader_epoch=partition.leader_epoch,
        now=at.now,
        now_ms=at.wall_ms,
    )
