"""Sticky assignment where all members subscribe to the same topics.  Pure.

Any member may have any partition, so all get as many, or one more, and the results are those of
Java's clients, partition by partition.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from kafka.coordinator.assignors.layout import all_partitions

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kafka.coordinator.assignors.layout import Layout
    from kafka.coordinator.assignors.sticky.claims import Holdings
    from kafka.coordinator.assignors.sticky.racks import Racks
    from kafka.structs import TopicPartition


def share_evenly(
    layout: Layout, holdings: Holdings, racks: Racks
) -> dict[str, list[TopicPartition]]:
    """Let members keep what they had as far as that is fair, and give the rest in turn.

    Args:
        layout: the topics that all members subscribe to.
        holdings: who had what; the members in the order in which they may keep one more.
        racks: where they are.

    Returns:
        The partitions of each member.
    """
    return _EvenShare(layout, holdings, racks).shares()


class _EvenShare:
    """Members on their way to equal numbers of partitions.

    Each gets `_least`, and `_extra` of them get one more.
    """

    def __init__(self, layout: Layout, holdings: Holdings, racks: Racks) -> None:
        self._everything = all_partitions(layout, sorted(layout))
        self._holdings = holdings
        self._racks = racks
        self._least, self._extra = divmod(len(self._everything), len(holdings.held))
        self._shares: dict[str, list[TopicPartition]] = {member: [] for member in holdings.held}
        self._below: list[str] = []
        self._level: list[str] = []

    def shares(self) -> dict[str, list[TopicPartition]]:
        for member in self._holdings.held:
            self._keep(member)
        kept = {tp for share in self._shares.values() for tp in share}
        rest = [tp for tp in self._everything if tp not in kept]
        self._below.sort()
        self._level.sort()
        rest = self._racks.rarest_first(rest)
        if self._racks.matter:
            rest = self._give_near(rest)
        self._give_in_turn(rest)
        return self._shares

    def _keep(self, member: str) -> None:
        """Let *member* keep what it had, up to what it may have."""
        had = sorted(
            (
                tp
                for tp in self._holdings.held[member]
                if tp not in self._holdings.contested and self._racks.fit(member, tp)
            ),
            key=lambda tp: (tp.partition, tp.topic),
        )
        if len(had) < self._least:
            self._shares[member] = had
            self._below.append(member)
        elif len(had) > self._least and self._extra:
            self._shares[member] = had[: self._least + 1]
            self._extra -= 1
            if not self._extra:
                self._level.clear()
        else:
            self._shares[member] = had[: self._least]
            if self._extra:
                self._level.append(member)

    def _give_near(self, partitions: Sequence[TopicPartition]) -> list[TopicPartition]:
        """Give partitions to members in their racks; return those for which none has room."""
        rest: list[TopicPartition] = []
        turn = 0
        for tp in partitions:
            index = self._racks.next_near(tp, self._below, turn)
            if index is not None:
                turn = self._fill_up(index, tp)
            elif not self._give_extra(tp):
                rest.append(tp)
        return rest

    def _fill_up(self, index: int, tp: TopicPartition) -> int:
        """Give *tp* to a member that has too few; return whose turn is next."""
        member = self._below[index]
        self._shares[member].append(tp)
        if len(self._shares[member]) < self._least:
            index += 1
        else:
            del self._below[index]
            self._level.append(member)
        return index % len(self._below) if self._below else 0

    def _give_extra(self, tp: TopicPartition) -> bool:
        """Give *tp* to a member in its racks that may have one more; return whether there is one."""
        index = self._racks.next_near(tp, self._level, 0) if self._extra else None
        if index is None:
            return False
        self._shares[self._level.pop(index)].append(tp)
        self._extra -= 1
        return True

    def _give_in_turn(self, partitions: Sequence[TopicPartition]) -> None:
        below, level = deque(self._below), deque(self._level)
        for tp in partitions:
            member = below.popleft() if below else level.popleft()
            share = self._shares[member]
            share.append(tp)
            if len(share) <= self._least:
                (below if len(share) < self._least else level).append(member)
