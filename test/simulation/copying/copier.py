"""A worker that copies a topic in transactions, as the page on exactly-once has it."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Final

from kafka.consumer.async_consumer import AsyncKafkaConsumer
from kafka.errors import CommitFailedError, KafkaError, TransactionAbortableError
from kafka.producer.async_producer import AsyncKafkaProducer
from test.simulation.member import SAID as SAID_BY_CONSUMERS
from test.simulation.producers.writer import SAID as SAID_BY_PRODUCERS

if TYPE_CHECKING:
    from random import Random

    from kafka.structs import ConsumerRecord, TopicPartition
    from kafka.testing import EmbeddedCluster
    from test.simulation.copying.plan import CopyPlan
    from test.simulation.trace import Trace

SOURCE: Final = "in"
TARGET: Final = "out"
GROUP: Final = "copying"


class Copier:
    """One worker, from its start to its end.

    Args:
        name: its client id.
        transactional_id: that only one worker has at a time, or had before it.
        cluster: where it copies.
        plan: what the story is about.
        trace: told of what happens.
        random: decides what the application does.

    Attributes:
        is_calm: whether the application is quick from now on.
        dead: whether it has crashed.
    """

    def __init__(
        self,
        name: str,
        transactional_id: str,
        cluster: EmbeddedCluster,
        plan: CopyPlan,
        trace: Trace,
        random: Random,
    ) -> None:
        self.name = name
        self.transactional_id = transactional_id
        self.is_calm = False
        self.dead = False
        self._cluster = cluster
        self._plan = plan
        self._trace = trace
        self._random = random
        self._leaving = False
        common = {"bootstrap_servers": cluster.bootstrap_servers, "client_id": name}
        self.consumer = AsyncKafkaConsumer(
            SOURCE, group_id=GROUP, **common, **plan.consumer_options
        )
        self.producer = AsyncKafkaProducer(
            transactional_id=transactional_id, **common, **plan.producer_options
        )
        self.task = asyncio.create_task(self._run(), name=name)

    def leave(self) -> None:
        """End after what is being done."""
        self._leaving = True

    @property
    def is_over(self) -> bool:
        """Whether it has ended, in whatever way."""
        return self.task.done()

    async def crash(self) -> None:
        """Cut the connections; nothing is said any more."""
        self.dead = True
        self._trace(f"{self.name} crashes")
        rules = [
            self._cluster.inject(
                api, self._plan.silence, times=None, client_id=self.name, optional=True
            )
            for api in sorted({*SAID_BY_CONSUMERS, *SAID_BY_PRODUCERS})
            if not (api == "ConsumerGroupHeartbeat" and self._plan.protocol == "classic")
        ]
        self.task.cancel()
        await asyncio.wait({self.task})
        with contextlib.suppress(KafkaError):
            # A dead process logs no ERROR about the records of a commit that it was in.
            await self.producer.close(timeout=0, raise_on_error=True)
        with contextlib.suppress(KafkaError):
            await self.consumer.close(timeout_ms=0, leave_group=False)
        for rule in rules:
            self._cluster.control.plan.remove(rule)

    async def _run(self) -> None:
        ends_for: KafkaError | None = None
        try:
            await self.consumer.start()
            await self.producer.start()
            await self.producer.init_transactions()
            self._trace(f"{self.name} has {self.transactional_id}")
            while not self._leaving:
                await self._copy()
        except KafkaError as error:
            self._trace(f"{self.name} cannot go on: {error!r}")
            ends_for = error
        self._trace(f"{self.name} closes")
        try:
            await self.producer.close(raise_on_error=True)
        except KafkaError:
            # Of a commit that has timed out the records may fail yet: the program has said so.
            if ends_for is None:
                raise
        await self.consumer.close()
        self._trace(f"{self.name} has closed")

    async def _copy(self) -> None:
        random = self._random
        batches = await self.consumer.poll(
            random.choice([100, 1000]), max_records=random.choice([1, 5, 100])
        )
        if not batches:
            return
        try:
            async with self.producer.transaction(self.consumer):
                await self._send(batches)
        except (CommitFailedError, TransactionAbortableError) as error:
            self._trace(f"{self.name} again: {error!r}")
        else:
            copied = {tp.partition: records[-1].offset for tp, records in batches.items()}
            self._trace(f"{self.name} has copied up to {copied}")

    async def _send(self, batches: dict[TopicPartition, list[ConsumerRecord]]) -> None:
        for tp, records in batches.items():
            for record in records:
                await self.producer.send(TARGET, record.value, partition=tp.partition)
                if not self.is_calm and self._random.random() < self._plan.slowness:
                    await asyncio.sleep(self._random.choice([0.1, 1.0, 12.0]))
