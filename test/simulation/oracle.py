"""What the members of a group have processed, and what was wrong with it.

A record that nobody has processed before a later one of its partition is lost. A record that was
processed twice must have an excuse: one of the two members has, after processing it, lost the
partition, crashed or failed to commit before it gave the partition up.
"""

from __future__ import annotations

from collections import defaultdict
from typing import NamedTuple

from kafka.structs import TopicPartition


class Processed(NamedTuple):
    """Who has processed a record, and when."""

    member: str
    at: float


class Oracle:
    """The processed records of one story.

    Attributes:
        ends: by partition, the offset after the last record processed.
        problems: what was wrong at once.
        repeated: how many records were processed more than once.
    """

    def __init__(self) -> None:
        self.ends: dict[TopicPartition, int] = defaultdict(int)
        self.problems: list[str] = []
        self.repeated = 0
        self._first: dict[tuple[TopicPartition, int], Processed] = {}
        self._pairs: list[tuple[TopicPartition, int, Processed, Processed]] = []
        self._excused: dict[tuple[str, TopicPartition], float] = {}

    def process(self, member: str, tp: TopicPartition, offset: int, now: float) -> None:
        """Note that *member* has processed a record."""
        new = Processed(member, now)
        if offset > self.ends[tp]:
            self.problems.append(
                f"{now:.3f} {member} goes on with {tp.topic}-{tp.partition} at {offset}; "
                f"nobody has processed {self.ends[tp]}"
            )
        first = self._first.setdefault((tp, offset), new)
        if first is not new:
            self.repeated += 1
            self._pairs.append((tp, offset, first, new))
            self._first[tp, offset] = new
        self.ends[tp] = max(self.ends[tp], offset + 1)

    def excuse(self, member: str, tp: TopicPartition, now: float) -> None:
        """Note that others may repeat what *member* has processed of *tp* until now."""
        self._excused[member, tp] = now

    def repeated_without_excuse(self) -> list[str]:
        """Return the records that nothing has made necessary to repeat."""
        return [
            f"{second.at:.3f} {second.member} repeats {tp.topic}-{tp.partition} at {offset}, "
            f"which {first.member} has processed at {first.at:.3f}"
            for tp, offset, first, second in self._pairs
            if not any(
                self._excused.get((done.member, tp), -1.0) >= done.at for done in (first, second)
            )
        ]
