"""What is buffered of one partition between the loop and the polling thread.

`kafka.consumer.fetch_buffer` has one for each partition, and guards them with its lock.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from kafka.consumer.completed_fetch import CompletedFetch
    from kafka.subscription import PartitionState

# The generation of a place that the application has left; what arrives for a start is refused.
LEFT: Final = -1
# The same of a place whose records the application already had when its start was renewed.
PASSED: Final = -2


class BufferSlot:
    """Data, position and error of one partition; `position` is ``None`` while there is none."""

    __slots__ = (
        "error",
        "fetches",
        "generation",
        "holds",
        "leader_epoch",
        "position",
        "queued",
        "since",
        "size",
        "start",
        "state",
        "stuck",
    )

    def __init__(
        self,
        state: PartitionState,
        generation: int,
        position: int | None,
        leader_epoch: int,
        holds: int,
    ) -> None:
        # To tell apart the times that a partition was assigned; belongs to the loop thread.
        self.state = state
        # `since` is the oldest start at this very place: what that handed out may still count.
        self.generation = self.since = generation
        self.position = position
        # Where the application began to read, the first time since it got the partition.
        self.start = position
        self.leader_epoch = leader_epoch
        # Bits of `Hold`, as in `PartitionState.holds`, which follows in what concerns pauses.
        self.holds = holds
        self.queued = self.stuck = False
        self.size = 0
        self.fetches: deque[CompletedFetch] = deque()
        self.error: BaseException | None = None

    def left(self, generation: int = LEFT) -> BufferSlot:
        """Return what stays when the application goes elsewhere: no data, no error."""
        slot = BufferSlot(self.state, generation, self.position, self.leader_epoch, self.holds)
        slot.queued, slot.start = self.queued, self.start
        return slot

    def renewed(self, generation: int, offset: int | None, leader_epoch: int) -> BufferSlot:
        """Return what stays when the partition starts anew at *offset*: no data, no error."""
        slot = BufferSlot(self.state, generation, offset, leader_epoch, self.holds)
        slot.queued = self.queued
        if self.start is not None:
            slot.start = self.start if offset is None else min(self.start, offset)
        if self.generation >= 0 and offset is not None and offset == self.position:
            slot.since = self.since
        return slot

    @property
    def counted(self) -> int:
        """Bytes that count as buffered: none that may stay for ever while others are read."""
        return 0 if self.stuck or self.holds else self.size


def slot_for(state: PartitionState, old: BufferSlot | None) -> BufferSlot:
    """Return what is buffered of *state* in a new assignment; *old* is that of the last one."""
    is_kept = old is not None and old.state is state
    # A place that was left stays so until its restart, which is on the way.
    if old is not None and (old.generation == state.generation or (is_kept and old.generation < 0)):
        old.state = state
        return old
    offset = state.offset if state.has_offset else None
    # The application may have paused it since the loop looked last.
    holds = old.holds if old is not None and is_kept else state.holds
    slot = BufferSlot(state, state.generation, offset, state.offset_epoch, holds)
    if old is not None and is_kept and old.start is not None:
        slot.start = old.start
    return slot
