"""Stories of records on their way to a broker and of what can happen to them there."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine

import pytest

from kafka import errors
from kafka.errors import (
    InvalidRecordError,
    KafkaError,
    KafkaTimeoutError,
    MessageSizeTooLargeError,
    NotEnoughReplicasError,
    TopicAuthorizationFailedError,
    UnsupportedVersionError,
)
from kafka.producer.async_producer import AsyncKafkaProducer
from kafka.protocol.messages.produce import ProduceRequest, ProduceResponse
from test.support.scripted_broker import (
    Call,
    Close,
    Delay,
    Drop,
    ErrorCode,
    Garbage,
    ScriptedCluster,
)
from test.support.virtual_loop import run

Story = Callable[[ScriptedCluster, AsyncKafkaProducer], Coroutine[None, None, None]]

NOT_LEADER = errors.NotLeaderForPartitionError.errno
TOO_LARGE = errors.MessageSizeTooLargeError.errno
NOT_ENOUGH = NotEnoughReplicasError.errno
INVALID_RECORD = InvalidRecordError.errno


def play(
    story: Story,
    *,
    nodes: int = 1,
    partitions: int = 1,
    versions: dict[type, tuple[int, int]] | None = None,
    **options: object,
) -> None:
    async def on_stage() -> None:
        async with ScriptedCluster(nodes, versions=versions) as cluster:
            cluster.add_topic("t", partitions=partitions)
            async with AsyncKafkaProducer(
                bootstrap_servers=cluster.bootstrap_servers, **options
            ) as producer:
                await story(cluster, producer)

    run(on_stage())


def values(cluster: ScriptedCluster, partition: int = 0) -> list[bytes | None]:
    return [record.value for record in cluster.log("t", partition).records()]


def partition_answer(code: int, **fields: object) -> ProduceResponse.PartitionProduceResponse:
    return ProduceResponse.PartitionProduceResponse(
        index=0, error_code=code, base_offset=-1, **fields
    )


def answer(cluster: ScriptedCluster, code: int, **fields: object) -> ProduceResponse:
    return ProduceResponse(
        responses=[
            ProduceResponse.TopicProduceResponse(
                name="t",
                topic_id=cluster.topic_ids["t"],
                partition_responses=[partition_answer(code, **fields)],
            )
        ]
    )


def test_a_delivery_says_where_the_record_is() -> None:
    async def story(cluster: ScriptedCluster, producer: AsyncKafkaProducer) -> None:
        await (await producer.send("t", b"first"))
        delivery = await producer.send(
            "t", b"value", b"key", [("h", b"x"), ("none", None)], 0, 1234
        )
        found = await delivery
        assert (found.topic, found.partition, found.offset, found.timestamp) == ("t", 0, 1, 1234)
        assert found.serialized_key_size == 3
        assert found.serialized_value_size == 5
        assert found.serialized_header_size == 6
        stored = cluster.log("t", 0).records()[1]
        assert (stored.key, stored.value, stored.timestamp) == (b"key", b"value", 1234)
        assert list(stored.headers) == [("h", b"x"), ("none", None)]

    play(story)


def test_records_sent_together_travel_in_one_batch() -> None:
    async def story(cluster: ScriptedCluster, producer: AsyncKafkaProducer) -> None:
        deliveries = [await producer.send("t", b"%d" % n) for n in range(100)]
        assert [(await d).offset for d in deliveries] == list(range(100))
        assert len(cluster.log("t", 0).batches) == 1

    play(story, linger_ms=5)


def test_a_batch_lingers_no_longer_than_told() -> None:
    async def story(cluster: ScriptedCluster, producer: AsyncKafkaProducer) -> None:
        loop = asyncio.get_running_loop()
        await (await producer.send("t", b"warm up"))
        began = loop.time()
        await (await producer.send("t", b"x"))
        assert loop.time() - began == pytest.approx(3.0, abs=0.01)

    play(story, linger_ms=3000)


def test_flush_does_not_wait_for_linger() -> None:
    async def story(cluster: ScriptedCluster, producer: AsyncKafkaProducer) -> None:
        loop = asyncio.get_running_loop()
        delivery = await producer.send("t", b"x")
        began = loop.time()
        await producer.flush()
        assert delivery.succeeded()
        assert loop.time() - began < 1

    play(story, linger_ms=60_000)


def test_a_full_batch_goes_before_its_linger_is_over() -> None:
    async def story(cluster: ScriptedCluster, producer: AsyncKafkaProducer) -> None:
        deliveries = [await producer.send("t", b"x" * 100) for _ in range(20)]
        await deliveries[0]
        assert not deliveries[-1].is_done

    play(story, linger_ms=60_000, batch_size=1000)


@pytest.mark.parametrize("acks", [0, 1, "all"])
def test_each_kind_of_acks_delivers(acks: object) -> None:
    async def story(cluster: ScriptedCluster, producer: AsyncKafkaProducer) -> None:
        found = await (await producer.send("t", b"x"))
        await producer.flush()
        assert found.offset == (-1 if acks == 0 else 0)
        await asyncio.sleep(1)
        assert values(cluster) == [b"x"]
        assert cluster.requests(ProduceRequest)[0].acks == (-1 if acks == "all" else acks)

    play(story, acks=acks)


@pytest.mark.parametrize("codec", ["gzip", "snappy", "lz4", "zstd"])
def test_each_codec_delivers(codec: str) -> None:
    async def story(cluster: ScriptedCluster, producer: AsyncKafkaProducer) -> None:
        sent = [b"%d" % n * 50 for n in range(200)]
        deliveries = [await producer.send("t", value) for value in sent]
        await producer.flush()
        assert all(d.succeeded() for d in deliveries)
        assert values(cluster) == sent

    play(story, compression_type=codec)


@pytest.mark.parametrize(
    "trouble",
    [Close(), Drop(), Garbage(b"\0\0\0\x02xx"), ErrorCode(NOT_LEADER), ErrorCode(NOT_ENOUGH)],
)
def test_a_passing_trouble_is_overcome(trouble: object) -> None:
    async def story(cluster: ScriptedCluster, producer: AsyncKafkaProducer) -> None:
        cluster.fail_next(ProduceRequest, trouble)
        found = await (await producer.send("t", b"x"))
        assert found.offset == 0
        assert values(cluster) == [b"x"]

    play(story)


def test_the_order_of_a_partition_is_kept_while_a_batch_waits_for_its_retry() -> None:
    async def story(cluster: ScriptedCluster, producer: AsyncKafkaProducer) -> None:
        cluster.fail_next(ProduceRequest, *[ErrorCode(NOT_ENOUGH)] * 3)
        sent = []
        for number in range(30):
            sent.append(b"%d" % number)
            await producer.send("t", sent[-1])
            await asyncio.sleep(0.02)
        await producer.flush()
        assert values(cluster) == sent

    play(story, max_in_flight_requests_per_connection=1)


def test_several_batches_of_a_partition_that_fail_together_keep_their_order() -> None:
    async def story(cluster: ScriptedCluster, producer: AsyncKafkaProducer) -> None:
        await (await producer.send("t", b"warm up"))
        cluster.fail_next(ProduceRequest, *[ErrorCode(NOT_ENOUGH)] * 5)
        sent = [b"%d" % number * 100 for number in range(30)]
        for value in sent:
            await producer.send("t", value)
        await producer.flush()
        assert values(cluster)[1:] == sent

    play(story, batch_size=500)


def test_retries_are_as_many_as_allowed() -> None:
    async def story(cluster: ScriptedCluster, producer: AsyncKafkaProducer) -> None:
        cluster.fail_next(ProduceRequest, *[ErrorCode(NOT_ENOUGH)] * 10)
        with pytest.raises(NotEnoughReplicasError):
            await (await producer.send("t", b"x"))
        assert len(cluster.requests(ProduceRequest)) == 3

    play(story, retries=2)


def test_a_final_error_is_not_retried() -> None:
    async def story(cluster: ScriptedCluster, producer: AsyncKafkaProducer) -> None:
        cluster.fail_next(ProduceRequest, ErrorCode(TopicAuthorizationFailedError.errno))
        with pytest.raises(TopicAuthorizationFailedError, match="t-0"):
            await (await producer.send("t", b"x"))
        assert len(cluster.requests(ProduceRequest)) == 1

    play(story)


def test_a_record_expires_after_its_delivery_timeout() -> None:
    async def story(cluster: ScriptedCluster, producer: AsyncKafkaProducer) -> None:
        loop = asyncio.get_running_loop()
        await (await producer.send("t", b"warm up"))
        await cluster.kill(0)
        began = loop.time()
        with pytest.raises(KafkaTimeoutError, match=r"t-0: not delivered within 5 s"):
            await (await producer.send("t", b"x"))
        assert loop.time() - began == pytest.approx(5, abs=0.1)

    play(story, delivery_timeout_ms=5000, request_timeout_ms=2000)


def test_a_record_expires_while_its_request_is_in_flight() -> None:
    async def story(cluster: ScriptedCluster, producer: AsyncKafkaProducer) -> None:
        loop = asyncio.get_running_loop()
        await (await producer.send("t", b"warm up"))
        cluster.fail_next(ProduceRequest, *[ErrorCode(NOT_ENOUGH)] * 4, Delay(60))
        began = loop.time()
        with pytest.raises(KafkaTimeoutError, match=r"last: .*NotEnoughReplicas"):
            await (await producer.send("t", b"x"))
        assert loop.time() - began == pytest.approx(31, abs=0.1)

    play(story, delivery_timeout_ms=31_000, request_timeout_ms=30_500)


def test_a_batch_too_large_for_the_broker_is_split_until_it_fits() -> None:
    async def story(cluster: ScriptedCluster, producer: AsyncKafkaProducer) -> None:
        from test.support.scripted_answers import produce

        def picky(request: ProduceRequest, call: Call) -> ProduceResponse | None:
            records = request.topic_data[0].partition_data[0].records
            if len(records) > 1000:  # type: ignore[arg-type]
                return answer(cluster, TOO_LARGE)
            return produce(request, call)

        cluster.on(ProduceRequest, picky)
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

    play(story, linger_ms=100)


def test_a_single_record_too_large_for_the_broker_fails_and_the_others_are_delivered() -> None:
    async def story(cluster: ScriptedCluster, producer: AsyncKafkaProducer) -> None:
        from test.support.scripted_answers import produce

        def picky(request: ProduceRequest, call: Call) -> ProduceResponse | None:
            records = request.topic_data[0].partition_data[0].records
            if len(records) > 1000:  # type: ignore[arg-type]
                return answer(cluster, TOO_LARGE)
            return produce(request, call)

        cluster.on(ProduceRequest, picky)
        small = [await producer.send("t", b"small") for _ in range(5)]
        large = await producer.send("t", b"x" * 2000)
        small += [await producer.send("t", b"small") for _ in range(5)]
        await producer.flush()
        assert isinstance(large.exception, MessageSizeTooLargeError)
        assert all(delivery.succeeded() for delivery in small)

    play(story, linger_ms=100)


def test_only_the_records_a_broker_names_get_its_error() -> None:
    async def story(cluster: ScriptedCluster, producer: AsyncKafkaProducer) -> None:
        culprit = ProduceResponse.BatchIndexAndErrorMessage(
            batch_index=1, batch_index_error_message="no key"
        )
        cluster.fail_next(ProduceRequest, answer(cluster, INVALID_RECORD, record_errors=[culprit]))
        good, bad, other = [await producer.send("t", b"x") for _ in range(3)]
        await producer.flush()
        assert isinstance(bad.exception, InvalidRecordError)
        assert "no key" in str(bad.exception)
        for neighbour in (good, other):
            assert type(neighbour.exception) is KafkaError

    play(story, linger_ms=10)


def test_a_leader_named_in_the_error_is_used_at_once() -> None:
    async def story(cluster: ScriptedCluster, producer: AsyncKafkaProducer) -> None:
        loop = asyncio.get_running_loop()
        await (await producer.send("t", b"warm up", partition=0))
        await (await producer.send("t", b"warm up", partition=1))
        cluster.move_leader("t", 0, 1)
        hint = ProduceResponse.LeaderIdAndEpoch(leader_id=1, leader_epoch=1)
        cluster.fail_next(ProduceRequest, answer(cluster, NOT_LEADER, current_leader=hint))
        began = loop.time()
        await (await producer.send("t", b"x", partition=0))
        assert loop.time() - began < 0.09
        assert values(cluster, 0) == [b"warm up", b"x"]

    play(story, nodes=2, partitions=2)


def test_a_leader_that_moved_is_found_again() -> None:
    async def story(cluster: ScriptedCluster, producer: AsyncKafkaProducer) -> None:
        await (await producer.send("t", b"1"))
        cluster.move_leader("t", 0, 1)
        await (await producer.send("t", b"2"))
        assert values(cluster) == [b"1", b"2"]

    play(story, nodes=2)


def test_a_topic_without_an_id_is_produced_to_by_name() -> None:
    async def story(cluster: ScriptedCluster, producer: AsyncKafkaProducer) -> None:
        cluster.add_topic("plain", topic_id=False)
        found = await (await producer.send("plain", b"x"))
        assert found.offset == 0
        assert cluster.received[-1].version == 12

    play(story)


def test_send_waits_for_memory_and_goes_on() -> None:
    async def story(cluster: ScriptedCluster, producer: AsyncKafkaProducer) -> None:
        loop = asyncio.get_running_loop()
        await (await producer.send("t", b"warm up"))
        cluster.fail_next(ProduceRequest, *[Delay(1.0)] * 4)
        began = loop.time()
        deliveries = [await producer.send("t", b"x" * 400) for _ in range(40)]
        assert loop.time() - began >= 1
        await producer.flush()
        assert all(d.succeeded() for d in deliveries)

    play(story, buffer_memory=8000, max_request_size=8000, batch_size=1000, max_block_ms=20_000)


def test_send_gives_up_when_there_is_no_memory_in_time() -> None:
    async def story(cluster: ScriptedCluster, producer: AsyncKafkaProducer) -> None:
        loop = asyncio.get_running_loop()
        await (await producer.send("t", b"warm up"))
        await cluster.kill(0)
        began = loop.time()
        with pytest.raises(KafkaTimeoutError, match=r"buffer_memory=8000"):  # noqa: PT012 - one of them
            for _ in range(100):
                await producer.send("t", b"x" * 400)
        assert loop.time() - began == pytest.approx(2, abs=0.1)
        await producer.close(0)

    play(story, buffer_memory=8000, batch_size=1000, max_block_ms=2000)


def test_many_tasks_that_wait_for_memory_are_served_in_turn() -> None:
    async def story(cluster: ScriptedCluster, producer: AsyncKafkaProducer) -> None:
        await (await producer.send("t", b"warm up"))
        order: list[int] = []

        async def one(number: int) -> None:
            await producer.send("t", b"%03d" % number * 300)
            order.append(number)

        await asyncio.gather(*(one(number) for number in range(100)))
        await producer.flush()
        assert order == sorted(order)
        assert len(values(cluster)) == 101

    play(story, buffer_memory=8000, batch_size=1000)


def test_unknown_topic_is_waited_for_no_longer_than_max_block() -> None:
    async def story(cluster: ScriptedCluster, producer: AsyncKafkaProducer) -> None:
        loop = asyncio.get_running_loop()
        began = loop.time()
        with pytest.raises(KafkaTimeoutError, match="nowhere"):
            await producer.send("nowhere", b"x")
        assert loop.time() - began == pytest.approx(3, abs=0.1)

    play(story, max_block_ms=3000)


def test_a_topic_created_meanwhile_is_found() -> None:
    async def story(cluster: ScriptedCluster, producer: AsyncKafkaProducer) -> None:
        asyncio.get_running_loop().call_later(2, cluster.add_topic, "late")
        found = await (await producer.send("late", b"x"))
        assert found.topic == "late"

    play(story)


def test_a_topic_without_permission_fails_the_delivery() -> None:
    async def story(cluster: ScriptedCluster, producer: AsyncKafkaProducer) -> None:
        cluster.topic_errors["secret"] = TopicAuthorizationFailedError.errno
        delivery = await producer.send("secret", b"x")
        with pytest.raises(TopicAuthorizationFailedError, match="secret"):
            await delivery

    play(story)


def test_a_partition_that_does_not_exist_is_an_error_of_send() -> None:
    async def story(cluster: ScriptedCluster, producer: AsyncKafkaProducer) -> None:
        with pytest.raises(ValueError, match="partitions 0 to 0"):
            await producer.send("t", b"x", partition=1)

    play(story)


def test_a_partition_added_meanwhile_is_found() -> None:
    async def story(cluster: ScriptedCluster, producer: AsyncKafkaProducer) -> None:
        await (await producer.send("t", b"x"))
        log = cluster.log("t", 0)
        cluster.topics["t"].append(type(log)(0, (0,)))
        assert (await (await producer.send("t", b"y", partition=1))).partition == 1

    play(story)


def test_headers_need_a_broker_that_stores_them() -> None:
    async def story(cluster: ScriptedCluster, producer: AsyncKafkaProducer) -> None:
        with pytest.raises(UnsupportedVersionError, match="headers"):
            await producer.send("t", b"x", headers=[("a", b"b")])

    play(story, versions={ProduceRequest: (0, 2)})


def test_a_callback_runs_before_flush_returns() -> None:
    async def story(cluster: ScriptedCluster, producer: AsyncKafkaProducer) -> None:
        seen: list[object] = []
        delivery = await producer.send("t", b"x")
        delivery.add_callback(seen.append)
        await producer.flush()
        assert seen == [delivery.value]

    play(story, linger_ms=50)


def test_flush_inside_a_callback_is_refused() -> None:
    async def story(cluster: ScriptedCluster, producer: AsyncKafkaProducer) -> None:
        seen: list[BaseException] = []

        def call(_: object) -> None:
            work = producer.flush()
            try:
                work.send(None)
            except KafkaError as error:
                seen.append(error)

        (await producer.send("t", b"x")).add_callback(call)
        await producer.flush()
        assert "inside a delivery callback" in str(seen[0])

    play(story, linger_ms=50)


def test_a_failing_callback_is_logged_and_the_others_run(caplog: pytest.LogCaptureFixture) -> None:
    async def story(cluster: ScriptedCluster, producer: AsyncKafkaProducer) -> None:
        seen: list[object] = []
        delivery = await producer.send("t", b"x")
        delivery.add_callback(lambda _: 1 / 0)
        delivery.add_callback(seen.append)
        await producer.flush()
        assert len(seen) == 1

    play(story, linger_ms=50)
    assert "a delivery callback raised" in caplog.text


def test_close_fails_what_it_could_not_deliver_and_says_so(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def story(cluster: ScriptedCluster, producer: AsyncKafkaProducer) -> None:
        loop = asyncio.get_running_loop()
        await (await producer.send("t", b"warm up"))
        await cluster.kill(0)
        deliveries = [await producer.send("t", b"x") for _ in range(3)]
        began = loop.time()
        await producer.close(2)
        assert loop.time() - began == pytest.approx(2, abs=0.1)
        assert all(isinstance(d.exception, KafkaTimeoutError) for d in deliveries[:1])

    play(story)
    (line,) = [r for r in caplog.records if "nobody looked" in r.message]
    assert line.levelno == logging.ERROR
    assert "topic=t: 3 records" in line.message


def test_close_zero_drops_at_once() -> None:
    async def story(cluster: ScriptedCluster, producer: AsyncKafkaProducer) -> None:
        loop = asyncio.get_running_loop()
        delivery = await producer.send("t", b"x")
        began = loop.time()
        await producer.close(0)
        assert loop.time() - began < 0.1
        assert isinstance(delivery.exception, KafkaTimeoutError)

    play(story, linger_ms=60_000)


def test_close_delivers_what_lingers() -> None:
    async def story(cluster: ScriptedCluster, producer: AsyncKafkaProducer) -> None:
        delivery = await producer.send("t", b"x")
        await producer.close()
        assert delivery.succeeded()

    play(story, linger_ms=60_000)


def test_a_closed_producer_takes_no_records() -> None:
    async def story(cluster: ScriptedCluster, producer: AsyncKafkaProducer) -> None:
        await (await producer.send("t", b"x"))
        await producer.close()
        with pytest.raises(KafkaError, match="closed"):
            await producer.send("t", b"x")

    play(story)


def test_flush_gives_up_in_time() -> None:
    async def story(cluster: ScriptedCluster, producer: AsyncKafkaProducer) -> None:
        await (await producer.send("t", b"warm up"))
        await cluster.kill(0)
        await producer.send("t", b"x")
        loop = asyncio.get_running_loop()
        began = loop.time()
        with pytest.raises(KafkaTimeoutError, match=r"after 1\.5 s"):
            await producer.flush(1.5)
        assert loop.time() - began == pytest.approx(1.5, abs=0.01)
        await producer.close(0)

    play(story)


def test_failures_nobody_looked_at_are_logged_once_per_topic(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def story(cluster: ScriptedCluster, producer: AsyncKafkaProducer) -> None:
        cluster.fail_next(ProduceRequest, ErrorCode(TopicAuthorizationFailedError.errno))
        for _ in range(5):
            await producer.send("t", b"x")
        await producer.flush()
        await producer.flush()

    play(story, linger_ms=50)
    lines = [r.message for r in caplog.records if "nobody looked" in r.message]
    assert len(lines) == 1
    assert "topic=t: 5 records" in lines[0]
    assert "TopicAuthorizationFailedError" in lines[0]


def test_failures_somebody_looked_at_are_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    async def story(cluster: ScriptedCluster, producer: AsyncKafkaProducer) -> None:
        cluster.fail_next(ProduceRequest, ErrorCode(TopicAuthorizationFailedError.errno))
        seen: list[object] = []
        first = await producer.send("t", b"x")
        (await producer.send("t", b"x")).add_errback(seen.append)
        await producer.flush()
        assert first.failed()
        assert isinstance(seen[0], TopicAuthorizationFailedError)

    play(story, linger_ms=50)
    assert "nobody looked" not in caplog.text


def test_a_cancelled_wait_loses_no_record() -> None:
    async def story(cluster: ScriptedCluster, producer: AsyncKafkaProducer) -> None:
        delivery = await producer.send("t", b"x")
        task = asyncio.ensure_future(asyncio.wait_for(delivery, 0.5))
        with pytest.raises(TimeoutError):
            await task
        await producer.flush()
        assert delivery.succeeded()

    play(story, linger_ms=1000)


def test_a_broker_down_for_a_while_costs_no_record_and_few_requests() -> None:
    async def story(cluster: ScriptedCluster, producer: AsyncKafkaProducer) -> None:
        await (await producer.send("t", b"warm up"))
        await cluster.kill(0)
        deliveries = [await producer.send("t", b"x" * 300) for _ in range(50)]
        await asyncio.sleep(30)
        await cluster.revive(0)
        await producer.flush()
        assert all(d.succeeded() for d in deliveries)
        assert len(values(cluster)) == 51

    play(story, batch_size=1000)


def test_a_clean_life_logs_nothing(caplog: pytest.LogCaptureFixture) -> None:
    async def story(cluster: ScriptedCluster, producer: AsyncKafkaProducer) -> None:
        await (await producer.send("t", b"x"))

    play(story)
    assert [r for r in caplog.records if r.levelno >= logging.WARNING] == []
