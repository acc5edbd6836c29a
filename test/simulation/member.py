"""An application in a group: polls, processes, commits, is slow at times, leaves or crashes."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

from kafka.consumer.async_consumer import AsyncKafkaConsumer
from kafka.errors import (
    IllegalStateError,
    KafkaError,
    UnreleasedInstanceIdError,
    WakeupError,
)
from kafka.structs import TopicPartition
from kafka.subscription import AsyncConsumerRebalanceListener

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from random import Random

    from kafka.structs import ConsumerRecord
    from kafka.testing import EmbeddedCluster
    from test.simulation.oracle import Oracle
    from test.simulation.plan import Plan
    from test.simulation.trace import Trace

GROUP = "g"

# Seconds after which unsubscribe() and close() go on without their listener, or less.
_TOO_LONG = 8.0

#: What a member that crashes says no more.
SAID = (
    "JoinGroup", "SyncGroup", "Heartbeat", "LeaveGroup", "ConsumerGroupHeartbeat", "OffsetCommit",
    "OffsetFetch", "FindCoordinator", "Fetch", "Metadata", "ListOffsets", "OffsetForLeaderEpoch",
    "ApiVersions",
)  # fmt: skip


class Member(AsyncConsumerRebalanceListener):
    """One member, from its start to its end.

    Args:
        name: its client id.
        instance: its instance id, if it is static.
        cluster: where it reads.
        plan: what the story is about.
        oracle: told of what is processed.
        trace: told of what happens.
        random: decides what the application does.
        on_polled: called with what a poll has returned.

    Attributes:
        heard: the rebalance calls, as ``(what, partitions)``.
        restless: whether the application is about to unsubscribe and subscribe again.
        calm: whether the application is quick from now on.
        dead: whether it has crashed.
        has_polled: whether the application has polled.
        problems: errors that it should not have got.
    """

    def __init__(
        self,
        name: str,
        instance: str | None,
        cluster: EmbeddedCluster,
        plan: Plan,
        oracle: Oracle,
        trace: Trace,
        random: Random,
        on_polled: Callable[[Member, Mapping[TopicPartition, list[ConsumerRecord]]], object],
    ) -> None:
        self.name = name
        self.instance = instance
        self.heard: list[tuple[str, frozenset[TopicPartition]]] = []
        self.restless = False
        self.calm = False
        self.dead = False
        self.has_polled = False
        self.problems: list[str] = []
        self._cluster = cluster
        self._plan = plan
        self._oracle = oracle
        self._trace = trace
        self._random = random
        self._on_polled = on_polled
        self._iterates = random.random() < 0.25
        self._leaving = False
        self._closing_since: float | None = None
        self._told: set[TopicPartition] = set()
        self.consumer = AsyncKafkaConsumer(
            bootstrap_servers=cluster.bootstrap_servers,
            client_id=name,
            group_id=GROUP,
            auto_offset_reset="earliest",
            enable_auto_commit=plan.auto_commit,
            group_instance_id=instance,
            **plan.options,
        )
        self.task = asyncio.create_task(self._run(), name=name)

    # -- what the story wants ------------------------------------------------------------------

    def leave(self) -> None:
        """Close the consumer after the records in hand."""
        self._leaving = True

    @property
    def is_leaving(self) -> bool:
        """Whether it has been told to leave."""
        return self._leaving

    @property
    def is_closing(self) -> bool:
        """Whether it is about to end, or has ended."""
        return self._closing_since is not None or self.dead

    async def crash(self) -> None:
        """Cut the connections; nothing is said any more, and nothing processed."""
        self.dead = True
        self._trace(f"{self.name} crashes with {sorted_numbers(self.consumer.assignment())}")
        self._excuse(self._told | set(self.consumer.assignment()))
        control = self._cluster.control
        rules = [
            self._cluster.inject(
                api, self._plan.silence, times=None, client_id=self.name, optional=True
            )
            for api in SAID
        ]
        self.task.cancel()
        await asyncio.wait({self.task})
        with contextlib.suppress(KafkaError):
            await self.consumer.close(autocommit=False, timeout_ms=0, leave_group=False)
        for rule in rules:
            control.plan.remove(rule)

    @property
    def is_over(self) -> bool:
        """Whether it has ended, in whatever way."""
        return self.task.done()

    # -- the application -----------------------------------------------------------------------

    async def _run(self) -> None:
        await self.consumer.start()
        self._subscribe()
        while not self._leaving:
            if self.restless:
                await self._subscribe_again()
            await self._poll()
        self._closing_since = self._now()
        self._trace(f"{self.name} closes")
        await self.consumer.close()
        self._trace(f"{self.name} has closed")
        # What it owned without having been asked to give it up was not handed over in order.
        self._excuse(self._told)

    async def _subscribe_again(self) -> None:
        self.restless = False
        self._trace(f"{self.name} unsubscribes")
        leaving = self.consumer.unsubscribe()
        if self._random.random() < 0.7:
            await leaving
            self._excuse(self._told)
            self._told.clear()
            await asyncio.sleep(self._random.choice([0.0, 1.0, 5.0]))
        self._subscribe()

    def _subscribe(self) -> None:
        self._trace(f"{self.name} subscribes")
        self.consumer.subscribe(["t"], listener=self if self._plan.listens else None)

    async def _poll(self) -> None:
        random = self._random
        timeout_ms = 500 if self.calm else random.choice([0, 10, 300, 300, 1000, 3000])
        limit = random.choice([1, 5, 20, 100])
        impatient = not self.calm and random.random() < self._plan.impatience
        polled: dict[TopicPartition, list[ConsumerRecord]] = {}
        try:
            async with asyncio.timeout(random.choice([0.0, 0.01, 0.1, 1.0]) if impatient else None):
                polled = await self._ask(timeout_ms, limit)
        except TimeoutError:
            self._trace(f"{self.name} has cancelled its poll")
        except KafkaError as error:
            self._trace(f"{self.name} poll raised {error!r}")
            # Whoever had the instance id has crashed, and is a member until its session ends.
            self._leaving = self._leaving or isinstance(error, UnreleasedInstanceIdError)
        self.has_polled = True
        if polled:
            counts = {tp.partition: len(records) for tp, records in sorted(polled.items())}
            self._trace(f"{self.name} is given {counts}")
        self._on_polled(self, polled)
        for tp, records in polled.items():
            for record in records:
                await self._process(tp, record.offset)
        if not polled:
            await asyncio.sleep(0.01)
        elif not self._plan.auto_commit and random.random() < (0.05 if self._iterates else 0.3):
            await self._commit("now and then")

    async def _ask(
        self, timeout_ms: float, limit: int
    ) -> dict[TopicPartition, list[ConsumerRecord]]:
        if not self._iterates:
            return await self.consumer.poll(timeout_ms, max_records=limit)
        try:
            async with asyncio.timeout(timeout_ms / 1000):
                record = await self.consumer.getone()
        except TimeoutError:
            return {}
        return {TopicPartition(record.topic, record.partition): [record]}

    async def _process(self, tp: TopicPartition, offset: int) -> None:
        if not self.calm and self._random.random() < self._plan.slowness:
            pause = self._random.choice(self._plan.pauses)
            self._trace(f"{self.name} works for {pause} s")
            await asyncio.sleep(pause)
        self._oracle.process(self.name, tp, offset, self._now())

    async def _commit(self, why: str) -> bool:
        try:
            await self.consumer.commit()
        except WakeupError:
            return await self._commit(why)
        except KafkaError as error:
            self._trace(f"{self.name} could not commit {why}: {error!r}")
            if not self._may_fail(error):
                self.problems.append(f"{self.name} could not commit {why}: {error!r}")
            return False
        return True

    def _may_fail(self, error: KafkaError) -> bool:
        """Return whether a commit may fail with *error* now."""
        since = self._closing_since
        if isinstance(error, IllegalStateError):
            return since is not None and self._now() > since + 5.0
        return self._plan.chaos

    # -- the rebalance listener ----------------------------------------------------------------

    async def on_partitions_revoked(self, revoked: set[TopicPartition]) -> None:
        """Commit."""
        if not self._hears("revoked", revoked):
            return
        done, begun = False, self._now()
        try:
            await self._dawdle()
            done = self._plan.auto_commit or await self._commit("before revoking")
        finally:  # it may be cancelled
            self._told -= revoked
            # Whoever is away for that long has lost them before it could commit.
            if not done or self._now() - begun >= _TOO_LONG:
                self._excuse(revoked)
        self._trace(f"{self.name} has given up {sorted_numbers(revoked)}")

    async def on_partitions_assigned(self, assigned: set[TopicPartition]) -> None:
        """Take note."""
        if self._hears("assigned", assigned):
            self._told |= assigned
            await self._dawdle()

    async def on_partitions_lost(self, lost: set[TopicPartition]) -> None:
        """Take note that others may repeat what was not committed."""
        if not self._hears("lost", lost):
            return
        self._excuse(lost)
        self._told -= lost
        await self._dawdle()

    def _hears(self, what: str, partitions: set[TopicPartition]) -> bool:
        if self.dead:
            return False
        self._trace(f"{self.name} {what} {sorted_numbers(partitions)}")
        self.heard.append((what, frozenset(partitions)))
        return True

    async def _dawdle(self) -> None:
        if not self.calm and self._random.random() < self._plan.slowness:
            await asyncio.sleep(self._random.choice(self._plan.pauses))

    def _excuse(self, partitions: set[TopicPartition]) -> None:
        for tp in partitions:
            self._oracle.excuse(self.name, tp, self._now())

    @staticmethod
    def _now() -> float:
        return asyncio.get_running_loop().time()


def sorted_numbers(partitions: set[TopicPartition]) -> list[int]:
    """Return the numbers of partitions of one topic, in order."""
    return sorted(tp.partition for tp in partitions)
