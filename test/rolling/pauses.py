"""For how long partitions were not read while a member was restarted.  Pure.

A record that is read late has waited for its partition to be read. So a producer that pauses, on a
machine that has other things to do, is no pause of the group.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

#: Seconds from the writing of a record to its reading that are no pause.
USUAL: Final = 0.5


class Read(NamedTuple):
    """One record, as a member has read it.

    Args:
        at: when, in seconds.
        partition: where from.
        member: who.
        written: when it was written, in seconds.
    """

    at: float
    partition: int
    member: str
    written: float


class Step(NamedTuple):
    """The restart of one member.

    Args:
        first_record: seconds from the start of the new member to its first record.
        pause: seconds for which partitions were not read, added up.
        longest_kept: the longest such time of a partition that has kept its reader.
        kept: how many partitions have.
    """

    first_record: float
    pause: float
    longest_kept: float
    kept: int


def step(reads: Iterable[Read], begin: float, end: float, first_record: float) -> Step:
    """Return what the *reads* between *begin* and *end* say.

    Args:
        reads: of all members of the group.
        begin: when the member began to close.
        end: when all was read again, for a while.
        first_record: see `Step`.
    """
    by_partition: dict[int, list[Read]] = defaultdict(list)
    for read in reads:
        if begin - 1.0 <= read.at <= end:
            by_partition[read.partition].append(read)
    pause, longest, kept = 0.0, 0.0, 0
    for found in by_partition.values():
        late = max(read.at - read.written for read in found)
        pause += late if late > USUAL else 0.0
        if len({read.member for read in found}) == 1:
            kept += 1
            longest = max(longest, late)
    return Step(first_record, pause, longest, kept)


class Total(NamedTuple):
    """All steps of one client.

    Args:
        steps: one for each restart.
        rebalances: assignments that members have got which were not restarted.
    """

    steps: list[Step]
    rebalances: int

    @property
    def first_record(self) -> float:
        """Seconds from start to first record, on average."""
        return sum(step.first_record for step in self.steps) / len(self.steps)

    @property
    def pause(self) -> float:
        """Seconds for which partitions were not read, added up."""
        return sum(step.pause for step in self.steps)

    @property
    def longest_kept(self) -> float:
        """The longest pause of a partition that kept its reader."""
        return max(step.longest_kept for step in self.steps)

    def __str__(self) -> str:
        return (
            f"{len(self.steps)} restarts; pauses {self.pause:.1f} s in all; start to first record "
            f"{self.first_record:.2f} s; partitions that kept their reader: longest pause "
            f"{self.longest_kept:.2f} s; rebalances of the others: {self.rebalances}"
        )
