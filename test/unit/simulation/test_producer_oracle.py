"""The oracle of the stories of producers finds what it is there for."""

from __future__ import annotations

import pytest

from test.simulation.producers.oracle import Fate, Oracle, Place, Stored


def oracle_of(*fates: Fate, exact: bool = True) -> Oracle:
    """Return an oracle with records 0, 1, 2 ... of "w", all of partition 0."""
    oracle = Oracle()
    oracle.enlist("w", exact=exact)
    offset = 0
    for number, fate in enumerate(fates):
        oracle.send("w", number, 1.0)
        place = Place(0, offset) if fate is Fate.WRITTEN else None
        offset += fate is Fate.WRITTEN
        if fate is not Fate.OPEN:
            oracle.tell("w", number, fate, 2.0, place=place)
    return oracle


def log_of(*numbers: int) -> dict[int, list[Stored]]:
    return {0: [Stored(offset, "w", number) for offset, number in enumerate(numbers)]}


WRITTEN, ABSENT, UNKNOWN = Fate.WRITTEN, Fate.ABSENT, Fate.UNKNOWN


@pytest.mark.parametrize(
    ("fates", "numbers"),
    [
        ([WRITTEN, WRITTEN], [0, 1]),
        ([WRITTEN, ABSENT], [0]),
        ([WRITTEN, UNKNOWN], [0]),
        ([WRITTEN, UNKNOWN], [0, 1]),
        ([WRITTEN, Fate.OPEN], [0, 1]),
    ],
)
def test_a_log_as_it_was_told_is_right(fates: list[Fate], numbers: list[int]) -> None:
    assert oracle_of(*fates).judge(log_of(*numbers)) == []


@pytest.mark.parametrize(
    ("fates", "numbers", "problem"),
    [
        ([WRITTEN, WRITTEN], [0], "not stored: w:1"),
        ([WRITTEN, WRITTEN], [0, 1, 1], "stored 2 times"),
        ([WRITTEN, UNKNOWN], [0, 1, 1], "stored 2 times"),
        ([WRITTEN, UNKNOWN, WRITTEN], [0, 2, 1], "w:1 comes after w:2"),
        ([WRITTEN, ABSENT], [0, 1], "stored at [Place(partition=0, offset=1)]: w:1"),
        ([WRITTEN], [0, 1], "nobody has sent w:1"),
        ([WRITTEN, WRITTEN], [1, 0], "w:0 comes after w:1"),
    ],
)
def test_what_is_wrong_is_found(fates: list[Fate], numbers: list[int], problem: str) -> None:
    assert any(problem in found for found in oracle_of(*fates).judge(log_of(*numbers)))


def test_a_record_is_where_it_was_said_to_be() -> None:
    oracle = oracle_of(WRITTEN)
    assert oracle.judge({0: [Stored(7, "w", 0)]})
    assert oracle.judge({1: [Stored(0, "w", 0)]})


def test_without_idempotence_only_the_first_copies_of_what_was_acknowledged_count() -> None:
    oracle = oracle_of(WRITTEN, UNKNOWN, WRITTEN, exact=False)
    assert oracle.judge({0: [Stored(0, "w", 0), Stored(1, "w", 2), Stored(2, "w", 1)]}) == []
    assert oracle.judge(log_of(0, 2, 0)) == []
    assert oracle.judge(log_of(2, 0))


def test_a_second_outcome_is_a_problem() -> None:
    oracle = oracle_of(WRITTEN)
    oracle.tell("w", 0, Fate.UNKNOWN, 3.0)
    assert oracle.problems
