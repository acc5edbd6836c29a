"""Each request of a transaction fails in each way; then committed readers see what was committed.

The transaction ends committed or aborted, or with a typed error that ends its producer; whichever
it is, a new producer with the same transactional id goes on, and no reader waits for ever.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from itertools import product
from random import Random
from typing import TYPE_CHECKING, NamedTuple

import pytest

from kafka.errors import BrokerResponseError, DuplicateSequenceNumberError, for_code
from kafka.producer.async_producer import AsyncKafkaProducer
from kafka.producer.produce_request import PRODUCE_VERDICTS
from kafka.producer.transaction_requests import VERDICTS
from kafka.protocol.messages.add_offsets_to_txn import AddOffsetsToTxnRequest
from kafka.protocol.messages.add_partitions_to_txn import AddPartitionsToTxnRequest
from kafka.protocol.messages.end_txn import EndTxnRequest
from kafka.protocol.messages.find_coordinator import FindCoordinatorRequest
from kafka.protocol.messages.init_producer_id import InitProducerIdRequest
from kafka.protocol.messages.produce import ProduceRequest
from kafka.protocol.messages.txn_offset_commit import TxnOffsetCommitRequest
from kafka.testing.broker.faults import Disconnect, DropResponse, Fail, HalfFrame
from test.simulation.producers.committed import Committed, End
from test.simulation.producers.transactions import Transactions
from test.support.committed_reading import read_committed
from test.support.cutting import Cut, Place
from test.support.stage import cluster_of
from test.support.virtual_loop import VirtualLoop

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from kafka.producer.future import FutureRecordMetadata
    from kafka.testing import EmbeddedCluster
    from kafka.testing.broker.faults import Action

TOPIC = "t"
ID = "tx"
NODES = 3

APIS = {
    "FindCoordinator": FindCoordinatorRequest,
    "InitProducerId": InitProducerIdRequest,
    "AddPartitionsToTxn": AddPartitionsToTxnRequest,
    "AddOffsetsToTxn": AddOffsetsToTxnRequest,
    "Produce": ProduceRequest,
    "TxnOffsetCommit": TxnOffsetCommitRequest,
    "EndTxn": EndTxnRequest,
}
#: With transaction.version 2 partitions and groups join by being written to.
ONLY_TV1 = {"AddPartitionsToTxn", "AddOffsetsToTxn"}
LOST: list[Action] = [
    Disconnect(),
    Disconnect(applied=True),
    DropResponse(applied=False),
    DropResponse(),
    HalfFrame(),
]
#: Not in the tables: one that is always retried, two that never are, and one that nobody expects.
OTHERS = {15, 42, 58, -1}
#: What brokers say only of what they have written.
WRITTEN = {DuplicateSequenceNumberError}


class Case(NamedTuple):
    """A request and the version of the transaction protocol."""

    api: str
    version: int


CASES = [
    Case(api, version)
    for api, version in product(APIS, [1, 2])
    if version == 1 or api not in ONLY_TV1
]
EACH = pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.api}-tv{case.version}")


def codes_of(api: str) -> list[int]:
    """Return the error codes that the table of an API names, and some others."""
    table = PRODUCE_VERDICTS if api == "Produce" else VERDICTS.get(APIS[api], {})
    named = {error.errno for error in table if issubclass(error, BrokerResponseError)}
    return sorted(named | OTHERS)


def ends_of(api: str) -> list[bool]:
    """Return whether transactions commit in which a request of an API fails: also aborted ones."""
    return [True, False] if api in {"Produce", "EndTxn"} else [True]


ERRORS = [
    pytest.param(
        case,
        code,
        commits,
        id=f"{case.api}-tv{case.version}-{code}-{'commit' if commits else 'abort'}",
    )
    for case in CASES
    for code in codes_of(case.api)
    for commits in ends_of(case.api)
]


class Stage:
    """A cluster, and writers with one transactional id.

    Attributes:
        committed: what their transactions have come to.
    """

    def __init__(self, cluster: EmbeddedCluster) -> None:
        self.cluster = cluster
        self.committed = Committed()
        self._lines: list[str] = []

    @asynccontextmanager
    async def writer(self, name: str) -> AsyncIterator[StageWriter]:
        """Start a writer that has not taken the transactional id over."""
        async with AsyncKafkaProducer(
            bootstrap_servers=self.cluster.bootstrap_servers,
            transactional_id=ID,
            client_id=name,
            request_timeout_ms=2000,
            delivery_timeout_ms=20_000,
            max_block_ms=20_000,
            transaction_timeout_ms=30_000,
        ) as producer:
            yield StageWriter(name, producer, self.committed, self._lines)

    async def judge(self) -> None:
        """Compare what a reader sees with what writers were told; nothing is left open."""
        await self.cluster.until(
            lambda control: all(
                view.last_stable_offset == view.end_offset
                for view in control.topic(TOPIC).partitions
            ),
            60.0,
        )
        seen = await read_committed(self.cluster.bootstrap_servers, TOPIC, range(2))
        assert not self.committed.judge(seen), "\n".join(self._lines)


class StageWriter:
    """A producer that sends numbers to two partitions in turn."""

    def __init__(
        self, name: str, producer: AsyncKafkaProducer, committed: Committed, lines: list[str]
    ) -> None:
        self.transactions = Transactions(
            name, producer, committed, lines.append, Random(0), self._send
        )
        self._name = name
        self._producer = producer
        self._committed = committed
        self._number = 0

    async def _send(self) -> FutureRecordMetadata:
        number = self._number
        self._number += 1
        future = await self._producer.send(
            TOPIC, f"{self._name}:{number}:".encode(), partition=number % 2
        )
        assert self.transactions.current is not None
        self._committed.send(self.transactions.current, number)
        return future

    async def transact(self, *, commits: bool = True) -> None:
        """Write four records and offsets; all is sent before an abort."""
        pause = 0.0 if commits else 1.0
        await self.transactions.run_one(4, pause, commits=commits, offsets=True)


@asynccontextmanager
async def stage(version: int) -> AsyncIterator[Stage]:
    """Start brokers with a topic of two partitions on two of them."""
    async with cluster_of(NODES, config={"default.replication.factor": "3"}) as cluster:
        cluster.create_topic(TOPIC, 2)
        cluster.set_transaction_version(version)
        cluster.move_leader(TOPIC, 0, 0)
        cluster.move_leader(TOPIC, 1, 1)
        cluster.move_coordinator("transaction", ID, 2)
        yield Stage(cluster)


async def endure(on: Stage, case: Case, *, commits: bool) -> None:
    """Go through a transaction in which something is to go wrong, and one with a new producer."""
    async with on.writer("w1") as writer:
        await writer.transactions.start(ID)
        if not writer.transactions.is_over:
            await writer.transact(commits=commits)
    async with on.writer("w2") as writer:
        await writer.transactions.start(ID)
        await writer.transact()
        assert on.committed.counts[End.COMMITTED] >= 1
    await on.judge()


@pytest.mark.parametrize(("case", "code", "commits"), ERRORS)
async def test_after_an_error_readers_see_what_was_committed(
    case: Case, code: int, commits: bool
) -> None:
    async with stage(case.version) as on:
        error = for_code(code)
        topic = TOPIC if case.api == "Produce" else None
        on.cluster.inject(case.api, Fail(error, applied=error in WRITTEN), topic=topic)
        await endure(on, case, commits=commits)


@EACH
@pytest.mark.parametrize("action", LOST, ids=repr)
async def test_after_lost_requests_or_responses_readers_see_what_was_committed(
    case: Case, action: Action
) -> None:
    async with stage(case.version) as on:
        on.cluster.inject(case.api, action, times=2)
        await endure(on, case, commits=True)
        # Nothing of this is an error of the application (6.14.7).
        assert on.committed.counts[End.COMMITTED] == 2


@EACH
@pytest.mark.parametrize("event", ["moves", "dies", "is cut off", "freezes"])
async def test_when_the_coordinator_goes_readers_see_what_was_committed(
    case: Case, event: str
) -> None:
    async with stage(case.version) as on:
        cluster = on.cluster
        later = asyncio.create_task(_when_asked(cluster, case, event))
        await endure(on, case, commits=True)
        await later
        assert on.committed.counts[End.COMMITTED] == 2


async def _when_asked(cluster: EmbeddedCluster, case: Case, event: str) -> None:
    """Let something happen to the coordinator when a request comes, and undo it later."""
    await cluster.until(lambda control: control.count(case.api) > 0, 60.0)
    if event == "moves":
        cluster.move_coordinator("transaction", ID, 0)
        return
    node = 2
    if event == "dies":
        await cluster.kill(node)
    elif event == "is cut off":
        await cluster.cut_off(node)
    else:
        cluster.freeze(node)
    await asyncio.sleep(5.0)
    if event == "freezes":
        cluster.thaw(node)
    else:
        await cluster.revive(node)


@EACH
@pytest.mark.parametrize("answer", [False, True], ids=["request", "answer"])
@pytest.mark.parametrize("place", Place, ids=lambda place: place.value)
async def test_when_a_connection_is_cut_anywhere_readers_see_what_was_committed(
    case: Case, place: Place, answer: bool
) -> None:
    loop = asyncio.get_running_loop()
    assert isinstance(loop, VirtualLoop)
    loop.network.latency = 0.001
    async with stage(case.version) as on:
        cut = loop.network.cut = Cut(APIS[case.api].API_KEY, place, answer=answer)
        await endure(on, case, commits=True)
        assert cut.done
        assert on.committed.counts[End.COMMITTED] == 2
