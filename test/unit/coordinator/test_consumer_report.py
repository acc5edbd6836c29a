"""How membership is going."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kafka.errors import NotCoordinatorError
from test.unit.coordinator.member_bench import A0, GroupMember

if TYPE_CHECKING:
    pass


def test_report_of_a_stable_member() -> None:
    bench = GroupMember()
    bench.settle(A0)
    bench.now = 2.0
    health = bench.machine.health(2.0)
    assert health._asdict() == {
        "group_id": "g",
        "protocol": "consumer",
        "state": "stable",
        "member_id": "me",
        "epoch": 1,
        "coordinator": 1,
        "last_heartbeat": 2.0,
        "last_poll": 2.0,
        "rebalance_reason": "the consumer joins",
        "waiting_for": None,
        "waiting_since": None,
    }


def test_report_of_a_consumer_that_has_not_subscribed() -> None:
    bench = GroupMember()
    bench.poll()
    health = bench.machine.health(0.0)
    assert (health.state, health.epoch, health.coordinator) == ("unsubscribed", -1, None)
    assert (health.last_heartbeat, health.last_poll, health.rebalance_reason) == (None, None, None)
    assert (health.waiting_for, health.waiting_since) == (None, None)


def test_report_tells_for_how_long_the_same_is_waited_for() -> None:
    bench = GroupMember()
    bench.subscribe("a")
    bench.poll()
    assert bench.waits_for == "the application to ask for records"
    bench.user_polls()
    assert bench.waits_for == "the coordinator to be found"
    bench.poll(after=3.0)
    assert bench.machine.health(4.0).waiting_since == 4.0
    bench.find()
    assert bench.waits_for == "the coordinator's answer"
    assert bench.machine.health(4.0).waiting_since == 1.0


def test_report_tells_what_a_rebalance_waits_for() -> None:
    bench = GroupMember()
    bench.settle(A0)
    bench.poll(after=5.0)
    bench.answer(2)
    assert bench.waits_for == "the application to poll again"
    bench.do_task()
    assert bench.waits_for == "the rebalance listener to give up partitions"


def test_lost_coordinator_is_waited_for() -> None:
    bench = GroupMember()
    bench.settle(A0)
    bench.poll(after=5.0)
    bench.refuse(NotCoordinatorError)
    assert bench.waits_for == "the coordinator to be found"
