"""Whatever happens to a consumer, its parts agree about each partition, and it reads on afterwards.

The fetch planner looks only at partitions that it is told of. So after each step of a random story
it must say what a planner says that looks at all of them; likewise the buffer and the states.
"""

from __future__ import annotations

import asyncio
import random
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Final

import pytest

from kafka._base.deadline import Deadline
from kafka.config.consumer import ConsumerConfig
from kafka.consumer.calls import ConsumerCalls
from kafka.consumer.client import ConsumerClient
from kafka.consumer.fetch_planner import FetchPlanner, Reason
from kafka.errors import KafkaError, RecordDeserializationError, for_code
from kafka.protocol.messages.fetch import FetchRequest
from kafka.protocol.messages.list_offsets import ListOffsetsRequest
from kafka.protocol.messages.metadata import MetadataRequest
from kafka.protocol.messages.offset_for_leader_epoch import OffsetForLeaderEpochRequest
from kafka.structs import OffsetAndMetadata, TopicPartition
from kafka.subscription import FetchState, Hold, PartitionState
from kafka.testing.broker.faults import Delay, Disconnect
from test.support.stage import cluster_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from kafka.cluster import ClusterSnapshot
    from kafka.structs import ConsumerRecord
    from kafka.testing import EmbeddedCluster

NODES, STEPS = 3, 80
PARTITIONS: Final = [TopicPartition("t", number) for number in range(5)]
ERRORS: Final = [
    for_code(code) for code in (-1, 1, 2, 3, 5, 6, 9, 29, 56, 70, 71, 74, 75, 78, 100, 110)
]
REQUESTS: Final = (FetchRequest, FetchRequest, ListOffsetsRequest, OffsetForLeaderEpochRequest)
# What only concerns the node: the partition itself is wanted.
WANTED: Final = {None, Reason.IN_FLIGHT, Reason.NODE_UNAVAILABLE, Reason.BUFFER_FULL}
# Seconds; a timer that is due may not have run yet.
EARLY = 0.01


class Nodes:
    """All nodes can be asked."""

    def __init__(self, snapshot: ClusterSnapshot) -> None:
        self._snapshot = snapshot

    def delay(self, _: int, /) -> float:
        return 0.0

    def is_known(self, node_id: int, /) -> bool:
        return node_id in self._snapshot.brokers


class Story:
    """A consumer and its cluster, and what happens to them."""

    def __init__(self, cluster: EmbeddedCluster, chance: random.Random) -> None:
        self.cluster = cluster
        self.chance = chance
        self.frozen: set[int] = set()
        settings = ConsumerConfig.from_kwargs(
            {
                "bootstrap_servers": cluster.bootstrap_servers,
                "value_deserializer": self.deserialize,
                "metadata_max_age_ms": chance.choice([500, 3000]),
                "max_partition_fetch_bytes": chance.choice([200, 100_000]),
                "fetch_max_bytes": chance.choice([500, 1_000_000]),
                "isolation_level": chance.choice(["read_uncommitted", "read_committed"]),
                "enable_incremental_fetch_sessions": chance.random() < 0.8,
                "auto_offset_reset": chance.choice(["earliest", "latest", "none"]),
                "request_timeout_ms": 3000,
                "fetch_max_wait_ms": 200,
            }
        )
        self.client = ConsumerClient("Consumer", (), settings)
        self.calls = ConsumerCalls(self.client)
        self.events: list[Callable[[], object]] = [
            *self._events_at_the_brokers(),
            *self._events_at_the_consumer(),
        ]

    def deserialize(self, value: bytes) -> bytes:
        if value == b"bad" and self.chance.random() < 0.7:
            raise ValueError("bad")
        return value

    # -- what may happen -------------------------------------------------------------------

    def any(self) -> TopicPartition:
        return self.chance.choice(PARTITIONS)

    def assigned(self) -> TopicPartition:
        return self.chance.choice(sorted(self.calls.assignment()))

    def _events_at_the_brokers(self) -> list[Callable[[], object]]:
        cluster, chance, below = self.cluster, self.chance, self.chance.randrange
        return [
            lambda: cluster.move_leader(*self.any(), below(NODES)),
            lambda: cluster.fail(chance.choice(REQUESTS), chance.choice(ERRORS), optional=True),
            lambda: cluster.inject(FetchRequest, Disconnect(), optional=True),
            lambda: cluster.inject(FetchRequest, Delay(2.0), optional=True),
            lambda: cluster.inject(MetadataRequest, Delay(2.0), optional=True),
            self.disconnect,
            lambda: cluster.bump_leader_epoch(*self.any()),
            lambda: cluster.truncate(*self.any(), below(3)),
            lambda: self.append(chance.choices([b"x" * 50, b"x", b"bad"], k=below(1, 10))),
            lambda: self.append([b"y" * 400]),
            self.freeze_or_thaw,
        ]

    def _events_at_the_consumer(self) -> list[Callable[[], object]]:
        calls, chance, below = self.calls, self.chance, self.chance.randrange
        return [
            lambda: calls.pause(self.assigned()),
            lambda: calls.resume(self.assigned()),
            lambda: calls.seek(self.assigned(), below(6)),
            lambda: calls.seek(self.assigned(), OffsetAndMetadata(below(4), "", below(3))),
            lambda: calls.seek_to_beginning(self.assigned()),
            lambda: calls.seek_to_end(self.assigned()),
            lambda: calls.assign(chance.sample(PARTITIONS, below(1, len(PARTITIONS) + 1))),
        ]

    def append(self, values: Sequence[bytes]) -> None:
        self.cluster.append("t", *values, partition=self.any().partition)

    def disconnect(self) -> None:
        # A broker that hangs up twice while it is asked for its versions is taken for one of 0.9.
        self.cluster.disconnect(
            self.chance.choice([n for n in range(NODES) if n not in self.frozen])
        )

    def freeze_or_thaw(self) -> None:
        if self.frozen:
            self.cluster.thaw(self.frozen.pop())
        else:
            self.frozen.add(self.chance.randrange(NODES))
            self.cluster.freeze(*self.frozen)

    def happen(self) -> None:
        with suppress(ValueError):  # there is nothing to truncate
            self.chance.choice(self.events)()

    # -- reading ---------------------------------------------------------------------------

    async def poll(self, seconds: float, max_records: int) -> list[ConsumerRecord]:
        """Poll as the consumers do."""
        client, core = self.client, self.client.core
        collect = partial(client.collector.collect_records, max_records, update_offsets=True)
        client.note_poll(client.core.clock.now())
        found = client.collect_now(collect)
        if not found:
            deadline = Deadline.after(core.clock.now(), seconds)
            await core.changed.wait(deadline, client.buffer.has_news)
            found = client.collect_now(collect)
        return [record for records in found.values() for record in records]

    async def poll_somehow(self) -> None:
        seconds = self.chance.choice([0.0, 0.0, 0.05, 0.7])
        with suppress(KafkaError):
            await self.poll(seconds, self.chance.randrange(1, 5))
        # What the poll has changed is told to the loop.
        for _ in range(3):
            await asyncio.sleep(0)

    async def recover(self) -> set[TopicPartition]:
        """Let all be well, and read to a last record; return the partitions that did not."""
        for node in self.frozen:
            self.cluster.thaw(node)
        self.calls.assign(PARTITIONS)
        self.calls.resume(*PARTITIONS)
        await asyncio.sleep(5)
        left = set(PARTITIONS)
        give_up = self.client.core.clock.now() + 120
        while left and self.client.core.clock.now() < give_up:
            for tp in left:
                self.cluster.append("t", b"end", partition=tp.partition)
            try:
                found = await self.poll(1.0, 100)
            except KafkaError as error:
                self.go_past(error)
                await asyncio.sleep(0.1)
            else:
                left -= {TopicPartition(r.topic, r.partition) for r in found if r.value == b"end"}
        return left

    def go_past(self, error: KafkaError) -> None:
        """Do what an application does about an error."""
        if isinstance(error, RecordDeserializationError):
            self.calls.seek(error.topic_partition, error.offset + 1)
            return
        for tp, health in self.calls.health().items():
            if health.error is not None or health.position is None:
                self.calls.seek_to_beginning(tp)

    # -- what must hold --------------------------------------------------------------------

    def check(self, *, settled: bool) -> None:
        core = self.client.core
        core.client.supervisor.check()
        snapshot, now = core.client.cluster.snapshot, core.clock.now()
        states = list(self.client.subscription.assignment)
        fresh = FetchPlanner(snapshot, Nodes(snapshot), self.client.buffer.stuck)
        fresh.assign(states, now)
        for state in states:
            reason = fresh.reason(state.tp, now, in_flight=(), buffer_full=False)
            self.check_reason(state, core.reason(state.tp), reason, now)
            self.check_buffer(state, settled=settled)

    def check_reason(
        self, state: PartitionState, told: Reason | None, found: Reason | None, now: float
    ) -> None:
        if told is Reason.BACKING_OFF and state.retry.not_before <= now + EARLY:
            return
        told, found = (None if reason in WANTED else reason for reason in (told, found))
        assert told is found, f"{state!r}"

    def check_buffer(self, state: PartitionState, *, settled: bool) -> None:
        buffer = self.client.buffer
        is_validated = state.state is FetchState.AWAIT_VALIDATION
        assert bool(state.holds & Hold.VALIDATING) == is_validated, f"{state!r}"
        assert buffer.is_valid(state.tp, state.generation), f"{state!r}"
        assert buffer.is_current(state.tp, state.generation) == (not state.holds), f"{state!r}"
        if settled and state.failure is not None:
            assert buffer.has_error(state.tp), f"{state!r}"


@pytest.mark.parametrize("seed", range(20))
async def test_parts_of_a_consumer_agree_whatever_happens(seed: int) -> None:
    random.seed(seed)  # the jitter of back-offs
    async with cluster_of(NODES) as cluster:
        cluster.create_topic("t", len(PARTITIONS))
        story = Story(cluster, random.Random(seed))
        await story.client.start()
        try:
            story.calls.assign(PARTITIONS)
            for tp in PARTITIONS:
                story.calls.seek(tp, 0)
            await story.poll_somehow()
            for _ in range(STEPS):
                story.happen()
                story.check(settled=False)
                await story.poll_somehow()
                story.check(settled=True)
            assert await story.recover() == set()
        finally:
            story.client.begin_close()
            await story.client.finish_close(1.0)
