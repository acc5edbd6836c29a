"""Which leader epoch wrote which offsets (KIP-101, KIP-320).  Pure."""

from __future__ import annotations

from typing import NamedTuple

UNDEFINED = -1


class EpochEnd(NamedTuple):
    """The end of an epoch: the largest epoch not above the one asked for, and where it ends."""

    epoch: int
    end_offset: int


class EpochHistory:
    """The epochs of one log with the offset each began at, both rising."""

    __slots__ = ("_starts",)

    def __init__(self) -> None:
        self._starts: list[tuple[int, int]] = []

    def assign(self, epoch: int, start_offset: int) -> None:
        """Start *epoch* at *start_offset*, in place of epochs that have written nothing."""
        if self._starts and epoch <= self._starts[-1][0]:
            return
        while self._starts and self._starts[-1][1] >= start_offset:
            self._starts.pop()
        self._starts.append((epoch, start_offset))

    @property
    def latest(self) -> int:
        """The newest epoch, or -1."""
        return self._starts[-1][0] if self._starts else UNDEFINED

    def at(self, offset: int) -> int:
        """Return the epoch that wrote *offset*, or -1."""
        found = UNDEFINED
        for epoch, start in self._starts:
            if start > offset:
                break
            found = epoch
        return found

    def end_of(self, epoch: int, log_end: int) -> EpochEnd:
        """Return where *epoch* ends, as OffsetForLeaderEpoch answers."""
        if epoch == UNDEFINED or not self._starts or epoch > self.latest:
            return EpochEnd(UNDEFINED, UNDEFINED)
        if epoch == self.latest:
            return EpochEnd(epoch, log_end)
        higher = next(start for other, start in self._starts if other > epoch)
        floor = max((other for other, _ in self._starts if other <= epoch), default=epoch)
        return EpochEnd(floor, higher)

    def truncate_end(self, end: int) -> None:
        """Forget epochs that begin at *end* or later."""
        while self._starts and self._starts[-1][1] >= end:
            self._starts.pop()

    def truncate_start(self, start: int) -> None:
        """Forget epochs that end before *start*; the one that wrote *start* begins there."""
        epoch = self.at(start)
        later = [entry for entry in self._starts if entry[1] > start]
        self._starts = ([(epoch, start)] if epoch != UNDEFINED else []) + later
