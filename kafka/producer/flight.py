"""What the sender knows of batches in flight, and what it needs to send them.  PURE."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from kafka._base.backoff import ExponentialBackoff
    from kafka.producer.producer_batch import ProducerBatch, ProducerStamp
    from kafka.producer.routes import PartitionQueue


class SenderSettings(NamedTuple):
    """What the sender needs of the configuration; times in seconds, sizes in bytes."""

    acks: int
    retries: float
    backoff: ExponentialBackoff
    request_timeout: float
    max_request_size: int
    max_in_flight: int


class ProducerIds(Protocol):
    """Gives batches their producer id, epoch and sequence number when they are first sent."""

    def stamp(self, batch: ProducerBatch) -> ProducerStamp:
        """Return the stamp of *batch*: the same one each time it is sent."""


class Sent(NamedTuple):
    """A batch in flight and the queue it came from."""

    queue: PartitionQueue
    batch: ProducerBatch
