"""Number the batches of an idempotent producer, partition by partition (KIP-98, KIP-360).  Pure.

A broker stores a batch only if its number follows the last one of the same producer id and epoch in
the partition, and recognises the last five when they come again. `Sequences` gives the numbers as
`ProducerStamp`, knows which of them have no outcome yet, and decides what an error means for them.
It knows nothing of transactions and not how a producer id is obtained.

A number is *open* from the moment it was given until its batch is acknowledged or has failed. A
partition with a failed batch has a gap: the broker may wait for a number that never comes. The gap
closes if the broker takes a later number; otherwise the partition starts afresh with the next epoch
once nothing of it is open or in flight. Other partitions finish with the epoch that they have.
"""

from __future__ import annotations

from collections import deque
from enum import Enum, unique
from typing import TYPE_CHECKING, Final, NamedTuple

from kafka._base.transitions import Transitions
from kafka.errors import (
    InvalidProducerEpochError,
    OutOfOrderSequenceNumberError,
    UnknownProducerIdError,
)
from kafka.errors.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kafka.errors import KafkaError
    from kafka.structs import TopicPartition

# A broker recognises so many batches of a producer when they come again.
MOST_OPEN: Final = 5
LAST_EPOCH: Final = 32_767
_SEQUENCE_MASK: Final = (1 << 31) - 1
# A number is behind another one if the way forward from it is shorter than this.
_HALF: Final = 1 << 30


class ProducerIdentity(NamedTuple):
    """What a broker knows a producer by: its id and the epoch of that id."""

    producer_id: int
    epoch: int


class ProducerStamp(NamedTuple):
    """Who wrote a batch, and as which of its batches (KIP-98); -1 without idempotence."""

    producer_id: int = -1
    producer_epoch: int = -1
    base_sequence: int = -1
    transactional: bool = False


NO_STAMP: Final = ProducerStamp()


@unique
class NumberState(Enum):
    """What is known of the numbers that a partition has got."""

    RUNNING = "running"
    """Each one follows the last that the broker has taken, or will take."""
    GAP = "gap"
    """A batch failed: the broker may lack its numbers, and refuse the next ones."""
    REFUSED = "refused"
    """The broker refuses the lowest open number: all open ones are given anew, in a new epoch."""


NUMBER_TRANSITIONS: Final = Transitions(
    {
        NumberState.RUNNING: (NumberState.GAP, NumberState.REFUSED),
        NumberState.GAP: (NumberState.RUNNING, NumberState.GAP, NumberState.REFUSED),
        NumberState.REFUSED: (NumberState.RUNNING, NumberState.REFUSED),
    }
)


def sequence_after(sequence: int, count: int) -> int:
    """Return the number that follows *count* records from *sequence* on; 0 follows 2147483647."""
    return (sequence + count) & _SEQUENCE_MASK


class PartitionSequences:
    """The numbers of one partition.

    Attributes:
        identity: whom the open numbers belong to.
        next: the number of the next record.
        open: the stamps without an outcome, lowest first; all of *identity*.
        acked: the number after the highest one that a broker has taken; -1 for none.
        last_offset: offset of that record; -1 if it is not known.
        state: see `NumberState`.
        is_known: whether the broker knows the producer id, as far as can be told.
    """

    __slots__ = ("acked", "identity", "is_known", "last_offset", "next", "open", "state")

    def __init__(self, identity: ProducerIdentity) -> None:
        self.open: deque[ProducerStamp] = deque()
        self.identity = identity
        self.is_known = False
        self.begin(identity)

    def begin(self, identity: ProducerIdentity) -> None:
        """Number from 0 on, as *identity*."""
        self.is_known = self.is_known and identity.producer_id == self.identity.producer_id
        self.identity = identity
        self.next = 0
        self.acked = self.last_offset = -1
        self.state = NumberState.RUNNING

    def move(self, state: NumberState) -> None:
        """Go to *state*; raise if `NUMBER_TRANSITIONS` does not have the move."""
        self.state = NUMBER_TRANSITIONS.step(self.state, state)


class Sequences:
    """The numbers of all partitions of one producer.

    Args:
        transactional: whether the batches belong to transactions. Such a producer never goes to
            the next epoch by itself: a partition with a gap waits for `on_identity`.

    Attributes:
        identity: whom the next epoch of a partition belongs to; ``None`` while there is no id.
        transactional: as given.
        refused: the partitions in `NumberState.REFUSED` whose open numbers wait for `restart`.
    """

    def __init__(self, *, transactional: bool = False) -> None:
        self.identity: ProducerIdentity | None = None
        self.transactional = transactional
        self.refused: set[TopicPartition] = set()
        self._partitions: dict[TopicPartition, PartitionSequences] = {}

    def __repr__(self) -> str:
        """Return a status line; it names the partitions that do not just run."""
        identity = None if self.identity is None else tuple(self.identity)
        troubled = [
            f" {topic}-{partition}={found.state.name}"
            for (topic, partition), found in self._partitions.items()
            if found.state is not NumberState.RUNNING
        ]
        return f"<Sequences {identity} partitions={len(self._partitions)}{''.join(troubled)}>"

    def has_gaps(self) -> bool:
        """Return whether a partition can go on only as another producer, or in another epoch."""
        return any(
            partition.state is not NumberState.RUNNING and partition.identity is self.identity
            for partition in self._partitions.values()
        )

    def is_acked(self, tp: TopicPartition) -> bool:
        """Return whether a broker has taken a batch of *tp* since the identity is what it is."""
        found = self._partitions.get(tp)
        return found is not None and found.identity is self.identity and found.acked >= 0

    def on_identity(self, identity: ProducerIdentity) -> None:
        """Number as *identity* from now on, each partition from 0 once nothing of it is open."""
        self.identity = identity

    # -- numbers -----------------------------------------------------------------------------

    def may_drain(self, tp: TopicPartition, stamp: ProducerStamp, in_flight: int) -> bool:
        """Return whether the first batch in the queue of *tp* may be written.

        A batch that was sent before goes only if its number is the lowest open one. A new batch
        goes unless five are open already, or the partition has to start afresh first. Behind the
        first batch of a producer id none goes before the answer: a broker that knows nothing of an
        id takes any number, so the second batch could come before the first.

        Args:
            tp: the partition.
            stamp: what the batch got when it was sent before, else `NO_STAMP`.
            in_flight: how many batches of the partition are in flight, those included that have
                failed meanwhile.
        """
        partition = self._partitions.get(tp)
        if partition is None:
            return self.identity is not None
        if stamp is not NO_STAMP:
            return partition.state is not NumberState.REFUSED and partition.open[0] is stamp
        if partition.state is NumberState.RUNNING and partition.identity is self.identity:
            stamps = partition.open
            return not stamps or (len(stamps) < MOST_OPEN and partition.is_known)
        return self._may_begin(partition, tp, in_flight)

    def _may_begin(self, partition: PartitionSequences, tp: TopicPartition, in_flight: int) -> bool:
        """Start a partition afresh if it may; return whether it did."""
        if partition.open or in_flight:
            return False
        if partition.identity is self.identity:
            if self.transactional:
                return False
            self._next_epoch(self.identity)
        if self.identity is None:
            return False
        partition.begin(self.identity)
        self.refused.discard(tp)
        return True

    def _next_epoch(self, identity: ProducerIdentity) -> None:
        """Go to the next epoch of the producer id (KIP-360); the last one needs a new id."""
        producer_id, epoch = identity
        is_last = epoch == LAST_EPOCH
        self.identity = None if is_last else ProducerIdentity(producer_id, epoch + 1)

    def stamp(self, tp: TopicPartition, count: int) -> ProducerStamp:
        """Return the stamp of the next new batch of *tp*, which `may_drain` has let through.

        Args:
            tp: the partition.
            count: how many records the batch has.
        """
        partition = self._partitions.get(tp)
        if partition is None:
            assert self.identity is not None
            partition = self._partitions[tp] = PartitionSequences(self.identity)
        base = partition.next
        partition.next = (base + count) & _SEQUENCE_MASK
        producer_id, epoch = partition.identity
        stamp = ProducerStamp(producer_id, epoch, base, self.transactional)
        partition.open.append(stamp)
        return stamp

    def split(
        self, tp: TopicPartition, stamp: ProducerStamp, starts: Sequence[int]
    ) -> list[ProducerStamp]:
        """Return the stamps of the parts of a batch: they share the numbers of the whole.

        Args:
            tp: the partition.
            stamp: that of the whole.
            starts: the index in the whole of the first record of each part.
        """
        numbers = [sequence_after(stamp.base_sequence, start) for start in starts]
        parts = [stamp._replace(base_sequence=number) for number in numbers]
        partition = self._partitions[tp]
        partition.open = deque(
            part for known in partition.open for part in (parts if known is stamp else (known,))
        )
        return parts

    # -- outcomes ----------------------------------------------------------------------------

    def on_produced(
        self, tp: TopicPartition, stamp: ProducerStamp, count: int, base_offset: int
    ) -> None:
        """Note that a broker has taken a batch, even if it counts as failed by now.

        Args:
            tp: the partition.
            stamp: that of the batch.
            count: how many records it has.
            base_offset: offset of the first one; -1 if it is not known.
        """
        partition = self._partitions[tp]
        stamps = partition.open
        if stamps and stamps[0] is stamp:
            del stamps[0]
        elif not self._forget(partition, stamp) and not _is_of(stamp, partition):
            return
        end = (stamp.base_sequence + count) & _SEQUENCE_MASK
        if (end - partition.acked) & _SEQUENCE_MASK < _HALF:
            partition.acked = end
            partition.is_known = True
            partition.last_offset = -1 if base_offset < 0 else base_offset + count - 1
        if partition.state is NumberState.GAP and partition.acked == partition.next:
            partition.move(NumberState.RUNNING)

    def on_failed(
        self, tp: TopicPartition, stamp: ProducerStamp, count: int, *, in_doubt: bool
    ) -> None:
        """Note that a batch has failed: its numbers are not given to another one.

        They are, if the last batch so far was surely not written.

        Args:
            tp: the partition.
            stamp: that of the batch.
            count: how many records it has.
            in_doubt: whether a broker may have written it, or may yet.
        """
        partition = self._partitions[tp]
        if not self._forget(partition, stamp) or partition.state is NumberState.REFUSED:
            return
        is_last = sequence_after(stamp.base_sequence, count) == partition.next
        if is_last and not in_doubt:
            partition.next = stamp.base_sequence
        else:
            partition.move(NumberState.GAP)

    @staticmethod
    def _forget(partition: PartitionSequences, stamp: ProducerStamp) -> bool:
        """Remove *stamp* from the open ones; return whether it was one."""
        is_open = stamp in partition.open
        if is_open:
            partition.open.remove(stamp)
        return is_open

    def judge(
        self,
        tp: TopicPartition,
        stamp: ProducerStamp,
        error: KafkaError,
        *,
        log_start_offset: int = -1,
        in_doubt: bool,
    ) -> Verdict | None:
        """Return what *error* asks for if it is about numbers, else ``None``.

        - ``RETRY``: an earlier batch has to go first.
        - ``RESET``: the broker does not expect this number: `restart` has all open ones given
          anew, and the batch is sent again.
        - ``FATAL``: fail the batch.

        Args:
            tp: the partition.
            stamp: that of the batch.
            error: the broker's answer.
            log_start_offset: as the answer has it; -1 if it is not known.
            in_doubt: whether an earlier attempt may have written the batch.
        """
        kind = type(error)
        if kind is InvalidProducerEpochError:
            self._refuse(tp)
            return Verdict.FATAL
        if kind is UnknownProducerIdError:
            # A broker that has just lost the partition cannot say; the next one can.
            is_early = log_start_offset < 0
        elif kind is OutOfOrderSequenceNumberError:
            is_early = False
        else:
            return None
        if is_early or self._partitions[tp].open[0] is not stamp:
            return Verdict.RETRY
        if not self.may_renumber(tp, stamp, in_doubt=in_doubt):
            return Verdict.FATAL
        self._refuse(tp)
        return Verdict.RESET

    def may_renumber(self, tp: TopicPartition, stamp: ProducerStamp, *, in_doubt: bool) -> bool:
        """Return whether an open batch may get another number.

        Not if it may have been written: then it could be written twice. Not if the broker has taken
        a later batch meanwhile: then it would come behind that one.
        """
        acked = self._partitions[tp].acked
        is_overtaken = 0 < (acked - stamp.base_sequence) & _SEQUENCE_MASK < _HALF and acked >= 0
        return not in_doubt and not is_overtaken

    def _refuse(self, tp: TopicPartition) -> None:
        self._partitions[tp].move(NumberState.REFUSED)
        self._partitions[tp].is_known = False
        self.refused.add(tp)

    def restart(self, tp: TopicPartition) -> None:
        """Take back all open numbers of *tp*: none is in flight, its batches carry none any more.

        The partition starts afresh with the next batch that `may_drain` lets through.
        """
        self._partitions[tp].open.clear()
        self.refused.discard(tp)


def _is_of(stamp: ProducerStamp, partition: PartitionSequences) -> bool:
    return stamp[:2] == partition.identity
