"""A classic member whose loop did not run for so long that its session may be over."""

from __future__ import annotations

import pytest

from kafka.errors import (
    CoordinatorLoadInProgressError,
    RebalanceInProgressError,
    UnknownMemberIdError,
)
from kafka.protocol.messages.heartbeat import HeartbeatResponse
from test.unit.coordinator.classic_bench import (
    A0,
    A1,
    COOPERATIVE,
    INTERVAL,
    SESSION_TIMEOUT,
    Bench,
)

DOUBT, TRUST = "DOUBTED on a0 a1", "DOUBTED off a0 a1"


def interrupted(bench: Bench) -> list[str]:
    bench.membership.on_interrupted(bench.now)
    return bench.poll()


def test_records_are_withheld_until_a_heartbeat_is_answered() -> None:
    bench = Bench().become(A0, A1)
    assert interrupted(bench) == [DOUBT, "Heartbeat on group"]
    assert bench.answer("Heartbeat", HeartbeatResponse()) == [TRUST]
    assert interrupted(bench)[0] == DOUBT


def test_heartbeat_of_before_does_not_tell() -> None:
    bench = Bench().become(A0, A1)
    bench.wait(INTERVAL)
    before = bench.last("Heartbeat")
    interrupted(bench)
    bench.membership.on_response(before, HeartbeatResponse(), bench.now)
    assert bench.poll() == []
    assert bench.answer("Heartbeat", HeartbeatResponse()) == [TRUST]


def test_coordinator_that_knows_the_member_while_it_rebalances_has_told() -> None:
    bench = Bench(COOPERATIVE).become(A0, A1)
    interrupted(bench)
    assert TRUST in bench.refuse("Heartbeat", RebalanceInProgressError)


def test_coordinator_that_cannot_tell_yet_is_asked_again() -> None:
    bench = Bench().become(A0, A1)
    interrupted(bench)
    assert bench.refuse("Heartbeat", CoordinatorLoadInProgressError) == []
    assert bench.wait(INTERVAL) == ["Heartbeat on group"]
    assert bench.answer("Heartbeat", HeartbeatResponse()) == [TRUST]


def test_member_that_was_dropped_loses_its_partitions_and_gets_others() -> None:
    bench = Bench().become(A0, A1)
    interrupted(bench)
    bench.refuse("Heartbeat", UnknownMemberIdError)
    bench.run_all()
    assert bench.subscriptions.assignment.partitions == frozenset()
    bench.joined(5)
    bench.synced(A0)
    bench.run_all()
    assert [state.holds for state in bench.subscriptions.assignment] == [0]


@pytest.mark.parametrize("joined", [False, True])
def test_whoever_is_no_member_has_nothing_to_doubt(joined: bool) -> None:
    bench = Bench()
    bench.start()
    if joined:
        bench.coordinator(1)
    assert interrupted(bench) == []


def test_loop_may_be_away_for_as_long_as_the_session_certainly_lasts() -> None:
    assert Bench().membership.patience == SESSION_TIMEOUT - INTERVAL
    short = Bench().settings._replace(session_timeout=4.0)
    assert short.patience == 1.5 * INTERVAL
