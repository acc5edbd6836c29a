"""What the sender knows of batches in flight, and what it needs to send them.  PURE."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

    from kafka._base.backoff import ExponentialBackoff
    from kafka.cluster import ClusterSnapshot
    from kafka.errors import KafkaError
    from kafka.producer.producer_batch import ProducerBatch, ProducerStamp
    from kafka.producer.topic_info import PartitionQueue
    from kafka.protocol.messages.produce import ProduceResponse
    from kafka.protocol.produce_stencil import Accepted

    Landing = ProduceResponse | Accepted | KafkaError


class SenderSettings(NamedTuple):
    """What the sender needs of the configuration; times in seconds, sizes in bytes."""

    client_id: str | None
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


class Flight:
    """A Produce request that was written, and who takes the answer in the step it comes in.

    Args:
        node_id: the broker it went to.
        sent: the batches it was made for.
        flying: those of them that are in it.
        snapshot: what the cluster was like then.
        land: called with this and the answer, or the error if there is none.

    Attributes:
        land: ``None`` once the answer has been taken: whoever takes it says so, where nothing that
            is raised from then on is lost.
    """

    __slots__ = ("flying", "land", "node_id", "sent", "snapshot")

    def __init__(
        self,
        node_id: int,
        sent: list[Sent],
        *,
        flying: list[Sent],
        snapshot: ClusterSnapshot,
        land: Callable[[Flight, Landing], None],
    ) -> None:
        self.node_id = node_id
        self.sent = sent
        self.flying = flying
        self.snapshot = snapshot
        self.land: Callable[[Flight, Landing], None] | None = land

    def done(self) -> bool:
        """Return whether the answer has been taken."""
        return self.land is None

    def set_result(self, result: ProduceResponse | Accepted, /) -> None:
        """Take the response."""
        if self.land is not None:
            self.land(self, result)

    def set_exception(self, exception: KafkaError, /) -> None:
        """Take note that there will be none."""
        if self.land is not None:
            self.land(self, exception)
