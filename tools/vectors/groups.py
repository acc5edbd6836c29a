"""Invent groups for the vectors of the assignors, and keep them in little room.

A stored group is a JSON object:

- ``topics``: by name, the racks of the replicas of each partition, a letter each, as strings.
- ``members``: lists of member id, instance id, topics, what it had (numbers in the list of all
  partitions, topics sorted), generation, rack.
- ``owners``: what Java did: for each partition the index of the member that got it, as one
  character, ``-`` for none; or ``null`` where Java failed.
- ``crc``: CRC-32 of the bytes of all subscriptions, and of all assignments.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

DIGITS: Final = "0123456789abcdefghijklmnopqrstuvwxyz"
RACKS: Final = "abc"


class InventedMember(NamedTuple):
    """One member; ``had`` are numbers in the list of all partitions."""

    member_id: str
    instance_id: str | None
    topics: list[str]
    had: list[int]
    generation: int
    rack: str | None


class InventedGroup(NamedTuple):
    """One group."""

    topics: dict[str, list[str]]
    members: list[InventedMember]

    def partitions(self) -> list[tuple[str, int]]:
        """Return all partitions, topics sorted."""
        return [
            (topic, number)
            for topic in sorted(self.topics)
            for number in range(len(self.topics[topic]))
        ]


def invent(seed: str, *, sticky: bool) -> InventedGroup:
    """Return a group.

    Args:
        seed: an equal one gives an equal group.
        sticky: whether members have had partitions.
    """
    return _Inventor(random.Random(seed)).group(sticky=sticky)  # noqa: S311 - no secrets


class _Inventor:
    def __init__(self, rng: random.Random) -> None:
        self._rng = rng

    def group(self, *, sticky: bool) -> InventedGroup:
        rng = self._rng
        racks = rng.random() < 0.35
        names = [f"t{rng.randrange(256):02x}" for _ in range(rng.randint(1, 5))]
        topics = {name: self._replicas(racks=racks) for name in dict.fromkeys(names)}
        count = rng.randint(1, 8)
        ids = [f"{DIGITS[rng.randrange(36)]}{index}-{rng.randrange(65536):04x}" for index in range(count)]
        everything = [*topics, "missing"] if rng.random() < 0.1 else list(topics)
        equal = rng.random() < 0.6
        members = [
            InventedMember(
                member_id,
                f"i{rng.randrange(1000)}{index}" if rng.random() < 0.15 else None,
                everything if equal else rng.sample(everything, rng.randint(1, len(everything))),
                [],
                -1,
                rng.choice([*RACKS, "z", None]) if racks else None,
            )
            for index, member_id in enumerate(ids)
        ]
        group = InventedGroup(topics, members)
        return group._replace(members=self._with_past(group)) if sticky else group

    def _replicas(self, *, racks: bool) -> list[str]:
        rng = self._rng
        number = rng.randint(1, 12)
        if not racks:
            return [""] * number
        factor = rng.randint(1, 3)
        return [
            "".join(sorted(rng.sample(RACKS, factor))) if rng.random() < 0.95 else ""
            for _ in range(number)
        ]

    def _with_past(self, group: InventedGroup) -> list[InventedMember]:
        """Return the members with what they had, some of them in an older generation."""
        rng = self._rng
        old = [index for index in range(len(group.members)) if rng.random() < 0.75]
        had: dict[int, list[int]] = {index: [] for index in old}
        skew = rng.choice([1.0, 1.0, 3.0])
        for number, (topic, _) in enumerate(group.partitions()):
            may = [index for index in old if topic in group.members[index].topics]
            may = may if may and rng.random() < 0.95 else old
            if may and rng.random() < 0.9:
                had[may[int(len(may) * rng.random() ** skew)]].append(number)
        if len(old) > 1 and rng.random() < 0.15:
            number = rng.randrange(len(group.partitions()))
            for index in rng.sample(old, 2):
                if number not in had[index]:
                    had[index].append(number)
        return [
            member._replace(
                had=sorted(had[index]), generation=5 if rng.random() < 0.9 else rng.randint(3, 4)
            )
            if index in had
            else member
            for index, member in enumerate(group.members)
        ]


def owners(group: InventedGroup, shares: Mapping[str, Iterable[tuple[str, int]]]) -> str:
    """Return who got which partition, a character each."""
    index = {member.member_id: DIGITS[place] for place, member in enumerate(group.members)}
    owner = {tuple(tp): index[member] for member, share in shares.items() for tp in share}
    return "".join(owner.get(tp, "-") for tp in group.partitions())


def as_lists(partitions: Sequence[tuple[str, int]], numbers: Iterable[int]) -> list[list[object]]:
    """Return the partitions with these numbers, as JSON has them."""
    return [list(partitions[number]) for number in numbers]
