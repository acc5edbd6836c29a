"""Faults of other clients, about commits and committed offsets in groups; both protocols.

The comment at the top of a test names the report it comes from: a client's repository and number.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from kafka.errors import (
    CommitFailedError,
    CoordinatorLoadInProgressError,
    GroupIdNotFoundError,
    IllegalGenerationError,
    NotCoordinatorError,
    StaleMemberEpochError,
)
from kafka.protocol.messages.consumer_group_heartbeat import ConsumerGroupHeartbeatRequest
from kafka.protocol.messages.fetch import FetchRequest
from kafka.protocol.messages.find_coordinator import FindCoordinatorRequest
from kafka.protocol.messages.join_group import JoinGroupRequest
from kafka.protocol.messages.offset_commit import OffsetCommitRequest
from kafka.protocol.messages.offset_fetch import OffsetFetchRequest, OffsetFetchResponse
from kafka.structs import OffsetAndMetadata, TopicPartition
from kafka.testing.broker.faults import Answer, Delay, Fail
from test.support.group_stories import (
    ALL,
    Noting,
    Polling,
    add_records,
    both_protocols,
    member,
    poll_until,
    with_records,
)
from test.support.stage import cluster_of

if TYPE_CHECKING:
    from kafka.consumer.async_consumer import AsyncKafkaConsumer
    from kafka.structs import ConsumerRecord

TPS = [TopicPartition("t", number) for number in range(4)]
COOPERATIVE = ["kafka.coordinator.assignors.cooperative_sticky.CooperativeStickyAssignor"]


async def read(reader: AsyncKafkaConsumer, count: int) -> list[ConsumerRecord]:
    """Poll until so many records have come."""
    found: list[ConsumerRecord] = []
    async with asyncio.timeout(120):
        while len(found) < count:
            for records in (await reader.poll(500)).values():
                found += records
    return found


@both_protocols
async def test_member_that_stayed_away_cannot_commit_fetches_nothing_and_joins_again(
    protocol: str,
) -> None:
    # aiokafka 625
    async with cluster_of() as cluster:
        with_records(cluster)
        listener = Noting()
        options = {"max_poll_interval_ms": 20_000, "enable_auto_commit": False}
        async with member(cluster, protocol, client_id="away", **options) as reader:
            reader.subscribe(["t"], listener=listener)
            assert len(await read(reader, 20)) == 20
            await asyncio.sleep(25)
            fetches = len(cluster.requests(FetchRequest, client_id="away"))
            add_records(cluster)
            await asyncio.sleep(25)
            assert len(cluster.requests(FetchRequest, client_id="away")) == fetches
            with pytest.raises(CommitFailedError):
                await reader.commit()
            # Nothing was committed: all is read again.
            assert len(await read(reader, 40)) == 40
            await reader.commit()
            assert await reader.committed(TPS) == dict.fromkeys(TPS, 10)
        assert listener.heard[:3] == ["assigned 0 1 2 3", "lost 0 1 2 3", "assigned 0 1 2 3"]


@both_protocols
async def test_commit_that_fails_while_the_group_rebalances_does_not_stop_the_reading(
    protocol: str,
) -> None:
    # librdkafka 2933
    error = IllegalGenerationError if protocol == "classic" else StaleMemberEpochError
    async with cluster_of() as cluster:
        with_records(cluster)
        async with (
            member(cluster, protocol, enable_auto_commit=False) as a,
            member(cluster, protocol, enable_auto_commit=False) as b,
        ):
            a.subscribe(["t"])
            b.subscribe(["t"])
            await read(a, 20)
            cluster.inject(OffsetCommitRequest, Delay(5.0))
            cluster.fail(OffsetCommitRequest, error, times=3, optional=True)
            future = a.commit_async()
            async with Polling(b):
                await poll_until(a, lambda: len(a.assignment()) == 2)
            add_records(cluster)
            assert {record.partition for record in await read(a, 10)} == {
                tp.partition for tp in a.assignment()
            }
            await poll_until(a, lambda: future.is_done)


@both_protocols
async def test_commit_of_an_old_generation_during_a_join_costs_no_partition(protocol: str) -> None:
    # librdkafka 4908
    error = IllegalGenerationError if protocol == "classic" else StaleMemberEpochError
    slow = JoinGroupRequest if protocol == "classic" else ConsumerGroupHeartbeatRequest
    options = {} if protocol == "consumer" else {"partition_assignment_strategy": COOPERATIVE}
    async with cluster_of() as cluster:
        with_records(cluster)
        listener = Noting()
        async with (
            member(cluster, protocol, enable_auto_commit=False, client_id="a", **options) as a,
            member(cluster, protocol, **options) as b,
        ):
            a.subscribe(["t"], listener=listener)
            b.subscribe(["t"])
            await read(a, 20)
            async with Polling(b):
                cluster.inject(slow, Delay(3.0), client_id="a")
                cluster.fail(OffsetCommitRequest, error, times=2)
                future = a.commit_async()
                await poll_until(a, lambda: future.is_done)
                await poll_until(a, lambda: len(a.assignment()) == len(b.assignment()) == 2)
                assert a.assignment() | b.assignment() == ALL
        assert not any(call.startswith("lost") for call in listener.heard)


@both_protocols
async def test_coordinator_that_moves_is_found_and_the_commit_arrives(protocol: str) -> None:
    # librdkafka 1605
    async with cluster_of(2, config={"offsets.topic.replication.factor": "2"}) as cluster:
        with_records(cluster)
        listener = Noting()
        async with member(cluster, protocol, enable_auto_commit=False) as reader:
            reader.subscribe(["t"], listener=listener)
            await read(reader, 20)
            for node in (0, 1, 0):
                cluster.move_coordinator("group", "g", node)
                cluster.inject(OffsetCommitRequest, Fail(NotCoordinatorError))
                add_records(cluster, 1)
                await read(reader, 4)
                await reader.commit()
            assert await reader.committed(TPS) == dict.fromkeys(TPS, 8)
        assert listener.heard == ["assigned 0 1 2 3", "revoked 0 1 2 3"]


@both_protocols
async def test_partition_that_comes_back_starts_at_what_others_have_committed(
    protocol: str,
) -> None:
    # librdkafka 1802
    async with cluster_of() as cluster:
        with_records(cluster)
        listener = Noting()
        async with member(cluster, protocol) as a:
            a.subscribe(["t"], listener=listener)
            listener.on_call = lambda _: a.pause(*a.assignment())
            await poll_until(a, lambda: listener.heard)
            listener.on_call = lambda _: None
            assert [await a.position(tp) for tp in TPS] == [0, 0, 0, 0]
            async with member(cluster, protocol) as b:
                b.subscribe(["t"])
                async with Polling(a):
                    assert len(await read(b, 10)) == 10
                moved = b.assignment()
                assert len(moved) == 2
            await poll_until(a, lambda: a.assignment() == ALL)
            assert {tp: await a.position(tp) for tp in moved} == dict.fromkeys(moved, 5)
            assert not a.paused() & moved


@both_protocols
async def test_committed_offset_that_cannot_be_told_yet_is_waited_for(protocol: str) -> None:
    # kafka-python 2428
    async with cluster_of() as cluster:
        with_records(cluster)
        async with member(cluster, protocol, enable_auto_commit=False) as reader:
            reader.subscribe(["t"])
            await poll_until(reader, lambda: reader.assignment() == ALL)
            await reader.commit({tp: OffsetAndMetadata(3, "", -1) for tp in TPS})
        cluster.inject(OffsetFetchRequest, Fail(CoordinatorLoadInProgressError), times=3)
        cluster.inject(OffsetFetchRequest, Answer(OffsetFetchResponse()), times=2)
        async with member(cluster, protocol, auto_offset_reset="latest") as reader:
            reader.subscribe(["t"])
            assert {record.offset for record in await read(reader, 8)} == {3, 4}


async def test_commit_with_a_stale_epoch_is_sent_again_with_the_new_one() -> None:
    # librdkafka 2.15
    async with cluster_of() as cluster:
        with_records(cluster)
        async with member(cluster, "consumer", enable_auto_commit=False) as reader:
            reader.subscribe(["t"])
            await read(reader, 20)
            cluster.fail(OffsetCommitRequest, StaleMemberEpochError)
            await reader.commit()
            assert await reader.committed(TPS) == dict.fromkeys(TPS, 5)


async def test_group_that_the_brokers_have_forgotten_is_raised_and_can_be_joined_again() -> None:
    # librdkafka 2.15, node-rdkafka 1146
    async with cluster_of() as cluster:
        with_records(cluster)
        listener = Noting()
        async with member(cluster, "consumer", enable_auto_commit=False) as reader:
            reader.subscribe(["t"], listener=listener)
            await read(reader, 20)
            cluster.fail(ConsumerGroupHeartbeatRequest, GroupIdNotFoundError)
            with pytest.raises(GroupIdNotFoundError):
                await poll_until(reader, lambda: False)
            beats = cluster.count(ConsumerGroupHeartbeatRequest)
            await asyncio.sleep(60)
            assert cluster.count(ConsumerGroupHeartbeatRequest) == beats
            reader.subscribe(["t"], listener=listener)
            await poll_until(reader, lambda: len(listener.heard) == 3)
            assert cluster.count(FindCoordinatorRequest) <= 2
        assert listener.heard[:3] == ["assigned 0 1 2 3", "lost 0 1 2 3", "assigned 0 1 2 3"]


async def test_away_for_too_long_and_back_at_once_is_one_clean_join() -> None:
    # librdkafka 5541: a join without all it has to say, while the leave was under way
    async with cluster_of() as cluster:
        with_records(cluster)
        listener = Noting()
        async with member(cluster, "consumer", max_poll_interval_ms=20_000) as reader:
            reader.subscribe(["t"], listener=listener)
            await read(reader, 20)
            cluster.inject(ConsumerGroupHeartbeatRequest, Delay(3.0), times=3)
            await asyncio.sleep(21)
            await poll_until(reader, lambda: listener.heard.count("assigned 0 1 2 3") == 2)
            assert reader.assignment() == ALL
            add_records(cluster)
            assert len(await read(reader, 20)) == 20
        assert listener.heard == [
            "assigned 0 1 2 3", "lost 0 1 2 3", "assigned 0 1 2 3", "revoked 0 1 2 3",
        ]  # fmt: skip
