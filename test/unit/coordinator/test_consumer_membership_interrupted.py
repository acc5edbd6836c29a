"""A KIP-848 member whose loop did not run for so long that its session may be over."""

from __future__ import annotations

import math

from kafka.coordinator.membership import SetHold
from kafka.errors import CoordinatorLoadInProgressError, UnknownMemberIdError
from kafka.subscription import Hold
from test.unit.coordinator.member_bench import A0, A1, GroupMember

DOUBT = SetHold((A0, A1), Hold.DOUBTED, on=True)
TRUST = SetHold((A0, A1), Hold.DOUBTED, on=False)


def member() -> GroupMember:
    bench = GroupMember()
    bench.settle(A0, A1)
    return bench


def interrupt(bench: GroupMember) -> None:
    bench.machine.on_interrupted(bench.now)
    bench.poll()


def test_records_are_withheld_until_a_heartbeat_is_answered() -> None:
    bench = member()
    interrupt(bench)
    assert bench.of(SetHold) == [DOUBT]
    assert bench.beat.member_epoch == 1
    bench.answer(1, unchanged=True)
    assert bench.of(SetHold) == [TRUST]


def test_heartbeat_of_before_does_not_tell() -> None:
    bench = member()
    bench.poll(after=5.0)
    interrupt(bench)
    bench.answer(1, unchanged=True)
    assert bench.of(SetHold) == []
    assert bench.has_heartbeat_in_flight
    bench.answer(1, unchanged=True)
    assert bench.of(SetHold) == [TRUST]


def test_coordinator_that_cannot_tell_yet_is_asked_again() -> None:
    bench = member()
    interrupt(bench)
    bench.refuse(CoordinatorLoadInProgressError)
    assert bench.of(SetHold) == []
    bench.poll(after=0.1)
    bench.answer(1, unchanged=True)
    assert bench.of(SetHold) == [TRUST]


def test_member_that_was_fenced_loses_its_partitions_and_gets_others() -> None:
    bench = member()
    interrupt(bench)
    bench.refuse(UnknownMemberIdError)
    bench.do_all_tasks()
    assert bench.owned == set()
    bench.recover(A0)
    assert (bench.owned, bench.held) == ({A0}, set())


def test_whoever_is_no_member_has_nothing_to_doubt() -> None:
    bench = GroupMember()
    bench.subscribe("a")
    interrupt(bench)
    assert bench.of(SetHold) == []
    assert bench.machine.patience == math.inf


def test_loop_may_be_away_for_two_intervals() -> None:
    assert member().machine.patience == 10.0
