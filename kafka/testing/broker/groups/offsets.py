"""The committed offsets of groups, and those that wait for the end of a transaction.  Pure."""

from __future__ import annotations

from collections import defaultdict
from itertools import count
from typing import TYPE_CHECKING, NamedTuple

from kafka.testing.broker.coordinators import slot_of
from kafka.testing.broker.producers import ProducerStates

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable, Mapping

    Key = tuple[str, int]


class Committed(NamedTuple):
    """One committed offset.

    Attributes:
        committed_ms: Unix time of the commit.
        expires_ms: Unix time after which it is forgotten, where the client said so (OffsetCommit
            v2 to v4); otherwise the group's retention decides.
    """

    offset: int
    leader_epoch: int = -1
    metadata: str = ""
    committed_ms: int = 0
    expires_ms: int | None = None


class _Entry(NamedTuple):
    value: Committed
    order: int


class GroupOffsets:
    """The offsets of one group, by topic name and partition."""

    def __init__(self, order: Iterable[int]) -> None:
        self._order = iter(order)
        self._entries: dict[Key, _Entry] = {}
        # By producer id: two transactions may have offsets of one group (KIP-447).
        self._pending: dict[int, dict[Key, _Entry]] = {}

    def __bool__(self) -> bool:
        return bool(self._entries or self._pending)

    def commit(self, key: Key, value: Committed) -> None:
        """Set the offset of a partition."""
        self._entries[key] = _Entry(value, next(self._order))

    def get(self, key: Key) -> Committed | None:
        """Return the offset of a partition, if there is one."""
        entry = self._entries.get(key)
        return None if entry is None else entry.value

    def is_unstable(self, key: Key) -> bool:
        """Return whether an open transaction will set the offset if it commits (KIP-447)."""
        return any(key in offsets for offsets in self._pending.values())

    def keys(self) -> list[Key]:
        """Return the partitions that have an offset, or will if a transaction commits, sorted."""
        return sorted({*self._entries, *(key for group in self._pending.values() for key in group)})

    def delete(self, key: Key) -> None:
        """Forget the offset of a partition, the pending ones too."""
        self._entries.pop(key, None)
        for producer_id in list(self._pending):
            offsets = self._pending[producer_id]
            offsets.pop(key, None)
            if not offsets:
                del self._pending[producer_id]

    def hold(self, producer_id: int, offsets: Mapping[Key, Committed]) -> None:
        """Keep offsets back until the transaction of *producer_id* ends."""
        held = self._pending.setdefault(producer_id, {})
        for key, value in offsets.items():
            held[key] = _Entry(value, next(self._order))

    def release(self, producer_id: int, *, commit: bool) -> None:
        """End a transaction; offsets that were committed outside of it since then stay."""
        for key, entry in self._pending.pop(producer_id, {}).items():
            current = self._entries.get(key)
            if commit and (current is None or current.order < entry.order):
                self._entries[key] = entry

    def expire(self, is_over: Callable[[Key, Committed], bool]) -> None:
        """Forget the offsets that are over, except those a transaction may still change."""
        for key, entry in list(self._entries.items()):
            if is_over(key, entry.value) and not self.is_unstable(key):
                del self._entries[key]


class OffsetStore:
    """The offsets of all groups."""

    def __init__(self) -> None:
        self._order = count()
        self._groups: dict[str, GroupOffsets] = {}
        self._producers: defaultdict[int, ProducerStates] = defaultdict(ProducerStates)

    def producers_of(self, slot: int) -> ProducerStates:
        """Return what a partition of __consumer_offsets knows of producers, as each log does.

        It never forgets one.
        """
        return self._producers[slot]

    def of(self, group_id: str) -> GroupOffsets:
        """Return the offsets of a group, perhaps empty."""
        found = self._groups.get(group_id)
        if found is None:
            found = self._groups[group_id] = GroupOffsets(self._order)
        return found

    def has(self, group_id: str) -> bool:
        """Return whether a group has offsets, pending ones included."""
        return bool(self._groups.get(group_id))

    def forget(self, group_id: str) -> None:
        """Delete all offsets of a group."""
        self._groups.pop(group_id, None)

    def retain_topics(self, topics: Container[str]) -> None:
        """Delete the offsets of all other topics than *topics*, in every group."""
        for offsets in self._groups.values():
            for key in offsets.keys():  # noqa: SIM118 - a sorted list of its own, not a mapping
                if key[0] not in topics:
                    offsets.delete(key)

    def pending_commit(
        self, group_id: str, producer_id: int, epoch: int, offsets: Mapping[Key, Committed]
    ) -> None:
        """Take the offsets of a TxnOffsetCommit; they count when the transaction commits.

        Raises:
            InvalidProducerEpochError: a newer epoch of the producer has written to the same
                partition of __consumer_offsets, or a marker of one has ended the transaction.
        """
        producers = self.producers_of(slot_of(group_id))
        producers.check_epoch(producer_id, epoch)
        producers.record_unnumbered(producer_id, epoch)
        self.of(group_id).hold(producer_id, offsets)

    def complete(self, slot: int, producer_id: int, *, commit: bool) -> None:
        """Commit or drop what a transaction has pending in the groups of a slot."""
        for group_id, offsets in self._groups.items():
            if slot_of(group_id) == slot:
                offsets.release(producer_id, commit=commit)
