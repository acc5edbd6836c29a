"""What belongs to one transaction, and the next request that adds to it.  Pure.

Below transaction.version 2 (TV1) a partition is added by AddPartitionsToTxn before it is written
to, and a group by AddOffsetsToTxn before its offsets are committed. From version 2 on (TV2,
KIP-890) both join when they are written to.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from kafka.producer.transaction_requests import (
    PendingOffsets,
    add_offsets_request,
    add_partitions_request,
    txn_offset_commit_request,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kafka.errors import KafkaError
    from kafka.producer.sequences import ProducerIdentity
    from kafka.producer.transaction_requests import AnyRequest
    from kafka.structs import TopicPartition


class OpenTransaction:
    """One transaction, from begin_transaction() to its end.

    Args:
        transactional_id: whose transaction.
        joins_by_writing: whether it is one of TV2.

    Attributes:
        joins_by_writing: as given.
        is_started: whether the coordinator may know of it, so that it has to be ended.
        is_in_doubt: whether an answer was lost that would have said whether it does.
        offsets: what is still to be committed with it, oldest first.
        refused: the topics that the last answer did not let in, with what it says of each.
    """

    def __init__(self, transactional_id: str, *, joins_by_writing: bool) -> None:
        self._transactional_id = transactional_id
        self.joins_by_writing = joins_by_writing
        self.is_started = False
        self.is_in_doubt = False
        self.offsets: deque[PendingOffsets] = deque()
        self.refused: Mapping[str, KafkaError] = {}
        self._added: set[TopicPartition] = set()
        self._groups: set[str] = set()
        # Not asked for yet; and asked for, without an answer that settles it.
        self._new: set[TopicPartition] = set()
        self._asked: frozenset[TopicPartition] = frozenset()
        self._asked_group: str | None = None

    def __repr__(self) -> str:
        """Return a status line."""
        version = "TV2" if self.joins_by_writing else "TV1"
        return (
            f"<OpenTransaction {version} partitions={len(self._added)} new={len(self._new)} "
            f"offsets={len(self.offsets)}>"
        )

    # -- partitions ------------------------------------------------------------------------

    def may_write(self, tp: TopicPartition) -> bool:
        """Return whether *tp* belongs to the transaction; if not, it is going to be added."""
        if tp in self._added:
            return True
        if self.joins_by_writing:
            self._added.add(tp)
            self.is_started = True
            return True
        if tp not in self._asked:
            self._new.add(tp)
        return False

    # -- requests --------------------------------------------------------------------------

    def next_request(self, producer: ProducerIdentity) -> tuple[AnyRequest, str | None] | None:
        """Return what is to be sent next, and the group whose coordinator gets it.

        ``None`` for the group stands for the transaction's coordinator.
        """
        unsettled = self.unsettled_request(producer)
        if unsettled is not None:
            return unsettled
        name = self._transactional_id
        if self._new:
            self._asked, self._new = frozenset(self._new), set()
            return add_partitions_request(name, producer, self._asked), None
        if not self.offsets:
            return None
        pending = self.offsets[0]
        if not self.joins_by_writing and pending.group_id not in self._groups:
            self._asked_group = pending.group_id
            return add_offsets_request(name, producer, pending.group_id), None
        self.is_started = True
        return txn_offset_commit_request(name, producer, pending), pending.group_id

    def unsettled_request(self, producer: ProducerIdentity) -> tuple[AnyRequest, str | None] | None:
        """Return the request that was sent without a lasting answer, if there is one.

        Until there is one nobody knows whether the coordinator has begun the transaction, and
        below TV2 it refuses to end one that it has not.
        """
        name = self._transactional_id
        if self._asked:
            return add_partitions_request(name, producer, self._asked), None
        if self._asked_group is not None:
            return add_offsets_request(name, producer, self._asked_group), None
        return None

    # -- answers ---------------------------------------------------------------------------

    def on_partitions_added(self) -> None:
        """React to the answer that the partitions asked for belong to the transaction."""
        self._added |= self._asked
        self._asked = frozenset()
        self.is_started, self.is_in_doubt = True, False

    def on_group_added(self) -> None:
        """React to the answer that the group asked for belongs to the transaction."""
        if self._asked_group is not None:
            self._groups.add(self._asked_group)
        self._asked_group = None
        self.is_started, self.is_in_doubt = True, False

    def on_lost(self) -> None:
        """React to an answer that has not come: what was asked for may have been added."""
        self.refused = {}
        self.is_in_doubt = bool(self.is_in_doubt or self._asked or self._asked_group)

    def on_refused(self) -> None:
        """React to the refusal of what was asked for: nothing of it was added by this request."""
        self._asked, self._asked_group = frozenset(), None
        self.is_started = self.is_started or self.is_in_doubt

    def on_offsets_sent(self, left: PendingOffsets) -> bool:
        """React to an answer that leaves *left* to be sent again; return whether it leaves none."""
        if left.offsets:
            self.offsets[0] = left
            return False
        self.offsets.popleft()
        return True

    def drop(self) -> None:
        """Add nothing more: the transaction is going to be aborted."""
        self._new.clear()
        self.offsets.clear()
