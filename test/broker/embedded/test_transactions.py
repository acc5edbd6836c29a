"""Transactions, as the embedded cluster keeps them: records, joining, ending."""

from __future__ import annotations

import pytest

from kafka.errors import (
    BrokerResponseError,
    ConcurrentTransactionsError,
    InvalidProducerEpochError,
    InvalidProducerIdMappingError,
    InvalidRequestError,
    InvalidTxnStateError,
    NotEnoughReplicasError,
    OperationNotAttemptedError,
    TopicAuthorizationFailedError,
    TransactionAbortableError,
    UnknownTopicOrPartitionError,
)
from kafka.protocol.messages.add_partitions_to_txn import AddPartitionsToTxnRequest
from kafka.protocol.messages.end_txn import EndTxnRequest
from kafka.record.control import ControlType, parse_control_key
from kafka.testing import EmbeddedCluster
from test.support.embedded import cluster_and_client, code, fetch, values
from test.support.transactional import (
    COMMITTED,
    RawTransactionalProducer,
    both,
    coordinator_epoch,
    one_topic,
)

# -- records ---------------------------------------------------------------------------------------


@both
async def test_committed_records_are_read_after_the_commit(tv2: bool) -> None:
    async with cluster_and_client(one_topic()) as (_, client):
        producer = RawTransactionalProducer(client, tv2=tv2)
        await producer.init()
        if not tv2:
            await producer.add("t")
        await producer.produce("t", b"a", b"b")
        before = await fetch(client, "t", 0, isolation_level=COMMITTED)
        assert (values(before), before.last_stable_offset, before.high_watermark) == ([], 0, 2)
        assert (await producer.end(commit=True)).error_code == 0
        after = await fetch(client, "t", 0, isolation_level=COMMITTED)
        assert (values(after), after.last_stable_offset) == ([b"a", b"b"], 3)
        assert after.aborted_transactions == []


@both
async def test_aborted_records_are_listed(tv2: bool) -> None:
    async with cluster_and_client(one_topic()) as (_, client):
        producer = RawTransactionalProducer(client, tv2=tv2)
        await producer.init()
        await producer.transact("t", b"a", commit=True)
        await producer.transact("t", b"b", b"c", commit=False)
        await producer.transact("t", b"d", commit=True)
        data = await fetch(client, "t", 0, isolation_level=COMMITTED)
        assert values(data) == [b"a", b"b", b"c", b"d"]
        assert data.aborted_transactions is not None
        (aborted,) = data.aborted_transactions
        assert (aborted.producer_id, aborted.first_offset) == (producer.producer_id, 2)
        assert data.last_stable_offset == 7


@both
@pytest.mark.parametrize("commit", [False, True])
async def test_the_marker_is_a_control_batch(tv2: bool, commit: bool) -> None:
    async with cluster_and_client(one_topic()) as (cluster, client):
        producer = RawTransactionalProducer(client, tv2=tv2)
        await producer.init()
        await producer.transact("t", b"a", commit=commit)
        marker = cluster.control.state.existing("t", 0).log.batches[-1]
        header, columns = marker.header, marker.columns()
        assert header.is_control
        assert header.is_transactional
        assert (header.producer_id, header.producer_epoch) == (0, 1 if tv2 else 0)
        expected = ControlType.COMMIT if commit else ControlType.ABORT
        assert parse_control_key(columns.keys[0]) is expected
        assert coordinator_epoch(columns.values[0]) == 0


@both
async def test_two_producers_hold_the_stable_offset_at_the_first_open_transaction(
    tv2: bool,
) -> None:
    async with cluster_and_client(one_topic()) as (_, client):
        first = RawTransactionalProducer(client, "first", tv2=tv2)
        second = RawTransactionalProducer(client, "second", tv2=tv2)
        for producer in (first, second):
            await producer.init()
            await producer.transact("t", b"x", commit=True)
        if not tv2:
            await first.add("t")
        await first.produce("t", b"a")
        await second.transact("t", b"b", commit=True)
        data = await fetch(client, "t", 4, isolation_level=COMMITTED)
        assert (data.last_stable_offset, data.high_watermark) == (4, 7)
        await first.end(commit=False)
        data = await fetch(client, "t", 4, isolation_level=COMMITTED)
        assert (data.last_stable_offset, data.high_watermark) == (8, 8)


async def test_a_transaction_of_tv1_ends_in_partitions_without_records_too() -> None:
    async with cluster_and_client(one_topic()) as (cluster, client):
        producer = RawTransactionalProducer(client, tv2=False)
        await producer.init()
        assert await producer.add("t", 0, 1) == [0, 0]
        await producer.end(commit=True)
        ends = [cluster.control.state.existing("t", index).log.end_offset for index in (0, 1)]
        assert ends == [1, 1]


# -- joining ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("version", "error"), [(9, InvalidTxnStateError), (11, TransactionAbortableError), (12, None)]
)
async def test_a_write_to_a_partition_that_was_not_added(
    version: int, error: type[BrokerResponseError] | None
) -> None:
    async with cluster_and_client(one_topic()) as (_, client):
        producer = RawTransactionalProducer(client, tv2=False)
        await producer.init()
        expected = 0 if error is None else code(error)
        assert await producer.produce("t", b"a", version=version) == expected


async def test_a_write_passes_unchecked_if_verification_is_off() -> None:
    async with cluster_and_client(one_topic(transaction_partition_verification_enable="false")) as (
        _,
        client,
    ):
        producer = RawTransactionalProducer(client, tv2=False)
        await producer.init()
        assert await producer.produce("t", b"a") == 0


@pytest.mark.parametrize("version", ["0.11", "1.1", "2.8"])
async def test_a_write_passes_unchecked_before_brokers_verified(version: str) -> None:
    async with cluster_and_client(EmbeddedCluster(topics={"t": 1}, version=version)) as (
        cluster,
        client,
    ):
        producer = RawTransactionalProducer(client, tv2=False)
        await producer.init(version=0)
        assert await producer.produce("t", b"a", version=3) == 0
        log = cluster.control.state.existing("t", 0).log
        assert (log.last_stable_offset, log.high_watermark) == (0, 1)


@both
async def test_a_producer_without_transactional_id_of_its_own_is_refused(tv2: bool) -> None:
    async with cluster_and_client(one_topic()) as (_, client):
        producer = RawTransactionalProducer(client, tv2=tv2)
        producer.producer_id, producer.epoch = 77, 0
        assert await producer.produce("t", b"a") == code(InvalidProducerIdMappingError)
        assert await producer.add("t") == [code(InvalidProducerIdMappingError)]
        end = await producer.end(commit=True)
        assert end.error_code == code(InvalidProducerIdMappingError)


@both
async def test_an_empty_transactional_id_is_refused(tv2: bool) -> None:
    async with cluster_and_client(one_topic()) as (_, client):
        producer = RawTransactionalProducer(client, "", tv2=tv2)
        producer.producer_id, producer.epoch = 0, 0
        refused = code(InvalidRequestError)
        assert await producer.produce("t", b"a") == refused
        assert await producer.add("t") == [refused]
        assert await producer.add_offsets("g") == refused
        assert (await producer.end(commit=True)).error_code == refused


async def test_one_unknown_partition_keeps_the_others_out() -> None:
    async with cluster_and_client(one_topic()) as (_, client):
        producer = RawTransactionalProducer(client, tv2=False)
        await producer.init()
        assert await producer.add("t", 0, 5) == [
            code(OperationNotAttemptedError),
            code(UnknownTopicOrPartitionError),
        ]
        assert (await producer.end(commit=True)).error_code == code(InvalidTxnStateError)


async def test_internal_topics_cannot_be_added() -> None:
    async with cluster_and_client(one_topic()) as (_, client):
        producer = RawTransactionalProducer(client, tv2=False)
        await producer.init()
        expected = [code(TopicAuthorizationFailedError)]
        assert await producer.add("__consumer_offsets") == expected


async def test_brokers_verify_and_add_in_batches() -> None:
    async with cluster_and_client(one_topic()) as (_, client):
        producer = RawTransactionalProducer(client, tv2=False)
        await producer.init()
        await producer.add("t", 0)

        def entry(
            name: str, *, verify_only: bool
        ) -> AddPartitionsToTxnRequest.AddPartitionsToTxnTransaction:
            return AddPartitionsToTxnRequest.AddPartitionsToTxnTransaction(
                transactional_id=name,
                producer_id=producer.producer_id,
                producer_epoch=producer.epoch,
                verify_only=verify_only,
                topics=[
                    AddPartitionsToTxnRequest.AddPartitionsToTxnTopic(name="t", partitions=[0, 1])
                ],
            )

        request = AddPartitionsToTxnRequest(
            transactions=[
                entry("tx", verify_only=True),
                entry("tx", verify_only=False),
                entry("other", verify_only=False),
            ]
        )
        answer = await client.send(request, 5)
        found = [
            [
                partition.partition_error_code
                for partition in result.topic_results[0].results_by_partition
            ]
            for result in answer.results_by_transaction
        ]
        unknown = code(InvalidProducerIdMappingError)
        assert found == [[0, code(TransactionAbortableError)], [0, 0], [unknown, unknown]]


# -- ending ----------------------------------------------------------------------------------------


async def test_the_end_in_tv2_bumps_the_epoch() -> None:
    async with cluster_and_client(one_topic()) as (_, client):
        producer = RawTransactionalProducer(client, tv2=True)
        await producer.init()
        for epoch in (1, 2):
            await producer.produce("t", b"a")
            answer = await producer.end(commit=True)
            assert (answer.producer_id, answer.producer_epoch) == (0, epoch)


async def test_an_end_in_tv2_that_is_sent_again_is_answered_again() -> None:
    async with cluster_and_client(one_topic()) as (cluster, client):
        producer = RawTransactionalProducer(client, tv2=True)
        await producer.init()
        await producer.produce("t", b"a")
        request = EndTxnRequest(transactional_id="tx", producer_id=0, committed=True)
        first = await client.send(request, 5)
        again = await client.send(request, 5)
        assert (first.error_code, first.producer_epoch) == (0, 1)
        assert again == first
        assert cluster.control.state.existing("t", 0).log.end_offset == 2


async def test_the_old_epoch_cannot_write_after_the_end_in_tv2() -> None:
    async with cluster_and_client(one_topic()) as (_, client):
        producer = RawTransactionalProducer(client, tv2=True)
        await producer.init()
        await producer.transact("t", b"a", commit=True)
        producer.epoch -= 1
        producer.sequences["t"] = 1
        assert await producer.produce("t", b"late") == code(InvalidProducerEpochError)


@both
async def test_the_next_transaction_waits_for_the_markers_of_the_last(tv2: bool) -> None:
    async with cluster_and_client(one_topic()) as (cluster, client):
        producer = RawTransactionalProducer(client, tv2=tv2)
        await producer.init()
        cluster.control.hold_transaction_markers()
        await producer.transact("t", b"a", commit=True)
        busy = code(ConcurrentTransactionsError)
        assert await producer.add("t") == [busy]
        assert await producer.produce("t", b"b", version=12) == (0 if not tv2 else busy)
        assert (await producer.init()).error_code == busy
        data = await fetch(client, "t", 0, isolation_level=COMMITTED)
        assert data.last_stable_offset == 0
        cluster.control.hold_transaction_markers(False)
        assert await producer.add("t") == [0]


async def test_a_write_of_tv1_to_a_new_partition_is_retried_while_markers_wait() -> None:
    async with cluster_and_client(EmbeddedCluster(topics={"t": 1, "u": 1})) as (cluster, client):
        producer = RawTransactionalProducer(client, tv2=False)
        await producer.init()
        cluster.control.hold_transaction_markers()
        await producer.transact("t", b"a", commit=True)
        assert await producer.produce("u", b"a") == code(NotEnoughReplicasError)


@both
async def test_a_marker_waits_for_a_leader(tv2: bool) -> None:
    async with cluster_and_client(one_topic()) as (cluster, client):
        producer = RawTransactionalProducer(client, tv2=tv2)
        await producer.init()
        if not tv2:
            await producer.add("t")
        await producer.produce("t", b"a")
        cluster.control.remove_leader("t", 0)
        assert (await producer.end(commit=True)).error_code == 0
        assert await producer.add("t", 1) == [code(ConcurrentTransactionsError)]
        cluster.control.move_leader("t", 0, 0)
        assert cluster.control.state.existing("t", 0).log.last_stable_offset == 2
        assert await producer.add("t", 1) == [0]


@both
async def test_a_deleted_topic_does_not_hold_the_transaction(tv2: bool) -> None:
    async with cluster_and_client(EmbeddedCluster(topics={"t": 1, "u": 1})) as (cluster, client):
        producer = RawTransactionalProducer(client, "tx", tv2=tv2)
        await producer.init()
        if not tv2:
            await producer.add("u")
        await producer.produce("u", b"a")
        cluster.control.delete_topic("u")
        assert (await producer.end(commit=True)).error_code == 0
        assert await producer.add("t") == [0]
