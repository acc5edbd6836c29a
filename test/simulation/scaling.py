"""A group that grows from one member to eight and shrinks to one again, while records come.

A member gives up only what it does not keep, and nobody repeats anything.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from test.simulation.story import Story, StoryFailedError

if TYPE_CHECKING:
    from kafka.structs import TopicPartition
    from test.simulation.member import Member

_MOST: Final = 8
#: Seconds until the group is stable again, with all records read.
_PATIENCE: Final = 60.0


class Scaling(Story):
    """The same group in steps that all end in a stable assignment."""

    most_members = _MOST
    most_partitions = 24

    async def run(self, steps: int) -> None:
        """Grow and shrink; append so many times in all.

        Raises:
            StoryFailedError: something did not hold.
        """
        self._trace(f"scaling {self._plan!r}")
        while self._partitions < self.most_partitions:
            self._add_partition()
        try:
            self._join()
            await self._stage(steps)
            for _ in range(_MOST - 1):
                self._join()
                await self._stage(steps)
            for _ in range(_MOST - 1):
                self._leave()
                await self._stage(steps)
            await self._dissolve()
        finally:
            await self._abandon()

    async def _stage(self, steps: int) -> None:
        marks = {member: len(member.heard) for member in self._alive()}
        for _ in range(max(steps // (2 * _MOST), 1)):
            self._append()
        await self._until_read(_PATIENCE, "after one has come or gone")
        for member in self._alive():
            self._check_kept(member, marks.get(member, 0))

    def _check_kept(self, member: Member, since: int) -> None:
        taken: set[TopicPartition] = set()
        for what, partitions in member.heard[since:]:
            if what != "assigned":
                taken |= partitions
        kept = taken & member.consumer.assignment()
        if kept:
            raise StoryFailedError(f"{member.name} had to give up {sorted(kept)}, which it keeps")
