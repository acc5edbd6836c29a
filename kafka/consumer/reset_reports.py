"""Tell the log of each position that was given up for another one.  Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kafka._base.logs import logger

if TYPE_CHECKING:
    from kafka.structs import TopicPartition

log = logger(__name__)


class ResetReports:
    """Write one line for each reset, when its new position is known."""

    __slots__ = ("_lost",)

    def __init__(self) -> None:
        # The start that the reset has begun, the old position, and why it is no longer valid.
        self._lost: dict[TopicPartition, tuple[int, int, str]] = {}

    def __repr__(self) -> str:
        """Return a status line."""
        return f"<ResetReports open={len(self._lost)}>"

    def lost(self, tp: TopicPartition, generation: int, old: int, reason: str) -> None:
        """Note that the position *old* of *tp* is lost; another one is looked up.

        Args:
            tp: the partition.
            generation: number of the start that is looked up.
            old: what the application had reached.
            reason: why that is not valid any more, the position being the subject.
        """
        self._lost[tp] = generation, old, reason

    def found(self, tp: TopicPartition, generation: int, new: int) -> None:
        """Report the position *new*, which was looked up for the start *generation*."""
        since, old, reason = self._lost.pop(tp, (None, -1, ""))
        if since == generation:
            moved(tp, old, new, reason)
        else:
            log.info("partition=%s-%d position reset to %d", *tp, new)


def moved(tp: TopicPartition, old: int, new: int, reason: str) -> None:
    """Report a position that was moved without the application's doing."""
    log.warning("partition=%s-%d position reset from %d to %d: it %s", *tp, old, new, reason)
