"""Where a batch is on its way, how it ended, and who hears of it.  PURE."""

from __future__ import annotations

from enum import Enum, unique
from typing import TYPE_CHECKING, NamedTuple, Protocol

from kafka._base.transitions import Transitions

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from contextlib import AbstractContextManager

    from kafka.errors import KafkaError
    from kafka.producer.producer_batch import ProducerBatch
    from kafka.structs import RecordMetadata

Callback = tuple[int, "Callable[[RecordMetadata | None, KafkaError | None], None]", bool]
"""Index of the record, what to call, whether it looks at failures."""


@unique
class BatchState(Enum):
    """Where a batch is on its way."""

    OPEN = "open"
    SEALED = "sealed"
    ENCODED = "encoded"
    IN_FLIGHT = "in flight"
    DONE = "done"


BATCH_TRANSITIONS: Transitions[BatchState] = Transitions(
    {
        BatchState.OPEN: {BatchState.SEALED, BatchState.DONE},
        BatchState.SEALED: {BatchState.ENCODED, BatchState.DONE},
        BatchState.ENCODED: {BatchState.SEALED, BatchState.IN_FLIGHT, BatchState.DONE},
        BatchState.IN_FLIGHT: {BatchState.ENCODED, BatchState.DONE},
        BatchState.DONE: (),
    }
)


class ProducerStamp(NamedTuple):
    """Who wrote a batch, and as which of its batches (KIP-98); -1 without idempotence."""

    producer_id: int = -1
    producer_epoch: int = -1
    base_sequence: int = -1
    transactional: bool = False


NO_STAMP = ProducerStamp()


class Outcome(NamedTuple):
    """How a batch ended.

    Args:
        base_offset: offset of the first record, -1 if unknown (``acks=0``).
        timestamp: ms since the epoch, put on all records by the broker; -1 for none.
        error: why the batch failed, ``None`` if it did not.
        record_errors: the records a broker named as the cause (KIP-467), by index.
    """

    base_offset: int = -1
    timestamp: int = -1
    error: KafkaError | None = None
    record_errors: Mapping[int, KafkaError] = {}


class Home(Protocol):
    """What a batch and its futures need of the producer they belong to."""

    @property
    def lock(self) -> AbstractContextManager[object]:
        """The lock of the border."""

    wait_timeout: float

    def check_may_wait(self) -> None:
        """Raise if waiting in this thread would stop what is waited for."""

    @property
    def on_callback_added(self) -> Callable[[ProducerBatch], object]:
        """Called, with the lock held, when a batch gets a callback to keep until its outcome."""

    def expect_callbacks(self) -> None:
        """Get ready to run callbacks; called in the thread that adds one."""

    def run_now(self, batch: ProducerBatch, callback: Callback) -> None:
        """Call *callback*, which came after the outcome, in this thread."""
