"""Which batches the sender writes to which node, and when; the network is a stub."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from kafka._base.backoff import ExponentialBackoff
from kafka._base.loop_clock import LoopClock
from kafka._base.transitions import IllegalTransitionError
from kafka.errors import (
    IllegalStateError,
    KafkaConnectionError,
    KafkaError,
    KafkaTimeoutError,
    NotEnoughReplicasError,
    UnsupportedCodecError,
    UnsupportedVersionError,
)
from kafka.producer.producer_batch import BatchState
from kafka.producer.sender import Sender, SenderSettings
from kafka.producer.slow_nodes import SlowNodes
from kafka.protocol.api_versions import ApiVersions
from kafka.protocol.messages.produce import ProduceRequest
from kafka.protocol.produce_template import ProduceAck
from kafka.record.compression import Codec
from test.support.virtual_loop import VirtualLoop
from test.unit.producer.sending import DELIVERY_TIMEOUT, Surroundings

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from kafka.cluster import ClusterMetadata
    from kafka.producer.future import FutureRecordMetadata
    from kafka.producer.produce_request import InFlightProduce

OLD = ApiVersions({ProduceRequest.API_KEY: (0, 2)})
NEW = ApiVersions({ProduceRequest.API_KEY: (3, 12)})


class ConnectionStub:
    """Remembers what is written."""

    def __init__(self, node_id: int, written: list[Written]) -> None:
        self.node_id = node_id
        self.versions = NEW
        self.where = f"node {node_id}"
        self._written = written

    def write(
        self,
        request: ProduceRequest,
        answer: InFlightProduce,
        *,
        expires_at: float,
        max_version: int | None = None,
    ) -> None:
        assert max_version is None
        self._written.append(Written(self.node_id, answer, expires_at))

    def write_batch(
        self, template: object, records: object, answer: InFlightProduce, *, expires_at: float
    ) -> None:
        self._written.append(Written(self.node_id, answer, expires_at))

    def send_without_response(self, request: ProduceRequest) -> None:
        self._written.append(Written(self.node_id, None, 0.0))


class Written:
    """A request that was written, and its answer."""

    def __init__(self, node_id: int, in_flight: InFlightProduce | None, expires_at: float) -> None:
        self.node_id = node_id
        self.expires_at = expires_at
        self.in_flight = in_flight
        batches = [] if in_flight is None else [d.batch for d in in_flight.batches]
        self.values = [record[2] for batch in batches for record in batch.decoded()]
        self.magic = {batch.magic for batch in batches}

    def acknowledge(self, offset: int = 0) -> None:
        assert self.in_flight is not None
        self.in_flight.set_result(ProduceAck(offset))

    def fail(self, error: KafkaError) -> None:
        assert self.in_flight is not None
        self.in_flight.set_exception(error)


class MetadataStub:
    """Counts what it is asked for."""

    def __init__(self) -> None:
        self.requests = 0

    def touch(self, topic: str) -> None:
        """Need nothing."""

    def request_update(self) -> None:
        self.requests += 1


class NetStub:
    """Nodes that are ready or not, as a test says."""

    def __init__(self, cluster: ClusterMetadata) -> None:
        self.cluster = cluster
        self.metadata = MetadataStub()
        self.written: list[Written] = []
        self.connections = {node: ConnectionStub(node, self.written) for node in range(4)}
        self.unready: set[int] = set()
        self.delays: dict[int, float] = {}
        self.waits: dict[int, asyncio.Future[None]] = {}
        self.closed = False
        self.drains: list[asyncio.Future[None]] = []

    def minimum_record_magic(self) -> int:
        return 2

    def idle_connection(self, node_id: int, now: float) -> ConnectionStub | None:
        if self.closed:
            raise IllegalStateError("the client is closed")
        return None if node_id in self.unready else self.connections[node_id]

    def ready_in(self, node_id: int, now: float) -> float:
        return max(self.delays.get(node_id, 0.0) - now, 0.0)

    async def when_ready(
        self, node_id: int, write: Callable[[ConnectionStub, float], None]
    ) -> None:
        assert node_id not in self.waits
        self.waits[node_id] = asyncio.get_running_loop().create_future()
        try:
            await self.waits[node_id]
            write(self.connections[node_id], 0.0)
        finally:
            del self.waits[node_id]

    async def drained(self, connection: object, deadline: object, name: str) -> None:
        self.drains.append(asyncio.get_running_loop().create_future())
        await self.drains[-1]


class Story:
    """A running sender."""

    def __init__(
        self,
        *leaders: int,
        codec: Codec = Codec.NONE,
        slow_nodes: SlowNodes | None = None,
        **settings: object,
    ) -> None:
        self.tasks: list[asyncio.Task[None]] = []
        self.around = Surroundings(
            *leaders,
            clock=LoopClock(asyncio.get_running_loop()),
            notify=self._notify,
            codec=codec,
            spawn=self._spawn,
        )
        self.net = NetStub(self.around.cluster)
        defaults = SenderSettings("c", 1, 10, ExponentialBackoff(0.5, 0.5), 30.0, 1_000_000, 5)
        self.sender = Sender(
            defaults._replace(**settings),
            net=self.net,
            accumulator=self.around.accumulator,
            incomplete=self.around.incomplete,
            runtime=self.around.runtime,
            slow_nodes=slow_nodes,
        )
        self._spawn(self.sender.run(), name="sender")

    def _notify(self) -> None:
        self.sender.wake()

    def _spawn(self, work: Coroutine[object, object, None], *, name: str) -> None:
        if self.net.closed:
            work.close()
            raise IllegalStateError("the client is closed")
        self.tasks.append(asyncio.get_running_loop().create_task(work, name=name))

    async def send(self, value: bytes, partition: int = 0) -> FutureRecordMetadata:
        future = self.around.send(value, partition)
        await self.settle()
        return future

    async def settle(self) -> None:
        """Let everything happen that needs no time."""
        for _ in range(5):
            await asyncio.sleep(0)

    async def lead(self, *leaders: int) -> None:
        self.around.cluster.lead(*leaders)
        self.sender.wake()
        await self.settle()

    async def make_ready(self, node_id: int) -> None:
        self.net.unready.discard(node_id)
        self.net.waits[node_id].set_result(None)
        await self.settle()

    @property
    def written(self) -> list[tuple[int, list[bytes | None]]]:
        return [(request.node_id, request.values) for request in self.net.written]

    async def __aenter__(self) -> Story:
        await self.settle()
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)


# -- what goes where -----------------------------------------------------------------------------


async def test_a_batch_is_written_to_the_leader_of_its_partition() -> None:
    async with Story(2) as story:
        await story.send(b"a")
        assert story.written == [(2, [b"a"])]
        assert story.net.written[0].expires_at == 30.0


async def test_batches_of_one_node_go_in_one_request() -> None:
    async with Story(1, 2, 1) as story:
        for partition in range(3):
            story.around.send(b"%d" % partition, partition)
        await story.settle()
        assert sorted((node, sorted(values)) for node, values in story.written) == [
            (1, [b"0", b"2"]),
            (2, [b"1"]),
        ]


async def test_what_does_not_fit_into_a_request_goes_in_the_next() -> None:
    async with Story(1, 1, max_request_size=150) as story:
        story.around.send(b"a" * 50, 0)
        story.around.send(b"b" * 50, 1)
        await story.settle()
        assert [len(values) for _, values in story.written] == [1, 1]


async def test_a_node_gets_no_more_requests_at_once_than_allowed() -> None:
    async with Story(1, max_in_flight=2) as story:
        for value in (b"a", b"b", b"c"):
            await story.send(value)
        assert story.written == [(1, [b"a"]), (1, [b"b"])]
        story.net.written[0].acknowledge()
        await story.settle()
        assert story.written[2:] == [(1, [b"c"])]


async def test_with_one_request_in_flight_no_batch_passes_one_without_an_answer() -> None:
    async with Story(1, max_in_flight=1) as story:
        await story.send(b"a")
        await story.lead(2)
        await story.send(b"b")
        assert story.written == [(1, [b"a"])]
        story.net.written[0].fail(KafkaConnectionError("gone"))
        await asyncio.sleep(0.6)
        story.net.written[1].acknowledge()
        await story.settle()
        assert story.written[1:] == [(2, [b"a"]), (2, [b"b"])]


async def test_a_partition_without_a_leader_waits_and_asks_for_metadata() -> None:
    async with Story(-1) as story:
        await story.send(b"a")
        assert story.net.metadata.requests == 1
        await asyncio.sleep(0.15)
        assert story.net.metadata.requests == 2
        await story.lead(3)
        assert story.written == [(3, [b"a"])]


async def test_every_queue_has_its_turn_when_requests_are_full() -> None:
    async with Story(1, 1, max_in_flight=1, max_request_size=100) as story:
        for _ in range(3):
            story.around.send(b"a" * 50, 0)
            story.around.send(b"b" * 50, 1)
        await story.settle()
        for request in story.net.written:
            request.acknowledge()
            await story.settle()
        found = [values[0][:1] for _, values in story.written if values[0]]
        assert found in ([b"a", b"b"] * 3, [b"b", b"a"] * 3)


# -- nodes that are not ready --------------------------------------------------------------------


async def test_a_batch_waits_in_its_queue_until_its_node_is_ready() -> None:
    async with Story(0) as story:
        story.net.unready.add(0)
        await story.send(b"a")
        await story.send(b"b")
        assert story.around.waiting() == [b"a", b"b"]
        assert list(story.net.waits) == [0]
        await story.make_ready(0)
        assert story.written == [(0, [b"a"]), (0, [b"b"])]
        assert story.around.waiting() == []


async def test_batches_go_to_the_new_leader_in_their_order() -> None:
    async with Story(0) as story:
        story.net.unready.add(0)
        await story.send(b"a")
        await story.lead(1)
        await story.send(b"b")
        assert story.written == [(1, [b"a"]), (1, [b"b"])]
        await story.make_ready(0)
        assert len(story.written) == 2


async def test_a_batch_that_was_written_stays_written_when_the_leader_changes() -> None:
    async with Story(0) as story:
        future = await story.send(b"a")
        await story.lead(1)
        assert story.written == [(0, [b"a"])]
        story.net.written[0].acknowledge(7)
        assert future.succeeded()


async def test_a_node_that_cannot_be_reached_fails_an_attempt_of_what_waits_for_it() -> None:
    async with Story(0, 1, retries=1) as story:
        story.net.unready.add(0)
        future = await story.send(b"a")
        await story.send(b"b")
        story.net.waits[0].set_exception(KafkaConnectionError("node 0: refused"))
        await story.settle()
        assert story.around.waiting() == [b"a", b"b"]
        assert story.net.metadata.requests == 1
        assert story.around.observer.seen == ["retried"]
        await asyncio.sleep(0.6)
        story.net.waits[0].set_exception(KafkaConnectionError("node 0: refused"))
        await story.settle()
        assert "refused" in str(future.exception)
        assert story.around.waiting() == [b"b"]


async def test_a_node_that_backs_off_is_not_waited_for_before() -> None:
    async with Story(0) as story:
        story.net.unready.add(0)
        story.net.delays[0] = 2.0
        await story.send(b"a")
        await asyncio.sleep(1.9)
        assert not story.net.waits
        await asyncio.sleep(0.2)
        assert list(story.net.waits) == [0]


async def test_one_node_that_is_not_ready_holds_nobody_else_back() -> None:
    async with Story(0, 1) as story:
        story.net.unready.add(0)
        story.around.send(b"a", 0)
        story.around.send(b"b", 1)
        await story.settle()
        assert story.written == [(1, [b"b"])]


async def test_a_node_that_takes_nothing_becomes_slow_in_time_and_is_no_more_when_it_does() -> None:
    seen: list[set[int]] = []
    slow = SlowNodes(3.0, on_change=lambda nodes: seen.append(set(nodes)))
    async with Story(0, 1, slow_nodes=slow) as story:
        story.net.unready.add(0)
        await story.send(b"a")
        await story.send(b"b", 1)
        await asyncio.sleep(2.9)
        assert seen == []
        await asyncio.sleep(0.2)
        assert seen == [{0}]
        await story.make_ready(0)
        assert seen == [{0}, set()]


async def test_what_is_sent_to_a_closed_client_fails() -> None:
    async with Story(0, 1) as story:
        story.net.closed = True
        futures = [story.around.send(b"a", 0), story.around.send(b"b", 1)]
        await story.settle()
        assert [type(future.exception) for future in futures] == [IllegalStateError] * 2
        assert not story.tasks[0].done()


# -- formats -------------------------------------------------------------------------------------


async def test_a_batch_is_encoded_for_the_broker_it_goes_to() -> None:
    async with Story(0) as story:
        story.net.connections[0].versions = OLD
        await story.send(b"a")
        assert story.written == [(0, [b"a"])]
        assert story.net.written[0].magic == {OLD.record_magic}


async def test_a_batch_that_its_leader_cannot_store_fails_and_the_next_one_goes() -> None:
    async with Story(0) as story:
        story.net.connections[0].versions = OLD
        lost = story.around.send(b"a", headers=[("h", b"1")])
        await story.send(b"b")
        assert isinstance(lost.exception, UnsupportedVersionError)
        assert story.written == [(0, [b"b"])]
        assert story.around.waiting() == []


async def test_a_codec_that_its_leader_does_not_know_fails_the_batch() -> None:
    async with Story(0, codec=Codec.ZSTD) as story:
        story.net.connections[0].versions = ApiVersions({ProduceRequest.API_KEY: (3, 6)})
        future = await story.send(b"a")
        assert isinstance(future.exception, (UnsupportedCodecError, UnsupportedVersionError))
        assert story.written == []


# -- outcomes ------------------------------------------------------------------------------------


async def test_an_acknowledged_batch_is_done_in_the_step_that_brings_the_answer() -> None:
    async with Story(0) as story:
        future = await story.send(b"a")
        story.net.written[0].acknowledge(7)
        assert future.succeeded()
        assert story.around.accumulator.pool.used == 0


async def test_a_retried_batch_goes_before_later_ones() -> None:
    async with Story(0, max_in_flight=1) as story:
        await story.send(b"a")
        await story.send(b"b")
        story.net.written[0].fail(NotEnoughReplicasError("no"))
        await asyncio.sleep(0.4)
        assert len(story.written) == 1
        await asyncio.sleep(0.2)
        assert story.written[1:] == [(0, [b"a"])]


async def test_a_batch_expires_at_its_delivery_timeout() -> None:
    async with Story(0) as story:
        story.net.unready.add(0)
        future = await story.send(b"a")
        await asyncio.sleep(DELIVERY_TIMEOUT - 1)
        assert not future.is_done
        await asyncio.sleep(1.1)
        assert "not delivered within 120 s" in str(future.exception)


async def test_a_batch_expires_although_the_loop_runs_the_timer_a_moment_early() -> None:
    loop = asyncio.get_running_loop()
    assert isinstance(loop, VirtualLoop)
    async with Story(0) as story:
        loop.advance(0.01)
        story.net.unready.add(0)
        future = await story.send(b"a")
        # From here the sum of now and the rest is less than the end of the delivery time-out.
        loop.advance(14.07 - loop.time())
        assert loop.time() + (0.01 + DELIVERY_TIMEOUT - loop.time()) < 0.01 + DELIVERY_TIMEOUT
        with pytest.raises(KafkaTimeoutError, match="not delivered within 120 s"):
            await future


async def test_without_acks_a_batch_is_done_when_the_system_has_taken_it() -> None:
    async with Story(0, acks=0) as story:
        future = await story.send(b"a")
        assert [request.node_id for request in story.net.written] == [0]
        assert not future.is_done
        story.net.drains[0].set_result(None)
        await story.settle()
        assert future.succeeded()


async def test_without_acks_a_batch_is_sent_again_when_the_connection_ends() -> None:
    async with Story(0, acks=0) as story:
        await story.send(b"a")
        story.net.drains[0].set_exception(KafkaConnectionError("gone"))
        await asyncio.sleep(0.6)
        assert [request.node_id for request in story.net.written] == [0, 0]


async def test_an_error_on_the_loop_ends_the_sender() -> None:
    async with Story(0) as story:
        await story.send(b"a")
        in_flight = story.net.written[0].in_flight
        assert in_flight is not None
        in_flight.batches[0].batch.move(BatchState.DONE)  # an answer for a batch that has ended
        story.net.written[0].acknowledge()
        await story.settle()
        assert isinstance(story.tasks[0].exception(), IllegalTransitionError)
        await story.send(b"b")
        assert len(story.written) == 1
