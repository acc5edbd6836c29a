"""What producers have sent, what they were told became of it, and what the brokers have.  Pure.

Records bear the name of their writer and a number, which grows with each record that it sends. In
each partition the log is to hold, of each writer, what it was told was written, in the order in
which it was sent. What failed is absent, unless the error said that it may have been written.

A writer that is *exact* (idempotent or transactional) has nothing twice, and nothing out of order.
Of any other the first copies of what was acknowledged are judged: a retry may write a record again.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from enum import Enum, unique
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_UNKNOWN_OFFSET = -1


@unique
class Fate(Enum):
    """What a writer was told about a record."""

    OPEN = "open"
    WRITTEN = "acknowledged"
    ABSENT = "failed, not written"
    UNKNOWN = "failed, may have been written"


class Stored(NamedTuple):
    """A record in the log of a partition."""

    offset: int
    writer: str
    number: int


class Place(NamedTuple):
    """Where a record is."""

    partition: int
    offset: int


@dataclass(slots=True)
class SentRecord:
    """A record that was sent.

    Attributes:
        fate: what its writer was told.
        why: the error, or ``""``.
        place: where it was said to be written.
        sent_at: when it was sent.
        told_at: when its writer was told.
    """

    writer: str
    number: int
    sent_at: float
    fate: Fate = Fate.OPEN
    why: str = ""
    place: Place | None = None
    told_at: float = -1.0

    def __str__(self) -> str:
        told = f", told at {self.told_at:.3f}" if self.told_at >= 0 else ""
        why = f" ({self.why})" if self.why else ""
        return (
            f"{self.writer}:{self.number} sent at {self.sent_at:.3f}{told}: {self.fate.value}{why}"
        )


class Oracle:
    """The records of one story.

    Attributes:
        problems: what was wrong at once.
        counts: how many records there are of each fate.
    """

    def __init__(self) -> None:
        self.problems: list[str] = []
        self.counts: dict[Fate, int] = defaultdict(int)
        self._records: dict[tuple[str, int], SentRecord] = {}
        self._exact: set[str] = set()

    # -- what writers say ----------------------------------------------------------------------

    def enlist(self, writer: str, *, exact: bool) -> None:
        """Note that there is a writer, and whether it writes each record exactly once."""
        if exact:
            self._exact.add(writer)

    def send(self, writer: str, number: int, now: float) -> None:
        """Note that a record is about to be sent."""
        self._records[writer, number] = SentRecord(writer, number, now)
        self.counts[Fate.OPEN] += 1

    def tell(
        self,
        writer: str,
        number: int,
        fate: Fate,
        now: float,
        *,
        place: Place | None = None,
        why: str = "",
    ) -> None:
        """Note what the writer was told about a record."""
        record = self._records[writer, number]
        if record.fate is not Fate.OPEN:
            self.problems.append(f"{now:.3f} told a second time, now {fate.value}: {record}")
            return
        record.fate, record.why, record.place, record.told_at = fate, why, place, now
        self.counts[Fate.OPEN] -= 1
        self.counts[fate] += 1

    def open_records(self) -> list[SentRecord]:
        """Return the records about which nothing was said."""
        return [record for record in self._records.values() if record.fate is Fate.OPEN]

    # -- what the brokers have -----------------------------------------------------------------

    def judge(self, log: Mapping[int, Sequence[Stored]]) -> list[str]:
        """Return what does not hold, given the records in the log of each partition."""
        places: dict[tuple[str, int], list[Place]] = defaultdict(list)
        problems = []
        for partition, stored in log.items():
            for offset, writer, number in stored:
                places[writer, number].append(Place(partition, offset))
            problems += self._out_of_order(partition, stored)
        problems += [
            f"nobody has sent {writer}:{number}"
            for writer, number in places
            if (writer, number) not in self._records
        ]
        for key, record in self._records.items():
            problems += self._misplaced(record, places.get(key, []))
        return problems

    def _out_of_order(self, partition: int, stored: Sequence[Stored]) -> Iterator[str]:
        last: dict[str, int] = {}
        for offset, writer, number in self._judged(stored):
            before = last.get(writer, -1)
            if number < before:
                yield (
                    f"partition {partition}, offset {offset}: {writer}:{number} comes after "
                    f"{writer}:{before}; {self._records.get((writer, number))}"
                )
            last[writer] = max(number, before)

    def _judged(self, stored: Sequence[Stored]) -> Iterator[Stored]:
        """Yield the records whose order counts."""
        known: set[tuple[str, int]] = set()
        for item in stored:
            key = item.writer, item.number
            record = self._records.get(key)
            acked = record is not None and record.fate is Fate.WRITTEN
            if item.writer in self._exact or (acked and key not in known):
                yield item
            known.add(key)

    def _misplaced(self, record: SentRecord, places: list[Place]) -> Iterator[str]:
        if len(places) > 1 and record.writer in self._exact:
            yield f"stored {len(places)} times, at {places}: {record}"
        if record.fate is Fate.ABSENT and places:
            yield f"stored at {places}: {record}"
        if record.fate is Fate.WRITTEN and not places:
            yield f"not stored: {record}"
        said = record.place
        if said is None or not places:
            return
        if said.offset == _UNKNOWN_OFFSET:
            places = [Place(place.partition, _UNKNOWN_OFFSET) for place in places]
        if said not in places:
            yield f"stored at {places}, not at {said}: {record}"
