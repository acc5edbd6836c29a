"""Compaction as time goes by: when a log is compacted, and how far.  Pure.

As in Apache Kafka, with two simplifications. Each batch counts as a segment of its own, closed
``segment.ms`` after its newest record. Tombstones go ``delete.retention.ms`` after the compaction
that first kept them, whether there is anything else to compact or not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kafka.testing.broker.compaction import compact

if TYPE_CHECKING:
    from kafka.testing.broker.log import PartitionLog


class Cleaner:
    """The cleaner of one partition's log.

    Attributes:
        clean_until: offsets below it have been compacted.
    """

    __slots__ = ("_horizons", "clean_until")

    def __init__(self) -> None:
        self.clean_until = 0
        # When a tombstone that compaction has kept is to go, by its offset.
        self._horizons: dict[int, int] = {}

    def clean(self, log: PartitionLog, now_ms: int) -> bool:
        """Compact *log* if it is time; return whether it was."""
        if not log.config.is_compacted or not log.batches:
            return False
        self.clean_until = min(self.clean_until, log.end_offset)
        until = _closed_until(log, now_ms)
        due = {offset for offset, horizon in self._horizons.items() if horizon <= now_ms}
        if not due and not self._is_dirty(log, until, now_ms):
            return False
        kept = compact(log, until=until, drop=due)
        retention = log.config.integer("delete.retention.ms")
        self._horizons = {offset: self._horizons.get(offset, now_ms + retention) for offset in kept}
        self.clean_until = max(self.clean_until, until)
        return True

    def _is_dirty(self, log: PartitionLog, until: int, now_ms: int) -> bool:
        if until <= self.clean_until:
            return False
        dirty = log.available_bytes(self.clean_until, until)
        if dirty == 0:
            return False
        total = log.available_bytes(log.start_offset, until)
        if dirty / total > float(log.config.text("min.cleanable.dirty.ratio")):
            return True
        oldest = next(batch for batch in log.batches if batch.last_offset >= self.clean_until)
        return now_ms - oldest.max_timestamp > log.config.integer("max.compaction.lag.ms")


def _closed_until(log: PartitionLog, now_ms: int) -> int:
    """Return the offset up to which records are old enough, and decided, to be compacted."""
    config = log.config
    closed_after = min(config.integer("segment.ms"), config.integer("max.compaction.lag.ms"))
    age = max(closed_after, config.integer("min.compaction.lag.ms"))
    stable = log.last_stable_offset
    until = log.start_offset
    for batch in log.batches:
        if batch.last_offset >= stable or now_ms - batch.max_timestamp < age:
            break
        until = batch.last_offset + 1
    return until
