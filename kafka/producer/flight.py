"""What the sender knows of batches in flight, and what it needs to send them.  PURE."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

    from kafka._base.backoff import ExponentialBackoff
    from kafka.errors import KafkaError
    from kafka.producer.produce import SentBatches
    from kafka.producer.producer_batch import ProducerBatch, ProducerStamp
    from kafka.producer.routes import PartitionQueue
    from kafka.protocol.messages.produce import ProduceResponse


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


class Flight:
    """A Produce request that was written, and who takes the answer in the step it comes in.

    Args:
        node_id: the broker it went to.
        sent: the batches it was made for.
        flying: those of them that are in it.
        batches: what reads the answer.
        land: called once, with this and the answer, or the error if there is none.
    """

    __slots__ = ("_land", "batches", "flying", "node_id", "sent")

    def __init__(
        self,
        node_id: int,
        sent: list[Sent],
        *,
        flying: list[Sent],
        batches: SentBatches,
        land: Callable[[Flight, ProduceResponse | KafkaError], None],
    ) -> None:
        self.node_id = node_id
        self.sent = sent
        self.flying = flying
        self.batches = batches
        self._land: Callable[[Flight, ProduceResponse | KafkaError], None] | None = land

    def done(self) -> bool:
        """Return whether the answer has been taken."""
        return self._land is None

    def set_result(self, result: ProduceResponse, /) -> None:
        """Take the response."""
        self._end(result)

    def set_exception(self, exception: KafkaError, /) -> None:
        """Take note that there will be none."""
        self._end(exception)

    def _end(self, answer: ProduceResponse | KafkaError) -> None:
        land, self._land = self._land, None
        if land is not None:
            land(self, answer)
