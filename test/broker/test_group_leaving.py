"""Consumers that leave their group; the async face, both protocols."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from kafka.errors import IllegalStateError, KafkaError, KafkaTimeoutError
from kafka.protocol.messages.join_group import JoinGroupRequest
from kafka.protocol.messages.leave_group import LeaveGroupRequest
from kafka.structs import OffsetAndMetadata, TopicPartition
from test.support.group_stories import (
    ALL,
    AsyncNoting,
    Noting,
    Polling,
    both_protocols,
    member,
    poll_until,
    until,
    with_records,
)
from test.support.stage import cluster_of

if TYPE_CHECKING:
    from kafka.consumer.async_consumer import AsyncKafkaConsumer
    from kafka.testing import EmbeddedCluster


async def nothing() -> None:
    """Return at once."""


@both_protocols
async def test_close_ends_in_time_whatever_the_coordinator_does(protocol: str) -> None:
    async with cluster_of() as cluster:
        with_records(cluster)
        listener = Noting()
        reader = member(cluster, protocol)
        await reader.start()
        reader.subscribe(["t"], listener=listener)
        await poll_until(reader, lambda: reader.assignment() == ALL)
        cluster.cut_off(0)
        loop = asyncio.get_running_loop()
        before = loop.time()
        await reader.close(timeout_ms=3000)
        assert loop.time() - before <= 3.25
        assert listener.heard[-1] == "revoked 0 1 2 3"


async def read_with_a_deleted_topic(cluster: EmbeddedCluster, reader: AsyncKafkaConsumer) -> None:
    """Have *reader* read two topics to their ends, of which one is deleted then."""
    with_records(cluster)
    cluster.create_topic("u", 1)
    cluster.append("u", b"gone")
    reader.subscribe(["t", "u"])
    found = 0
    while found < 21:
        found += sum(map(len, (await reader.poll(1000)).values()))
    cluster.delete_topic("u")


@both_protocols
@pytest.mark.parametrize("way", ["close", "unsubscribe"])
async def test_a_deleted_topic_does_not_hold_up_who_leaves(protocol: str, way: str) -> None:
    async with cluster_of() as cluster, member(cluster, protocol) as reader:
        await read_with_a_deleted_topic(cluster, reader)
        async with asyncio.timeout(2):
            await (reader.close() if way == "close" else reader.unsubscribe())
        assert {tp: cluster.group("g").offsets[tp] for tp in ALL} == dict.fromkeys(ALL, 5)


@both_protocols
async def test_a_deleted_topic_does_not_hold_up_a_rebalance(protocol: str) -> None:
    async with (
        cluster_of() as cluster,
        member(cluster, protocol) as first,
        member(cluster, protocol) as second,
    ):
        await read_with_a_deleted_topic(cluster, first)
        second.subscribe(["t"])
        async with Polling(first), Polling(second):
            await until(lambda: {tp.topic for tp in first.assignment()} == {"t"}, seconds=15)
            await until(lambda: len(second.assignment()) == 2, seconds=15)
            assert await second.position(next(iter(second.assignment()))) == 5


@both_protocols
@pytest.mark.parametrize("woken", [False, True], ids=["", "after wakeup()"])
async def test_a_listener_that_close_calls_may_commit(protocol: str, woken: bool) -> None:
    async with cluster_of() as cluster:
        with_records(cluster)
        listener = AsyncNoting()
        reader = member(cluster, protocol, enable_auto_commit=False)
        await reader.start()
        listener.on_call = lambda what: reader.commit() if what == "revoked" else nothing()
        reader.subscribe(["t"], listener=listener)
        count = 0
        while count < 20:
            count += sum(map(len, (await reader.getmany(timeout_ms=1000)).values()))
        if woken:
            reader.wakeup()
        await reader.close()
        assert cluster.group("g").offsets == dict.fromkeys(ALL, 5)
        with pytest.raises(IllegalStateError, match="closed"):
            await reader.commit()


@both_protocols
async def test_a_listener_that_commits_in_vain_does_not_hold_up_close(protocol: str) -> None:
    async with cluster_of() as cluster:
        with_records(cluster)
        listener = AsyncNoting()
        reader = member(cluster, protocol, enable_auto_commit=False)
        await reader.start()
        reader.subscribe(["t"], listener=listener)
        await poll_until(reader, lambda: reader.assignment() == ALL)
        await reader.position(TopicPartition("t", 0))
        listener.on_call = lambda _: reader.commit({TopicPartition("t", 0): OffsetAndMetadata(1)})
        cluster.cut_off(0)
        loop = asyncio.get_running_loop()
        before = loop.time()
        with pytest.raises(KafkaTimeoutError):
            await reader.close(timeout_ms=3000)
        assert loop.time() - before <= 3.25


@both_protocols
async def test_close_in_no_time_still_calls_the_listener(protocol: str) -> None:
    async with cluster_of() as cluster:
        with_records(cluster)
        listener = Noting()
        reader = member(cluster, protocol, enable_auto_commit=False)
        await reader.start()
        reader.subscribe(["t"], listener=listener)
        await poll_until(reader, lambda: reader.assignment() == ALL)
        await reader.close(timeout_ms=0)
        assert listener.heard[-1] == "revoked 0 1 2 3"


@both_protocols
async def test_a_listener_may_use_the_consumer_while_it_closes(protocol: str) -> None:
    async with cluster_of() as cluster:
        with_records(cluster)
        listener = AsyncNoting()
        tp = TopicPartition("t", 0)

        async def use(what: str) -> None:
            if what == "revoked":
                assert await reader.position(tp) == 5
                await reader.commit()
                assert await reader.committed(tp) == 5
                assert await reader.end_offsets([tp]) == {tp: 5}
                reader.pause(tp)
                assert reader.paused() == {tp}

        listener.on_call = use
        async with member(cluster, protocol, enable_auto_commit=False) as reader:
            reader.subscribe(["t"], listener=listener)
            count = 0
            while count < 20:
                count += sum(map(len, (await reader.poll(60_000)).values()))
        with pytest.raises(IllegalStateError, match="closed"):
            await reader.commit()
        assert listener.heard[-1] == "revoked 0 1 2 3"
        assert cluster.group("g").offsets[tp] == 5


@both_protocols
async def test_close_ends_in_time_although_its_listener_cannot_commit(protocol: str) -> None:
    async with cluster_of() as cluster:
        with_records(cluster)
        listener = AsyncNoting()
        reader = member(cluster, protocol, enable_auto_commit=False)
        failures: list[Exception] = []

        async def commit(what: str) -> None:
            if what == "revoked":
                try:
                    await reader.commit()
                except KafkaError as error:
                    failures.append(error)

        listener.on_call = commit
        await reader.start()
        reader.subscribe(["t"], listener=listener)
        while not await reader.poll(60_000):
            pass
        cluster.cut_off(0)
        loop = asyncio.get_running_loop()
        before = loop.time()
        await reader.close(timeout_ms=3000)
        assert loop.time() - before <= 3.25
        assert len(failures) == 1


async def test_leave_group_says_whether_the_group_is_told() -> None:
    async with cluster_of() as cluster:
        with_records(cluster)
        for leave_group, count in [(False, 0), (None, 1), (True, 2)]:
            reader = member(cluster, "classic", session_timeout_ms=6000)
            await reader.start()
            reader.subscribe(["t"])
            await poll_until(reader, lambda reader=reader: reader.assignment() == ALL)  # type: ignore[misc] # bound
            await reader.close(leave_group=leave_group)
            assert cluster.count(LeaveGroupRequest) == count


async def test_a_static_member_stays_a_member_unless_told_to_leave() -> None:
    async with cluster_of() as cluster:
        with_records(cluster)
        for leave_group, count in [(None, 0), (True, 1)]:
            reader = member(cluster, "classic", group_instance_id="me")
            await reader.start()
            reader.subscribe(["t"])
            await poll_until(reader, lambda reader=reader: reader.assignment() == ALL)  # type: ignore[misc] # bound
            await reader.close(leave_group=leave_group)
            assert cluster.count(LeaveGroupRequest) == count


@pytest.mark.parametrize("way", ["close", "unsubscribe"])
async def test_a_static_leader_that_goes_while_it_joins_leaves_no_generation_hanging(
    way: str,
) -> None:
    async with cluster_of() as cluster:
        with_records(cluster)
        leader, other = (
            member(cluster, "classic", group_instance_id=name) for name in ("leader", "other")
        )
        async with leader, other:
            leader.subscribe(["t"])
            await poll_until(leader, lambda: leader.assignment() == ALL)
            other.subscribe(["t"])
            async with Polling(leader):
                await poll_until(other, lambda: len(other.assignment()) == 2)
            joins, before = cluster.count(JoinGroupRequest), other.group_metadata().generation_id
            leader.enforce_rebalance("a test")
            await poll_until(leader, lambda: cluster.count(JoinGroupRequest) > joins)
            async with Polling(other):
                await (leader.close() if way == "close" else leader.unsubscribe())
            # The session of the one that has gone lasts for 45 s.
            async with asyncio.timeout(10):
                await poll_until(other, lambda: other.group_metadata().generation_id > before)
                await poll_until(other, lambda: len(other.assignment()) == 2)
                await other.commit()


@both_protocols
async def test_cancelled_close_goes_on_without_the_listener(protocol: str) -> None:
    async with cluster_of() as cluster:
        with_records(cluster)
        listener = AsyncNoting()
        reader = member(cluster, protocol)
        await reader.start()
        reader.subscribe(["t"], listener=listener)
        await poll_until(reader, lambda: reader.assignment() == ALL)
        listener.on_call = lambda _: asyncio.get_running_loop().create_future()
        closing = asyncio.ensure_future(reader.close())
        await until(lambda: listener.heard[-1] == "revoked 0 1 2 3")
        closing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await closing
        await reader.close()


@both_protocols
async def test_close_inside_a_listener_leaves(protocol: str) -> None:
    async with cluster_of() as cluster:
        with_records(cluster)
        listener = AsyncNoting()
        reader = member(cluster, protocol)
        await reader.start()
        reader.subscribe(["t"], listener=listener)
        listener.on_call = lambda _: reader.close()
        await reader.poll(60_000)
        assert listener.heard == ["assigned 0 1 2 3"]
