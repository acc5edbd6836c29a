"""Stories of what can happen to records on their way."""

from __future__ import annotations

import asyncio

import pytest

from kafka._base.deadline import Deadline
from kafka._base.observer import Observer
from kafka.config.producer import ProducerConfig
from kafka.errors import (
    InvalidRecordError,
    KafkaError,
    KafkaTimeoutError,
    MessageSizeTooLargeError,
    NotEnoughReplicasError,
    NotLeaderForPartitionError,
    TopicAuthorizationFailedError,
)
from kafka.producer.batch_encoding import EncodedHeaders, Record, encode_owned
from kafka.producer.callbacks import LoopCallbacks
from kafka.producer.core import ProducerCore
from kafka.producer.future import FutureRecordMetadata
from kafka.producer.topic_info import TopicInfo
from kafka.protocol.messages.metadata import MetadataRequest
from kafka.protocol.messages.produce import ProduceRequest, ProduceResponse
from kafka.testing.broker.faults import Delay, Disconnect, DropResponse, Fail, Garbage
from test.support.producer_story import answer, cluster_and_producer, values
from test.support.stage import cluster_of, inject_each
from test.support.virtual_loop import VirtualLoop

NOT_LEADER = NotLeaderForPartitionError.errno
INVALID_RECORD = InvalidRecordError.errno
PICKY = {"message.max.bytes": "1000"}


@pytest.mark.parametrize(
    "trouble",
    [
        Disconnect(),
        DropResponse(applied=False),
        Garbage(b"\0\0\0\x02xx", applied=False),
        Fail(NotLeaderForPartitionError),
        Fail(NotEnoughReplicasError),
    ],
)
async def test_a_passing_trouble_is_overcome(trouble: object) -> None:
    async with cluster_and_producer() as (cluster, producer):
        cluster.inject(ProduceRequest, trouble)
        found = await (await producer.send("t", b"x"))
        assert found.offset == 0
        assert values(cluster) == [b"x"]


async def test_the_order_of_a_partition_is_kept_while_a_batch_waits_for_its_retry() -> None:
    async with cluster_and_producer(max_in_flight_requests_per_connection=1) as (cluster, producer):
        cluster.inject(ProduceRequest, Fail(NotEnoughReplicasError), times=3)
        sent = []
        for number in range(30):
            sent.append(b"%d" % number)
            await producer.send("t", sent[-1])
            await asyncio.sleep(0.02)
        await producer.flush()
        assert values(cluster) == sent


async def test_several_batches_of_a_partition_that_fail_together_keep_their_order() -> None:
    async with cluster_and_producer(batch_size=500) as (cluster, producer):
        await (await producer.send("t", b"warm up"))
        cluster.inject(ProduceRequest, Fail(NotEnoughReplicasError), times=5)
        sent = [b"%d" % number * 100 for number in range(30)]
        for value in sent:
            await producer.send("t", value)
        await producer.flush()
        assert values(cluster)[1:] == sent


async def test_retries_are_as_many_as_allowed() -> None:
    async with cluster_and_producer(retries=2) as (cluster, producer):
        cluster.inject(ProduceRequest, Fail(NotEnoughReplicasError), times=10)
        with pytest.raises(NotEnoughReplicasError):
            await (await producer.send("t", b"x"))
        assert cluster.count(ProduceRequest) == 3


async def test_a_final_error_is_not_retried() -> None:
    async with cluster_and_producer() as (cluster, producer):
        cluster.inject(ProduceRequest, Fail(TopicAuthorizationFailedError))
        with pytest.raises(TopicAuthorizationFailedError, match="t-0"):
            await (await producer.send("t", b"x"))
        assert cluster.count(ProduceRequest) == 1


async def test_a_record_expires_after_its_delivery_timeout() -> None:
    async with cluster_and_producer(delivery_timeout_ms=5000, request_timeout_ms=2000) as (
        cluster,
        producer,
    ):
        loop = asyncio.get_running_loop()
        await (await producer.send("t", b"warm up"))
        cluster.kill(0)
        began = loop.time()
        with pytest.raises(KafkaTimeoutError, match=r"t-0: not delivered within 5 s"):
            await (await producer.send("t", b"x"))
        assert loop.time() - began == pytest.approx(5, abs=0.1)


async def test_a_record_expires_while_its_request_is_in_flight() -> None:
    async with cluster_and_producer(delivery_timeout_ms=31_000, request_timeout_ms=30_500) as (
        cluster,
        producer,
    ):
        loop = asyncio.get_running_loop()
        await (await producer.send("t", b"warm up"))
        inject_each(cluster, ProduceRequest, *[Fail(NotEnoughReplicasError)] * 4, Delay(60))
        began = loop.time()
        with pytest.raises(KafkaTimeoutError, match=r"last: .*NotEnoughReplicas"):
            await (await producer.send("t", b"x"))
        assert loop.time() - began == pytest.approx(31, abs=0.1)


async def test_a_batch_too_large_for_the_broker_is_split_until_it_fits() -> None:
    async with cluster_and_producer(config=PICKY, linger_ms=100) as (cluster, producer):
        sent = [b"%02d" % number * 50 for number in range(40)]
        called: list[int] = []
        deliveries = []
        for number, value in enumerate(sent):
            delivery = await producer.send("t", value)
            delivery.add_callback(lambda metadata, number=number: called.append(number))
            deliveries.append(delivery)
        await producer.flush()
        assert values(cluster) == sent
        assert [d.get().offset for d in deliveries] == list(range(40))
        assert called == list(range(40))


async def test_a_single_record_too_large_for_the_broker_fails_and_the_others_are_delivered() -> (
    None
):
    """Regression R32."""
    async with cluster_and_producer(config=PICKY, linger_ms=100) as (_, producer):
        small = [await producer.send("t", b"small") for _ in range(5)]
        large = await producer.send("t", b"x" * 2000)
        small += [await producer.send("t", b"small") for _ in range(5)]
        await producer.flush()
        assert isinstance(large.exception, MessageSizeTooLargeError)
        assert all(delivery.succeeded() for delivery in small)


async def test_only_the_records_a_broker_names_get_its_error() -> None:
    async with cluster_and_producer(linger_ms=10) as (cluster, producer):
        culprit = ProduceResponse.BatchIndexAndErrorMessage(
            batch_index=1, batch_index_error_message="no key"
        )
        refused = answer(cluster, INVALID_RECORD, record_errors=[culprit])
        cluster.inject(ProduceRequest, refused)
        good, bad, other = [await producer.send("t", b"x") for _ in range(3)]
        await producer.flush()
        assert isinstance(bad.exception, InvalidRecordError)
        assert "no key" in str(bad.exception)
        for neighbour in (good, other):
            assert type(neighbour.exception) is KafkaError


async def test_a_leader_named_in_the_error_is_used_at_once() -> None:
    async with cluster_and_producer(nodes=2, partitions=2) as (cluster, producer):
        loop = asyncio.get_running_loop()
        await (await producer.send("t", b"warm up", partition=0))
        await (await producer.send("t", b"warm up", partition=1))
        cluster.move_leader("t", 0, 1)
        hint = ProduceResponse.LeaderIdAndEpoch(leader_id=1, leader_epoch=1)
        cluster.inject(ProduceRequest, answer(cluster, NOT_LEADER, current_leader=hint))
        began = loop.time()
        await (await producer.send("t", b"x", partition=0))
        assert loop.time() - began < 0.09
        assert values(cluster, 0) == [b"warm up", b"x"]


async def test_a_leader_that_moved_is_found_again() -> None:
    async with cluster_and_producer(nodes=2) as (cluster, producer):
        await (await producer.send("t", b"1"))
        cluster.move_leader("t", 0, 1)
        await (await producer.send("t", b"2"))
        assert values(cluster) == [b"1", b"2"]


async def test_a_topic_without_an_id_is_produced_to_by_name() -> None:
    async with cluster_and_producer(api_versions={MetadataRequest: (0, 9)}) as (cluster, producer):
        cluster.create_topic("plain")
        found = await (await producer.send("plain", b"x"))
        assert found.offset == 0
        assert cluster.requests()[-1].api_version == 12


def put_in(core: ProducerCore, route: TopicInfo, record: Record, size: int) -> FutureRecordMetadata:
    """Store a record as it is, past the checks of what users give."""
    future = core.accumulator.append(route, None, record, size)
    assert future is not None
    return future


@pytest.mark.parametrize("headers", [None, encode_owned([("a", b"b")])])
async def test_a_batch_that_cannot_be_encoded_fails_alone(
    headers: EncodedHeaders | None, caplog: pytest.LogCaptureFixture
) -> None:
    async with cluster_and_producer(
        config={"log.message.timestamp.after.max.ms": str(2**63 - 1)}
    ) as (cluster, _):
        options = ProducerConfig.from_kwargs({"bootstrap_servers": cluster.bootstrap_servers})
        core = ProducerCore(options, runner=LoopCallbacks(asyncio.get_running_loop()))
        deadline = Deadline.after(core.clock.now(), 10)
        await core.start(deadline)
        route = await core.topics.find("t", None, deadline)
        # No way of the user leads to such a time.
        bad = put_in(core, route, (2**63, None, b"x", headers), 100)
        with pytest.raises(KafkaError, match="t-0: the batch could not be encoded"):
            await bad
        good = put_in(core, route, (2**63 - 1, None, b"y", headers), 100)
        await good
        await core.close(10)
        assert values(cluster) == [b"y"]
    assert "topic=t partition=0: a batch could not be encoded" in caplog.text


@pytest.mark.parametrize("codec", [None, "gzip"])
@pytest.mark.parametrize("magic", [0, 1])
@pytest.mark.parametrize("acks", [0, 1])
async def test_a_batch_in_the_format_of_an_older_broker_is_delivered_to_a_newer_one(
    magic: int, acks: int, codec: str | None
) -> None:
    async with cluster_and_producer(
        config={"log.message.timestamp.before.max.ms": str(2**63 - 1)}
    ) as (cluster, _):
        options = ProducerConfig.from_kwargs(
            {
                "bootstrap_servers": cluster.bootstrap_servers,
                "batch_size": 1,
                "acks": acks,
                "compression_type": codec,
            }
        )
        core = ProducerCore(options, runner=LoopCallbacks(asyncio.get_running_loop()))
        deadline = Deadline.after(core.clock.now(), 10)
        await core.start(deadline)
        route = await core.topics.find("t", None, deadline)
        # As while a broker of that age is in the cluster.
        core.accumulator.magic = magic
        records = [(1_700_000_000_000, b"k", b"x%d" % number, None) for number in range(2)]
        # The second one closes the batch of the first, which is encoded at once.
        for future in [put_in(core, route, record, 300) for record in records]:
            await future
        await core.close(10)
        assert values(cluster) == [b"x0", b"x1"]


async def test_a_signal_handler_that_raises_while_the_sender_is_woken_keeps_no_record_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class InterruptionError(Exception):
        pass

    def interrupted(*_: object) -> None:
        raise InterruptionError

    async with cluster_and_producer() as (_, producer):
        await (await producer.send("t", b"warm up"))
        loop = asyncio.get_running_loop()
        start = loop.time()
        with monkeypatch.context() as patch:
            patch.setattr(loop, "call_soon", interrupted)
            with pytest.raises(InterruptionError):
                await producer.send("t", b"first")
        await (await producer.send("t", b"second"))
        assert loop.time() - start < 1.0


def test_records_hear_of_it_when_a_signal_handler_stops_the_sender() -> None:
    class Interrupted(Observer):
        def batch_delivered(self, topic: str, records: int, size: int, queued: float) -> None:
            raise KeyboardInterrupt

    async def main() -> None:
        async with cluster_of() as cluster:
            cluster.create_topic("t", 1)
            options = ProducerConfig.from_kwargs({"bootstrap_servers": cluster.bootstrap_servers})
            runner = LoopCallbacks(asyncio.get_running_loop())
            core = ProducerCore(options, runner=runner, observer=Interrupted())
            deadline = Deadline.after(core.clock.now(), 10)
            await core.start(deadline)
            route = await core.topics.find("t", None, deadline)
            record = (1_700_000_000_000, None, b"x", None)
            first = put_in(core, route, record, 100)
            await asyncio.sleep(0)
            second = put_in(core, route, record, 100)
            assert (await first).offset == 0
            with pytest.raises(KafkaError, match="background task failed"):
                await second
            await core.close(1)

    loop = VirtualLoop()
    task = loop.create_task(main())
    with pytest.raises(KeyboardInterrupt):
        loop.run_until_complete(task)
    loop.run_until_complete(task)
    loop.close()
