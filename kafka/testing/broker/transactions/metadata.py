"""One transactional id: its producer id and epochs, its state, its partitions.  Pure.

The moves are those of Kafka's TransactionMetadata without the pending ones: here a move is complete
when it is made, so PrepareEpochFence is never seen, and an id that expired is forgotten at once.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, NamedTuple

from kafka._base.transitions import Transitions

if TYPE_CHECKING:
    from kafka.structs import TopicPartition

NO_PRODUCER_ID = -1
NO_EPOCH = -1
NO_TIMESTAMP = -1
# The largest epoch but one: the last that a producer is given, since fencing takes one more.
EXHAUSTED_EPOCH = (1 << 15) - 2


class TransactionState(Enum):
    """The state of a transactional id, by the name in DescribeTransactions."""

    EMPTY = "Empty"
    ONGOING = "Ongoing"
    PREPARE_COMMIT = "PrepareCommit"
    PREPARE_ABORT = "PrepareAbort"
    COMPLETE_COMMIT = "CompleteCommit"
    COMPLETE_ABORT = "CompleteAbort"


_S = TransactionState

PREPARED = frozenset((_S.PREPARE_COMMIT, _S.PREPARE_ABORT))
COMPLETED = frozenset((_S.COMPLETE_COMMIT, _S.COMPLETE_ABORT))

# A transaction without partitions can be aborted by a producer that speaks TV2 (KIP-890), hence the
# moves to PREPARE_ABORT from states in which nothing is open.
TRANSACTION_TRANSITIONS = Transitions(
    {
        _S.EMPTY: (_S.EMPTY, _S.ONGOING, _S.PREPARE_ABORT),
        _S.ONGOING: (_S.ONGOING, _S.PREPARE_COMMIT, _S.PREPARE_ABORT),
        _S.PREPARE_COMMIT: (_S.COMPLETE_COMMIT,),
        _S.PREPARE_ABORT: (_S.COMPLETE_ABORT,),
        _S.COMPLETE_COMMIT: (_S.EMPTY, _S.ONGOING, _S.PREPARE_ABORT),
        _S.COMPLETE_ABORT: (_S.EMPTY, _S.ONGOING, _S.PREPARE_ABORT),
    }
)


class Moment(NamedTuple):
    """The time of an input.

    Attributes:
        now: the cluster's monotonic time in seconds, for deadlines.
        wall_ms: Unix time in milliseconds, for answers to clients.
    """

    now: float
    wall_ms: int


@dataclass(slots=True, eq=False)
class TransactionMetadata:
    """The coordinator's state of one transactional id.

    Attributes:
        last_epoch: the epoch before the last bump, if its holder may retry the request that bumped
            it (KIP-360); else -1.
        previous_producer_id: the id whose epochs were used up, or -1.
        next_producer_id: the id that takes over when the transaction is complete, or -1.
        started_ms: Unix time of the first partition of the transaction, or -1.
        deadline: when an open transaction times out, in the cluster's monotonic seconds.
        waiting: partitions whose marker is still to be written.
        updated_at: monotonic time of the last move.
    """

    transactional_id: str
    producer_id: int
    epoch: int = NO_EPOCH
    last_epoch: int = NO_EPOCH
    previous_producer_id: int = NO_PRODUCER_ID
    next_producer_id: int = NO_PRODUCER_ID
    timeout_ms: int = 0
    state: TransactionState = _S.EMPTY
    partitions: set[TopicPartition] = field(default_factory=set)
    waiting: set[TopicPartition] = field(default_factory=set)
    started_ms: int = NO_TIMESTAMP
    deadline: float = 0.0
    updated_at: float = 0.0

    @property
    def is_exhausted(self) -> bool:
        """Whether the producer id has no epoch left to give."""
        return self.epoch >= EXHAUSTED_EPOCH

    def move(self, new: TransactionState, at: Moment) -> None:
        """Go to another state."""
        self.state = TRANSACTION_TRANSITIONS.step(self.state, new)
        self.updated_at = at.now

    def initialize(self, producer_id: int, epoch: int, last_epoch: int, at: Moment) -> None:
        """Give the transactional id to a producer."""
        self.move(_S.EMPTY, at)
        if producer_id != self.producer_id:
            self.previous_producer_id = self.producer_id
        self.producer_id, self.epoch, self.last_epoch = producer_id, epoch, last_epoch
        self.partitions.clear()
        self.started_ms = NO_TIMESTAMP

    def add(self, partitions: frozenset[TopicPartition], at: Moment) -> None:
        """Add partitions to the transaction; the first ones open it."""
        if self.state is not _S.ONGOING:
            self.started_ms = at.wall_ms
            self.deadline = at.now + self.timeout_ms / 1000
        self.move(_S.ONGOING, at)
        self.partitions |= partitions

    def prepare(self, new: TransactionState, epoch: int, last_epoch: int, at: Moment) -> None:
        """Decide how the transaction ends; its markers carry *epoch*."""
        if self.state is not _S.ONGOING:
            self.started_ms = at.wall_ms
        self.move(new, at)
        self.epoch, self.last_epoch = epoch, last_epoch
        self.waiting = set(self.partitions)

    def complete(self, at: Moment) -> None:
        """End the transaction; every marker is written."""
        committed = self.state is _S.PREPARE_COMMIT
        self.move(_S.COMPLETE_COMMIT if committed else _S.COMPLETE_ABORT, at)
        self.partitions.clear()
        self.waiting.clear()
        if self.next_producer_id != NO_PRODUCER_ID:
            self.previous_producer_id = self.producer_id
            self.producer_id, self.next_producer_id = self.next_producer_id, NO_PRODUCER_ID
            self.epoch = 0

    def __repr__(self) -> str:
        return (
            f"<TransactionMetadata {self.transactional_id} {self.state.name} "
            f"producer={self.producer_id}/{self.epoch} partitions={len(self.partitions)}>"
        )
