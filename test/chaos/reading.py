"""What the members have read together, and for how long each partition stood still.

Pure: made of the lines that members print.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable


class Read(NamedTuple):
    """One record, as a member has read it.

    Args:
        at: when, in seconds.
        partition: where from.
        number: its value.
    """

    at: float
    partition: int
    number: int


class Standstill(NamedTuple):
    """A time in which nothing new of a partition was read.

    Args:
        seconds: how long.
        partition: of what.
        since: when it began, in seconds.
    """

    seconds: float
    partition: int
    since: float


def parse(text: str) -> list[Read]:
    """Return the records of the lines that are complete: a killed member may leave half of one."""
    lines = text[: text.rfind("\n") + 1].splitlines()
    rows = (line.split() for line in lines)
    return [Read(float(at), int(partition), int(number)) for at, partition, number in rows]


def lost(reads: Iterable[Read], sent: int) -> list[int]:
    """Return which of the numbers below *sent* nobody has read."""
    return sorted(set(range(sent)) - {read.number for read in reads})


def repeated(reads: Iterable[Read]) -> list[Read]:
    """Return the readings that were not the first of their record."""
    known: set[int] = set()
    again = []
    for read in sorted(reads):
        if read.number in known:
            again.append(read)
        known.add(read.number)
    return again


def standstills(reads: Iterable[Read]) -> list[Standstill]:
    """Return the times between records that were read for the first time, the longest first."""
    known: set[int] = set()
    latest: dict[int, float] = {}
    found = []
    for read in sorted(reads):
        if read.number in known:
            continue
        known.add(read.number)
        before = latest.get(read.partition, read.at)
        found.append(Standstill(read.at - before, read.partition, before))
        latest[read.partition] = read.at
    return sorted(found, reverse=True)
