"""What `health()` says of a classic member."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from kafka.coordinator.membership import GroupHealth, TaskKind
from kafka.errors import (
    CoordinatorLoadInProgressError,
    InvalidGroupIdError,
    RebalanceInProgressError,
)
from test.unit.coordinator.classic_bench import A0, Bench, Strategy

if TYPE_CHECKING:
    from collections.abc import Callable


def test_health_of_a_member_that_is_well() -> None:
    bench = Bench().become(A0)
    bench.beat()
    bench.now += 2.0
    assert bench.membership.health(bench.now) == GroupHealth(
        group_id="g",
        protocol="classic",
        state="stable",
        member_id="me",
        epoch=1,
        coordinator=1,
        last_heartbeat=2.0,
        last_poll=5.0,
        rebalance_reason="the consumer has subscribed",
        waiting_for=None,
        waiting_since=None,
    )


def test_health_of_a_consumer_that_has_done_nothing_yet() -> None:
    health = Bench().membership.health(100.0)
    assert health.state == "unjoined"
    assert (health.coordinator, health.last_heartbeat, health.last_poll) == (None, None, None)
    assert (health.epoch, health.rebalance_reason) == (-1, None)


SITUATIONS: dict[str, Callable[[Bench], object]] = {
    "the application to poll": lambda bench: bench.subscribe("a"),
    "the coordinator of the group to be found": lambda bench: (
        bench.subscribe("a"),
        bench.user_poll(),
    ),
    "the metadata of the topics that match the pattern": lambda bench: (
        bench.match("a"),
        bench.user_poll(),
        bench.coordinator(),
    ),
    "all members to join": lambda bench: bench.start(),
    "the end of a back-off": lambda bench: (
        bench.start(),
        bench.refuse("JoinGroup", CoordinatorLoadInProgressError),
    ),
    "the metadata of the topics of the group": lambda bench: (
        bench.start(),
        bench.joined(leads=True),
    ),
    "the leader of the group to assign partitions": lambda bench: (bench.start(), bench.joined()),
    "the rebalance listener to prepare partitions": lambda bench: (
        bench.start(),
        bench.joined(),
        bench.synced(A0),
    ),
    "the application to poll again": lambda bench: (
        bench.become(A0),
        bench.beat_refused(RebalanceInProgressError),
    ),
    "the commit of the partitions to give up": lambda bench: (
        bench.become(A0),
        bench.leave(),
        bench.run(TaskKind.SETTLE),
    ),
    "the rebalance listener to give up partitions": lambda bench: (
        bench.become(A0),
        bench.leave(),
        bench.run(TaskKind.SETTLE),
        bench.committed(),
    ),
    "the coordinator to let the member go": lambda bench: (bench.become(), bench.leave()),
    "another subscription, because of an error that stays": lambda bench: (
        bench.start(),
        bench.coordinator(None, InvalidGroupIdError()),
    ),
}


@pytest.mark.parametrize("reason", SITUATIONS)
def test_health_says_what_is_waited_for_and_since_when(reason: str) -> None:
    bench = Bench()
    SITUATIONS[reason](bench)
    since = bench.now
    bench.now += 0.05
    bench.poll()
    health = bench.membership.health(bench.now)
    assert (health.waiting_for, health.waiting_since) == (reason, bench.now - since)


def test_health_says_when_assignors_wait_for_the_application() -> None:
    bench = Bench(Strategy(runs_user_code=True)).start()
    health = bench.membership.health(bench.now)
    assert health.waiting_for == "the application to poll, which runs its assignors"
