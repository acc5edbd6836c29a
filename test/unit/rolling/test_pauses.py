"""What the reads of a group say about the restart of a member."""

from __future__ import annotations

import pytest

from test.rolling.pauses import Read, Step, Total, step


def reads(member: str, partition: int, **times: float) -> list[Read]:
    """Return reads at a time, of records that had waited for so long."""
    return [
        Read(float(at[1:]), partition, member, float(at[1:]) - late) for at, late in times.items()
    ]


def test_pauses_are_those_longer_than_usual_added_up() -> None:
    first, second = reads("a", 0, _10=0.1, _12=2.0), reads("b", 1, _10=0.1, _11=0.6)
    third = reads("b", 2, _10=0.1, _11=0.4)
    found = step([*first, *second, *third], 10.0, 13.0, 0.7)
    assert found.pause == pytest.approx(2.6)
    assert found.first_record == 0.7


def test_partition_that_changes_its_reader_has_not_kept_it() -> None:
    moved = [*reads("a", 0, _10=0.1), *reads("c", 0, _13=2.0)]
    found = step([*moved, *reads("b", 1, _10=0.2, _11=0.1)], 10.0, 13.0, 0.0)
    assert found.kept == 1
    assert found.longest_kept == pytest.approx(0.2)


def test_what_was_read_before_and_after_the_restart_does_not_count() -> None:
    found = step(reads("a", 0, _8=9.0, _11=0.1, _13=9.0), 10.0, 12.0, 0.0)
    assert (found.pause, found.kept) == (0.0, 1)


def test_total_adds_pauses_up_and_takes_the_mean_of_starts() -> None:
    total = Total([Step(1.0, 2.0, 0.3, 14), Step(3.0, 0.0, 0.2, 14)], 1)
    assert (total.pause, total.first_record, total.longest_kept) == (2.0, 2.0, 0.3)
    assert str(total).startswith("2 restarts; pauses 2.0 s in all; start to first record 2.00 s")
