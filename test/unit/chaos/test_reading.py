"""What the chaos story makes of the lines that members print."""

from __future__ import annotations

from test.chaos.reading import Read, Standstill, lost, parse, repeated, standstills


def test_half_a_line_of_a_killed_member_counts_for_nothing() -> None:
    assert parse("1.5 0 7\n2.5 1 8\n3.5 1 1") == [Read(1.5, 0, 7), Read(2.5, 1, 8)]
    assert parse("1.5 0") == []


def test_what_nobody_has_read_is_lost() -> None:
    assert lost([Read(1.0, 0, 0), Read(2.0, 0, 3), Read(3.0, 0, 3)], 5) == [1, 2, 4]


def test_each_reading_but_the_first_is_a_repetition() -> None:
    reads = [Read(3.0, 0, 1), Read(2.0, 0, 1), Read(1.0, 0, 1), Read(4.0, 0, 2)]
    assert repeated(reads) == [Read(2.0, 0, 1), Read(3.0, 0, 1)]


def test_a_partition_stands_still_while_only_known_records_are_read() -> None:
    reads = [Read(9.0, 0, 3), Read(1.0, 0, 1), Read(5.0, 0, 1), Read(2.0, 1, 2), Read(4.0, 1, 4)]
    assert standstills(reads)[:2] == [Standstill(8.0, 0, 1.0), Standstill(2.0, 1, 2.0)]
