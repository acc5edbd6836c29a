"""Commits that a newer one makes superfluous."""

from __future__ import annotations

from kafka.coordinator.commit_requests import CommitKind
from kafka.errors import CoordinatorLoadInProgressError
from test.unit.coordinator.commit_bench import BACKOFF, T0, T1, CommitBench, offsets


def test_commit_can_be_withdrawn_for_a_newer_one_of_its_partitions() -> None:
    bench = CommitBench()
    first = bench.commit(kind=CommitKind.AUTO)
    bench.answer(CoordinatorLoadInProgressError)
    assert not bench.machine.withdraw(first, offsets(T1))
    assert bench.machine.withdraw(first, offsets(T0, T1))
    second = bench.commit(T0, T1, at=7, kind=CommitKind.AUTO, now=1.0 + BACKOFF)
    assert bench.committed() == {T0: 7, T1: 7}
    bench.answer()
    assert bench.settled == {second: None}
    assert not bench.machine.withdraw(first, offsets(T0, T1))


def test_commit_in_flight_is_not_withdrawn() -> None:
    bench = CommitBench()
    number = bench.commit(kind=CommitKind.AUTO)
    assert not bench.machine.withdraw(number, offsets(T0))
    bench.answer()
    assert bench.settled == {number: None}
