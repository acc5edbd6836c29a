"""Faults of other clients, about rebalances; the async face, both protocols.

The comment at the top of a test names the report it comes from: a client's repository and number.
"""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any

import pytest

from kafka.errors import IllegalGenerationError, RebalanceInProgressError
from kafka.protocol.messages.fetch import FetchRequest
from kafka.protocol.messages.find_coordinator import FindCoordinatorRequest
from kafka.protocol.messages.heartbeat import HeartbeatRequest
from kafka.structs import TopicPartition
from kafka.subscription import SubscriptionPattern
from test.support.group_stories import (
    ALL,
    AsyncNoting,
    Noting,
    Polling,
    add_records,
    both_protocols,
    member,
    poll_until,
    until,
    with_records,
)
from test.support.stage import cluster_of

if TYPE_CHECKING:
    from kafka.consumer.async_consumer import AsyncKafkaConsumer
    from kafka.errors import BrokerResponseError
    from kafka.testing import EmbeddedCluster

TPS = [TopicPartition("t", number) for number in range(4)]
ASSIGNORS = "kafka.coordinator.assignors"
RANGE = f"{ASSIGNORS}.range.RangePartitionAssignor"
COOPERATIVE = f"{ASSIGNORS}.cooperative_sticky.CooperativeStickyAssignor"
WAYS: dict[str, dict[str, Any]] = {
    "eager": {"protocol": "classic"},
    "cooperative": {"protocol": "classic", "partition_assignment_strategy": [COOPERATIVE]},
    "consumer": {"protocol": "consumer"},
}
every_way = pytest.mark.parametrize("way", WAYS)


class Reading(Polling):
    """Polls in a task of its own, and notes what came: (topic, partition, offset)."""

    def __init__(self, consumer: AsyncKafkaConsumer) -> None:
        super().__init__(consumer)
        self.found: list[tuple[str, int, int]] = []

    async def _run(self) -> None:
        while True:
            for tp, records in (await self.consumer.poll(500)).items():
                self.found += [(*tp, record.offset) for record in records]


@every_way
async def test_partitions_that_stay_are_read_on_after_a_rebalance_with_a_listener(
    way: str,
) -> None:
    # kafka-python 3131
    async with cluster_of() as cluster:
        with_records(cluster)
        async with member(cluster, **WAYS[way]) as a, member(cluster, **WAYS[way]) as b:
            a.subscribe(["t"], listener=Noting())
            b.subscribe(["t"], listener=AsyncNoting())
            async with Reading(a) as of_a:
                await until(lambda: len(of_a.found) == 20)
                async with Reading(b) as of_b:
                    await until(lambda: len(a.assignment()) == len(b.assignment()) == 2)
                    for _ in range(3):
                        before = len(of_a.found), len(of_b.found)
                        add_records(cluster)
                        await until(lambda n=before: len(of_a.found) - n[0] >= 10)  # type: ignore[misc] # bound
                        await until(lambda n=before: len(of_b.found) - n[1] >= 10)  # type: ignore[misc] # bound
                    everything = of_a.found + of_b.found
                    assert len(everything) == len(set(everything)) == 80


@pytest.mark.parametrize("error", [RebalanceInProgressError, IllegalGenerationError])
async def test_heartbeat_that_tells_of_a_rebalance_does_not_cost_the_coordinator(
    error: type[BrokerResponseError], caplog: pytest.LogCaptureFixture
) -> None:
    # kafka-python 3082
    caplog.set_level("INFO")
    async with cluster_of() as cluster:
        with_records(cluster)
        async with member(cluster, "classic") as reader:
            reader.subscribe(["t"])
            await poll_until(reader, lambda: reader.assignment() == ALL)
            connections = cluster.accepted(0)
            caplog.clear()
            cluster.fail(HeartbeatRequest, error)
            await poll_until(reader, lambda: "took" in caplog.text)
            assert reader.assignment() == ALL
            assert cluster.count(FindCoordinatorRequest) == 1
            assert cluster.accepted(0) == connections
    lines = [record for record in caplog.records if record.name.startswith("kafka.coordinator")]
    if error is RebalanceInProgressError:
        assert {record.levelname for record in lines} == {"INFO"}


@every_way
async def test_no_record_is_returned_while_the_listener_fails_on_assignment(way: str) -> None:
    # kafka-python 917
    async with cluster_of() as cluster:
        with_records(cluster)
        listener = Noting()

        def fail(_: str) -> None:
            raise ZeroDivisionError

        listener.on_call = fail
        async with member(cluster, **WAYS[way]) as reader:
            reader.subscribe(["t"], listener=listener)
            failures = 0
            while failures < 5:
                try:
                    assert await reader.poll(1000) == {}
                except ZeroDivisionError:
                    failures += 1
            assert reader.assignment() == ALL
            listener.on_call = lambda _: None
            assert await reader.poll(60_000)


@both_protocols
async def test_listener_that_waits_for_a_lock_of_the_poller_loses_no_session_and_is_named(
    protocol: str,
) -> None:
    # aiokafka 335
    async with cluster_of() as cluster:
        with_records(cluster)
        listener, lock = AsyncNoting(), asyncio.Lock()
        async with member(cluster, protocol) as reader:
            reader.subscribe(["t"], listener=listener)

            async def take_lock(_: str) -> None:
                async with lock:
                    pass

            listener.on_call = take_lock
            async with lock:
                polling = asyncio.ensure_future(reader.poll(1000))
                await until(lambda: listener.heard)
                await asyncio.sleep(120)
                assert not polling.done()
                health = reader.group_health()
                assert health is not None
                assert "rebalance listener" in str(health.waiting_for)
                assert health.waiting_since is not None
                assert health.waiting_since > 100
                assert health.last_heartbeat is not None
                assert health.last_heartbeat < 10
            await polling
            assert await reader.poll(60_000)
            assert listener.heard == ["assigned 0 1 2 3"]


@every_way
async def test_member_without_partitions_rests_until_another_one_leaves(way: str) -> None:
    # kafka-python 1590, 494
    async with cluster_of() as cluster:
        cluster.create_topic("t", 2)
        async with AsyncExitStack() as stack:
            readers = [member(cluster, **WAYS[way], client_id=f"m{n}") for n in range(3)]
            polls = []
            for reader in readers:
                await stack.enter_async_context(reader)
                reader.subscribe(["t"])
                polls.append(await stack.enter_async_context(Polling(reader)))
            await until(lambda: sorted(len(r.assignment()) for r in readers) == [0, 1, 1])
            await asyncio.sleep(10)
            idle = next(reader for reader in readers if not reader.assignment())
            name = str(idle.config["client_id"])
            before = len(cluster.requests(client_id=name))
            await asyncio.sleep(60)
            # Heartbeats only.
            assert len(cluster.requests(client_id=name)) - before <= 25
            assert not cluster.requests(FetchRequest, client_id=name)
            await next(reader for reader in readers if reader is not idle).close()
            await until(lambda: len(idle.assignment()) == 1, 15)


@every_way
async def test_three_members_of_a_topic_that_is_made_on_demand_do_not_hang(way: str) -> None:
    # faust 134
    async with cluster_of(auto_create=True) as cluster, AsyncExitStack() as stack:
        options = {"metadata_max_age_ms": 5000, **WAYS[way]}
        readers = [member(cluster, **options) for _ in range(3)]
        for reader in readers:
            await stack.enter_async_context(reader)
            reader.subscribe(["new"])
            await stack.enter_async_context(Polling(reader))
        await until(lambda: sorted(len(r.assignment()) for r in readers) == [0, 0, 1])
        tp = TopicPartition("new", 0)
        owner = next(reader for reader in readers if reader.assignment())
        cluster.append("new", b"a")
        await until(lambda: owner.highwater(tp) == 1)


class Fleet:
    """Slow members of one group, each in a task of its own."""

    def __init__(self, cluster: EmbeddedCluster, way: str) -> None:
        self.seen: set[tuple[int, int]] = set()
        self._cluster = cluster
        self._way = way
        self._tasks: dict[int, asyncio.Task[None]] = {}

    async def _work(self) -> None:
        async with member(self._cluster, **WAYS[self._way], max_poll_records=1) as reader:
            reader.subscribe(["t"])
            while True:
                for records in (await reader.poll(500)).values():
                    await asyncio.sleep(0.2)
                    self.seen.update((record.partition, record.offset) for record in records)

    def start(self, number: int) -> None:
        self._tasks[number] = asyncio.create_task(self._work())

    async def stop(self, *numbers: int) -> None:
        """Stop members, by closing them; without numbers, all."""
        ending = [self._tasks.pop(number) for number in numbers or tuple(self._tasks)]
        for task in ending:
            task.cancel()
        await asyncio.wait(ending)


@every_way
async def test_rolling_restart_of_fifty_members_leaves_no_partition_unread(way: str) -> None:
    # confluent-kafka-python 970
    count = 50
    async with cluster_of() as cluster:
        cluster.create_topic("t", count)
        fleet = Fleet(cluster, way)

        async def all_read(rounds: int) -> None:
            for number in range(count):
                cluster.append("t", b"x", partition=number)
            await until(lambda: len(fleet.seen) == count * rounds, 120)

        for number in range(count):
            fleet.start(number)
        try:
            await all_read(1)
            for number in range(0, count, 5):
                await fleet.stop(number)
                fleet.start(number)
                await asyncio.sleep(1)
            await all_read(2)
        finally:
            await fleet.stop()


async def test_topics_that_a_new_regular_expression_matches_are_not_stranded() -> None:
    # franz-go, 2026: KIP-848 with a pattern that the brokers match
    async with cluster_of() as cluster:
        for topic in ("a-1", "a-2", "b-1"):
            cluster.create_topic(topic, 2)
        config = {"metadata_max_age_ms": 5000}
        async with member(cluster, "consumer", **config) as reader, Reading(reader) as reading:
            for pattern, topics in [
                ("a-.*", {"a-1", "a-2"}),
                ("a-2|b-.*", {"a-2", "b-1"}),
                (".*-1", {"a-1", "b-1"}),
                ("[ab]-.*", {"a-1", "a-2", "b-1"}),
            ]:
                reader.subscribe(pattern=SubscriptionPattern(pattern))
                wanted = {TopicPartition(topic, n) for topic in topics for n in range(2)}
                await until(lambda wanted=wanted: reader.assignment() == wanted)  # type: ignore[misc] # bound
                reading.found.clear()
                for tp in wanted:
                    cluster.append(tp.topic, b"x", partition=tp.partition)
                await until(
                    lambda wanted=wanted: {entry[:2] for entry in reading.found} == wanted  # type: ignore[misc] # bound
                )


async def test_downgrade_from_cooperative_to_eager_revokes_everything_first() -> None:
    # franz-go, 2026
    both = {"partition_assignment_strategy": [COOPERATIVE, RANGE]}
    async with cluster_of() as cluster:
        with_records(cluster)
        kept = Noting()
        async with (
            member(cluster, "classic", **both) as a,
            member(cluster, "classic", **both) as b,
            member(cluster, "classic", partition_assignment_strategy=[RANGE]) as old,
        ):
            a.subscribe(["t"], listener=kept)
            b.subscribe(["t"])
            async with Reading(a) as of_a, Reading(b) as of_b:
                await until(lambda: len(a.assignment()) == len(b.assignment()) == 2)
                await until(lambda: len(of_a.found) + len(of_b.found) >= 20)
                assert cluster.group("g").assignor == "cooperative-sticky"
                await b.close()
                await until(lambda: a.assignment() == ALL)
                kept.heard.clear()
                old.subscribe(["t"])
                async with Reading(old) as of_old:
                    await until(lambda: len(a.assignment()) == len(old.assignment()) == 2)
                    assert cluster.group("g").assignor == "range"
                    add_records(cluster)
                    await until(lambda: len(of_old.found) >= 10)
                    await until(lambda: len(of_a.found + of_b.found + of_old.found) == 40)
                    assert len({*of_a.found, *of_b.found, *of_old.found}) == 40
                    assert "revoked 0 1 2 3" in kept.heard
                    assert "assigned 0 1" in kept.heard or "assigned 2 3" in kept.heard
