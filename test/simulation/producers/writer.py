"""An application with a producer: sends, waits at times, closes or crashes."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

from kafka.errors import KafkaError, KafkaTimeoutError, NoBrokersAvailable
from kafka.producer.async_producer import AsyncKafkaProducer
from test.simulation.producers.fates import fate_after
from test.simulation.producers.oracle import Fate, Place
from test.simulation.producers.transactions import Transactions

if TYPE_CHECKING:
    from random import Random

    from kafka.producer.future import FutureRecordMetadata
    from kafka.structs import RecordMetadata
    from kafka.testing import EmbeddedCluster
    from test.simulation.producers.committed import Committed
    from test.simulation.producers.oracle import Oracle
    from test.simulation.producers.plan import ProducerPlan
    from test.simulation.trace import Trace

TOPIC = "t"

#: What a writer that crashes says no more.
SAID = (
    "Produce", "Metadata", "ApiVersions", "InitProducerId", "FindCoordinator",
    "AddPartitionsToTxn", "AddOffsetsToTxn", "TxnOffsetCommit", "EndTxn",
)  # fmt: skip


class Writer:
    """One producer, from its start to its end.

    Args:
        name: its client id.
        cluster: where it writes.
        plan: what the story is about.
        oracle: told of every record and what became of it.
        committed: told of every transaction.
        trace: told of what happens.
        random: decides what the application does.

    Attributes:
        is_calm: whether the application waits for all that it sends.
        dead: whether it has crashed.
        proofs: how many records were acknowledged since it is calm.
    """

    def __init__(
        self,
        name: str,
        cluster: EmbeddedCluster,
        plan: ProducerPlan,
        oracle: Oracle,
        committed: Committed,
        trace: Trace,
        random: Random,
    ) -> None:
        self.name = name
        self.is_calm = False
        self.dead = False
        self.proofs = 0
        self._cluster = cluster
        self._plan = plan
        self._oracle = oracle
        self._trace = trace
        self._random = random
        self._number = 0
        self._leaving = False
        self._transactional_id = plan.transactional_id()
        oracle.enlist(name, exact=plan.is_exact)
        self.producer = AsyncKafkaProducer(
            bootstrap_servers=cluster.bootstrap_servers,
            client_id=name,
            transactional_id=self._transactional_id,
            **plan.options,
        )
        self._transactions = Transactions(name, self.producer, committed, trace, random, self._send)
        self._committed = committed
        self.task = asyncio.create_task(self._run(), name=name)

    # -- what the story wants ------------------------------------------------------------------

    def leave(self) -> None:
        """Close the producer after what is being done."""
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
            for api in SAID
        ]
        self.task.cancel()
        await asyncio.wait({self.task})
        with contextlib.suppress(KafkaError):
            await self.producer.close(timeout=0)
        for rule in rules:
            self._cluster.control.plan.remove(rule)

    # -- the application -----------------------------------------------------------------------

    async def _run(self) -> None:
        try:
            await self.producer.start()
        except NoBrokersAvailable as error:
            self._trace(f"{self.name} could not start: {error!r}")
            return
        await self._work_until_told()
        patience = None if self.is_calm else self._random.choice([0, 0.5, 10, None])
        self._trace(f"{self.name} closes within {patience} s")
        await self.producer.close(patience)
        self._trace(f"{self.name} has closed")

    async def _work_until_told(self) -> None:
        if self._transactional_id is None:
            while not self._leaving:
                await self._work()
            return
        await self._transactions.start(self._transactional_id)
        while not (self._leaving or self._transactions.is_over):
            await self._transact()

    async def _transact(self) -> None:
        random = self._random
        if self.is_calm:
            done = await self._transactions.run_one(3, 0.0, commits=True)
            self.proofs += 3 * done
            await asyncio.sleep(1.0)
            return
        count = random.choice([0, 1, 5, 30])
        pause = random.choice([0.0, 0.0, 0.1, 1.0, 12.0])
        await self._transactions.run_one(
            count, pause, commits=random.random() < 0.75, offsets=random.random() < 0.3
        )
        await asyncio.sleep(random.choice([0.0, 0.01, 1.0]))

    async def _work(self) -> None:
        random = self._random
        if self.is_calm:
            sent = [future for _ in range(3) if (future := await self._send())]
            await asyncio.wait([asyncio.ensure_future(_settled(future)) for future in sent])
            self.proofs += sum(future.succeeded() for future in sent)
            await asyncio.sleep(1.0)
            return
        sent = []
        for _ in range(random.choice([1, 1, 5, 30])):
            future = await self._send()
            if future is not None:
                sent.append(future)
        if random.random() > self._plan.hurried and sent:
            await _settled(sent[-1])
        elif random.random() < 0.1:
            await self._flush()
        else:
            await asyncio.sleep(random.choice([0.0, 0.01, 0.1, 1.0, 3.0]))

    async def _flush(self) -> None:
        try:
            await self.producer.flush(self._random.choice([0.1, 5.0, None]))
        except KafkaTimeoutError as error:
            self._trace(f"{self.name} could not flush: {error}")

    async def _send(self) -> FutureRecordMetadata | None:
        """Send one record; return ``None`` if it was not taken."""
        random = self._random
        number = self._number
        self._number += 1
        size = 20 if self.is_calm else random.choice(self._plan.sizes)
        picks = random.random() < 0.8
        self._oracle.send(self.name, number, self._now())
        value = f"{self.name}:{number}:".encode().ljust(size, b".")
        try:
            partitions = sorted(await self.producer.partitions_for(TOPIC)) if picks else [None]
            future = await self.producer.send(TOPIC, value, partition=random.choice(partitions))
        except KafkaError as error:
            self._trace(f"{self.name} could not send {number}: {error!r}")
            self._oracle.tell(self.name, number, Fate.ABSENT, self._now(), why=repr(error))
            return None
        except asyncio.CancelledError:
            self._oracle.tell(self.name, number, Fate.ABSENT, self._now(), why="cancelled")
            raise
        if self._transactions.current is not None:
            self._committed.send(self._transactions.current, number)
        future.add_callback(self._on_written, number)
        future.add_errback(self._on_failed, number)
        return future

    # -- what the producer says ----------------------------------------------------------------

    def _on_written(self, number: int, metadata: RecordMetadata) -> None:
        place = Place(metadata.partition, metadata.offset)
        self._trace(f"{self.name}:{number} is at {metadata.partition} {metadata.offset}")
        self._oracle.tell(self.name, number, Fate.WRITTEN, self._now(), place=place)

    def _on_failed(self, number: int, error: BaseException) -> None:
        fate = fate_after(error)
        self._trace(f"{self.name}:{number} {fate.value}: {error!r}")
        self._oracle.tell(self.name, number, fate, self._now(), why=repr(error))

    @staticmethod
    def _now() -> float:
        return asyncio.get_running_loop().time()


async def _settled(future: FutureRecordMetadata) -> None:
    """Wait for an outcome, whatever it is."""
    with contextlib.suppress(KafkaError):
        await future
