"""The oracle of transactions finds what it is there for."""

from __future__ import annotations

import pytest

from test.simulation.producers.committed import Committed, End
from test.simulation.producers.oracle import Stored


def judged(end: End, *seen: int) -> list[str]:
    """Return what is wrong if of records 0 and 1 of a transaction so many are seen."""
    committed = Committed()
    transaction = committed.begin("w", 1.0)
    committed.send(transaction, 0)
    committed.send(transaction, 1)
    if end is not End.OPEN:
        committed.end(transaction, end, 2.0)
    return committed.judge({0: [Stored(number, "w", number) for number in seen]})


@pytest.mark.parametrize(
    ("end", "seen"),
    [(End.COMMITTED, [0, 1]), (End.ABORTED, []), (End.UNKNOWN, []), (End.UNKNOWN, [0, 1])],
)
def test_what_may_be_seen_is_right(end: End, seen: list[int]) -> None:
    assert judged(end, *seen) == []


@pytest.mark.parametrize(
    ("end", "seen"),
    [
        (End.COMMITTED, []),
        (End.COMMITTED, [1]),
        (End.ABORTED, [0]),
        (End.UNKNOWN, [0]),
        (End.OPEN, []),
    ],
)
def test_what_must_not_be_seen_is_found(end: End, seen: list[int]) -> None:
    assert judged(end, *seen)


def test_nothing_of_a_writer_is_seen_after_its_successor() -> None:
    committed = Committed()
    for writer in ("old", "new"):
        committed.take_over("tx", writer)
        transaction = committed.begin(writer, 1.0)
        committed.send(transaction, 0)
        committed.end(transaction, End.COMMITTED, 2.0)
    assert committed.judge({0: [Stored(0, "old", 0), Stored(1, "new", 0)]}) == []
    assert committed.judge({0: [Stored(0, "new", 0), Stored(1, "old", 0)]})
