"""The story: a group reads a stream, and its members are restarted one after the other.

Job: restart them, wait each time until all partitions are read again, and tell what it has cost.
Limits: one member at a time; real time.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from test.rolling.members import HEARTBEAT, Member
from test.rolling.pauses import Read, Step, Total, step
from test.support.group_workers import until

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from test.rolling.members import Reader

MEMBERS: Final = 8
PARTITIONS: Final = 2 * MEMBERS
#: Seconds between two records; each partition gets ten in a second.
PAUSE: Final = 1 / (10 * PARTITIONS)
_PATIENCE: Final = 90.0
# Seconds for which all is read before the next member is restarted.
_CALM: Final = 2.0
# A partition of which nothing was read for so many seconds stands still.
_STILL: Final = 1.0


class Group:
    """A group whose members are restarted.

    Args:
        make: returns what a member does, for its instance id.
        static: whether members have instance ids.
        name: first part of the names of its members.
    """

    def __init__(self, make: Callable[[str | None], Reader], name: str, *, static: bool) -> None:
        self._make = make
        self._static = static
        self._name = name
        self._count = 0
        self._members: list[Member] = []
        self._gone: list[Member] = []
        self._steps: list[Step] = []
        self._rebalances = 0

    def start(self) -> None:
        """Start all members; return when all partitions are read."""
        for number in range(MEMBERS):
            self._members.append(self._new(number))
        self._go_on()

    def restart(self, number: int, phase: float) -> Step:
        """Restart the member in place *number*, and return what that has cost.

        Args:
            number: of the place.
            phase: seconds since the last heartbeats. Members hear of the rebalance by the next
                ones, which all of them send at the same time after they were assigned together; so
                it decides how long the rebalance takes.
        """
        others = [member for member in self._members if member is not self._members[number]]
        before = sum(len(member.assigned) for member in others)
        self._wait_for(phase)
        begin = time.time()
        old = self._members[number]
        old.stop()
        self._gone.append(old)
        new = self._members[number] = self._new(number)
        self._go_on()
        self._rebalances += sum(len(member.assigned) for member in others) - before
        end = time.time()
        found = step(self._reads(begin - 2.0), begin, end, new.reads[0].at - new.started)
        self._steps.append(found)
        return found

    def stop(self) -> None:
        """Close all members."""
        for member in self._members:
            member.stop()

    @property
    def total(self) -> Total:
        """What all restarts have cost."""
        return Total(self._steps, self._rebalances)

    def _wait_for(self, phase: float) -> None:
        last = max(at for member in self._members for at in member.assigned)
        passed = time.time() - last
        time.sleep((phase - passed) % HEARTBEAT)

    def _new(self, number: int) -> Member:
        self._count += 1
        instance = f"{self._name}-{number}" if self._static else None
        return Member(f"{self._name}-{self._count}", self._make(instance))

    def _reads(self, since: float) -> list[Read]:
        members: Sequence[Member] = [*self._gone, *self._members]
        return [read for member in members for read in list(member.reads) if read.at >= since]

    def _go_on(self) -> None:
        """Return when each partition, and each member, was read without a break for a while."""
        start = time.time()
        still = [start]

        def all_move() -> bool:
            now = time.time()
            reads = self._reads(now - _STILL)
            partitions = {read.partition for read in reads}
            members = {read.member for read in reads}
            if len(partitions) < PARTITIONS or not members >= {m.name for m in self._members}:
                still[0] = now
            return now - still[0] > _CALM and now - start > _CALM

        until(all_move, lambda: self._members, _PATIENCE)
