"""How soon a new member reads: what need not wait for each other does not."""

from __future__ import annotations

import pytest

from kafka.protocol.messages.join_group import JoinGroupRequest
from test.support.group_stories import ALL, Polling, member, poll_until, until, with_records
from test.support.stage import cluster_of
from test.support.virtual_loop import virtual_loop

ROUND_TRIP = 0.1
AT_ONCE = {"group.initial.rebalance.delay.ms": "0"}


@pytest.mark.parametrize(
    ("protocol", "trips"),
    [
        # Two for the first connection, one for the coordinator, two for the connections to it;
        # then JoinGroup (twice, KIP-394) and SyncGroup.
        ("classic", 8),
        ("consumer", 6),
    ],
)
async def test_first_assignment_takes_few_round_trips(protocol: str, trips: int) -> None:
    async with cluster_of(config=AT_ONCE) as cluster:
        with_records(cluster)
        loop = virtual_loop()
        loop.network.latency = ROUND_TRIP / 2
        async with member(cluster, protocol) as reader:
            reader.subscribe(["t"])
            before = loop.time()
            await poll_until(reader, lambda: reader.assignment() == ALL)
            assert (
                loop.time() - before <= (trips + 0.1) * ROUND_TRIP + 0.1
            )  # the poll that finds it


async def test_member_that_takes_the_place_of_another_waits_for_no_timer() -> None:
    async with cluster_of(config=AT_ONCE) as cluster:
        with_records(cluster)
        async with member(cluster, "classic") as third:
            first = member(cluster, "classic")
            await first.start()
            first.subscribe(["t"])
            await poll_until(first, lambda: first.assignment() == ALL)
            await first.close()
            before = virtual_loop().time()
            third.subscribe(["t"])
            async with Polling(third):
                await until(lambda: third.assignment() == ALL)
            assert virtual_loop().time() - before < 0.1
            assert cluster.count(JoinGroupRequest) == 4
