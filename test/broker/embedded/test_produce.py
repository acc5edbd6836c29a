"""Produce, as the embedded cluster answers it."""

from __future__ import annotations

import pytest

from kafka.errors import (
    BrokerResponseError,
    CorruptRecordError,
    InvalidProducerEpochError,
    InvalidRecordError,
    InvalidRequiredAcksError,
    InvalidTimestampError,
    MessageSizeTooLargeError,
    NotEnoughReplicasError,
    NotLeaderForPartitionError,
    OutOfOrderSequenceNumberError,
    RequestTimedOutError,
    TransactionalIdAuthorizationFailedError,
    UnknownTopicIdError,
    UnknownTopicOrPartitionError,
    UnsupportedCompressionTypeError,
)
from kafka.protocol.messages.produce import ProduceRequest
from kafka.record.batch import decode_header
from kafka.record.compression import Codec
from kafka.record.legacy import encode_message_set
from kafka.testing import EmbeddedCluster
from test.support.embedded import (
    batch,
    cluster_and_client,
    code,
    fetch,
    produce,
    produce_request,
    values,
)


@pytest.mark.parametrize("version", range(3, 14))
async def test_a_batch_of_every_version_gets_its_offset(version: int) -> None:
    async with cluster_and_client(EmbeddedCluster(topics={"t": 1})) as (_, client):
        await produce(client, "t", batch(b"first"), version=version)
        answer = await produce(client, "t", batch(b"a", b"b"), version=version)
        assert (answer.error_code, answer.base_offset) == (0, 1)


@pytest.mark.parametrize(("version", "magic"), [(0, 0), (1, 0), (2, 1)])
@pytest.mark.parametrize("codec", [Codec.NONE, Codec.GZIP])
async def test_old_messages_become_one_batch(version: int, magic: int, codec: Codec) -> None:
    async with cluster_and_client(EmbeddedCluster(topics={"t": 1}, version="0.11")) as (_, client):
        records = encode_message_set(magic, [5, 6], [None, b"k"], [b"a", b"b"], codec)
        answer = await produce(client, "t", records, version=version)
        assert answer.error_code == 0
        assert values(await fetch(client, "t", 0, version=4)) == [b"a", b"b"]


@pytest.mark.parametrize(
    ("records", "version", "error"),
    [
        (None, 9, InvalidRecordError),
        (b"", 9, InvalidRecordError),
        (b"short", 9, InvalidRecordError),
        (batch(b"a") + batch(b"b"), 9, InvalidRecordError),
        (batch(b"a")[:-1], 9, InvalidRecordError),
        (batch(b"a")[:-1] + b"x", 9, CorruptRecordError),
        (b"\0\0\0\0\0\0\0\1" + batch(b"a")[8:], 9, InvalidRecordError),
        (encode_message_set(1, [5], [None], [b"a" * 60]), 9, InvalidRecordError),
        (batch(b"a", codec=Codec.ZSTD), 6, UnsupportedCompressionTypeError),
        (batch(b"x" * 1_048_588), 9, MessageSizeTooLargeError),
        (batch(b"a", timestamp=1 << 50), 9, InvalidTimestampError),
        (batch(b"a", producer_id=1, epoch=0, sequence=-1), 9, InvalidRecordError),
        (batch(b"a", transactional=True), 9, TransactionalIdAuthorizationFailedError),
    ],
)
async def test_bad_records_are_refused(
    records: bytes | None, version: int, error: type[BrokerResponseError]
) -> None:
    async with cluster_and_client(EmbeddedCluster(topics={"t": 1})) as (_, client):
        answer = await produce(client, "t", records, version=version)
        assert (answer.error_code, answer.base_offset) == (code(error), -1)


async def test_a_compacted_topic_names_the_records_without_key() -> None:
    async with cluster_and_client(EmbeddedCluster()) as (cluster, client):
        cluster.create_topic("c", config={"cleanup.policy": "compact"})
        answer = await produce(client, "c", batch(b"a", b"b", keys=[b"k", None]))
        assert answer.error_code == code(InvalidRecordError)
        assert [problem.batch_index for problem in answer.record_errors] == [1]


async def test_a_repeated_batch_is_acknowledged_and_not_appended() -> None:
    async with cluster_and_client(EmbeddedCluster(topics={"t": 1})) as (_, client):
        for sequence in range(6):
            await produce(client, "t", batch(b"v", producer_id=7, epoch=0, sequence=sequence))
        answer = await produce(client, "t", batch(b"v", producer_id=7, epoch=0, sequence=1))
        assert (answer.error_code, answer.base_offset) == (0, 1)
        answer = await produce(client, "t", batch(b"v", producer_id=7, epoch=0, sequence=0))
        assert answer.error_code == code(OutOfOrderSequenceNumberError)
        assert (await fetch(client, "t", 0)).high_watermark == 6


@pytest.mark.parametrize(
    ("epoch", "sequence", "error"),
    [
        (1, 2, OutOfOrderSequenceNumberError),
        (2, 1, OutOfOrderSequenceNumberError),
        (0, 1, InvalidProducerEpochError),
    ],
)
async def test_gaps_and_old_epochs_are_refused(
    epoch: int, sequence: int, error: type[BrokerResponseError]
) -> None:
    async with cluster_and_client(EmbeddedCluster(topics={"t": 1})) as (_, client):
        await produce(client, "t", batch(b"v", producer_id=7, epoch=1, sequence=0))
        answer = await produce(
            client, "t", batch(b"v", producer_id=7, epoch=epoch, sequence=sequence)
        )
        assert answer.error_code == code(error)


async def test_a_transactional_batch_outside_a_transaction_is_refused() -> None:
    async with cluster_and_client(EmbeddedCluster(topics={"t": 1})) as (_, client):
        records = batch(b"v", producer_id=7, epoch=0, sequence=0, transactional=True)
        answer = await produce(client, "t", records)
        assert answer.error_code == code(TransactionalIdAuthorizationFailedError)


async def test_a_record_from_the_future_is_named() -> None:
    async with cluster_and_client(EmbeddedCluster(topics={"t": 1})) as (_, client):
        answer = await produce(client, "t", batch(b"v", timestamp=1 << 50))
        assert [problem.batch_index for problem in answer.record_errors] == [0]
        assert answer.log_start_offset == 0
        assert answer.error_message


@pytest.mark.parametrize("version", [9, 13])
async def test_a_partition_that_is_not_there_is_unknown(version: int) -> None:
    async with cluster_and_client(EmbeddedCluster(topics={"t": 1})) as (_, client):
        answer = await produce(client, "t", batch(b"v"), version=version, partition=1)
        assert answer.error_code == code(UnknownTopicOrPartitionError)


async def test_the_id_of_a_deleted_topic_is_unknown() -> None:
    async with cluster_and_client(EmbeddedCluster(topics={"t": 1})) as (cluster, client):
        topic_id = cluster.control.state.topics["t"].topic_id
        cluster.delete_topic("t")
        cluster.create_topic("t")
        response = await client.send(produce_request("", batch(b"v"), topic_id=topic_id), 13)
        answer = response.responses[0].partition_responses[0]
        assert answer.error_code == code(UnknownTopicIdError)


async def test_a_follower_names_the_leader() -> None:
    async with cluster_and_client(EmbeddedCluster(2, topics={"t": 1})) as (cluster, client):
        cluster.move_leader("t", 0, 1)
        response = await client.send(produce_request("t", batch(b"v")), 12)
        answer = response.responses[0].partition_responses[0]
        assert answer.error_code == code(NotLeaderForPartitionError)
        assert answer.current_leader is not None
        assert (answer.current_leader.leader_id, answer.current_leader.leader_epoch) == (1, 1)
        port = cluster.control.state.nodes[1].port
        assert [(node.node_id, node.port) for node in response.node_endpoints] == [(1, port)]


async def test_acks_all_waits_for_the_high_watermark() -> None:
    async with cluster_and_client(EmbeddedCluster(topics={"t": 1})) as (cluster, client):
        cluster.control.hold_high_watermark("t", 0)
        answer = await produce(client, "t", batch(b"v"), timeout_ms=500)
        assert answer.error_code == code(RequestTimedOutError)
        client.post(produce_request("t", batch(b"w"), timeout_ms=100_000), 9)
        await cluster.until(lambda control: control.count(ProduceRequest) == 2)
        cluster.control.hold_high_watermark("t", 0, hold=False)
        await client.frame()


async def test_acks_all_needs_enough_replicas_in_sync() -> None:
    async with cluster_and_client(EmbeddedCluster(2)) as (cluster, client):
        cluster.create_topic("t", 1, 2, {"min.insync.replicas": "2"})
        cluster.control.set_in_sync("t", 0, [0])
        refused = await produce(client, "t", batch(b"v"), acks=-1)
        accepted = await produce(client, "t", batch(b"v"), acks=1)
        assert (refused.error_code, accepted.error_code) == (code(NotEnoughReplicasError), 0)


async def test_acks_two_is_refused() -> None:
    async with cluster_and_client(EmbeddedCluster(topics={"t": 1})) as (_, client):
        answer = await produce(client, "t", batch(b"v"), acks=2)
        assert answer.error_code == code(InvalidRequiredAcksError)


async def test_acks_zero_is_not_answered() -> None:
    async with cluster_and_client(EmbeddedCluster(topics={"t": 1})) as (_, client):
        client.post(produce_request("t", batch(b"v"), acks=0), 9)
        answer = await produce(client, "t", batch(b"w"), acks=1)
        assert answer.base_offset == 1


async def test_an_error_with_acks_zero_ends_the_connection() -> None:
    async with cluster_and_client(EmbeddedCluster(topics={"t": 1})) as (_, client):
        client.post(produce_request("t", batch(b"v"), acks=0, partition=9), 9)
        with pytest.raises(ConnectionError):
            await client.frame()


async def test_log_append_time_is_the_brokers() -> None:
    async with cluster_and_client(EmbeddedCluster()) as (cluster, client):
        cluster.create_topic("t", config={"message.timestamp.type": "LogAppendTime"})
        now_ms = cluster.control.state.clock.wall_ms()
        answer = await produce(client, "t", batch(b"v"))
        assert answer.log_append_time_ms - now_ms in range(1000)
        records = (await fetch(client, "t", 0)).records
        assert isinstance(records, memoryview)
        header = decode_header(records)
        assert (header.timestamp_type, header.max_timestamp) == (1, answer.log_append_time_ms)


async def test_a_topic_may_ask_for_another_codec() -> None:
    async with cluster_and_client(EmbeddedCluster()) as (cluster, client):
        cluster.create_topic("t", config={"compression.type": "gzip"})
        await produce(client, "t", batch(b"v"))
        data = await fetch(client, "t", 0)
        assert isinstance(data.records, memoryview)
        assert decode_header(data.records).codec is Codec.GZIP
        assert values(data) == [b"v"]
