"""Who holds which partitions while a group with different subscriptions is balanced.  Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kafka.structs import TopicPartition

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from kafka.coordinator.assignors.sticky.claims import Holdings
    from kafka.coordinator.assignors.sticky.racks import Racks

    # Numbers of partitions by their home; a dictionary, as it keeps the order.
    ByHome = dict[str | None, dict[int, None]]


class Loads:
    """The partitions of each member, and where each partition is at home.

    That is with the member that had it before. A partition that is elsewhere, or that nobody had,
    is loose: to move it costs nothing.

    Args:
        subscribers: members that subscribe to each topic, in order.
        holdings: who had what; what a member may not keep has no home.
        racks: where they are.

    Attributes:
        count: how many partitions each member has.
        subscribers: as given.
    """

    def __init__(
        self, subscribers: Mapping[str, Sequence[str]], holdings: Holdings, racks: Racks
    ) -> None:
        self.subscribers = subscribers
        self.count = dict.fromkeys(holdings.held, 0)
        self._racks = racks
        self._home: dict[TopicPartition, str] = {}
        self._holder: dict[TopicPartition, str] = {}
        self._held: dict[str, dict[str, ByHome]] = {member: {} for member in holdings.held}
        for member, partitions in holdings.held.items():
            for tp in partitions:
                if member in subscribers[tp.topic] and racks.fit(member, tp):
                    self._home[tp] = member
                    self.give(tp, member)

    def holder(self, tp: TopicPartition) -> str | None:
        """Return who has *tp*."""
        return self._holder.get(tp)

    def displaced(self) -> list[tuple[TopicPartition, str, str]]:
        """Return the partitions that are not at home, each with its holder and its home."""
        return [
            (tp, self._holder[tp], home)
            for tp, home in self._home.items()
            if self._holder[tp] != home
        ]

    def topics(self, member: str, *, loose: bool) -> list[str]:
        """Return the topics of which *member* has partitions, or loose ones."""
        held = self._held[member]
        if not loose:
            return list(held)
        return [topic for topic, by_home in held.items() if len(by_home) > (member in by_home)]

    def shares(self) -> dict[str, list[TopicPartition]]:
        """Return the partitions of each member, in order."""
        return {
            member: sorted(
                TopicPartition(topic, number)
                for topic, by_home in held.items()
                for numbers in by_home.values()
                for number in numbers
            )
            for member, held in self._held.items()
        }

    def poorest(self, members: Iterable[str]) -> str:
        """Return the first one of *members* that has the fewest partitions."""
        return min(members, key=self.count.__getitem__)

    def give(self, tp: TopicPartition, member: str) -> None:
        """Take *tp* from who has it, if anybody has, and give it to *member*."""
        home = self._home.get(tp)
        before = self._holder.get(tp)
        if before is not None:
            self.count[before] -= 1
            self._take(tp, before, home)
        self._holder[tp] = member
        self.count[member] += 1
        by_home = self._held[member].setdefault(tp.topic, {})
        by_home.setdefault(home, {})[tp.partition] = None

    def choose(self, source: str, target: str, topic: str) -> TopicPartition:
        """Return the partition of *topic* that had best move from *source* to *target*.

        One that comes home, else another loose one, else one that leaves home; among them one
        that *target* is near to.
        """
        by_home = self._held[source][topic]
        loose = [home for home in by_home if home not in (source, target)]
        for homes in ([target], loose, [source]):
            numbers = [by_home[home] for home in homes if home in by_home]
            if numbers:
                return self._nearest(target, topic, numbers)
        raise AssertionError(f"{source} holds nothing of {topic}")

    def _nearest(
        self, target: str, topic: str, numbers: Sequence[Iterable[int]]
    ) -> TopicPartition:
        partitions = (TopicPartition(topic, number) for group in numbers for number in group)
        first = next(partitions)
        if self._racks.fit(target, first):
            return first
        return next((tp for tp in partitions if self._racks.fit(target, tp)), first)

    def _take(self, tp: TopicPartition, holder: str, home: str | None) -> None:
        by_home = self._held[holder][tp.topic]
        del by_home[home][tp.partition]
        if not by_home[home]:
            del by_home[home]
            if not by_home:
                del self._held[holder][tp.topic]
