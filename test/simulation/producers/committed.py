"""What transactions have come to, and what readers of committed records are to see.  Pure.

A record is seen if and only if its transaction was committed. Of a transaction whose end nobody was
told, all records are seen or none. A transactional id is one writer after the other: nothing of a
writer is seen behind something of its successor.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from enum import Enum, unique
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from test.simulation.producers.oracle import Stored


@unique
class End(Enum):
    """How a transaction has ended, as far as its writer knows."""

    OPEN = "open"
    COMMITTED = "committed"
    ABORTED = "aborted"
    UNKNOWN = "perhaps committed"


@dataclass(slots=True)
class Transaction:
    """One transaction.

    Attributes:
        numbers: of the records that were taken in it.
        end: how it has ended.
        told_at: when its writer knew.
    """

    writer: str
    begun_at: float
    numbers: set[int] = field(default_factory=set)
    end: End = End.OPEN
    told_at: float = -1.0

    def __str__(self) -> str:
        return (
            f"transaction of {self.writer} begun at {self.begun_at:.3f}, "
            f"{self.end.value} at {self.told_at:.3f}, records {sorted(self.numbers)}"
        )


class Committed:
    """The transactions of one story.

    Attributes:
        counts: how many there are of each end.
    """

    def __init__(self) -> None:
        self.counts: dict[End, int] = defaultdict(int)
        self._transactions: list[Transaction] = []
        self._of: dict[tuple[str, int], Transaction] = {}
        # By transactional id, the writers in the order in which they took it over.
        self._owners: dict[str, list[str]] = defaultdict(list)

    def take_over(self, transactional_id: str, writer: str) -> None:
        """Note that *writer* has a transactional id now, and nobody else any more."""
        self._owners[transactional_id].append(writer)

    def begin(self, writer: str, now: float) -> Transaction:
        """Return a new transaction."""
        transaction = Transaction(writer, now)
        self._transactions.append(transaction)
        return transaction

    def send(self, transaction: Transaction, number: int) -> None:
        """Note that a record is in a transaction."""
        transaction.numbers.add(number)
        self._of[transaction.writer, number] = transaction

    def end(self, transaction: Transaction, end: End, now: float) -> None:
        """Note how a transaction has ended; what was known before stays."""
        if transaction.end is End.OPEN:
            transaction.end, transaction.told_at = end, now
            self.counts[end] += 1

    def judge(self, seen: Mapping[int, Sequence[Stored]]) -> list[str]:
        """Return what does not hold, given what readers of committed records see, by partition."""
        problems: list[str] = []
        found: dict[int, set[int]] = defaultdict(set)
        for partition, stored in seen.items():
            for offset, writer, number in stored:
                transaction = self._of.get((writer, number))
                if transaction is None:
                    problems.append(f"{partition} {offset}: {writer}:{number} was not taken")
                else:
                    found[id(transaction)].add(number)
            problems += self._out_of_turn(partition, stored)
        for transaction in self._transactions:
            problems += _half_seen(transaction, found[id(transaction)])
        return problems

    def _out_of_turn(self, partition: int, stored: Sequence[Stored]) -> Iterator[str]:
        for transactional_id, owners in self._owners.items():
            latest = 0
            for offset, writer, number in stored:
                if writer in owners:
                    turn = owners.index(writer)
                    if turn < latest:
                        yield (
                            f"{partition} {offset}: {writer}:{number} is seen after records of "
                            f"{owners[latest]}, which had taken over {transactional_id}"
                        )
                    latest = max(turn, latest)


def _half_seen(transaction: Transaction, found: set[int]) -> Iterator[str]:
    missing = transaction.numbers - found
    if transaction.end is End.COMMITTED and missing:
        yield f"committed, but {sorted(missing)} are not seen: {transaction}"
    if transaction.end is End.ABORTED and found:
        yield f"aborted, but {sorted(found)} are seen: {transaction}"
    if transaction.end is End.UNKNOWN and found and missing:
        yield f"{sorted(found)} are seen, {sorted(missing)} are not: {transaction}"
    if transaction.end is End.OPEN:
        yield f"nobody knows how it ended: {transaction}"
