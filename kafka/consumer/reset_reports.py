"""Report each position that was found without the application's doing.  Pure.

That is a first position by ``auto_offset_reset``, or one instead of a position that was given up.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kafka._base.logs import logger

if TYPE_CHECKING:
    from collections.abc import Callable

    from kafka.structs import TopicPartition

    # Gets the partition, the old position or None, the new one, and the reason.
    OnReset = Callable[[TopicPartition, int | None, int, str], None]

log = logger(__name__)


class ResetReports:
    """Report each reset once, when its new position is known.

    Args:
        on_reset: is told besides the log, ``None`` for nobody.
    """

    __slots__ = ("_begun", "_on_reset")

    def __init__(self, on_reset: OnReset | None = None) -> None:
        self._on_reset = on_reset
        # The start that the reset has begun, the old position, and why another one is looked up.
        self._begun: dict[TopicPartition, tuple[int, int | None, str]] = {}

    def __repr__(self) -> str:
        """Return a status line."""
        return f"<ResetReports open={len(self._begun)}>"

    def begun(self, tp: TopicPartition, generation: int, old: int | None, reason: str) -> None:
        """Note that a position of *tp* is looked up.

        Args:
            tp: the partition.
            generation: number of the start that is looked up.
            old: what the application had reached, ``None`` for a partition without a position.
            reason: why; the old position, or the partition without one, being the subject.
        """
        self._begun[tp] = generation, old, reason

    def found(self, tp: TopicPartition, generation: int, new: int) -> None:
        """Report the position *new*, which was looked up for the start *generation*."""
        since, old, reason = self._begun.pop(tp, (None, None, ""))
        if since == generation:
            self.moved(tp, old, new, reason)
        else:
            log.info("partition=%s-%d position reset to %d", *tp, new)

    def moved(self, tp: TopicPartition, old: int | None, new: int, reason: str) -> None:
        """Report a position that was found or moved without the application's doing."""
        if old is None:
            log.info("partition=%s-%d position reset to %d: it %s", *tp, new, reason)
        else:
            log.warning(
                "partition=%s-%d position reset from %d to %d: it %s", *tp, old, new, reason
            )
        if self._on_reset is not None:
            self._on_reset(tp, old, new, reason)
